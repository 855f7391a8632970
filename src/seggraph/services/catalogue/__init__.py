"""The catalogue: a workspace's attributes, their types, and which values members have."""
