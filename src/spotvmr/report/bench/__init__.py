"""Benchmark of the dashboard in a real browser, and what its tests share with it."""
