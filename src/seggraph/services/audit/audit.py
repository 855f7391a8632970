"""Writing the audit log: one entry for each thing that somebody does, in the transaction of what they do.

An entry holds what changed of an object's description. It never holds secrets, addresses or members: of what
concerns members it holds how many they were.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, is_dataclass
from enum import Enum
from typing import Any, Final

import orjson

from seggraph.access import Viewer
from seggraph.database.unit_of_work import UnitOfWork
from seggraph.vocabulary import AuditAction, AuditSubject

MAX_VALUE: Final = 20_000
"""Most bytes of one value; what is longer, like criteria with thousands of values, is left out and said to be so."""

MAX_NAME: Final = 255
OPERATOR: Final = "operator"
"""Who acts without being a user or an API key: at the command line."""
UNKNOWN: Final = "unknown"
"""Who tried to sign in and is no user of the workspace."""

SECRETS: Final = ("secret", "secrets", "digest", "token", "password", "credentials", "signing_secret")
"""Names of values that are never written to the log."""

INSERT: Final = """
    INSERT INTO audit_entries (workspace_id, at, user_id, api_key_id, actor_name, action, subject, subject_id,
      subject_name, before, after, ip, user_agent)
    VALUES ($1, clock_timestamp(), $2, $3,
      coalesce((SELECT left(coalesce(w.name, u.name), 255) FROM users u
                LEFT JOIN workspace_users w ON w.workspace_id = $1 AND w.user_id = u.id WHERE u.id = $2),
               (SELECT left(name, 255) FROM api_keys WHERE workspace_id = $1 AND id = $3), $4),
      $5, $6, $7, $8, $9, $10, $11, $12)
"""


@dataclass(frozen=True, slots=True)
class Subject:
    """What something was done to. `name` is what it is called at the time; members and addresses have none."""

    kind: AuditSubject
    id: int | None = None
    name: str | None = None


async def record(
    unit: UnitOfWork,
    viewer: Viewer,
    action: AuditAction,
    subject: Subject,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Write an entry that is there if, and only if, the unit of work is committed.

    `before` and `after` are what describes the object, by name; of what both have, only what differs is kept.
    """
    earlier, later = changes(before, after)
    await unit.connection.execute(
        INSERT,
        viewer.workspace_id,
        viewer.user_id,
        viewer.api_key_id,
        UNKNOWN if action is AuditAction.SIGN_IN_REFUSED else OPERATOR,
        action,
        subject.kind,
        subject.id,
        None if subject.name is None else subject.name[:MAX_NAME],
        earlier,
        later,
        viewer.ip,
        viewer.user_agent,
    )


def described(view: object, *names: str) -> dict[str, Any]:
    """What describes an object: these of its attributes."""
    return {name: getattr(view, name) for name in names}


def changes(
    before: Mapping[str, Any] | None, after: Mapping[str, Any] | None
) -> tuple[str | None, str | None]:
    """What differs, as JSON: of what there was only the values that are others now, of a new object those it has."""
    earlier, later = _plain(before), _plain(after)
    if before is not None and after is not None:
        same = {name for name, value in later.items() if name in earlier and earlier[name] == value}
        earlier = {name: value for name, value in earlier.items() if name not in same}
        later = {name: value for name, value in later.items() if name not in same}
    else:
        earlier = {name: value for name, value in earlier.items() if value is not None}
        later = {name: value for name, value in later.items() if value is not None}
    return _json(earlier), _json(later)


def _plain(values: Mapping[str, Any] | None) -> dict[str, Any]:
    """The values as JSON has them, without secrets; a value that is too long by its size."""
    found: dict[str, Any] = {}
    for name, value in (values or {}).items():
        if name not in SECRETS:
            encoded = orjson.dumps(_of(value), default=str)
            is_long = len(encoded) > MAX_VALUE
            found[name] = {"omittedBytes": len(encoded)} if is_long else orjson.loads(encoded)
    return found


def _of(value: Any) -> Any:
    """A value that JSON can hold: enums by their names."""
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {str(key): _of(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_of(one) for one in (sorted(value) if isinstance(value, set | frozenset) else value)]
    return value


def _json(values: dict[str, Any]) -> str | None:
    return orjson.dumps(values).decode() if values else None
