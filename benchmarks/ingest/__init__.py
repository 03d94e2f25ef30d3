"""Reading texts in: as tutorials do it, and as dream does."""
