"""Who is in a segment, through which source, and why that changed."""
