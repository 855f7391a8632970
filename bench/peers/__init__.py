"""Other servers over the same rows, to compare seggraph's reads and fan-out with. Started by `bench.reads`."""
