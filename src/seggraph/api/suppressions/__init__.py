"""Suppressed addresses in the schema."""
