"""The documents of the product as text, so that everybody who reaches the API can read how it is used."""

from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

FOLDER: Final = Path(__file__).parent.parent.parent / "docs"


class DocumentFiles:
    """The files of a folder that end with .md, each at its name; read once, when the application is made."""

    def __init__(self, folder: Path = FOLDER) -> None:
        self._texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.md"))}

    @property
    def titles(self) -> dict[str, str]:
        """The first heading of each, by the name of its file."""
        return {name: text.partition("\n")[0].removeprefix("# ") for name, text in self._texts.items()}

    def route(self, path: str) -> BaseRoute:
        """Where they are."""
        return Route(path + "/{name}", self._document)

    async def _document(self, request: Request) -> Response:
        text = self._texts.get(request.path_params["name"])
        if text is None:
            raise HTTPException(404)
        # as plain text, for browsers save what they cannot show
        return PlainTextResponse(text)
