"""A segment's past: runs, sizes, and who was in it when."""
