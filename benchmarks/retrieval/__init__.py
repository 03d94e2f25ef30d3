"""How well fragments are found: see docs/retrieval.md."""
