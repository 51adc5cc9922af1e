"""Attacks: every cheat is tried on a verifier before it may pay."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .base import Attempt, Example, Verifier, judged
from .cheats import CHEATS, DEEDS


@dataclass(frozen=True)
class Paid:
    """A cheat that was paid."""

    name: str
    attempt: Attempt

    def shown(self) -> str:
        """The reply, shortened."""
        text = repr(self.attempt.reply)
        return text if len(text) <= 160 else f"{text[:150]}… ({len(self.attempt.reply)} characters)"


def names() -> list[str]:
    """The names of all cheats."""
    return [*CHEATS, *DEEDS]


def attack(verifier: Verifier) -> list[Paid]:
    """The cheats that a verifier pays, after a check that it pays what is right and not what is wrong."""
    example = verifier.example
    judge = verifier.judge(example.arguments)
    if judged(judge, example.right).score != 1.0:
        raise ValueError(f"{verifier.name} does not pay the right reply of its own example")
    tried = [("wrong answer", example.wrong), *attempts(example)]
    return [Paid(name, attempt) for name, attempt in tried if judged(judge, attempt).score > 0]


def attempts(example: Example) -> Iterator[tuple[str, Attempt]]:
    """Every cheat that applies, as an attempt at the example's task.

    The cheats of words are played on the wrong run, so that its calls and state earn nothing.
    """
    for name, make in CHEATS.items():
        reply = make(example)
        if reply is not None:
            yield name, replace(example.wrong, reply=reply)
    if example.right.calls or example.right.state:
        for name, deed in DEEDS.items():
            yield name, deed(example)
