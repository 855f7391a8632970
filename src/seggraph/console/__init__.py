"""The console: the application in the browser, built from the folder `console` and served without node."""

from seggraph.console.serving import Console

__all__ = ["Console"]
