"""Chaos: workers, PostgreSQL connections and Redis are killed at random while everything goes on."""
