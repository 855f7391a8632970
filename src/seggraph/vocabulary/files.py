"""Imports and exports of files."""

from seggraph.vocabulary.described import DescribedStrEnum


class ImportContent(DescribedStrEnum):
    """What the rows of an imported file are."""

    MEMBERS = "MEMBERS", "Each row is a member."
    EVENTS = "EVENTS", "Each row is an event of a member."
    ORDERS = "ORDERS", "Each row is an order, or a line of an order, of a member."
    RELATIONS = "RELATIONS", "Each row relates a member to another member."
    SUPPRESSIONS = "SUPPRESSIONS", "Each row has addresses that a channel must not use."


class ImportStatus(DescribedStrEnum):
    """The status of an import."""

    UPLOADED = "UPLOADED", "The file is uploaded and waits for startImport."
    RUNNING = "RUNNING", "The rows are being read and stored."
    COMPLETED = "COMPLETED", "All rows were processed; some of them may have been rejected."
    FAILED = "FAILED", "The import stopped because of an error; its field error says which."
    CANCELLED = "CANCELLED", "A user or a program stopped the import; rows stored before stay."


class RowOutcome(DescribedStrEnum):
    """Why a row of an import was not stored, or not as a whole."""

    DUPLICATE = "DUPLICATE", "An earlier row of the file describes the same member."
    IGNORED = "IGNORED", "The settings of the import skip this row."
    FAILED = "FAILED", "A value of the row is not acceptable."
    PARTIAL = "PARTIAL", "The row was stored without the values that are not acceptable."


class ExportContent(DescribedStrEnum):
    """What the rows of an exported file are."""

    MEMBERS = "MEMBERS", "Each row is a member of a segment or of a kind."
    SEGMENTS = "SEGMENTS", "Each row is a segment of a list."


class ExportFormat(DescribedStrEnum):
    """The format of an exported file."""

    CSV = "CSV", "Comma-separated values with a header row; texts that a spreadsheet would run are protected."
    PLAIN_CSV = "PLAIN_CSV", "The same for a program: every text is as it is."
    JSON_LINES = "JSON_LINES", "One JSON object on each line."


class ExportStatus(DescribedStrEnum):
    """The status of an export."""

    RUNNING = "RUNNING", "The file is being written."
    READY = "READY", "The file can be downloaded."
    FAILED = "FAILED", "The export stopped because of an error; its field error says which."
    EXPIRED = "EXPIRED", "The file was deleted because its time was over or it was discarded."
