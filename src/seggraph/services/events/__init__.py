"""What members did: recording, correcting, removing and reading events."""
