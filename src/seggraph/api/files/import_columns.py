"""The columns of an uploaded file in the schema: what they hold, how they are read, and how a client may choose."""

from typing import Annotated, Any

import strawberry

from seggraph.api.base.scalars import JSON
from seggraph.services.imports.readings import ImportColumn as ColumnView
from seggraph.vocabulary import AttributeType


@strawberry.input(
    description="How a column of the file is read. What is absent stays as createImport found it."
)
class ColumnReading:
    """Settings of one column."""

    column: str = strawberry.field(description="The name of the column.")
    type: AttributeType | None = strawberry.field(
        default=None, description="The type of the custom attribute that the column creates."
    )
    decimal: str | None = strawberry.field(
        default=None,
        description="The decimal sign of numbers: `.` for 1,250.50, or `,` for 1.250,50.",
    )
    date_order: str | None = strawberry.field(
        default=None, description="The order of day, month and year in dates: YMD, DMY or MDY."
    )
    time_zone: str | None = strawberry.field(
        default=None,
        description="The IANA time zone of times without an offset; default: that of the workspace.",
    )
    separator: str | None = strawberry.field(
        default=None,
        description="What separates the items of a list: `;`, `,`, `|`, `/`, a tab or a line feed.",
    )
    marks: bool | None = strawberry.field(
        default=None,
        description="Whether every cell has a spreadsheet's mark for texts that is removed: '04616 or"
        ' ="04616".',
    )
    empty_clears: bool | None = strawberry.field(
        default=None,
        description="Whether an empty cell removes the value of the member; default false: the value stays.",
    )
    nulls: list[str] | None = strawberry.field(
        default=None,
        description="Texts that count as an empty cell; default: the usual ones such as NULL, \\N and N/A.",
    )
    phone_region: str | None = strawberry.field(
        default=None,
        description="Where phone numbers without a country are from, as a code of ISO 3166 such as DE; default: the"
        " phoneRegion of the workspace.",
    )
    words: JSON | None = strawberry.field(
        default=None,
        description="What words mean, as an object: true or false for booleans; GRANTED, DENIED or UNKNOWN"
        ' for consents, as in {"abbestellt": "DENIED"}.',
    )

    def settings(self) -> dict[str, Any]:
        """The settings by their names in the API."""
        return {
            "type": self.type,
            "decimal": self.decimal,
            "dateOrder": self.date_order,
            "timeZone": self.time_zone,
            "separator": self.separator,
            "marks": self.marks,
            "emptyClears": self.empty_clears,
            "nulls": self.nulls,
            "phoneRegion": self.phone_region,
            "words": self.words,
        }


@strawberry.type(
    description="A setting that the cells of a column leave open, so that a person has to choose."
)
class ImportAmbiguity:
    """One open setting."""

    setting: str = strawberry.field(
        description="The field of ColumnReading to choose: decimal, dateOrder, separator or words."
    )
    options: list[str] = strawberry.field(
        description="The values that the cells allow; for words, the words without a known meaning."
    )
    message: str = strawberry.field(description="What is open, for people.")


@strawberry.type(description="A column of an uploaded file.")
class ImportColumn:
    """A column."""

    name: str = strawberry.field(
        description="The name of the column in the header, made unique; without a header Column 1, Column 2"
        " and so on."
    )
    samples: list[str] = strawberry.field(
        description="Some different values of the column, as they are in the file."
    )
    detected_type: str = strawberry.field(
        description="The type that the values fit: STRING, NUMBER, BOOLEAN, DATE, DATETIME or STRING_LIST."
    )
    confidence: float = strawberry.field(
        description="How sure the reading is, from 0 to 1: 1 if the values prove it, 0.8 if other columns or"
        " the delimiter imply it, 0.5 if it is ambiguous."
    )
    view: strawberry.Private[ColumnView]

    @strawberry.field(
        description="How the column is read, as an object with the fields of ColumnReading; startImport may"
        " choose otherwise."
    )
    def reading(self) -> JSON:
        """The reading."""
        return JSON(self.view.reading.to_json())

    @strawberry.field(
        description="The samples, in the same order, as values of the suggested field; null for a sample that"
        " is empty or cannot be read. The arguments show another choice."
    )
    def interpreted(
        self,
        field: Annotated[
            str | None, strawberry.argument(description="The field to read for; default: the suggested one.")
        ] = None,
        reading: Annotated[
            ColumnReading | None,
            strawberry.argument(description="The settings to read by; default: those of `reading`."),
        ] = None,
    ) -> list[JSON | None]:
        """The samples as they would be stored."""
        if field is None and reading is None:
            return self.view.interpreted
        chosen = {} if reading is None else reading.settings()
        return self.view.interpret(field or self.view.field, chosen)

    @strawberry.field(
        description="The settings that are to be chosen in startImport if the column goes to the suggested"
        " field; without a choice the import does not start."
    )
    def ambiguities(self) -> list[ImportAmbiguity]:
        """What is open."""
        return [
            ImportAmbiguity(setting=one.setting.value, options=list(one.options), message=one.message)
            for one in self.view.asked
        ]

    @staticmethod
    def of(view: ColumnView) -> "ImportColumn":
        """The column as the service reads it."""
        return ImportColumn(
            name=view.name,
            samples=view.samples,
            detected_type=view.detected_type.value,
            confidence=view.confidence,
            view=view,
        )
