"""What this process counts and times, in Prometheus' terms. Each room writes its own; dream.web.metrics shows them.

Labels hold only names that dream itself chose: no ids, no addresses, no words of anybody.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry(auto_describe=True)

_QUICK = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
_WAITED = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

REQUESTS = Histogram(
    "dream_request_seconds", "Requests until their answer began, by route and status.", ["route", "status"],
    registry=REGISTRY, buckets=_QUICK,
)  # fmt: skip
TELLINGS = Counter(
    "dream_tellings", "Tellings that ended, by how and by the code of what went wrong.", ["state", "code"],
    registry=REGISTRY,
)  # fmt: skip
FIRST_PIECE = Histogram(
    "dream_first_piece_seconds", "From a telling's beginning to its first piece of text.", ["provider"],
    registry=REGISTRY, buckets=_WAITED,
)  # fmt: skip
PIECES = Counter("dream_pieces", "Pieces of text that storytellers gave.", ["provider"], registry=REGISTRY)
PIECE_RATE = Histogram(
    "dream_pieces_per_second", "Pieces a second within one telling, after its first.", ["provider"],
    registry=REGISTRY, buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)  # fmt: skip
FAILURES = Counter(
    "dream_storyteller_failures", "Requests to a storyteller that failed, by code.", ["provider", "code"],
    registry=REGISTRY,
)  # fmt: skip
RETRIEVAL = Histogram(
    "dream_retrieval_seconds", "Finding the fragments for a query or a story.", registry=REGISTRY, buckets=_QUICK
)
EMBEDDING = Histogram(
    "dream_embedding_seconds", "One text through the embedding model.", registry=REGISTRY, buckets=_QUICK
)
COMMITS = Histogram(
    "dream_commit_seconds", "One group commit of all tellings' events.", registry=REGISTRY, buckets=_QUICK
)
STORE_ERRORS = Counter(
    "dream_store_errors", "Operations that a store failed, by store: sql or vectors.", ["store"], registry=REGISTRY
)
READING = Histogram(
    "dream_reading_seconds", "Reading one file that was brought, from its claim on, by what came of it.", ["outcome"],
    registry=REGISTRY, buckets=(*_WAITED, 300),
)  # fmt: skip
for _store in ("sql", "vectors"):
    STORE_ERRORS.labels(_store)  # shown as 0 from the start, so that an alert can be written on it
