"""Tests of the criteria language."""
