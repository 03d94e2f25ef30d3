"""Fits the weights of fusion on train questions and train premises, and writes dream/retrieval/weights.json.

    python -m benchmarks.retrieval.fit DATA HOME [--questions 10000]

DATA is the folder of the FairytaleQA files, HOME a data folder whose corpus `tales` holds its texts (`compare` makes
it). The same data and seed give the same weights. Nothing of the validation files is read.

Questions have a small hidden layer beside the straight part; premises, of which there are few, have the straight part
alone, and learn from the questions' tales as well. `words` are the weights for when no model is there, or it knows
nothing of the query's language.
"""

from __future__ import annotations

import argparse
import json
import math
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval.shelf import Shelf, opened
from benchmarks.retrieval.tales import Asked, asked, right, tales
from dream.language.terms import content_terms
from dream.retrieval.fusion import Fusion, normalised
from dream.retrieval.question import query_terms

COLUMNS = (
    "meaning", "meaning_window", "work_meaning", "work_meaning_window", "words", "words_window", "words_pairs",
    "words_local", "words_work", "words_around", "work_words", "work_words_window", "place", "late", "late_weighted",
    "late_window", "late_work", "late_around", "late_plain", "late_last", "work_late_names", "work_late_weighted",
    "work_late_window", "work_late_around",
)  # fmt: skip
WORDS = ("words", "words_window", "words_pairs", "words_local", "words_work", "words_around", "work_words")
OF_TALES = (
    "meaning", "meaning_window", "work_meaning", *WORDS, "late", "late_weighted", "late_window", "late_work",
)  # fmt: skip
"""What premises are weighed by: they mean a tale, and which of its fragments a word stands in matters little."""
OF_QUESTIONS = 525
"""How many questions premises learn their tales from."""

HIDDEN = 24
SEED = 7
LEAST_USES, SELDOM = 20, 0.5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Example:
    """One query's candidates: normalised columns (candidates, columns) and which of them are right."""

    columns: Floats
    right: NDArray[np.bool_]


def presence(questions: list[Asked], folder: Path) -> dict[str, float]:
    """For words that stand in questions but seldom in what answers them ("feel", "happen"): the log-odds of standing
    there, for words used at least LEAST_USES times.
    """
    texts = {tale.name: tale for tale in tales(folder)}
    used: Counter[str] = Counter()
    found: Counter[str] = Counter()
    for question in questions:
        tale = texts[question.story]
        spans = [span for section in question.gold for span in tale.sections[section]]
        held = {term.text for start, end in spans for term in content_terms(tale.text[start:end])}
        for term in query_terms(question.text):
            used[term] += 1
            found[term] += term in held
    shares = {term: (found[term] + 1) / (count + 2) for term, count in used.items() if count >= LEAST_USES}
    return {term: round(math.log(share / (1 - share)), 2) for term, share in sorted(shares.items()) if share < SELDOM}


def examples(shelf: Shelf, queries: list[Asked], folder: Path, *, of_tale: bool = False) -> list[Example]:
    """What the stages make of each query. With `of_tale` every fragment of the right tale is right."""
    texts = {tale.name: tale for tale in tales(folder)}
    found = []
    for query in queries:
        scored = shelf.retriever.score(shelf.corpus_id, query.text)
        spots = shelf.spots(scored.candidates)
        is_right = np.array([right(query, texts, *spot, of_tale=of_tale) for spot in spots], dtype=bool)
        if is_right.any() and not is_right.all():
            columns = [normalised(scored.columns[name].astype(float)) for name in COLUMNS]
            found.append(Example(np.column_stack(columns), is_right))
    return found


