"""What the orders of members and of whole segments are worth."""
