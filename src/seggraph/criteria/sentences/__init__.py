"""Criteria as plain English sentences."""
