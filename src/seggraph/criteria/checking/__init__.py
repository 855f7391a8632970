"""Typing a tree: look up its fields in a catalogue, check its operators and convert its values."""
