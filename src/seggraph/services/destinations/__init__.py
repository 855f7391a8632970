"""Outside systems, and the delivery of segments to them."""
