"""The commands. Each assembles the parts, calls services, and prints what a person or a program needs to know.

Standard output carries answers only; progress and logs go to standard error.
"""

import sys

from rich.console import Console

from seggraph.cli import demo, importing, operating, serving
from seggraph.cli.application import app
from seggraph.errors import SeggraphError

__all__ = ["app", "demo", "importing", "main", "operating", "serving"]


def main() -> None:
    """Run a command; an expected failure is one line, and exit status 1."""
    try:
        app()
    except SeggraphError as error:
        Console(stderr=True).print(f"[red]{error.code}[/red] {error.message}", highlight=False)
        sys.exit(1)
