"""The time zones that a workspace can have."""

from functools import cache
from zoneinfo import available_timezones


@cache
def _names() -> frozenset[str]:
    """All names of the IANA list. To find them reads a folder of some 600 files, so it is done once."""
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Whether the IANA list has this name, like Europe/Berlin."""
    return name in _names()
