"""The viewer, users, API keys and the workspace in the schema."""
