"""How the columns of a file are read: what the cells of a whole column say together about numbers, dates, words,
lists and marks, and the functions that read cells so.

One cell often cannot say what it means: `1.250` is a thousand in one file and a little more than one in another.
"""

from seggraph.files.columns.cells import CellReader, cell_reader, settings_of, unmarker
from seggraph.files.columns.evidence import ColumnEvidence, Detector
from seggraph.files.columns.reading import Ambiguity, ColumnReading, Setting
from seggraph.files.columns.sniffing import CONFIDENCE, Certainty, SniffedColumn, sniff

__all__ = [
    "CONFIDENCE",
    "Ambiguity",
    "CellReader",
    "Certainty",
    "ColumnEvidence",
    "ColumnReading",
    "Detector",
    "Setting",
    "SniffedColumn",
    "cell_reader",
    "settings_of",
    "sniff",
    "unmarker",
]
