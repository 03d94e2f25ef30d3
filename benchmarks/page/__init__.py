"""Benchmarks of the pages in real Chromium."""
