"""Segments: their life, their lists, and membership by hand."""
