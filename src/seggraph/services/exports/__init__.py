"""Files of members and of segments."""
