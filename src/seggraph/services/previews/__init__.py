"""What unsaved criteria would give."""
