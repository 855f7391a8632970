"""The settings, read once from environment variables ``SEGGRAPH_*`` into a frozen object.

Nothing else in the package reads the environment.
"""

import os
from collections.abc import Iterable
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

FEWEST_AUDIT_DAYS: Final = 30
PREFIX: Final = "SEGGRAPH_"

RoleName = Literal["ADMIN", "LEADER", "TEAM_MEMBER"]
"""The values of `vocabulary.Role`, which is no layer below this one."""


class Settings(BaseSettings):
    """The settings of one process. docs/settings.md documents every field."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="ignore")

    database_url: str | None = Field(
        None, repr=False, description="URL of PostgreSQL 15 or newer. Unset: a server from a wheel."
    )
    redis_url: str | None = Field(
        None, repr=False, description="URL of Redis 6.2 or newer, or Valkey. Unset: a server from a wheel."
    )
    data_dir: Path | None = Field(
        None, description="Folder for the data of the embedded servers. Default: the data folder of the user."
    )
    database_pool_size: int = Field(10, ge=2, le=200, description="PostgreSQL connections of one process.")
    jwt_secret: SecretStr | None = Field(
        None,
        min_length=32,
        description="HS256 secret for user tokens, at least 32 characters. Unset with embedded servers: created once.",
    )
    jwt_jwks_url: str | None = Field(
        None, description="JWKS URL of your identity provider, instead of a secret."
    )
    secret_key: SecretStr | None = Field(
        None,
        min_length=32,
        description="Key that encrypts stored secrets, at least 32 characters. Unset: a key in the files folder.",
    )
    previous_secret_keys: tuple[SecretStr, ...] = Field(
        (), description="Earlier values of `secret_key`, as a JSON list: secrets can still be read with them."
    )
    jwt_issuer: str = Field("seggraph", description="Required `iss` of a token.")
    jwt_audience: str = Field("seggraph", description="Required `aud` of a token.")
    jwt_client_id: str | None = Field(
        None,
        description="The id of the public client with which browsers sign in at `jwt_issuer` (OpenID Connect).",
    )
    jwt_scopes: tuple[str, ...] = Field(
        ("openid", "profile", "email"), description="The scopes that browsers ask for, as a JSON list."
    )
    jwt_subject_claim: str = Field(
        "sub",
        min_length=1,
        description="The claim of a token that says who the user is, like oid of Entra ID.",
    )
    jwt_provisioning: bool = Field(
        False,
        description="Whether a token with a group that has a role makes its user, and changes the role.",
    )
    jwt_groups_claim: str = Field("groups", min_length=1, description="The claim of a token with the groups.")
    jwt_group_roles: dict[str, RoleName] = Field(
        {}, description="The roles of groups, as a JSON object: ADMIN, LEADER or TEAM_MEMBER by group."
    )
    jwt_default_role: RoleName | None = Field(
        None, description="The role of a user without any of these groups. Unset: they are not let in."
    )
    allowed_origins: tuple[str, ...] = Field(
        (), description="Browser origins allowed to call the API (CORS and WebSockets), as a JSON list."
    )
    allowed_headers: tuple[str, ...] = Field(
        (), description="Further headers that pages of these origins may send (CORS), as a JSON list."
    )
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@\s]+(/[^?#\s]*)?$",
        description="URL that clients reach the API by, like https://api.example.com/seggraph. Unset: by their Host.",
    )
    strict_transport_seconds: int = Field(
        0,
        ge=0,
        description="How long browsers insist on TLS for this host after an answer (HSTS). 0: not said.",
    )
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...] = Field(
        (),
        description="Networks of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed, as a JSON list.",
    )
    persisted_documents: Path | None = Field(
        None,
        description="JSON file of trusted GraphQL documents by their SHA-256, as graphql-codegen writes it.",
    )
    only_persisted_documents: bool = Field(
        False, description="Whether only the documents of that file are executed."
    )
    statement_timeout_seconds: float = Field(
        60.0, gt=0, description="Time limit of one SQL statement of an evaluation."
    )
    preview_timeout_seconds: float = Field(10.0, gt=0, description="Time limit of a preview.")
    preview_cache_bytes: int = Field(
        64 * 1024**2, ge=0, description="Size of the cache of each process for results of single conditions."
    )
    chunk_cache_bytes: int = Field(
        256 * 1024**2,
        ge=0,
        description="Size of the cache of each process for parts of audiences. A worker needs it for refreshes.",
    )
    max_evaluation_cost: float = Field(
        50_000_000.0,
        gt=0,
        description="Limit for the estimated cost of a statement over all members.",
    )
    max_operation_nodes: int = Field(
        500_000, ge=1_000, description="Limit for the objects in lists that one GraphQL answer can have."
    )
    max_operation_cost: int = Field(
        1_000_000, ge=1_000, description="Limit for the estimated cost of one GraphQL operation, in points."
    )
    operation_timeout_seconds: float = Field(
        60.0, gt=0, le=3600, description="Time limit of one GraphQL query; a mutation has five times as long."
    )
    points_per_second: float = Field(
        2_500_000.0,
        ge=1,
        description="Points of cost that one user or API key may spend in a second, over all processes.",
    )
    workspace_points_per_second: float = Field(
        5_000_000.0, ge=1, description="Points of cost that all of one workspace may spend in a second."
    )
    points_saved_seconds: float = Field(
        10.0, ge=1, le=86_400, description="For how many seconds points that are not spent are saved up."
    )
    max_previews: int = Field(
        3,
        ge=1,
        description="Previews, comparisons and lists of members by criteria of one user or API key at once.",
    )
    max_workspace_previews: int = Field(
        4,
        ge=1,
        description="Previews, comparisons and lists of members by criteria of one workspace at once.",
    )
    max_exports: int = Field(20, ge=1, description="Exports of one user or API key that are being written.")
    max_workspace_exports: int = Field(
        50, ge=1, description="Exports of one workspace that are being written."
    )
    max_recalculations: int = Field(
        200, ge=1, description="`recalculateSegment` of one user or API key in a minute that compute anew."
    )
    max_workspace_recalculations: int = Field(
        1_000,
        ge=1,
        description="Segments of one workspace that wait for a computation when one more is asked for.",
    )
    max_uploads: int = Field(4, ge=1, description="Uploads of one user or API key at the same time.")
    max_workspace_uploads: int = Field(8, ge=1, description="Uploads of one workspace at the same time.")
    max_sockets: int = Field(
        2_000, ge=1, description="Open WebSockets and event streams of one user or API key."
    )
    max_workspace_sockets: int = Field(
        5_000, ge=1, description="Open WebSockets and event streams of one workspace."
    )
    max_socket_operations: int = Field(
        100, ge=1, description="Operations that run on one WebSocket at the same time, subscriptions too."
    )
    max_subscriptions: int = Field(2_000, ge=1, description="Subscriptions of one user or API key.")
    max_workspace_subscriptions: int = Field(5_000, ge=1, description="Subscriptions of one workspace.")
    max_failed_sign_ins: int = Field(
        60,
        ge=1,
        description="Failed sign-ins in a minute, from one address or for one key or user, until they wait.",
    )
    max_unfinished_requests: int = Field(
        200,
        ge=1,
        description="Connections of one address that have not sent a whole request; not of trusted proxies.",
    )
    request_head_seconds: float = Field(
        10.0, gt=0, le=3600, description="Time for the first line and the headers of a request to arrive."
    )
    request_body_seconds: float = Field(
        30.0, gt=0, le=3600, description="Time for each 64 KiB of the body of a request to arrive."
    )
    socket_idle_seconds: float = Field(
        600.0,
        gt=0,
        le=86_400,
        description="After how many seconds without an operation a WebSocket is closed.",
    )
    session_check_seconds: float = Field(
        30.0, gt=0, description="How often the credentials of open subscriptions are checked."
    )
    lease_seconds: float = Field(
        6.0, ge=1, description="Duration of a lease. After that another worker can take over."
    )
    sweep_seconds: float = Field(2.0, gt=0, description="How often the sweeper looks for due work.")
    tick_seconds: float = Field(
        2.0, gt=0, description="How often ticks look for members that enter or exit because time passed."
    )
    history_detail_days: int = Field(
        7, ge=1, description="For how many days each run is kept; older runs are merged by hour."
    )
    history_hours_days: int = Field(90, ge=1, description="After how many days runs are merged by day.")
    history_days_days: int = Field(400, ge=1, description="After how many days runs are merged by month.")
    log_level: str = Field("info", description="debug, info, warning or error.")
    log_json: bool = Field(False, description="Log one JSON object in each line instead of readable text.")
    files_dir: Path | None = Field(
        None,
        description="Folder for uploaded and exported files; all processes share it. Default: in the data folder.",
    )
    max_upload_bytes: int = Field(
        2 * 1024**3, ge=1024, description="Maximum size of an uploaded file, in bytes."
    )
    upload_days: float = Field(
        7.0, gt=0, le=365, description="How many days an uploaded file waits for its import to start."
    )
    export_days: float = Field(
        7.0, gt=0, le=365, description="For how many days an exported file can be downloaded."
    )
    outgoing_networks: tuple[IPv4Network | IPv6Network, ...] = Field(
        (), description="Private networks that destinations and webhooks can be in, as a JSON list."
    )
    outgoing_seconds: float = Field(
        20.0, gt=0, le=300, description="Time limit of one call to a destination or a webhook."
    )
    delivery_retry_seconds: float = Field(
        5.0,
        gt=0,
        le=600,
        description="How long a delivery waits after its first failure; the time doubles with each failure.",
    )
    file_drop_dir: Path | None = Field(
        None,
        description="Folder for destinations of the type FILE. Unset: such destinations cannot be created.",
    )
    webhook_days: float = Field(
        7.0,
        gt=1,
        le=90,
        description="For how many days messages to webhooks and the log of attempts are kept.",
    )
    webhook_disable_days: float = Field(
        5.0, gt=0, le=90, description="A webhook that only fails for this many days is disabled."
    )
    audit_days: int = Field(
        0, ge=0, le=36_500, description="For how many days the audit log is kept: at least 30, or 0 for ever."
    )
    metrics_token: SecretStr | None = Field(
        None,
        min_length=32,
        description="Bearer token for /metrics, at least 32 characters. Unset: the page does not exist.",
    )

    @field_validator("audit_days")
    @classmethod
    def _check_audit_days(cls, days: int) -> int:
        if 0 < days < FEWEST_AUDIT_DAYS:
            raise ValueError(f"give {FEWEST_AUDIT_DAYS} or more days, or 0 to keep the log for ever")
        return days


def unknown_settings(variables: Iterable[str] | None = None) -> dict[str, str | None]:
    """The variables that look like settings and are none, each with the name that was perhaps meant.

    They have no effect. Default: those of the environment. Kubernetes sets some of its own (`SEGGRAPH_PORT`) in the
    pods of a service that is called seggraph, so they are no reason not to start.
    """
    known = [name.upper() for name in Settings.model_fields]
    found: dict[str, str | None] = {}
    for variable in sorted(os.environ if variables is None else variables):
        name = variable.upper().removeprefix(PREFIX)
        if variable.upper().startswith(PREFIX) and name not in known:
            closest = get_close_matches(name, known, n=1)
            found[variable] = f"{PREFIX}{closest[0]}" if closest else None
    return found
