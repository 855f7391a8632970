"""Global ids: the type of an object and its number, in a form that clients do not take apart.

Made here for the API and for what is sent to webhooks; `api/ids.py` reads them.
"""

import base64


def global_id(type_name: str, number: int) -> str:
    """The id of an object: URL-safe base64 of its type and number."""
    return base64.urlsafe_b64encode(f"{type_name}:{number}".encode()).rstrip(b"=").decode()
