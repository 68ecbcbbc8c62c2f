"""Benchmarks of retrieval, each against the dense way, or the cached one, of the same program in the same run."""
