"""Judges that a real one must beat: they look at the place, the length or the words alone."""

import math
from dataclasses import dataclass

import anyio.to_thread

from ...retrieval.embed.base import Embedder
from .base import Answered, Comparing, Means, Preference, Score, judge


@dataclass(frozen=True)
class AlwaysFirst:
    """Prefers whatever stands first."""

    async def compare(self, question: str, first: str, second: str) -> Preference:
        return Preference("first", "stands first")


@dataclass(frozen=True)
class LongerWins:
    """Prefers the answer with more characters."""

    async def compare(self, question: str, first: str, second: str) -> Preference:
        return between(len(first), len(second), "characters")


@dataclass(frozen=True)
class Similarity:
    """Prefers the answer whose vector is nearer to the question's; its score is that cosine, none below 0."""

    embedder: Embedder

    async def compare(self, question: str, first: str, second: str) -> Preference:
        near = await self._cosines(question, first, second)
        return between(round(near[0], 6), round(near[1], 6), "cosine to the question")

    async def score(self, answered: Answered) -> Score:
        [near] = await self._cosines(answered.question, answered.answer)
        return Score(min(1.0, max(0.0, near)), f"cosine to the question {near:.2f}")

    async def _cosines(self, question: str, *answers: str) -> list[float]:
        vectors = await anyio.to_thread.run_sync(self.embedder.embed_texts, [question, *answers])
        return [math.fsum(vectors[0] * vector) for vector in vectors[1:]]


def between(first: float, second: float, what: str) -> Preference:
    """The greater of two numbers is preferred."""
    reason = f"{what} {first:g} and {second:g}"
    if first == second:
        return Preference("tie", reason)
    return Preference("first" if first > second else "second", reason)


@judge("The place: whatever stands first. The measure of a judge that does not read.")
def always_first(means: Means) -> Comparing:
    return AlwaysFirst()


@judge("The length: the answer with more characters. The measure of a judge that counts words for quality.")
def longer_wins(means: Means) -> Comparing:
    return LongerWins()


@judge(
    "The embedder's cosine between question and answer: the measure of a judge that knows the topic alone.",
    basis=lambda means: means.embeds().name,
)
def similarity(means: Means) -> Similarity:
    return Similarity(means.embeds())
