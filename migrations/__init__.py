"""The migrations of seggraph, in Tortoise's format; `seggraph.migrations` is this folder."""
