"""Labels and folders of segments in the schema."""
