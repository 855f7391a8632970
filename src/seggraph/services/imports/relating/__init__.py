"""Members that rows name, and relations to them."""
