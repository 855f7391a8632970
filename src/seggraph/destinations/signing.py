"""Signatures of messages, by Standard Webhooks (standardwebhooks.com, version 1)."""

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Mapping
from typing import Final

PREFIX: Final = "whsec_"
SECRET_BYTES: Final = 32
TOLERANCE_SECONDS: Final = 300
"""How far the clock of a sender may be from ours, and so how long a message can be replayed."""
MOST_SIGNATURES: Final = 10


def new_secret() -> str:
    """A secret as both sides keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def headers(secret: str, message_id: str, body: bytes) -> dict[str, str]:
    """The headers that a message leaves with now."""
    timestamp = str(int(time.time()))
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_signature(secret, message_id, timestamp, body)}",
    }


def is_signed(secret: str, given: Mapping[str, str], body: bytes) -> bool:
    """Whether a message was signed with the secret, not long ago; `given` are its headers in lower case."""
    message_id, timestamp = given.get("webhook-id", ""), given.get("webhook-timestamp", "")
    if not message_id or not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    expected = f"v1,{_signature(secret, message_id, timestamp, body)}".encode()
    signatures = given.get("webhook-signature", "").split(" ")[:MOST_SIGNATURES]
    return any(hmac.compare_digest(expected, one.encode("utf-8", "replace")) for one in signatures)


def _signature(secret: str, message_id: str, timestamp: str, body: bytes) -> str:
    content = f"{message_id}.{timestamp}.".encode("utf-8", "replace") + body
    return base64.b64encode(hmac.new(_key(secret), content, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error:
        return secret.encode()
