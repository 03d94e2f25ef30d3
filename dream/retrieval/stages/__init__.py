"""Stages: each looks at the candidates in one way and gives columns of scores, higher is better.

A stage is one file here with one class; `Retriever` takes them as a list, and `DREAM_STAGES` names those it uses.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

from dream.retrieval.candidates import Candidates, Floats
from dream.retrieval.question import Question


class StageMissing(Exception):
    """The stage's store is not there, or does not know the candidates."""


class Stage(Protocol):
    name: ClassVar[str]
    columns: ClassVar[tuple[str, ...]]

    def score(self, question: Question, candidates: Candidates) -> Floats:
        """float of shape (candidates, columns). Raises StageMissing, or whatever its store raises."""
        ...
