"""Criteria as JSON: read into a tree, and written from one in the canonical form."""
