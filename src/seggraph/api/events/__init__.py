"""Events of members in the schema."""
