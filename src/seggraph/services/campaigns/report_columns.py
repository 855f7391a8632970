"""The columns of an ad report: which field each one is, by the names that ad tools give them, and how it is read.

Google Ads, Meta, LinkedIn, Microsoft Advertising and TikTok write other names in each language. Lines before the header
and rows of totals are recognised too, so that a report is read as it was downloaded.
"""

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Final

from seggraph.errors import Duplicate, Invalid, Problems, Required, SeggraphError
from seggraph.files.columns import Ambiguity, ColumnEvidence, ColumnReading, Detector, Setting, sniff
from seggraph.files.csv_records import Dialect, RecordReader
from seggraph.files.layout import column_names, delimiter_of, is_totals, narrow
from seggraph.files.uploads import StoredFile
from seggraph.values import csv_values, dates, numbers
from seggraph.values.dates import DateOrder

MAX_PREAMBLE: Final = 100
"""Most records in front of a header."""
SAMPLES: Final = 5
MAX_SAMPLE: Final = 200

NAMES: Final[Mapping[str, str]] = {
    "campaign": """campaign, campaign name, kampagne, kampagnenname, name der kampagne, campagne, nom de la campagne,
        campana, nombre de la campana, campanha, nome da campanha, campaignname, campaign id""",
    "segment": "segment, segment name, audience, audience name, segment id",
    "adSet": """ad set name, ad set, ad group, ad group name, adgroup name, adgroup, anzeigengruppe,
        anzeigengruppenname, name der anzeigengruppe, groupe d'annonces, nom de l'ensemble de publicites,
        ensemble de publicites, grupo de anuncios, nombre del conjunto de anuncios, conjunto de anuncios,
        nome do conjunto de anuncios, nome do grupo de anuncios""",
    "day": """day, date, report date, by day, gregorian date, time period, start date (in utc), start date, tag, datum,
        jour, dia, fecha, data""",
    "periodStart": """reporting starts, beginn des berichts, auswertungsbeginn, debut des rapports,
        debut de la periode de reporting, inicio del informe, inicio dos relatorios, inicio do relatorio""",
    "periodEnd": """reporting ends, ende des berichts, auswertungsende, fin des rapports,
        fin de la periode de reporting, fin del informe, termino dos relatorios, fim do relatorio""",
    "spend": """spend, cost, amount spent, total spent, total cost, kosten, ausgegebener betrag, ausgaben,
        cout, montant depense, depenses, coste, costo, importe gastado, gasto, custo, valor usado, valor gasto,
        montante gasto""",
    "impressions": "impressions, impr., impr, impressionen, impresiones, impressoes, views",
    "clicks": """clicks, clicks (all), klicks, klicks (alle), clics, clics (tous), clics (todos), cliques,
        cliques (todos), clicks (destination), link clicks, klicks auf link, link klicks, linkklicks,
        clics sur un lien, clics en el enlace, cliques no link""",
    "conversions": """conversions, conv., conv, conversiones, conversoes, konversionen, results, ergebnisse, resultats,
        resultados""",
    "currency": """currency, currency code, wahrungscode, wahrung, code de devise, devise, codigo de moneda, moneda,
        moeda, codigo da moeda""",
}
"""The fields, and the names that say so, the best first; without accents, in lower case."""

REQUIRED: Final = ("campaign", "day", "spend", "impressions", "clicks")
NUMBERS: Final = ("spend", "impressions", "clicks", "conversions")
DAYS: Final = ("day", "periodStart", "periodEnd")
ENOUGH: Final = 3
"""A record that names so many fields is a header, whatever stands before it."""

_BLANK: Final = frozenset({"--", "-", "\u2013", "\u2014"})
"""What tools write for nothing."""
_CURRENCY = re.compile(r"\(([A-Z]{3})\)")
_OVERALL = re.compile(r"(?:overall total|gesamtsumme|total|totals)\b.*", re.IGNORECASE | re.DOTALL)


def simple(name: str) -> str:
    """A name without case, accents, a currency in parentheses, and whatever is no letter or digit."""
    plain = unicodedata.normalize("NFKD", _CURRENCY.sub("", name)).casefold()
    return "".join(one for one in plain if one.isalnum())


_RANKS: Final = {
    simple(alias): (field, rank)
    for field, names in NAMES.items()
    for rank, alias in enumerate(" ".join(names.split()).split(", "))
}


@dataclass(slots=True)
class ReportColumn:
    """A column of a report: the field that it is, some cells, how they are read, and the values that they then have."""

    name: str
    field: str | None
    samples: list[str]
    reading: ColumnReading
    ambiguities: list[Ambiguity]

    @property
    def interpreted(self) -> list[Any]:
        """The samples as values; None for what cannot be read."""
        return [self._value(sample) for sample in self.samples]

    def _value(self, sample: str) -> Any:
        try:
            value = read_cell(self.field, sample, self.reading)
        except SeggraphError:
            return None
        return None if value is None else str(value)


