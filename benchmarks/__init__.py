"""Benchmarks: one command each, both sides in the same run, medians and ratios printed."""
