"""The settings of a workspace in the schema."""
