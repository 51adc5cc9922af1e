"""What a tool is: a name, a JSON schema, and an async function over checked arguments."""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from ...platform.serving.messages import ToolSpec


class Citation(TypedDict):
    """A passage that an answer can cite as ``[number]``; offsets are into the document's text."""

    number: int
    document_id: str
    chunk_id: str
    title: str
    text: str
    start: int
    end: int


class Observation(NamedTuple):
    """What a tool gives back: ``text`` for the model, untrusted, and the passages in it."""

    text: str
    citations: list[Citation] = []
    is_error: bool = False


@dataclass
class ToolContext:
    """For whom a tool runs; ``cited`` is how many passages the run has shown so far."""

    tenant_id: uuid.UUID
    cited: int = 0


ToolFunction = Callable[[dict[str, Any], ToolContext], Awaitable[Observation]]


@dataclass(frozen=True)
class Tool:
    """A tool that an agent may offer to the model.

    ``parameters`` is a JSON schema of an object; arguments are validated against it before
    ``function`` sees them.
    """

    name: str
    description: str
    function: ToolFunction
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})

    def spec(self) -> ToolSpec:
        """The tool in OpenAI's shape, keys in the order that prompts are rendered in."""
        return {
            "type": "function",
            "function": {
                "name": self.name, "description": self.description, "parameters": self.parameters,
            },
        }  # fmt: skip


def tool(name: str, description: str, parameters: dict[str, Any]) -> Callable[[ToolFunction], Tool]:
    """Decorate an async function ``(arguments, context) -> Observation`` into a :class:`Tool`.

    >>> @tool("echo", "Repeat a text.", {"type": "object", "properties": {"text": {"type": "string"}}})
    ... async def echo(arguments, context):
    ...     return Observation(arguments["text"])
    >>> echo.name
    'echo'
    """
    return lambda function: Tool(name, description, function, parameters)
