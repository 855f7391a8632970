"""What the cells of a column say together. Cells are seen one after the other; nothing of them is kept but counts.

A detector that has met too many cells which are not its own stops looking, so a column of texts costs little.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from enum import Enum, auto
from typing import Final

from seggraph.values import dates, numbers, words
from seggraph.values.attribute_values import MAX_MAGNITUDE
from seggraph.values.dates import DateOrder
from seggraph.values.numbers import NumberForm
from seggraph.vocabulary import AttributeType

MAX_MISSES: Final = 20
"""After so many cells that are no number a column is not one of numbers; dates, words and lists alike."""
MAX_WORDS: Final = 20
MAX_TOKENS: Final = 1_000
MAX_TOKEN: Final = 60

_LIST_SIGNS: Final = (";", "|", ",", "\n")
"""In the order of how surely they separate items; the same as csv_values.LIST_SIGNS."""
_FORMULA_MARK = re.compile(r'="[^"]*"')
_MARKED_CODE = re.compile(r"'[\d+]")


class Detector(Enum):
    """What is looked for in cells."""

    NUMBERS = auto()
    DATES = auto()
    WORDS = auto()
    LISTS = auto()


class ColumnEvidence:
    """What was seen of a column so far."""

    def __init__(
        self, detectors: Iterable[Detector] = Detector, nulls: Collection[str] = words.NULLS
    ) -> None:
        self._open = set(detectors)
        self._nulls = frozenset(nulls)
        self.has_values = False
        """Whether some cell is neither empty nor a spelling of null."""
        self.seen = 0
        """Cells that have a value."""
        self.marked = self.marked_codes = self.formula_marked = 0
        self.forms: Counter[NumberForm] = Counter()
        self.codes = 0
        self.currencies: set[str] = set()
        self.largest = 0.0
        self.orders: set[DateOrder] = set(DateOrder)
        self.proven_orders: set[DateOrder] = set()
        """Orders that some cell allows alone."""
        self.with_order = self.days = self.times = self.not_dates = 0
        self.words: Counter[str] = Counter()
        self.too_many_words = Detector.WORDS not in self._open
        self.signs: Counter[str] = Counter()
        self.json_lists = 0
        self.tokens: set[str] = set()
        self.token_count = self.long_tokens = 0
        self.nulls: set[str] = set()
        self.blanks = 0

    def see(self, cell: str) -> None:
        """Take a cell into account."""
        if self.has_values and not self._open:
            return
        text = cell.strip()
        if not text:
            return
        if text in self._nulls:
            self.nulls.add(text)
            return
        self.has_values = True
        if text in words.NOT_A_VALUE:
            self.blanks += 1
            return
        self.seen += 1
        text = self._without_mark(text)
        done = [detector for detector in self._open if not _SEE[detector](self, text)]
        if done:
            self._open.difference_update(done)

    def _without_mark(self, text: str) -> str:
        if text[0] == "'" and len(text) > 1:
            self.marked += 1
            self.marked_codes += bool(_MARKED_CODE.match(text))
            return text[1:]
        if text[0] == "=" and _FORMULA_MARK.fullmatch(text):
            self.formula_marked += 1
            return text[2:-1]
        return text

    def _see_number(self, text: str) -> bool:
        form = numbers.form_of(text)
        self.forms[form] += 1
        if form is NumberForm.NONE:
            return self.forms[form] < MAX_MISSES
        if numbers.is_code(text) or text[:1] == "+":
            self.codes += 1
        if not (text.isascii() and text.isdigit()):
            if len(self.currencies) < 2:
                self.currencies.add(numbers.currency_of(text))
            if len(text) > MAX_EXACT and _magnitude(text) >= MAX_MAGNITUDE:
                self.codes += 1
        return True

    def _see_date(self, text: str) -> bool:
        cell = dates.read(text)
        if cell is None:
            self.not_dates += 1
            return self.not_dates < MAX_MISSES
        if cell.clock is None:
            self.days += 1
        else:
            self.times += 1
        found = set(cell.days)
        if len(found) < len(DateOrder):
            self.with_order += 1
            self.orders &= found
            if len(found) == 1:
                self.proven_orders |= found
        return True

    def _see_word(self, text: str) -> bool:
        key = words.word_key(text) if len(text) <= MAX_TOKEN else ""
        self.words[key] += 1
        if len(self.words) > MAX_WORDS or not key:
            self.too_many_words = True
        return not self.too_many_words

    def _see_list(self, text: str) -> bool:
        if text[0] == "[" and text[-1] == "]":
            self.json_lists += 1
            return True
        sign = next((sign for sign in _LIST_SIGNS if sign in text), None)
        for each in _LIST_SIGNS:
            self.signs[each] += each in text
        for token in text.split(sign) if sign else (text,):
            self.token_count += 1
            if len(token) > MAX_TOKEN:
                self.long_tokens += 1
            elif len(self.tokens) < MAX_TOKENS:
                self.tokens.add(token.strip())
        return self.long_tokens < MAX_MISSES and (self.token_count < MAX_TOKENS or bool(self.list_signs))

    @property
    def is_marked(self) -> bool:
        """Whether a spreadsheet's mark is on every cell: `="04616"`, or an apostrophe before codes such as `'04616`."""
        if not self.seen:
            return False
        if self.formula_marked == self.seen:
            return True
        return self.marked == self.seen and self.marked_codes * 2 >= self.seen

    @property
    def is_numeric(self) -> bool:
        """Whether every cell is a number that a number type keeps."""
        is_number = bool(self.seen) and not self.forms[NumberForm.NONE] and not self.codes
        return is_number and len(self.currencies - {""}) < 2

    @property
    def decimals(self) -> set[str]:
        """The decimal signs that cells prove."""
        return {sign for sign, form in ((".", NumberForm.POINT), (",", NumberForm.COMMA)) if self.forms[form]}

    @property
    def has_open_numbers(self) -> bool:
        """Whether a cell such as `1.250` has two readings."""
        return bool(self.forms[NumberForm.POINT_OR_THOUSANDS] or self.forms[NumberForm.COMMA_OR_THOUSANDS])

    @property
    def date_type(self) -> AttributeType | None:
        """DATE or DATETIME if every cell is one in a common order."""
        if not self.seen or self.not_dates or not self.orders:
            return None
        if self.days and self.times:
            return None
        return AttributeType.DATETIME if self.times else AttributeType.DATE

    @property
    def boolean_words(self) -> dict[str, str] | None:
        """The words of a column of booleans with their meanings: true and false, or both words of another pair."""
        found = set(self.words)
        if self.too_many_words or not found:
            return None
        if found <= {"true", "false"}:
            return {word: word for word in sorted(found)}
        for yes, no in words.PAIRS:
            if found == {yes, no}:
                return {yes: "true", no: "false"}
        return None

    @property
    def list_signs(self) -> list[str]:
        """The signs that may separate the items of a list, in the order of how usual they are."""
        return [sign for sign in _LIST_SIGNS if self.signs[sign]]

    @property
    def has_repeated_items(self) -> bool:
        """Whether the parts of cells are the same few again and again, as in a list of tags."""
        few = len(self.tokens) * 2 <= self.token_count
        return not self.long_tokens and self.token_count >= 6 and few


MAX_EXACT: Final = numbers.MAX_EXACT_DIGITS

_SEE: Final[dict[Detector, Callable[[ColumnEvidence, str], bool]]] = {
    Detector.NUMBERS: ColumnEvidence._see_number,
    Detector.DATES: ColumnEvidence._see_date,
    Detector.WORDS: ColumnEvidence._see_word,
    Detector.LISTS: ColumnEvidence._see_list,
}
"""The detectors; each answers whether it wants to see more."""


def _magnitude(text: str) -> float:
    bare = numbers.bare_number(text) or "0"
    whole = re.split(r"[.,]\d*$", bare)[0] if "e" not in bare.lower() else bare
    try:
        return abs(float(whole.replace(".", "").replace(",", "") or 0))
    except ValueError:
        return float(MAX_MAGNITUDE)
