"""Subscriptions: events of segments, imports and the workspace."""
