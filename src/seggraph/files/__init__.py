"""Files in and out: CSV records and values, uploads, signed paths, and the keys and secrets kept in files."""
