"""Campaigns in the schema."""
