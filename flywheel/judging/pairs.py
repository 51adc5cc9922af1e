"""Pairs of answers to judge, and what a judge says of a pair in both orders."""

from dataclasses import dataclass
from typing import Any, Literal

import anyio

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Choice, Comparing, Preference, Trouble

Side = Literal["A", "B", "tie"]
# What the two orders make together: the same verdict, another one, or one that is missing.
State = Literal["agreed", "flipped", "unparsable", "refused"]
_SIDES: dict[Choice, Side] = {"first": "A", "second": "B", "tie": "tie"}
_TURNED: dict[Side, Side] = {"A": "B", "B": "A", "tie": "tie"}
_LABELS: dict[str, Side] = {
    "a>b": "A", "b>a": "B", "a=b": "tie", "a": "A", "b": "B", "tie": "tie",
}  # fmt: skip
_ANSWERS = (("answer_a", "answer_b"), ("response_A", "response_B"), ("chosen", "rejected"))


@dataclass(frozen=True)
class Pair:
    """Two answers to one question; ``label`` is the better one, where that is known."""

    question: str
    a: str
    b: str
    label: Side | None = None
    id: object = None

    @property
    def longer(self) -> Side:
        """The answer with more characters."""
        if len(self.a) == len(self.b):
            return "tie"
        return "A" if len(self.a) > len(self.b) else "B"


@dataclass(frozen=True)
class Judgement:
    """What a judge said of a pair: ``forward`` with A shown first, ``backward`` with B shown first."""

    pair: Pair
    forward: Preference
    backward: Preference

    @property
    def votes(self) -> tuple[Side | None, Side | None]:
        """The answer preferred in each order, None where there was no verdict."""
        ahead = _SIDES[self.forward.choice] if self.forward.choice else None
        behind = _TURNED[_SIDES[self.backward.choice]] if self.backward.choice else None
        return ahead, behind

    @property
    def state(self) -> State:
        """Whether the orders agree."""
        troubles: set[Trouble] = {self.forward.trouble, self.backward.trouble}
        if "refused" in troubles:
            return "refused"
        if None in self.votes:
            return "unparsable"
        return "agreed" if self.votes[0] == self.votes[1] else "flipped"

    @property
    def verdict(self) -> Side | None:
        """The answer preferred in both orders; a tie where they differ, None where a verdict is missing."""
        if self.state == "agreed":
            return self.votes[0]
        return "tie" if self.state == "flipped" else None

    @property
    def probability(self) -> float | None:
        """How likely A is better: the mean over both orders, where the judge tells probabilities."""
        ahead, behind = self.forward.probability, self.backward.probability
        return None if ahead is None or behind is None else (ahead + 1 - behind) / 2


async def judge_pair(judge: Comparing, pair: Pair) -> Judgement:
    """Ask a judge twice, the second time with the answers swapped."""
    said: dict[str, Preference] = {}

    async def ask(order: str, first: str, second: str) -> None:
        said[order] = await judge.compare(pair.question, first, second)

    async with anyio.create_task_group() as group:
        group.start_soon(ask, "forward", pair.a, pair.b)
        group.start_soon(ask, "backward", pair.b, pair.a)
    return Judgement(pair, **said)


def pair_of(record: Record) -> Pair:
    """A pair of a data set's record.

    The question is ``question`` or ``prompt``; the answers are ``answer_a`` and ``answer_b``,
    ``response_A`` and ``response_B``, or ``chosen`` and ``rejected``, where the chosen one is the
    label. Else ``label`` is ``A>B``, ``B>A`` or ``A=B``. Prompts and answers may be lists of messages.

    Raises InputError for what is missing or of another shape.
    """
    fields = record.fields
    question = _text(record, "question" if "question" in fields else "prompt", "user")
    names = next((names for names in _ANSWERS if names[0] in fields or names[1] in fields), _ANSWERS[0])
    a, b = (_text(record, name, "assistant") for name in names)
    label = "A" if names[0] == "chosen" else _label(record)
    return Pair(question, a, b, label, fields.get("id", fields.get("pair_id")))


def _label(record: Record) -> Side | None:
    given = record.fields.get("label")
    if given is None:
        return None
    if not isinstance(given, str) or given.strip().lower() not in _LABELS:
        raise InputError(f"{record.where}: 'label' is {given!r}; it is A>B, B>A or A=B.")
    return _LABELS[given.strip().lower()]


def _text(record: Record, name: str, role: str) -> str:
    """A field as text; of messages the last words of the role."""
    given: Any = record.fields.get(name)
    if not isinstance(given, list):
        return record.text(name)
    if not all(isinstance(message, dict) for message in given):
        raise InputError(f"{record.where}: {name!r} is a list, but not of messages.")
    said = [message.get("content") for message in given if message.get("role") == role]
    if not said or not isinstance(said[-1], str):
        raise InputError(f"{record.where}: {name!r} has no words of the {role}.")
    return said[-1]
