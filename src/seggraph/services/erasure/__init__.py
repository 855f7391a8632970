"""The erasure of members, and of every trace of them."""
