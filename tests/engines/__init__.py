"""Tests of the engines against a real PostgreSQL."""
