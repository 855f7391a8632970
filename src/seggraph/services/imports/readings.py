"""How the columns of an import are read: shown when the file comes in, chosen at its start, and held to while it runs.

A reading that the first rows left open, and that nobody chose, is settled by the whole file before anything is stored.
One that was assumed and that the file proves wrong stops the import.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC
from typing import Any, Final

import orjson

from seggraph.errors import Ambiguous, Duplicate, Invalid, NotFound, Problems, SeggraphError
from seggraph.files.columns import (
    CONFIDENCE,
    Ambiguity,
    Certainty,
    ColumnReading,
    Setting,
    SniffedColumn,
    cell_reader,
    settings_of,
    unmarker,
)
from seggraph.files.layout import Column
from seggraph.member_fields import PARTS, FieldType
from seggraph.member_fields.addresses import clean_part
from seggraph.member_fields.field_types import ADDRESS, PHONE, TEXT, TEXT_LIST
from seggraph.services.catalogue.columns import FieldSuggestion
from seggraph.services.imports import event_fields
from seggraph.services.imports.mappings import FIELDS, TARGETS, Pair, canonical
from seggraph.services.imports.relating import related_fields
from seggraph.values.words import NOT_A_VALUE
from seggraph.vocabulary import AttributeType

_ATTRIBUTES: Final = {
    Setting.DECIMAL: "decimal",
    Setting.DATE_ORDER: "date_order",
    Setting.SEPARATOR: "separator",
}
"""The fields of ColumnReading by setting."""


@dataclass(frozen=True, slots=True)
class ImportColumn:
    """A column as clients see it: some cells, how they are read, and the values that they then have."""

    name: str
    samples: list[str]
    detected_type: AttributeType
    reading: ColumnReading
    confidence: float
    certainty: dict[str, str]
    ambiguities: list[Ambiguity]
    """All that the cells leave open, whatever the column goes to."""
    concerned: list[Setting]
    """The settings that count for the field that is suggested."""
    field: str | None
    """The field that is suggested."""
    chosen: list[str]
    """The settings that a template chose."""
    interpreted: list[Any]

    @property
    def asked(self) -> list[Ambiguity]:
        """What is to be chosen if the column goes to the field that is suggested."""
        return [
            one
            for one in self.ambiguities
            if one.setting in self.concerned and one.setting not in self.chosen
        ]

    def interpret(self, field: str | None, choice: Mapping[str, Any]) -> list[Any]:
        """The samples as a field and a choice of settings would read them; None for what cannot be read."""
        return interpreted(self.samples, field, self.reading.chosen(choice))

    def to_json(self) -> dict[str, Any]:
        """The column as it is stored."""
        return asdict(self) | {
            "detected_type": self.detected_type.value,
            "reading": self.reading.to_json(),
            "ambiguities": [
                {"setting": one.setting.value, "options": list(one.options), "message": one.message}
                for one in self.ambiguities
            ],
        }

    @staticmethod
    def from_json(shown: Mapping[str, Any]) -> "ImportColumn":
        """The column of `to_json`; one that an older version stored has the reading of that version."""
        return ImportColumn(
            name=shown["name"],
            samples=shown["samples"],
            detected_type=AttributeType(shown["detected_type"]),
            reading=ColumnReading.from_json(shown["reading"]) if "reading" in shown else ColumnReading(),
            confidence=shown.get("confidence", 1.0),
            certainty=shown.get("certainty", {}),
            ambiguities=[
                Ambiguity(Setting(one["setting"]), tuple(one["options"]), one["message"])
                for one in shown.get("ambiguities", [])
            ],
            concerned=[Setting(one) for one in shown.get("concerned", [])],
            field=shown.get("field"),
            chosen=shown.get("chosen", []),
            interpreted=shown.get("interpreted", []),
        )


@dataclass(frozen=True, slots=True)
class PlannedReading:
    """How a mapped column is read: the reading, the settings that a client chose, and how sure the others are."""

    reading: ColumnReading
    chosen: frozenset[str] = frozenset()
    certainty: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of_an_older_version() -> "PlannedReading":
        """How columns were read before readings were stored, for imports that were running then."""
        return PlannedReading(ColumnReading(nulls=()), frozenset(setting.value for setting in Setting))

    def is_open(self, setting: Setting) -> bool:
        """Whether the whole file is to confirm or to settle it."""
        return setting.value not in self.chosen and self.certainty.get(setting.value) != Certainty.PROVEN

    def settled(self, setting: Setting, seen: SniffedColumn, column: str) -> "PlannedReading":
        """The reading after the whole file was seen. Raises Ambiguous if it does not say what was shown."""
        after_all = seen.certainty.get(setting)
        before_all = self.certainty.get(setting.value)
        if not self.is_open(setting) or after_all is None or setting not in _ATTRIBUTES:
            return self
        if after_all is Certainty.AMBIGUOUS and before_all is None:
            message = next(one.message for one in seen.ambiguities if one.setting is setting)
            raise Ambiguous(f"{column}: {message} Choose the {setting} of the column.", path=("columns",))
        name = _ATTRIBUTES[setting]
        before, after = getattr(self.reading, name), getattr(seen.reading, name)
        if before == after or (before_all is not None and after_all is not Certainty.PROVEN):
            return self
        if before_all == Certainty.ASSUMED:
            raise Ambiguous(
                f"{column}: the {setting} was taken for {str(before)!r}, and later rows prove {str(after)!r}."
                f" Choose the {setting} of the column.",
                path=("columns",),
            )
        return replace(self, reading=replace(self.reading, **{name: after}))


def described(
    columns: Sequence[Column],
    suggestions: Sequence[FieldSuggestion],
    types: Mapping[str, AttributeType],
    zone: str,
    phone_region: str | None,
) -> list[ImportColumn]:
    """The columns of a file that came in, each read for the field that is suggested for it.

    `types` are those of the attributes that exist: a column that goes to one has its type. `zone` and
    `phone_region` are the workspace's.
    """
    suggested = {one.column: one.field for one in suggestions}
    return [_described(column, suggested.get(column.name), types, zone, phone_region) for column in columns]


def _described(
    column: Column, field: str | None, types: Mapping[str, AttributeType], zone: str, phone_region: str | None
) -> ImportColumn:
    sniffed = column.sniffed
    known = None if field is None or field in TARGETS else types.get(field)
    # Files that seggraph exported have no texts that count as empty, and their numbers stay as they are.
    region = phone_region if sniffed.reading.nulls else None
    reading = replace(
        sniffed.reading, time_zone=zone, phone_region=region, type=known or sniffed.reading.type
    )
    target = target_of(field, reading)
    concerned = settings_of(target)
    certainties = [sniffed.certainty[setting] for setting in concerned if setting in sniffed.certainty]
    return ImportColumn(
        name=column.name,
        samples=column.samples,
        detected_type=column.detected_type,
        reading=reading,
        confidence=min((CONFIDENCE[one] for one in certainties), default=1.0),
        certainty={setting.value: certainty.value for setting, certainty in sniffed.certainty.items()},
        ambiguities=list(sniffed.ambiguities),
        concerned=list(concerned),
        field=field,
        chosen=[],
        interpreted=interpreted(column.samples, field, reading),
    )


def target_of(field: str | None, reading: ColumnReading) -> AttributeType | FieldType:
    """What the cells of a column become in a field: the type of a well-known one, or else that of the attribute."""
    if field is not None and field.startswith(event_fields.PREFIX):
        return event_fields.target_of(event_fields.shown(field), reading)
    if field in FIELDS:
        return FIELDS[field].type
    return TEXT if field in TARGETS else reading.type


def is_scalar(target: AttributeType | FieldType) -> bool:
    """Whether a dash stands for a missing value: of numbers, dates and words, but not of texts and lists."""
    return target not in (AttributeType.STRING, AttributeType.STRING_LIST, TEXT, TEXT_LIST, PHONE, ADDRESS)


def with_choice(column: ImportColumn, choice: Mapping[str, Any]) -> ImportColumn:
    """The column as a template reads it: what was chosen for it before is not asked again."""
    if not choice:
        return column
    try:
        reading = column.reading.chosen(choice)
    except SeggraphError:  # an older version allowed what this one does not
        return column
    return replace(
        column, reading=reading, chosen=sorted(choice), interpreted=column.interpret(column.field, choice)
    )


def interpreted(samples: Sequence[str], field: str | None, reading: ColumnReading) -> list[Any]:
    """The values of samples as JSON has them; None for a sample that is empty or cannot be read."""
    field = None if field is None else canonical(field)
    target = target_of(field, reading)
    unmark, read = unmarker(reading), cell_reader(target, reading, UTC)
    clean = _cleaner(field)
    return [_value(sample, unmark, read, clean, target, reading) for sample in samples]


def _cleaner(field: str | None) -> Any:
    if field in FIELDS:
        return FIELDS[field].clean
    return clean_part(PARTS[field].part.key) if field in PARTS else None


def _value(
    sample: str, unmark: Any, read: Any, clean: Any, target: AttributeType | FieldType, reading: ColumnReading
) -> Any:
    cell = unmark(sample).strip()
    if not cell or cell in reading.nulls or (is_scalar(target) and cell in NOT_A_VALUE):
        return None
    try:
        value = read(cell)
        value = value if clean is None else clean(value)
    except SeggraphError:
        return None
    return getattr(value, "name", None) or orjson.loads(orjson.dumps(value, default=str))


def plan(
    pairs: Sequence[Pair],
    columns: Sequence[ImportColumn],
    choices: Sequence[tuple[str, Mapping[str, Any]]],
    types: Mapping[str, AttributeType],
) -> dict[str, PlannedReading]:
    """How each mapped column is read, by its name.

    Raises NotFound, Duplicate and Invalid for a choice that cannot be, and Ambiguous for a column whose cells have
    several readings among which nobody chose.
    """
    known = {column.name: column for column in columns}
    chosen: dict[str, Mapping[str, Any]] = {}
    problems: list[SeggraphError] = []
    for index, (name, choice) in enumerate(choices):
        path = ("columns", index, "column")
        if name not in known:
            problems.append(NotFound(f"The file has no column {name[:100]!r}.", path=path))
        elif name in chosen:
            problems.append(Duplicate(f"The column {name[:100]!r} is given twice.", path=path))
        else:
            chosen[name] = {key: value for key, value in choice.items() if value is not None}
    planned: dict[str, PlannedReading] = {}
    # A column that also names a related member is read as the other field that it goes to.
    for pair in sorted(pairs, key=lambda pair: pair.field not in related_fields.NAMES):
        try:
            planned[pair.column] = _planned(pair, known[pair.column], chosen.get(pair.column, {}), types)
        except SeggraphError as problem:
            place = next((place for place, (name, _) in enumerate(choices) if name == pair.column), None)
            problem.path = ("columns",) if place is None else ("columns", place, *problem.path)
            problems.append(problem)
    if problems:
        raise problems[0] if len(problems) == 1 else Problems(problems[:20])
    return planned


def _planned(
    pair: Pair, column: ImportColumn, choice: Mapping[str, Any], types: Mapping[str, AttributeType]
) -> PlannedReading:
    choice = {name: column.reading.to_json()[name] for name in column.chosen} | dict(choice)
    reading = column.reading.chosen(choice)
    existing = None if pair.attribute is None else types.get(pair.attribute)
    if existing is not None and "type" in choice and reading.type is not existing:
        message = f"The attribute {pair.attribute} has the type {existing}; the column cannot have another."
        raise Invalid(message, path=("type",))
    if existing is not None:
        reading = replace(reading, type=existing)
    elif "type" not in choice:
        reading = replace(reading, type=column.detected_type)
    concerned = settings_of(target_of(pair.field, reading))
    for ambiguity in _open_ambiguities(column, concerned, choice):
        options = ", ".join(repr(option) for option in ambiguity.options[:10])
        raise Ambiguous(
            f"{column.name[:100]}: {ambiguity.message} Choose {ambiguity.setting} in columns: {options}."
        )
    return PlannedReading(reading, frozenset(choice), column.certainty)


def choices_of(planned: Mapping[str, PlannedReading]) -> dict[str, dict[str, Any]]:
    """What was chosen, by column, as a template keeps it."""
    shown = {name: one.reading.to_json() for name, one in planned.items()}
    return {
        name: {setting: shown[name][setting] for setting in sorted(one.chosen)}
        for name, one in planned.items()
    }


def _open_ambiguities(
    column: ImportColumn, concerned: Sequence[Setting], choice: Mapping[str, Any]
) -> list[Ambiguity]:
    """What nobody chose. Which words are unknown is left to their rows, if some were given a meaning."""
    return [one for one in column.ambiguities if one.setting in concerned and one.setting.value not in choice]


def to_json(planned: Mapping[str, PlannedReading]) -> str:
    """Planned readings as they are stored."""
    return orjson.dumps(
        {
            name: {
                "reading": one.reading.to_json(),
                "chosen": sorted(one.chosen),
                "certainty": dict(one.certainty),
            }
            for name, one in planned.items()
        }
    ).decode()


def from_json(stored: str | None) -> dict[str, PlannedReading]:
    """The planned readings of `to_json`."""
    return {
        name: PlannedReading(
            ColumnReading.from_json(one["reading"]), frozenset(one["chosen"]), one["certainty"]
        )
        for name, one in orjson.loads(stored or "{}").items()
    }
