"""Signed messages to the URLs of partners."""
