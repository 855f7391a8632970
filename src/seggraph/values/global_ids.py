"""Global ids: the type of an object and its number, in a form that clients do not take apart.

Made here for the API and for what is sent to webhooks; `api/ids.py` reads them.
"""

import binascii


def global_id(type_name: str, number: int) -> str:
    """The id of an object: URL-safe base64 of its type and number."""
    # Letters, digits and a colon never make the two characters in which URL-safe base64 differs.
    text = binascii.b2a_base64(f"{type_name}:{number}".encode(), newline=False)
    return text.rstrip(b"=").decode()


def sql_of_id(type_name: str) -> str:
    """The same as an SQL expression, of the column `id` of a row that is called `{row}`."""
    return f"rtrim(encode(convert_to('{type_name}:' || {{row}}.id, 'UTF8'), 'base64'), '=')"
