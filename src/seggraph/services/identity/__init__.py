"""Who signs in: users, API keys, tokens, and the workspace they belong to."""
