"""Documents: those that were parsed, those that clients name by their hash, and where the latter are kept."""
