"""What a convention's reader finds in a span of another program."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from .chat import Message
from .tools import Tool


@dataclass(frozen=True)
class Foreign:
    """A span as another program sent it; ``events`` are (name, attributes), ``root`` has no parent."""

    name: str
    attributes: dict[str, Any]
    events: tuple[tuple[str, dict[str, Any]], ...] = ()
    root: bool = False


@dataclass(frozen=True)
class Document:
    """A passage that a retrieval returned."""

    id: str
    content: str = ""
    score: float | None = None


@dataclass(frozen=True)
class Reading:
    """What was read of a span; what a convention does not say is empty.

    ``operation`` is chat, invoke_agent, execute_tool, embeddings or retrieval; ``session`` and ``user``
    are the program's own ids. ``input`` and ``output`` are messages of the GenAI conventions.
    """

    operation: str = ""
    input: list[Message] = field(default_factory=list)
    output: list[Message] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
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
    documents: list[Document] = field(default_factory=list)


Reader = Callable[[Foreign], Reading]
# Of a convention that a span does not follow.
NOTHING = Reading()
_EMPTY: tuple[Any, ...] = (None, "", [])


def merged(readings: Iterable[Reading]) -> Reading:
    """Several readings as one: of each field the first that says something.

    >>> merged([Reading(user="ann"), Reading(user="bob", session="s1")]).session
    's1'
    """
    found: dict[str, Any] = {}
    for reading in readings:
        if reading is NOTHING:
            continue
        for name, value in vars(reading).items():
            if (value or value not in _EMPTY) and name not in found:
                found[name] = value
    return Reading(**found)
