"""Binding: a story as something to keep outside dream. A format a file; each makes bytes of a Book."""
