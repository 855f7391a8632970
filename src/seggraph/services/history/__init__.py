"""A segment's past: its runs, its sizes, and its members at earlier times."""
