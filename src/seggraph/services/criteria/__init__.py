"""Criteria as clients give them: documents and text, checked against the catalogue."""
