"""Playbooks: rules that add members to segments."""
