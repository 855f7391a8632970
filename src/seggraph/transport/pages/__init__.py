"""What people see in a browser: the start page, the documents, GraphiQL. And what every answer tells browsers."""

from seggraph.transport.pages.documents import DocumentFiles
from seggraph.transport.pages.graphiql import GraphiQLAssets, GraphiQLPage
from seggraph.transport.pages.headers import secured
from seggraph.transport.pages.start import StartPage

__all__ = ["DocumentFiles", "GraphiQLAssets", "GraphiQLPage", "StartPage", "secured"]
