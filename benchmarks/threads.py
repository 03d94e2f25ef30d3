"""How often the threads name the right fragment first, and how often they stay silent where there is none.

    python -m benchmarks.threads [--model FOLDER] [--unseen FOLDER] [--ablations]

Reported on the halves that nothing was fitted on. "told" are whole scenes written for dream's own prompts as a language
model would, and marked by hand; "by hand" are single sentences of the same making that share few words with what they
lean on; "loom" are stories from the starter tales, "unseen" stories from FairytaleQA's val split, both marked by the
loom itself. With --ablations, models of wording alone, of meaning alone and of both are fitted on the
other halves and reported too.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from benchmarks.provenance.cases import Case
from benchmarks.provenance.fit import KINDS, MODEL, UNSEEN, Sample, all_cases, fitted, sample
from benchmarks.provenance.measure import Rate, naming, silence, strengths, tally
from dream.language.sentences import sentences
from dream.retrieval.embedding import Embedder
from dream.storytelling.provenance.evidence import gather
from dream.storytelling.provenance.model import Model, model_for
from dream.storytelling.provenance.vectors import recall_tokens

GROUPS = [(group, language) for group in ("told", "loom", "by hand") for language in ("en", "ko")] + [("unseen", "en")]
LANGUAGES = {"en": "English", "ko": "Korean"}


def main() -> None:
    asked = argparse.ArgumentParser(description="Measures the threads.")
    asked.add_argument("--model", type=Path, default=MODEL, help="the folder of the exported embedding model")
    asked.add_argument("--unseen", type=Path, default=UNSEEN, help="the folder of FairytaleQA")
    asked.add_argument("--ablations", action="store_true", help="also wording alone and meaning alone")
    given = asked.parse_args()
    embedder = Embedder(given.model)
    cases = all_cases(embedder, given.unseen)
    samples = [sample(case, embedder) for case in cases if given.ablations or case.half == "report"]
    print(f"{'':34}{'right fragment first':>32}{'silent where there is none':>36}")
    for group, language in GROUPS:
        mine = [s for s in samples if (s.case.group, s.case.language, s.case.half) == (group, language, "report")]
        if mine:
            model = model_for(language, embedder)
            _print(f"{group}, {LANGUAGES[language]} ({len(mine)} stories)", mine, model, model.kind)
            for kind in KINDS if given.ablations else ():
                alone = _ablated(samples, language, kind)
                _print(f"  fitted to {kind}", mine, alone, kind)
    _print_strengths([s for s in samples if s.case.group in ("told", "by hand") and s.case.half == "report"], embedder)
    _print_cost([case for case in cases if case.language == "en" and case.group == "loom"], embedder)


def _ablated(samples: Sequence[Sample], language: str, kind: str) -> Model:
    return fitted([s for s in samples if (s.case.language, s.case.half) == (language, "fit")], kind, language, "")


def _print(name: str, samples: Sequence[Sample], model: Model, kind: str) -> None:
    tallies = [tally(model.likelihoods(s.of(kind)), s.case.answers, model.least) for s in samples]
    print(f"{name:34}{_rate(naming(tallies)):>32}{_rate(silence(tallies)):>36}")


def _print_strengths(samples: Sequence[Sample], embedder: Embedder) -> None:
    """Whether a tie's strength is the share of such ties that are right, where people marked them."""
    print(f"\n{'strength of the first tie, marked by hand':46}{'ties':>6}{'strength':>10}{'right':>8}")
    for language, name in LANGUAGES.items():
        model = model_for(language, embedder)
        mine = [s for s in samples if s.case.language == language]
        chances = [model.likelihoods(s.of(model.kind)) for s in mine]
        ties = [
            tie for s, each in zip(mine, chances, strict=True) for tie in strengths(each, s.case.answers, model.least)
        ]
        for low, high in ((0.0, 0.4), (0.4, 0.6), (0.6, 0.8), (0.8, 0.95), (0.95, 1.01), (0.0, 1.01)):
            held = [tie for tie in ties if low <= tie[0] < high]
            if held:
                strength, right = np.mean(held, axis=0)
                band = "all" if (low, high) == (0.0, 1.01) else f"{low:.2f} to {min(high, 1):.2f}"
                print(f"{name:12}{band:34}{len(held):>6}{strength:>10.3f}{right:>8.3f}")


def _rate(rate: Rate) -> str:
    return f"{rate.share:.3f} [{rate.low:.3f}, {rate.high:.3f}] of {rate.of:>4}"


def _print_cost(cases: Sequence[Case], embedder: Embedder) -> None:
    """CPU of one scene of about 700 words with 8 fragments: the encoding passes, and the rest."""
    case = min((case for case in cases if len(case.fragments) == 8), key=lambda case: abs(len(case.text.split()) - 700))
    spans = sentences(case.text)
    recall_tokens.cache_clear()

    def work() -> object:
        return gather(case.text, case.fragments, embedder, language="en", known=case.known)

    cold, warm = _seconds(work), _seconds(work)
    passes = _seconds(lambda: embedder.encode([case.text[span.start : span.end] for span in spans]))
    print(
        f"\nCPU of a scene of {len(case.text.split())} words with {len(case.fragments)} fragments: "
        f"{len(spans)} encoding passes for the scene {passes * 1000:.0f} ms, "
        f"{sum(len(sentences(text)) for text in case.fragments)} for fragments not met before "
        f"{(cold - warm) * 1000:.0f} ms, everything else {(warm - passes) * 1000:.0f} ms"
    )


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    main()
