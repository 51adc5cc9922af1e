"""The scripted judge: verdicts come from functions, so that measures and commands can be tested without a model."""

from collections.abc import Callable
from dataclasses import dataclass, field

from .base import Answered, Means, Preference, Score, judge

Comparison = Callable[[str, str, str], Preference]
Rating = Callable[[Answered], Score]


@dataclass(frozen=True)
class ScriptedJudge:
    """Compares with ``comparison(question, first, second)`` and scores with ``rating``; keeps what it was shown."""

    comparison: Comparison
    rating: Rating = lambda answered: Score(1.0, "scripted")
    seen: list[Answered] = field(default_factory=list)

    async def compare(self, question: str, first: str, second: str) -> Preference:
        return self.comparison(question, first, second)

    async def score(self, answered: Answered) -> Score:
        self.seen.append(answered)
        return self.rating(answered)


@judge("Words: the answer that holds ``word``, with no other thought. The fake of tests.")
def holds(means: Means, word: str) -> ScriptedJudge:
    """``word``: what a good answer holds."""
    if not word:
        raise ValueError("the word is empty")

    def compare(question: str, first: str, second: str) -> Preference:
        here, there = word in first, word in second
        if here == there:
            return Preference("tie", f"{'both hold' if here else 'neither holds'} {word!r}")
        return Preference("first" if here else "second", f"holds {word!r}")

    return ScriptedJudge(
        compare, lambda answered: Score(float(word in answered.answer), f"looked for {word!r}")
    )
