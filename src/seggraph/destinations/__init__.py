"""The outside: systems that audiences are delivered to, and the one way to call them. Knows nothing of services."""
