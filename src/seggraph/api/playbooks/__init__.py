"""Playbooks in the schema."""
