"""Reach in the schema."""