def fit(
    data: list[Example],
    used: tuple[str, ...],
    *,
    hidden: int = 0,
    weights: list[float] | None = None,
    decay: float = 1e-3,
    steps: int = 900,
) -> dict[str, Any]:
    """Weights that make the right candidates likely: the softmax over each query's candidates, by Adam in batches."""
    generator = np.random.default_rng(SEED)
    mask = np.array([name in used for name in COLUMNS], dtype=float)
    most = max(len(example.right) for example in data)
    columns = np.zeros((len(data), most, len(COLUMNS)), dtype=np.float32)
    correct = np.zeros((len(data), most), dtype=bool)
    absent = np.full((len(data), most), -1e9, dtype=np.float32)
    for row, example in enumerate(data):
        size = len(example.right)
        columns[row, :size], correct[row, :size], absent[row, :size] = example.columns * mask, example.right, 0.0
    counts = np.array(weights or [1.0] * len(data))
    shapes = [(len(COLUMNS),), (len(COLUMNS), hidden), (hidden,), (hidden,)]
    parts = [
        np.zeros(shapes[0]),
        generator.normal(0, 1.2 / math.sqrt(len(COLUMNS)), shapes[1]),
        np.zeros(shapes[2]),
        generator.normal(0, 0.1, shapes[3]),
    ]
    first, second = [np.zeros(s) for s in shapes], [np.zeros(s) for s in shapes]
    for step in range(1, steps + 1):
        batch = generator.choice(len(data), min(300, len(data)), replace=False)
        gradients = _gradients(parts, columns[batch], correct[batch], absent[batch], counts[batch])
        rate = 0.01 * (1 - 0.9 * step / steps)
        for i, slope in enumerate(gradients):
            gradient = slope + (decay * parts[i] if i != 2 else 0.0)
            first[i] = 0.9 * first[i] + 0.1 * gradient
            second[i] = 0.99 * second[i] + 0.01 * gradient * gradient
            parts[i] -= rate * (first[i] / (1 - 0.9**step)) / (np.sqrt(second[i] / (1 - 0.99**step)) + 1e-8)
    _, inner, bias, out = (np.round(part, 4).tolist() for part in parts)
    straight = {"linear": (np.round(parts[0] * mask, 4)).tolist()}
    return {**straight, "hidden": inner, "bias": bias, "out": out} if hidden else straight


def _gradients(parts: list[Floats], columns: Any, correct: Any, absent: Any, counts: Any) -> list[Floats]:
    linear, hidden, bias, out = (part.astype(np.float32) for part in parts)
    inner = np.tanh(columns @ hidden + bias)
    scores = columns @ linear + inner @ out + absent
    scores -= scores.max(axis=1, keepdims=True)
    likely = np.exp(scores)
    likely /= likely.sum(axis=1, keepdims=True)
    wanted = likely * correct
    wanted /= wanted.sum(axis=1, keepdims=True) + 1e-12
    error = (likely - wanted) * (counts / counts.sum())[:, None]
    behind = error[:, :, None] * out * (1 - inner * inner)
    return [
        np.einsum("qc,qcd->d", error, columns, optimize=True),
        np.einsum("qcd,qch->dh", columns, behind, optimize=True),
        behind.sum(axis=(0, 1)),
        np.einsum("qc,qch->h", error, inner, optimize=True),
    ]


def weights(shelf: Shelf, folder: Path, premises: Path, count: int) -> dict[str, Any]:
    """The whole of weights.json."""
    every = asked(folder / "questions.train.jsonl")
    sample = [every[i] for i in sorted(random.Random(SEED).sample(range(len(every)), min(count, len(every))))]
    questions = examples(shelf, sample, folder)
    wishes = examples(shelf, asked(premises), folder, of_tale=True)
    some = examples(shelf, sample[:: max(len(sample) // OF_QUESTIONS, 1)], folder, of_tale=True)
    mixed = [*wishes, *some]
    shares = [1.0] * len(wishes) + [0.25] * len(some)
    return {
        "columns": list(COLUMNS),
        "presence": presence(every, folder),
        "kinds": {
            "question": fit(questions, COLUMNS, hidden=HIDDEN, decay=2e-3, steps=1500),
            "premise": fit(mixed, OF_TALES, weights=shares, decay=1e-2),
            "words": fit(questions, WORDS),
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("home", type=Path)
    parser.add_argument("--questions", type=int, default=10_000)
    arguments = parser.parse_args()
    premises = Path(__file__).parent / "premises.train.jsonl"
    neutral = {  # every column has a say, so that every stage is asked
        "columns": list(COLUMNS),
        "presence": presence(asked(arguments.data / "questions.train.jsonl"), arguments.data),
        "kinds": {kind: {"linear": [1.0] * len(COLUMNS)} for kind in ("question", "premise", "words")},
    }
    with opened(arguments.home, fusion=Fusion(neutral), exact=True) as shelf:
        found = weights(shelf, arguments.data, premises, arguments.questions)
    target = Path(__file__).parents[2] / "dream" / "retrieval" / "weights.json"
    target.write_text(json.dumps(found, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{target}: {len(found['presence'])} words, {', '.join(found['kinds'])}")


if __name__ == "__main__":
    main()
