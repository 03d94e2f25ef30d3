"""What tests/faults/test_stores.py runs on a disk of its own that is full for a while."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from dream.corpus import ingest
from dream.service import Service
from dream.settings import Settings
from tests.faults.reader import standing

LAMP = "The lamp at Cold Point burned all night. Hanne Brandt had filled it herself.\n\n"
BELL = "The drowned bell rang off Merrow Bank. Nobody in Sellen slept.\n\n"


def main(home: Path, texts: Path) -> None:
    ingest.AGAIN_SECONDS, ingest.LAPSED_SECONDS = 0.0, 1.0
    service = Service(Settings(_env_file=None, home=home))
    (texts / "lamp.txt").write_text(LAMP)
    assert [done.outcome for done in service.ingest.files([texts / "lamp.txt"], "starter")] == ["new"]
    (texts / "bell.txt").write_text(BELL * 400)
    ballast = home / "ballast"
    for left in (2**20, 2**18, 2**16, 0):  # the file, its row, its fragments or its vectors find no room
        _fill(ballast, left)
        [done] = service.ingest.files([texts / "bell.txt"], "starter")
        print(f"{left} bytes left: {done.outcome}: {done.sentence}")
        assert done.outcome != "refused" or "full" in done.sentence, done
        assert service.search("who filled the lamp").hits[0].fragment.title == "Lamp"
        ballast.unlink()
        _forget(service)
    assert [done.outcome for done in service.ingest.files([texts / "bell.txt"], "starter")] == ["new"]
    differences = list(service.comparison.differences(repair=True))
    assert all(difference.mended for difference in differences), differences
    found = standing(service)
    assert set(found["works"]) == {"lamp.txt", "bell.txt"}
    assert found["live"] == found["vectors"]
    assert found["words"]
    assert found["meanings"]
    service.close()


def _fill(ballast: Path, left: int) -> None:
    """Fills the disk but for so many bytes."""
    with ballast.open("wb") as file:
        stat = os.statvfs(ballast)
        file.write(bytes(max(stat.f_bavail * stat.f_frsize - left, 0)))


def _forget(service: Service) -> None:
    """Removes whatever there is by now of the work that found no room."""
    service.library.jobs.cancel_of_work(service.corpus("starter").id, "bell.txt")
    for work in service.library.works.kept():
        if work.source == "bell.txt":
            service.library.works.remove(work.id)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
