"""Benchmarks: each `bench_*.py` has `run()`, which returns rows of name, value, unit, limit, ok and compared_with."""
