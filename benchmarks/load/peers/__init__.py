"""What users would take instead of dream, as its own documentation shows it."""
