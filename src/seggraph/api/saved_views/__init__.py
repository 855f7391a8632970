"""Saved views of lists in the schema."""
