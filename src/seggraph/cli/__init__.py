"""The commands. Each assembles the parts, calls services, and prints what a person or a program needs to know.

Standard output carries answers only; progress and logs go to standard error.
"""

import sys

from pydantic import ValidationError
from pydantic_settings import SettingsError
from rich.console import Console
from rich.markup import escape

from seggraph.cli import api_keys, demo, importing, keys, operating, serving, users
from seggraph.cli.application import app
from seggraph.errors import ErrorCode, SeggraphError

__all__ = ["api_keys", "app", "demo", "importing", "keys", "main", "operating", "serving", "users"]


def main() -> None:
    """Run a command; an expected failure is one line, and exit status 1."""
    try:
        app()
    except SeggraphError as error:
        _complain(error.code, error.message)
    except ValidationError as error:
        for problem in error.errors():
            name = "".join(f"_{part}" for part in problem["loc"]).upper()
            _complain(ErrorCode.INVALID, f"SEGGRAPH{name}: {problem['msg']}.")
    except SettingsError as error:
        _complain(ErrorCode.INVALID, f"{error}; docs/settings.md says what it takes.")
    else:
        return
    sys.exit(1)


def _complain(code: str, message: str) -> None:
    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(f"[red]{code}[/red] {escape(message)}")
