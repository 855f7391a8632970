"""The members of segments, the sources that link them, and how and why that changes."""
