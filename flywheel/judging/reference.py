"""Judges without a model: each is one bias, or knows the answer. What a real judge must beat, and tests."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np

from .base import Comparison, Grade, Pair


@dataclass(frozen=True)
class FirstJudge:
    """Prefers whatever it is shown first."""

    name: str = "first"

    async def compare(self, question: str, first: str, second: str) -> Comparison:
        return Comparison("first", "shown first")


@dataclass(frozen=True)
class LongerJudge:
    """Prefers the longer answer."""

    name: str = "longer"

    async def compare(self, question: str, first: str, second: str) -> Comparison:
        if len(first) == len(second):
            return Comparison("tie", "of one length")
        return Comparison("first" if len(first) > len(second) else "second", "longer")


@dataclass(frozen=True)
class AlikeJudge:
    """Prefers the answer whose vector is nearer to the question's; ``embed`` gives unit vectors [n, d]."""

    embed: Callable[[list[str]], np.ndarray]
    name: str = "alike"

    async def compare(self, question: str, first: str, second: str) -> Comparison:
        asked, *answers = self.embed([question, first, second])
        near = [float(asked @ answer) for answer in answers]
        if near[0] == near[1]:
            return Comparison("tie", "equally near")
        return Comparison("first" if near[0] > near[1] else "second", f"{near[0]:.3f} against {near[1]:.3f}")


class ScriptedJudge:
    """Knows the labels of ``pairs`` and grades by ``grades``; what it does not know it cannot judge."""

    name = "scripted"

    def __init__(self, pairs: Iterable[Pair] = (), grades: dict[str, float] | None = None) -> None:
        self._better = {
            (pair.question, pair.first if pair.label == "first" else pair.second)
            for pair in pairs
            if pair.label is not None
        }
        self._grades = grades or {}

    async def compare(self, question: str, first: str, second: str) -> Comparison | None:
        if (question, first) in self._better:
            return Comparison("first")
        return Comparison("second") if (question, second) in self._better else None

    async def grade(self, question: str, answer: str, passages: str = "") -> Grade | None:
        return Grade(self._grades[answer]) if answer in self._grades else None
