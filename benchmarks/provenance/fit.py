"""Fits the weights of the threads and writes dream/storytelling/provenance/weights.json.

    python -m benchmarks.provenance.fit [--model FOLDER] [--unseen FOLDER]

Fitted on the `fit` halves alone: sentences written by hand, stories of the loom from the starter tales, and, in
English, from the tales that FairytaleQA sets aside for tuning. benchmarks.threads reports on the other halves.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.provenance.cases import Case, handwritten
from benchmarks.provenance.measure import naming, silence, tally
from dream.retrieval.embedding import Embedder
from dream.storytelling import provenance
from dream.storytelling.provenance.evidence import gather
from dream.storytelling.provenance.model import BOTH, FEATURES, WORDING, Model

ROOT = Path(__file__).parents[2]
WEIGHTS = Path(provenance.__file__).with_name("weights.json")
MODEL = ROOT / "var" / "models" / "sentence-transformers--all-MiniLM-L6-v2"
UNSEEN = ROOT.parent / "shared" / "fairytaleqa"
RIDGE = 1.0
LOOMS_SHARE = 0.25  # what each group of the loom's stories counts in all, beside the sentences written as models tell
MEANING = "meaning"  # alone it never ships: an ablation
KINDS = (WORDING, MEANING, BOTH)
# For Korean the default embedding model brings nothing: its vectors are of syllables it hardly knows.
SHIPPED = (("en", WORDING), ("en", BOTH), ("ko", WORDING))


@dataclass(frozen=True, slots=True)
class Sample:
    """A case with its evidence, all features of `FEATURES[BOTH]`; `answers` is -1 for none."""

    case: Case
    features: NDArray[np.float32]
    answers: NDArray[np.int64]

    def of(self, kind: str) -> NDArray[np.float32]:
        wording = len(FEATURES[WORDING])
        return {WORDING: self.features[..., :wording], MEANING: self.features[..., wording:], BOTH: self.features}[kind]


def sample(case: Case, embedder: Embedder) -> Sample:
    features = gather(case.text, case.fragments, embedder, language=case.language, known=case.known)
    answers = np.array([-1 if answer is None else answer for answer in case.answers])
    return Sample(case, features, answers)


def fitted(samples: Sequence[Sample], kind: str, language: str, embedder: str) -> Model:
    """The model of greatest likelihood, with a small ridge on standardised weights."""
    counted = Counter(s.case.group for s in samples for _ in s.answers)
    share = {group: LOOMS_SHARE * counted["by hand"] / count for group, count in counted.items()} | {"by hand": 1.0}
    rows = [
        (np.c_[features, np.ones(len(features))].astype(np.float64), int(answer), share[s.case.group])
        for s in samples
        for features, answer in zip(s.of(kind), s.answers, strict=True)
    ]
    scale = np.concatenate([features for features, _, _ in rows]).std(axis=0)
    scale[-1] = 1.0
    theta = _newton([(features / scale, answer, weight) for features, answer, weight in rows]) / scale
    model = Model(language, embedder, theta[:-1].tolist(), float(theta[-1]), 0.5)
    return Model(language, embedder, model.weights, model.bias, _least(samples, kind, model))


def _newton(rows: Sequence[tuple[NDArray[np.float64], int, float]]) -> NDArray[np.float64]:
    size = rows[0][0].shape[1]
    theta = np.zeros(size)
    ridge = np.full(size, RIDGE)
    ridge[-1] = 1e-6
    for _ in range(100):
        slope, curve = -ridge * theta, np.diag(ridge)
        for features, answer, weight in rows:
            utility = features @ theta
            most = max(0.0, utility.max())
            chances = np.exp(utility - most)
            chances /= chances.sum() + np.exp(-most)
            mean = chances @ features
            slope += weight * ((features[answer] if answer >= 0 else 0) - mean)
            curve += weight * ((features * chances[:, None]).T @ features - np.outer(mean, mean))
        step = np.linalg.solve(curve, slope)
        theta += step * min(1.0, 3.0 / np.abs(step).max())
        if np.abs(step).max() < 1e-6:
            break
    return theta


def _least(samples: Sequence[Sample], kind: str, model: Model) -> float:
    """The least chance of leaning that makes a thread: the worse of the two rates, averaged over groups, is best."""
    chances = [(s, model.likelihoods(s.of(kind))) for s in samples]
    groups = sorted({s.case.group for s in samples})

    def worse(least: float) -> float:
        each = [[tally(c, s.answers, least) for s, c in chances if s.case.group == group] for group in groups]
        return float(np.mean([min(naming(tallies).share, silence(tallies).share) for tallies in each]))

    grid = np.arange(0.3, 0.71, 0.05).round(2)
    found = np.array([worse(least) for least in grid])
    # Few sentences tell the best apart: the middle of all that are as good but for half a point.
    return float(np.median(grid[found >= found.max() - 0.005]).round(3))


def all_cases(embedder: Embedder, unseen: Path) -> list[Case]:
    from benchmarks.provenance.stories import starter_stories, unseen_stories

    cases = [*handwritten(), *starter_stories(embedder, "en"), *starter_stories(embedder, "ko")]
    return [*cases, *unseen_stories(embedder, unseen)] if unseen.is_dir() else cases


def _written(model: Model, samples: Sequence[Sample]) -> dict[str, Any]:
    counted = Counter(s.case.group for s in samples for _ in s.answers)
    weights = dict(zip(FEATURES[model.kind], (round(weight, 4) for weight in model.weights), strict=True))
    return {
        "language": model.language,
        "embedder": model.embedder,
        "fitted_on_sentences": dict(counted),
        "least": model.least,
        "bias": round(model.bias, 4),
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
