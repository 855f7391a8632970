"""The change feed: which members changed, and who still has to look at them."""
