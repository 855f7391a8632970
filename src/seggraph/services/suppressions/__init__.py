"""Addresses that a channel may not use."""
