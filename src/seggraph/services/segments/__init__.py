"""Segments: their life, their lists, and manual membership."""
