"""Members in the schema."""
