"""The settings: read once from ``SEGGRAPH_*`` environment variables into a frozen object.

Nothing else in the package reads the environment.
"""

from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

FEWEST_AUDIT_DAYS: Final = 30


class Settings(BaseSettings):
    """How one process of seggraph is configured. Every field is documented in docs/settings.md."""

    model_config = SettingsConfigDict(
        env_prefix="SEGGRAPH_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    database_url: str | None = Field(
        None, repr=False, description="PostgreSQL 15 or newer. Unset: a server from a wheel."
    )
    redis_url: str | None = Field(
        None, repr=False, description="Redis 6.2 or newer, or Valkey. Unset: a server from a wheel."
    )
    data_dir: Path | None = Field(
        None, description="Where the embedded servers keep their data. Default: the user's data folder."
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="PostgreSQL connections of one process.")
    jwt_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="HS256 secret for user tokens, at least 32 characters. Unset with embedded servers: made once.",
    )
    jwt_jwks_url: str | None = Field(
        None, description="JWKS URL of your identity provider, instead of a secret."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="What stored secrets are encrypted with, at least 32 characters. Unset: a key in the files folder.",
    )
    jwt_issuer: str = Field("seggraph", description="The `iss` that a token must have.")
    jwt_audience: str = Field("seggraph", description="The `aud` that a token must have.")
    allowed_origins: tuple[str, ...] = Field(
        (), description="Browser origins allowed to call the API (CORS and WebSockets), as a JSON list."
    )
    persisted_documents: Path | None = Field(
        None,
        description="JSON file of trusted GraphQL documents by their SHA-256, as graphql-codegen writes it.",
    )
    only_persisted_documents: bool = Field(
        False, description="Whether only the documents of that file are executed."
    )
    statement_timeout_seconds: float = Field(
        60.0, gt=0, description="Longest time one SQL statement of an evaluation may take."
    )
    preview_timeout_seconds: float = Field(10.0, gt=0, description="Longest time a preview may take.")
    preview_cache_bytes: int = Field(
        64 * 1024**2, ge=0, description="How much of what conditions matched each process keeps for previews."
    )
    max_evaluation_cost: float = Field(
        50_000_000.0,
        gt=0,
        description="Largest cost that PostgreSQL may estimate for a statement over everybody.",
    )
    session_check_seconds: float = Field(
        30.0, gt=0, description="How often the credentials of open subscriptions are looked at again."
    )
    lease_seconds: float = Field(
        6.0, ge=1, description="How long a run stays with a worker that gives no sign of life."
    )
    sweep_seconds: float = Field(2.0, gt=0, description="How often the sweeper looks for work that is due.")
    tick_seconds: float = Field(
        2.0, gt=0, description="How often members whom time moved in or out are looked for."
    )
    history_detail_days: int = Field(
        7, ge=1, description="For how many days each computation is kept; after that they are merged by hour."
    )
    history_hours_days: int = Field(
        90, ge=1, description="After how many days the hours of histories are merged into days."
    )
    history_days_days: int = Field(
        400, ge=1, description="After how many days the days of histories are merged into months."
    )
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_json: bool = Field(False, description="One JSON object a line instead of text for people.")
    files_dir: Path | None = Field(
        None,
        description="Where uploaded files are kept; all processes share it. Default: below the data folder.",
    )
    max_upload_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Largest upload of a file to import, in bytes."
    )
    upload_days: float = Field(
        7.0, gt=0, le=365, description="How long an uploaded file waits to be imported, in days."
    )
    export_days: float = Field(
        7.0, gt=0, le=365, description="How long an exported file can be fetched, in days."
    )
    outgoing_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Private networks that destinations and webhooks may be in, as a JSON list."
    )
    outgoing_seconds: float = Field(
        20.0, gt=0, le=300, description="Longest time that one call to a destination or webhook may take."
    )
    delivery_retry_seconds: float = Field(
        5.0, gt=0, le=600, description="How long a delivery waits after a failure; then twice as long."
    )
    file_drop_dir: Path | None = Field(
        None, description="The folder below which destinations of files get theirs. Unset: there are none."
    )
    webhook_days: float = Field(
        7.0, gt=1, le=90, description="How long messages to webhooks and their attempts are kept, in days."
    )
    webhook_disable_days: float = Field(
        5.0, gt=0, le=90, description="After how many days of failures only a webhook is disabled."
    )
    audit_days: int = Field(
        0, ge=0, le=36_500, description="For how many days the audit log is kept, at least 30. 0: for ever."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=32,
        description="The bearer token that opens /metrics, at least 32 characters. Unset: there is none.",
    )

    @field_validator("audit_days")
    @classmethod
    def _kept_for_a_month(cls, days: int) -> int:
        if 0 < days < FEWEST_AUDIT_DAYS:
            raise ValueError(f"give {FEWEST_AUDIT_DAYS} or more days, or 0 to keep the log for ever")
        return days
