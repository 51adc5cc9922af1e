"""What a judge is: one that prefers one of two answers, or grades one."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

Preference = Literal["first", "second", "tie"]


class Comparison(NamedTuple):
    """Which answer is preferred, and why."""

    preferred: Preference
    reason: str = ""


class Grade(NamedTuple):
    """How good an answer is, 0 to 1, and why."""

    value: float
    reason: str = ""


@dataclass(frozen=True)
class Pair:
    """Two answers to a question; ``label`` is the better one, where that is known."""

    question: str
    first: str
    second: str
    label: Literal["first", "second"] | None = None


class Judge(Protocol):
    """``name`` goes into the source of outcomes: ``judge:NAME``."""

    @property
    def name(self) -> str: ...

    async def compare(self, question: str, first: str, second: str) -> Comparison | None:
        """The better answer; None where the judge's words are no verdict."""


class Grader(Protocol):
    """A judge of single answers."""

    @property
    def name(self) -> str: ...

    async def grade(self, question: str, answer: str, passages: str = "") -> Grade | None:
        """How well ``answer`` answers by the ``passages`` that it could read; None where there is no verdict."""
