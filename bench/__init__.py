"""Benchmarks: each runs two ways side by side on the same rows, in turn, and prints ratios with their spread."""
