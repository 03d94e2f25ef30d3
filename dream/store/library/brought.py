"""What scenes from a file lean on: fragments that the shelf has, and works that are only known by name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from dream.store import models

_BATCH = 200
Item = TypeVar("Item")


class Place(NamedTuple):
    """A stretch of a work's text, told by the digest of its file: the same wherever that file was read."""

    file: str
    start: int
    end: int


class Leaning(NamedTuple):
    """What a scene from a file leans on. `sources` have a `place` or None, and `work`, `author`, `licence` and
    `withdrawn`; `threads` have `start`, `end`, `rank`, `strength` and `source`, the number of one of those from 1;
    `copied` the fields of a CopiedRun, and `source` likewise.
    """

    sources: Sequence[dict[str, Any]] = ()
    threads: Sequence[dict[str, Any]] = ()
    copied: Sequence[dict[str, Any]] = ()


def places(session: Session, fragment_ids: Sequence[str]) -> dict[str, Place]:
    """Where each of these fragments stands."""
    found: dict[str, Place] = {}
    query = select(models.Fragment.id, models.Version.sha256, models.Fragment.start, models.Fragment.end)
    query = query.join(models.Version, models.Version.id == models.Fragment.version_id)
    for some in _batches(fragment_ids):
        rows = session.execute(query.where(models.Fragment.id.in_(some)))
        found.update((id_, Place(file, start, end)) for id_, file, start, end in rows)
    return found


def on_shelf(session: Session, corpus_id: str, wanted: Collection[Place]) -> dict[Place, str]:
    """The fragments of a corpus at these places, whether or not their works were withdrawn; live ones before others."""
    found: dict[Place, str] = {}
    live = models.Work.live_version_id == models.Version.id
    query = (
        select(models.Version.sha256, models.Fragment.start, models.Fragment.end, models.Fragment.id)
        .join(models.Version, models.Version.id == models.Fragment.version_id)
        .join(models.Work, models.Work.id == models.Version.work_id)
        .where(models.Work.corpus_id == corpus_id, or_(live, models.Version.live_at.is_not(None)))
        .order_by(live)
    )
    for some in _batches(sorted(wanted)):
        files, starts = {place.file for place in some}, {place.start for place in some}
        rows = session.execute(query.where(models.Version.sha256.in_(files), models.Fragment.start.in_(starts)))
        found.update((Place(file, start, end), id_) for file, start, end, id_ in rows)
    return found


def taken_back(session: Session, corpus_id: str, wanted: Collection[Place]) -> set[str]:
    """The files at these places whose works were all withdrawn from the corpus."""
    states: dict[str, bool] = {}
    query = select(models.Version.sha256, models.Work.live_version_id.is_(None)).join(
        models.Work, models.Work.id == models.Version.work_id
    )
    for some in _batches(sorted({place.file for place in wanted})):
        for file, gone in session.execute(
            query.where(models.Work.corpus_id == corpus_id, models.Version.sha256.in_(some))
        ):
            states[file] = states.get(file, True) and gone
    return {file for file, gone in states.items() if gone}


def lay(
    session: Session, scene: models.Scene, leaning: Leaning, found: Mapping[Place, str], gone: Collection[str]
) -> dict[str, Any]:
    """Writes what a scene leans on: `found` on the shelf, or named unless its file is among the `gone`. The answer is
    the data of its log's events `sources` and `threads`.
    """
    ids = {
        number: found[source["place"]] for number, source in enumerate(leaning.sources, 1) if source["place"] in found
    }
    sources = [{"rank": rank, "fragment_id": id_, "score": 0.0, "reasons": {}} for rank, id_ in ids.items()]
    threads = [_tied(row, ids) for row in leaning.threads if row["source"] in ids]
    copied = [_tied(row, ids) for row in leaning.copied if _fits(row, leaning, ids)]
    session.add_all(models.Source(scene_id=scene.id, **row) for row in sources)
    session.add_all(models.Thread(scene_id=scene.id, **row) for row in threads)
    session.add_all(models.CopiedRun(scene_id=scene.id, **row) for row in copied)
    kept = {
        "sources": [
            {**(_nameless(source) if source["place"] and source["place"].file in gone else source), "rank": rank}
            for rank, source in enumerate(leaning.sources, 1)
            if rank not in ids
        ],
        "threads": [row for row in leaning.threads if row["source"] not in ids],
        "copied": [row for row in leaning.copied if not _fits(row, leaning, ids)],
    }  # fmt: skip
    scene.brought = kept if any(kept.values()) else None
    spans: dict[int, dict[str, Any]] = {}
    for row in threads:
        span = spans.setdefault(row["start"], {"start": row["start"], "end": row["end"], "ties": []})
        span["ties"].append({"fragment_id": row["fragment_id"], "strength": row["strength"]})
    return {
        "sources": {"sources": sources, "missing": []},
        "threads": {"threads": list(spans.values()), "copied": copied},
    }


def sources_of(scene: models.Scene) -> list[dict[str, Any]]:
    """The works that a scene's file names and its shelf does not have, as dream.service shows sources."""
    return [
        {
            "fragment_id": named(row["rank"]), "rank": row["rank"], "score": 0.0, "reasons": {},
            "work": None if row["withdrawn"] else {
                "id": "", "title": row["work"], "author": row["author"], "licence": row["licence"]
            },
            "excerpt": "", "position": None, "withdrawn": row["withdrawn"],
        }
        for row in (scene.brought or {}).get("sources", ())
    ]  # fmt: skip


def places_of(scene: models.Scene) -> dict[str, Place]:
    """Where these works' passages stand, as the file says."""
    rows = (scene.brought or {}).get("sources", ())
    return {named(row["rank"]): Place(*row["place"]) for row in rows if row["place"]}


def threads_of(scene: models.Scene) -> list[models.Thread]:
    """The threads of a scene to what only its file names."""
    return [models.Thread(scene_id=scene.id, **_named(row)) for row in (scene.brought or {}).get("threads", ())]


def copied_of(scene: models.Scene) -> list[models.CopiedRun]:
    """The runs of a scene that its file says were copied from what only it names."""
    return [models.CopiedRun(scene_id=scene.id, **_named(row)) for row in (scene.brought or {}).get("copied", ())]


def named(rank: int) -> str:
    """What stands for the id of a fragment that is only known by name."""
    return f"brought-{rank}"


def _tied(row: Mapping[str, Any], ids: Mapping[int, str]) -> dict[str, Any]:
    return {**{name: value for name, value in row.items() if name != "source"}, "fragment_id": ids[row["source"]]}


def _named(row: Mapping[str, Any]) -> dict[str, Any]:
    return {**{name: value for name, value in row.items() if name != "source"}, "fragment_id": named(row["source"])}


def _nameless(source: Mapping[str, Any]) -> dict[str, Any]:
    return {**source, "work": "", "author": "", "licence": "", "withdrawn": True, "place": None}


def _fits(row: Mapping[str, Any], leaning: Leaning, ids: Mapping[int, str]) -> bool:
    """Whether a copied run lies within the fragment that it is said to be copied from."""
    if row["source"] not in ids:
        return False
    place: Place = leaning.sources[row["source"] - 1]["place"]
    return bool(row["fragment_end"] <= place.end - place.start)


def _batches(items: Sequence[Item]) -> list[Sequence[Item]]:
    return [items[at : at + _BATCH] for at in range(0, len(items), _BATCH)]
