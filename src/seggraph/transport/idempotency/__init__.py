"""Mutations with an idempotency key, as they come over HTTP."""
