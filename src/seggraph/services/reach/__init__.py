"""How many members each channel reaches, and why not the others."""
