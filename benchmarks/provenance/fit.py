"""Fits the weights of the threads and writes dream/storytelling/provenance/weights.json.

    python -m benchmarks.provenance.fit [--model FOLDER] [--unseen FOLDER]

Fitted on the `fit` halves alone: scenes told as a model tells them, sentences written by hand, stories of the loom from
the starter tales, and, in English, from the tales that FairytaleQA sets aside for tuning. benchmarks.threads reports on
the other halves.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance.cases import Case, handwritten
from benchmarks.provenance.likelihood import Scene, likeliest
from benchmarks.provenance.measure import naming, silence, tally
from benchmarks.provenance.told import told
from dream.retrieval.embedding import Embedder
from dream.storytelling import provenance
from dream.storytelling.provenance.evidence import gather
from dream.storytelling.provenance.model import BOTH, FEATURES, WORDING, Model

ROOT = Path(__file__).parents[2]
WEIGHTS = Path(provenance.__file__).with_name("weights.json")
MODEL = ROOT / "var" / "models" / "sentence-transformers--all-MiniLM-L6-v2"
UNSEEN = ROOT.parent / "shared" / "fairytaleqa"
RIDGE = 1.0
# What a sentence counts. The loom's are many and all of a kind; those written by hand stand each by itself, which is
# unlike a scene.
WORTH = {"told": 1.0, "by hand": 0.5, "loom": 0.1, "unseen": 0.1}
MEANING = "meaning"  # alone it never ships: an ablation
KINDS = (WORDING, MEANING, BOTH)
# For Korean the default embedding model brings nothing: its vectors are of syllables it hardly knows.
SHIPPED = (("en", WORDING), ("en", BOTH), ("ko", WORDING))


@dataclass(frozen=True, slots=True)
class Sample:
    """A case with its evidence, all features of `FEATURES[BOTH]`."""

    case: Case
    features: NDArray[np.float32]

    def of(self, kind: str) -> NDArray[np.float32]:
        wording = len(FEATURES[WORDING])
        return {WORDING: self.features[..., :wording], MEANING: self.features[..., wording:], BOTH: self.features}[kind]


def sample(case: Case, embedder: Embedder) -> Sample:
    features = gather(case.text, case.fragments, embedder, language=case.language, known=case.known)
    return Sample(case, features)


def fitted(samples: Sequence[Sample], kind: str, language: str, embedder: str) -> Model:
    """The model of greatest likelihood, with a small ridge on standardised weights."""
    rows = [s.of(kind).astype(np.float64) for s in samples]
    scale = np.concatenate([features.reshape(-1, features.shape[2]) for features in rows]).std(axis=0)
    scenes = [
        Scene(
            np.pad(features / scale, ((0, 0), (0, 0), (0, 1)), constant_values=1), s.case.answers, WORTH[s.case.group]
        )
        for s, features in zip(samples, rows, strict=True)
    ]
    theta, turns = likeliest(scenes, RIDGE)
    model = Model(language, embedder, (theta[:-1] / scale).tolist(), turns, float(theta[-1]), 0.5)
    return replace(model, least=_least(samples, kind, model))


def _least(samples: Sequence[Sample], kind: str, model: Model) -> float:
    """The least chance of leaning that makes a thread: the worse of the two rates, averaged over groups by what their
    sentences count, is best.
    """
    chances = [(s, model.likelihoods(s.of(kind))) for s in samples]
    groups = sorted({s.case.group for s in samples})

    def worse(least: float) -> float:
        each = [[tally(c, s.case.answers, least) for s, c in chances if s.case.group == group] for group in groups]
        shares = [min(naming(tallies).share, silence(tallies).share) for tallies in each]
        return float(np.average(shares, weights=[WORTH[group] for group in groups]))

    grid = np.arange(0.2, 0.71, 0.025).round(3)
    found = np.array([worse(least) for least in grid])
    # Few sentences tell the best apart: the middle of all that are as good but for half a point.
    return float(np.median(grid[found >= found.max() - 0.005]).round(3))


def all_cases(embedder: Embedder, unseen: Path) -> list[Case]:
    from benchmarks.provenance.stories import starter_stories, unseen_stories

    cases = [*told(unseen), *handwritten(), *starter_stories(embedder, "en"), *starter_stories(embedder, "ko")]
    return [*cases, *unseen_stories(embedder, unseen)] if unseen.is_dir() else cases


def _written(model: Model, samples: Sequence[Sample]) -> dict[str, Any]:
    counted = Counter(s.case.group for s in samples for answer in s.case.answers if answer is not None)
    weights = dict(zip(FEATURES[model.kind], (round(weight, 4) for weight in model.weights), strict=True))
    return {
        "language": model.language,
        "embedder": model.embedder,
        "fitted_on_sentences": dict(counted),
        "least": model.least,
        "bias": round(model.bias, 4),
        "turns": {turn: round(worth, 4) for turn, worth in asdict(model.turns).items()},
        "weights": weights,
    }


def main() -> None:
    asked = argparse.ArgumentParser(description="Fits the weights of the threads.")
    asked.add_argument("--model", type=Path, default=MODEL, help="the folder of the exported embedding model")
    asked.add_argument("--unseen", type=Path, default=UNSEEN, help="the folder of FairytaleQA")
    given = asked.parse_args()
    embedder = Embedder(given.model)
    samples = [sample(case, embedder) for case in all_cases(embedder, given.unseen) if case.half == "fit"]
    models = []
    for language, kind in SHIPPED:
        mine = [s for s in samples if s.case.language == language]
        models.append(_written(fitted(mine, kind, language, embedder.name if kind == BOTH else ""), mine))
    about = "Written by benchmarks.provenance.fit; see there how. Features in the order of the code."
    WEIGHTS.write_text(json.dumps({"about": about, "models": models}, indent=2) + "\n", "utf-8")
    print(WEIGHTS.read_text("utf-8"))


if __name__ == "__main__":
    main()
