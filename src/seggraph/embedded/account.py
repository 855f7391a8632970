"""Which operating-system account the servers run as, and how that account reaches its folder."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from seggraph.embedded.errors import ServerFailed

WORKING_FOLDER = Path("/proc/self/cwd")


class Identity(TypedDict, total=False):
    """The arguments of `subprocess` that start a child as another user; empty to stay who we are."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True)
class Account:
    """The uid and gid of the servers. `foreign` when they are not ours: only root can have that."""

    uid: int
    gid: int
    foreign: bool

    @property
    def identity(self) -> Identity:
        """What to pass to `subprocess`."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.foreign else {}

    def folder_argument(self, folder: Path) -> str:
        """How to name `folder` to a server that is started with it as its working folder.

        A foreign account may own the folder and still not be let through the folders above it, such as
        root's home. A process can always name where it already is.
        """
        return str(WORKING_FOLDER) if self.foreign else str(folder)

    def give(self, path: Path) -> None:
        """Make the account the owner of something that we have just made."""
        if self.foreign:
            os.chown(path, self.uid, self.gid)


def server_account() -> Account:
    """The account for the servers: ours, or `nobody` when we are root, as which PostgreSQL refuses to run.

    Raises `ServerFailed` when the account is not in the user database, where initdb looks for its name, or when
    the system has no /proc for `Account.folder_argument`.
    """
    uid = os.geteuid()
    try:
        if uid != 0:
            pwd.getpwuid(uid)
            return Account(uid, os.getegid(), foreign=False)
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        wanted = "the user nobody" if uid == 0 else f"a user with the id {uid}"
        raise ServerFailed(
            f"PostgreSQL's initdb needs {wanted} in /etc/passwd. Add it, or run as a user who is there, "
            "or set SEGGRAPH_DATABASE_URL and SEGGRAPH_REDIS_URL to servers of your own."
        ) from None
    if not WORKING_FOLDER.exists():
        raise ServerFailed(f"As root the embedded servers need {WORKING_FOLDER}: run as an ordinary user.")
    return Account(nobody.pw_uid, nobody.pw_gid, foreign=True)
