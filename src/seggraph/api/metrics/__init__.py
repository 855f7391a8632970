"""Campaign metrics in the schema."""