@dataclass(slots=True)
class Report:
    """A report as it is in the files folder: where its table begins, its columns, and what was left out of it."""

    path: Path
    dialect: Dialect
    columns: list[ReportColumn]
    rows: int

    @property
    def positions(self) -> dict[str, int]:
        """The place of the column of each field."""
        return {column.field: place for place, column in enumerate(self.columns) if column.field is not None}

    @property
    def header_currency(self) -> str | None:
        """The currency in the name of the column of the spend, as in `Amount spent (USD)`."""
        place = self.positions.get("spend")
        found = None if place is None else _CURRENCY.search(self.columns[place].name)
        return found[1] if found else None


def is_left_out(cells: Sequence[str], positions: Mapping[str, int]) -> bool:
    """Whether a row is none of the report's: a sum of others, or a line of text below the table."""
    filled = [cell.strip() for cell in cells if cell.strip()]
    if not filled:
        return True
    dated = any(name in positions for name in DAYS)
    if (is_totals(cells) or (dated and _OVERALL.fullmatch(filled[0]))) and not _has_day(cells, positions):
        return True
    if len(filled) == 1 and len(cells) == 1 and len(positions) > 1:
        return True  # a note below the table
    if "campaign" not in positions or _cell(cells, positions["campaign"]):
        return False
    days = [_cell(cells, positions[name]) if name in positions else "" for name in DAYS]
    return not days[0] and ("day" in positions or days[1] != days[2])  # a sum of campaigns and days


def _has_day(cells: Sequence[str], positions: Mapping[str, int]) -> bool:
    return any(dates.read(_cell(cells, positions[name])) for name in DAYS if name in positions)


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""


def look(
    path: Path, stored: StoredFile, mapping: Mapping[str, str] | None, supplied: Collection[str], most: int
) -> Report:
    """Read a report once: its header, which field each column is, and how whole columns are read.

    `mapping` leads from columns to fields; without one the names decide. `supplied` are fields that the client gives
    for the whole report. `rows` of the answer is at most `most` + 1.
    Raises Required for a file without rows, the problems of the mapping, and Unreadable.
    """
    delimiter, skip_lines = delimiter_of(path, stored.stored_encoding)
    dialect, names, fields = _table(path, stored.stored_encoding, delimiter, skip_lines, mapping)
    _check(names, fields, supplied)
    positions = {field: names.index(column) for column, field in fields.items()}
    watched = {
        positions[name]: ColumnEvidence({Detector.DATES if name in DAYS else Detector.NUMBERS})
        for name in (*NUMBERS, *DAYS)
        if name in positions
    }
    samples: list[dict[str, None]] = [{} for _ in names]
    rows = 0
    with RecordReader(path, dialect) as reader:
        next(reader)
        for record in islice(reader, most + 1):
            rows += 1
            if record.problem is not None or is_left_out(record.cells, positions):
                continue
            for place, evidence in watched.items():
                if place < len(record.cells):
                    evidence.see(record.cells[place])
            if rows <= MAX_SAMPLE:
                _add_samples(samples, record.cells)
    readings = _readings(names, watched, delimiter)
    plain = ColumnReading()
    field_of = dict(fields.items())
    columns = [
        ReportColumn(name, field_of.get(name), list(seen), *readings.get(place, (plain, [])))
        for place, (name, seen) in enumerate(zip(names, samples, strict=True))
    ]
    return Report(path, dialect, columns, rows)


def _add_samples(samples: Sequence[dict[str, None]], cells: Sequence[str]) -> None:
    for seen, cell in zip(samples, cells, strict=False):
        text = cell.strip().encode("utf-8", "replace").decode("utf-8")[:MAX_SAMPLE]
        if text and len(seen) < SAMPLES:
            seen[text] = None


def _table(
    path: Path, encoding: str, delimiter: str, skip_lines: int, mapping: Mapping[str, str] | None
) -> tuple[Dialect, list[str], dict[str, str]]:
    """Where the header is, the names of the columns, and the fields by column."""
    with RecordReader(path, Dialect(encoding, delimiter, True, skip_lines)) as reader:
        first = [narrow(record) for record in islice(reader, MAX_PREAMBLE) if record.problem is None]
    if not first:
        raise Required("The file has no rows.", path=("file",))
    place = _header_place([record.cells for record in first], mapping)
    if place:
        skip_lines = first[place].line - 1
    names = column_names(first[place].cells, has_header=True)
    fields = recognised(names) if mapping is None else dict(mapping)
    return Dialect(encoding, delimiter, True, skip_lines), names, fields


