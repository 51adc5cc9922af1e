"""What a convention's reader finds in a span of another program."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .chat import Message
from .tools import Tool


@dataclass(frozen=True)
class Foreign:
    """A span as another program sent it; ``events`` are (name, attributes), ``root`` has no parent."""

    name: str
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...] = ()
    root: bool = False

    @cached_property
    def spaces(self) -> frozenset[str]:
        """The first words of its attributes' names: a reader looks no further where its own is not among them."""
        return frozenset([name.partition(".")[0] for name in self.attributes])


@dataclass(frozen=True)
class Document:
    """A passage that a retrieval returned."""

    id: str
    content: str = ""
    score: float | None = None


class Reading(NamedTuple):
    """What was read of a span; what a convention does not say is empty.

    ``operation`` is chat, invoke_agent, execute_tool, embeddings or retrieval; ``session`` and ``user``
    are the program's own ids. ``input`` and ``output`` are messages of the GenAI conventions.
    """

    operation: str = ""
    input: Sequence[Message] = ()
    output: Sequence[Message] = ()
    tools: Sequence[Tool] = ()
    request_model: str = ""
    response_model: str = ""
    provider: str = ""
    input_tokens: int | None = None
    output_tokens: int | None = None
    finish_reason: str = ""
    tool_name: str = ""
    tool_call_id: str = ""
    tool_arguments: Any = None
    tool_result: Any = None
    agent: str = ""
    session: str = ""
    user: str = ""
    query: str = ""
    documents: Sequence[Document] = ()


Reader = Callable[[Foreign], Reading]
# Of a convention that a span does not follow.
NOTHING = Reading()
# Whose empty values say nothing; a number that is 0 and an empty object do.
_SILENT = frozenset({type(None), str, list, tuple})


def merged(readings: Iterable[Reading]) -> Reading:
    """Several readings as one: of each field the first that says something.

    >>> merged([Reading(user="ann"), Reading(user="bob", session="s1")]).session
    's1'
    """
    found: list[Any] = list(NOTHING)
    for reading in readings:
        if reading is NOTHING:
            continue
        for at, value in enumerate(reading):
            if not value and type(value) in _SILENT:
                continue
            if not (known := found[at]) and type(known) in _SILENT:
                found[at] = value
    return Reading(*found)
