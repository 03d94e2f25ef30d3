"""How well fragments are found: see docs/retrieval.md."""

import os

# Before numpy is imported, as in dream serve: its threads would spin on every core and count as CPU time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
