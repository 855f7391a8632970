"""Criteria and the catalogue in the schema."""
