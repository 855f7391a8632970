"""The change feed: which members changed, and which refreshes and deliveries still have to follow."""
