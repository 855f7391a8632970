"""Encrypting the stored secrets with the current key, so that an earlier one can be thrown away."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import asyncpg

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.files import secrets
from seggraph.files.secrets import SecretUnreadable
from seggraph.services.destinations import adapters
from seggraph.services.webhooks import webhooks
from seggraph.settings import Settings


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many secrets were encrypted anew, how many were so already, and which cannot be read with any key."""

    renewed: int
    current: int
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Place:
    """A column that holds secrets: what reads its rows and writes one, and what a secret is encrypted for."""

    noun: str
    ids: str
    read: str
    write: str
    purpose: Callable[[asyncpg.Record], str]


_IDS: Final = "SELECT id FROM {table} WHERE {column} IS NOT NULL ORDER BY id"
_READ: Final = "SELECT id, workspace_id, {column} AS sealed FROM {table} WHERE id = $1 FOR UPDATE"
_WRITE: Final = "UPDATE {table} SET {column} = $2 WHERE id = $1"


def _place(table: str, column: str, noun: str, purpose: Callable[[asyncpg.Record], str]) -> _Place:
    ids, read, write = (text.format(table=table, column=column) for text in (_IDS, _READ, _WRITE))
    return _Place(noun, ids, read, write, purpose)


_PLACES: Final = (
    _place(
        "destinations",
        "auth_secret",
        "the secret of destination {}",
        lambda row: adapters.purpose(row["workspace_id"], "auth"),
    ),
    _place(
        "destinations",
        "signing_secret",
        "the signing secret of destination {}",
        lambda row: adapters.purpose(row["workspace_id"], "signing"),
    ),
    _place("webhooks", "secret", "the secret of webhook {}", lambda row: webhooks.purpose_of(row["id"])),
    _place(
        "webhooks",
        "previous_secret",
        "the previous secret of webhook {}",
        lambda row: webhooks.purpose_of(row["id"]),
    ),
)


async def rotate(context: Context) -> Rotation:
    """Encrypt every stored secret with the current key, each in a transaction of its own. May be repeated.

    A secret that no key can read stays as it is, and is reported. Raises SecretKeyMissing.
    """
    renewed = current = 0
    unreadable: list[str] = []
    for place in _PLACES:
        async with database() as connection:
            numbers = [row["id"] for row in await connection.fetch(place.ids)]
        for number in numbers:
            try:
                is_new = await _rotate_one(context.settings, place, number)
            except SecretUnreadable:
                unreadable.append(place.noun.format(number))
                continue
            renewed += is_new
            current += not is_new
    return Rotation(renewed, current, tuple(unreadable))


async def _rotate_one(settings: Settings, place: _Place, number: int) -> bool:
    """Encrypt one secret anew; whether that was needed. Raises SecretUnreadable."""
    async with begin() as unit:
        row: Any = await unit.connection.fetchrow(place.read, number)
        if row is None or row["sealed"] is None or secrets.is_current(settings, row["sealed"]):
            return False
        purpose = place.purpose(row)
        text = secrets.decrypt(settings, row["sealed"], purpose=purpose)
        await unit.connection.execute(place.write, number, secrets.encrypt(settings, text, purpose=purpose))
        return True
