"""seggraph: audience segmentation behind one GraphQL API."""

__version__ = "0.1.0"
