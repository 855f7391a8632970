"""The use-cases. The only layer that opens transactions; every function acts for a viewer or for a job."""
