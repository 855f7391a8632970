"""What every part of the schema uses: the caller, ids, pages, errors, enums and scalars."""
