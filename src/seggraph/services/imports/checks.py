"""The first look through an import's file: whether it can be read to its end, how many rows it has, and of which
types the attributes are that it brings. Nothing of it is stored before.
"""

import asyncio
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Final

import orjson

from seggraph.context import Context
from seggraph.database.connections import database
from seggraph.database.unit_of_work import begin
from seggraph.errors import NotFound, TooMany
from seggraph.files.csv_records import RecordReader
from seggraph.services.catalogue import catalogues
from seggraph.services.imports.claims import ImportClaim
from seggraph.services.imports.imports import progressed
from seggraph.values import csv_values
from seggraph.vocabulary import AttributeType

ROWS_AT_ONCE: Final = 20_000

CHECKED: Final = "total = $3, new_types = $4, position = $5, line = $6"


async def look_through(context: Context, claim: ImportClaim) -> None:
    """Read the whole file once, so that a file that cannot be read on, or would need too many attributes, is
    refused before anything of it is stored; count its rows, and find types that hold whole columns.

    Raises NotFound, TooMany and what reading raises.
    """
    async with database() as connection:
        known = await catalogues.types(connection, claim.workspace_id, claim.kind)
    guesses = _guesses(claim, known)
    total = 0
    with open_file(claim) as reader:
        if claim.dialect.has_header:
            next(reader, None)
        claim.position, claim.line = reader.position, reader.line
        while True:
            count = await asyncio.to_thread(_see, reader, guesses)
            total += count
            if count < ROWS_AT_ONCE:
                break
    claim.total = total
    claim.new_types = {name: guess.type for _, name, guess in guesses}
    async with begin() as unit:
        if not claim.dry_run:
            known = await catalogues.create(unit.connection, claim.workspace_id, claim.kind, claim.new_types)
            if not claim.new_types.keys() <= known.keys():  # somebody else made attributes meanwhile
                raise TooMany(
                    f"A kind has at most {catalogues.MAX_ATTRIBUTES} attributes. Map fewer columns."
                )
        new_types = orjson.dumps(claim.new_types).decode()
        await claim.lease.change(unit.connection, CHECKED, total, new_types, claim.position, claim.line)
        context.publish(unit, [progressed(claim.workspace_id, claim.import_id)])


def _guesses(
    claim: ImportClaim, known: Mapping[str, AttributeType]
) -> list[tuple[int, str, csv_values.TypeGuess]]:
    """The columns of attributes that are new: index, name, and what their cells will tell. Raises TooMany."""
    new = [
        (claim.columns.index(pair.column), pair.attribute, csv_values.TypeGuess())
        for pair in claim.pairs
        if pair.attribute is not None and pair.attribute not in known
    ]
    if len(known) + len(new) > catalogues.MAX_ATTRIBUTES:
        raise TooMany(
            f"The mapping would make {len(new)} attributes besides the {len(known)} that there are; a kind has at"
            f" most {catalogues.MAX_ATTRIBUTES}. Map fewer columns."
        )
    return new


def _see(reader: RecordReader, guesses: Sequence[tuple[int, str, csv_values.TypeGuess]]) -> int:
    """Read on for a while; returns how many records were read."""
    count = 0
    for record in islice(reader, ROWS_AT_ONCE):
        count += 1
        for index, _, guess in guesses:
            if index < len(record.cells):
                guess.see(record.cells[index])
    return count


def open_file(claim: ImportClaim) -> RecordReader:
    """The file's records from where the import stands. Raises NotFound."""
    try:
        return RecordReader(claim.path, claim.dialect, position=claim.position, line=claim.line)
    except FileNotFoundError:
        raise NotFound("The uploaded file is gone from the files folder: upload it again.") from None
