"""Email addresses: whether a text looks like one."""

import re
from typing import Final

MAX_EMAIL: Final = 320

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;]+")


def is_email(text: str) -> bool:
    """Whether a text looks like exactly one email address."""
    return bool(_EMAIL.fullmatch(text))
