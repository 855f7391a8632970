"""Published facts: what happened, the Redis stream it goes to after commit, and the hub for subscribers."""
