"""Members: upserts, edits, selections, pages and relations."""
