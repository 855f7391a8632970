"""Campaigns, their audiences, and their metrics."""
