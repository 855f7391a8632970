"""The example workspace that `seggraph demo` and `seggraph seed` fill. Only the command line calls it."""
