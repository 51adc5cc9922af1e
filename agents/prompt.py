"""What the model is told: the system prompt, the passages it reads, the words of a refusal.

The seed model is trained on exactly these forms, so that a run captured in production and a
generated dialogue tokenise alike.
"""

from collections.abc import Iterable
from typing import NamedTuple

SYSTEM = (
    "You answer questions with the help of tools. Quote the passage that answers and cite it "
    "like [1]. If the passages do not say, reply: The documents do not say."
)
SOURCE = " (source: "
REFUSAL = "The documents do not say."


class Quoted(NamedTuple):
    """One passage as the model sees it: ``title`` may be empty, ``text`` is one or more sentences."""

    title: str
    text: str


def render_passages(passages: Iterable[Quoted], first: int = 1) -> str:
    """The observation of a search: one line a passage, best first, numbered from ``first``.

    >>> print(render_passages([Quoted("Oxygen", "Oxygen is a gas."), Quoted("", "Iron rusts.")]))
    [1] Oxygen is a gas. (source: Oxygen)
    [2] Iron rusts.
    """
    lines = [
        f"[{number}] {' '.join(text.split())}{SOURCE + ' '.join(title.split()) + ')' if title else ''}"
        for number, (title, text) in enumerate(passages, first)
    ]
    return "\n".join(lines) if lines else "No passage was found."
