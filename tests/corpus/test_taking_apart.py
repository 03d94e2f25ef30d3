"""Files of many works, and long ones: each work is read on its own, and all of it arrives."""

from __future__ import annotations

from pathlib import Path

from dream.corpus.child import VOLUME
from dream.corpus.parsing import parse
from dream.corpus.taking_apart import take_apart
from dream.service import Service
from dream.store.files import Files
from tests.corpus import files

TALES = [{"id": number, "title": f"Tale {number}", "text": f"The bell rang {number} times."} for number in range(1, 5)]


def ingest(service: Service, path: Path) -> list[tuple[str, str]]:
    return [(done.source, done.outcome) for done in service.ingest.files([path], "starter")]


def test_each_line_becomes_a_work_and_only_changed_ones_are_read_again(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "tales.jsonl"
    path.write_bytes(files.lines(*TALES))
    assert ingest(service, path) == [(f"tales.jsonl#{number}", "new") for number in range(1, 5)]
    works = service.library.works.works(service.corpus("starter").id)
    assert [work.title for work in works] == ["Tale 1", "Tale 2", "Tale 3", "Tale 4"]
    path.write_bytes(files.lines(*TALES[:3], {**TALES[3], "text": "It fell silent."}))
    assert [outcome for _, outcome in ingest(service, path)] == ["unchanged"] * 3 + ["replaced"]
    assert [hit.fragment.text for hit in service.search("silent").hits] == ["It fell silent."]


def test_a_file_with_one_line_at_fault_changes_nothing(service: Service, tmp_path: Path) -> None:
    path = tmp_path / "tales.jsonl"
    path.write_bytes(files.lines(*TALES, {"title": "No text"}))
    assert ingest(service, path) == [("tales.jsonl", "refused")]
    assert service.library.works.works(service.corpus("starter").id) == []


def test_a_long_text_comes_in_volumes_with_nothing_lost(tmp_path: Path) -> None:
    path = tmp_path / "long-book.txt"
    gaps = ("\n\n", *[" "] * 8)
    text = "".join(f"Bell {number} rang over the quay.{gaps[number % 9]}" for number in range(140_000))
    assert len(text) > VOLUME
    path.write_text(text)
    kept = Files(tmp_path / "files")
    with parse(path) as documents:
        volumes = list(documents)
        texts = [volume.text for volume in volumes]
        parts = list(take_apart(volumes, "long-book.txt", "Long book", kept))
    assert "".join(texts) == text
    assert [source for source, _ in parts] == ["long-book.txt#volume 1", "long-book.txt#volume 2"]
    for number, (source, part) in enumerate(parts, 1):
        with parse(kept.path(part.sha256), source) as documents:
            [again] = documents
            assert again.title == f"Long book, volume {number}"
            assert again.text == texts[number - 1].strip()
