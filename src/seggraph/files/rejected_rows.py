"""The shape of files of rejected rows: line, outcome, code and reason, and then the cells of the row as they came."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from seggraph.values import csv_values
from seggraph.vocabulary import RowOutcome

OWN_COLUMNS: Final = ("line", "outcome", "code", "reason")
BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"

RejectedRow = tuple[int, RowOutcome | str, str, str, Sequence[str]]
"""The line, the outcome, the code, the reason and the cells of a row."""


def header(columns: Iterable[str]) -> bytes:
    """The begin of a file whose rows had these columns."""
    return BYTE_ORDER_MARK + _lines([[*OWN_COLUMNS, *map(csv_values.neutralise_formula, columns)]])


def lines(rows: Iterable[RejectedRow]) -> bytes:
    """Rows of a file. Formulas cannot run; cells are otherwise as they came."""
    return _lines(
        [
            line,
            outcome,
            code,
            csv_values.neutralise_formula(reason),
            *map(csv_values.neutralise_formula, cells),
        ]
        for line, outcome, code, reason, cells in rows
    )


def _lines(rows: Iterable[Sequence[object]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(errors="replace")
