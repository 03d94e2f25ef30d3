"""Fakes of what lies outside dream, each in its own process."""