def _header_place(records: Sequence[Sequence[str]], mapping: Mapping[str, str] | None) -> int:
    wanted = None if mapping is None else {name.strip() for name in mapping}
    for place, cells in enumerate(records):
        if wanted is not None and wanted <= {csv_values.unescape(cell).strip() for cell in cells}:
            return place
        if (
            wanted is None
            and len(recognised([csv_values.unescape(cell).strip() for cell in cells])) >= ENOUGH
        ):
            return place
    return 0


def recognised(names: Sequence[str]) -> dict[str, str]:
    """The field of each column whose name says it; of several for a field the one with the best name."""
    best: dict[str, tuple[int, int]] = {}
    for place, name in enumerate(names):
        found = _RANKS.get(simple(name))
        if found is not None:
            field, rank = found
            best[field] = min(best.get(field, (rank, place)), (rank, place))
    return {names[place]: field for field, (_, place) in best.items()}


def _check(names: Sequence[str], fields: Mapping[str, str], supplied: Collection[str]) -> None:
    """Raise what is wrong with a mapping: an unknown column or field, two columns for a field, a field without one."""
    problems: list[SeggraphError] = []
    taken: set[str] = set()
    for index, (column, name) in enumerate(fields.items()):
        if column not in names:
            problems.append(
                Invalid(f'The file has no column "{column[:100]}".', path=("mapping", index, "column"))
            )
        elif name not in NAMES:
            known = ", ".join(NAMES)
            problems.append(Invalid(f'"{name[:100]}" is none of {known}.', path=("mapping", index, "field")))
        elif name in taken:
            problems.append(Invalid(f"Two columns go to {name}.", path=("mapping", index, "field")))
        taken.add(name)
    there = taken | set(supplied)
    if {"periodStart", "periodEnd"} <= there:
        there.add("day")
    if missing := [name for name in REQUIRED if name not in there]:
        message = f"Say which columns are {', '.join(missing)}."
        if "day" in missing:
            message += " A report has one row for each day: export it with a breakdown by day."
        problems.append(Required(message, path=("mapping",)))
    if problems:
        raise Problems(problems[:20])


def _readings(
    names: Sequence[str], watched: Mapping[int, ColumnEvidence], delimiter: str
) -> dict[int, tuple[ColumnReading, list[Ambiguity]]]:
    """How the columns of numbers and days are read, and what their cells leave open."""
    sniffed = sniff([names[place] for place in watched], list(watched.values()), delimiter)
    found: dict[int, tuple[ColumnReading, list[Ambiguity]]] = {}
    for (place, evidence), one in zip(watched.items(), sniffed, strict=True):
        is_day = bool(evidence.days or evidence.times)
        setting = Setting.DATE_ORDER if is_day else Setting.DECIMAL
        reading, ambiguities = one.reading, [open_ for open_ in one.ambiguities if open_.setting is setting]
        if is_day and not evidence.orders and DateOrder.YMD in evidence.proven_orders:
            # `2026-03-01` has one order only: the rows that are written otherwise fail, and none is misread
            reading, ambiguities = replace(reading, date_order=DateOrder.YMD), []
        found[place] = reading, ambiguities
    return found


def choose(columns: Sequence[ReportColumn], choices: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
    """Read columns as a client chose. Raises Invalid and Duplicate, with the place of the choice."""
    by_name = {column.name: column for column in columns}
    taken: set[str] = set()
    for index, (name, choice) in enumerate(choices):
        column = by_name.get(name)
        if column is None:
            raise Invalid(f'The file has no column "{name[:100]}".', path=("columns", index, "column"))
        if name in taken:
            raise Duplicate(f'The column "{name[:100]}" is given twice.', path=("columns", index, "column"))
        taken.add(name)
        given = {key: value for key, value in choice.items() if value is not None}
        if other := next((key for key in given if key not in _CHOOSABLE), None):
            message = f"A report has numbers and days: choose {' or '.join(_CHOOSABLE)}."
            raise Invalid(message, path=("columns", index, other))
        try:
            column.reading = column.reading.chosen(given)
        except SeggraphError as problem:
            problem.path = ("columns", index, *problem.path)
            raise
        column.ambiguities = [one for one in column.ambiguities if one.setting.value not in given]


_CHOOSABLE: Final = (Setting.DECIMAL.value, Setting.DATE_ORDER.value)


def read_cell(field: str | None, cell: str, reading: ColumnReading) -> Any:
    """The value of a cell that is not empty. Raises Invalid."""
    if field in DAYS:
        return dates.parse_day(cell.strip(), reading.date_order)
    text = csv_values.unescape(cell).strip()
    if field not in NUMBERS:
        return text
    if text in _BLANK:
        return numbers.parse("0", ".") if field in ("spend", "conversions") else 0
    number = numbers.parse(text, reading.decimal)
    if field in ("spend", "conversions"):
        return number
    if number != number.to_integral_value():
        raise Invalid(f"{text[:40]!r} is no whole number.")
    return int(number)
