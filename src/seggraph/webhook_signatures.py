"""Signatures of messages by Standard Webhooks (https://www.standardwebhooks.com), made and checked by its library.

Webhooks and HTTP destinations sign what they send; a destination signs the feedback that it sends to seggraph.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
MAX_SIGNATURES: Final = 10
"""Most signatures of a message that are compared."""


def new_secret() -> str:
    """A secret as sender and receiver keep it: the prefix and the base64 of 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(
    signing_secrets: Sequence[str], message_id: str, body: bytes, *, at: datetime | None = None
) -> dict[str, str]:
    """The headers that identify and sign a message that is sent `at` a time (now): one signature for each secret."""
    at = at or datetime.now(UTC)
    text = body.decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(
            Webhook(secret).sign(message_id, at, text) for secret in signing_secrets
        ),
    }


def is_signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a message was signed with the secret within the last five minutes; `headers` by lower-case name.

    Signatures are checked one by one: a signature that cannot be read does not hide a good one behind it.
    """
    timestamp = headers.get("webhook-timestamp", "")
    if not (timestamp.isascii() and timestamp.isdecimal()):
        return False
    webhook = Webhook(secret)
    signatures = headers.get("webhook-signature", "").split(" ")[:MAX_SIGNATURES]
    return any(
        _is_verified(webhook, {**headers, "webhook-signature": signature}, body) for signature in signatures
    )


def _is_verified(webhook: Webhook, headers: dict[str, str], body: bytes) -> bool:
    try:
        webhook.verify(body, headers, json_parse=False)
    except (WebhookVerificationError, ValueError):  # ValueError: no UTF-8, or no base64
        return False
    return True
