"""What a tool is: a name, a JSON schema, and an async function over checked arguments."""

import uuid
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypedDict

from ...platform.serving.messages import ToolSpec
from ...retrieval.library import DOCUMENTS


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
    """For whom a tool runs, and which collection it searches; ``cited``: how many passages the run has shown so far."""

    tenant_id: uuid.UUID
    cited: int = 0
    collection: str = DOCUMENTS


ToolFunction = Callable[[dict[str, Any], ToolContext], Awaitable[Observation]]


@dataclass(frozen=True)
class Tool:
    """A tool that an agent may offer to the model.

    ``parameters`` is a JSON schema of an object; arguments are validated against it before
    ``function`` sees them. ``read_only`` tools change nothing anywhere, so that a shadow run may call them.
    ``tenants`` are the workspaces that have the tool, by slug; None is all. ``listed`` is the name that its MCP server
    gives it, where models cannot be given that one.
    """

    name: str
    description: str
    function: ToolFunction
    parameters: dict[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})
    read_only: bool = False
    tenants: frozenset[str] | None = None
    listed: str | None = None

    def of_tenant(self, slug: str) -> bool:
        """Whether a workspace has the tool."""
        return self.tenants is None or slug in self.tenants

    def meets(self, other: "Tool") -> bool:
        """Whether some workspace has both."""
        return self.tenants is None or other.tenants is None or not self.tenants.isdisjoint(other.tenants)

    def among(self, names: Collection[str]) -> bool:
        """Whether one of the names is the tool's, or its server's name for it."""
        return self.name in names or (self.listed is not None and self.listed in names)

    def spec(self) -> ToolSpec:
        """The tool in OpenAI's shape, keys in the order that prompts are rendered in."""
        return {
            "type": "function",
            "function": {
                "name": self.name, "description": self.description, "parameters": plain_schema(self.parameters),
            },
        }  # fmt: skip


# The order in which prompts show what a schema says; other words follow as they come.
_ORDER = ("type", "description", "properties", "items", "enum", "required")


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """A JSON schema as models are shown it: one order of its words, and no titles, which repeat the names.

    >>> plain_schema({"title": "Args", "required": ["a"], "properties": {"a": {"title": "A", "type": "string"}}})
    {'properties': {'a': {'type': 'string'}}, 'required': ['a']}
    """
    words = [*(word for word in _ORDER if word in schema), *(word for word in schema if word not in _ORDER)]
    return {word: _plain(word, schema[word]) for word in words if word != "title"}


def _plain(word: str, value: Any) -> Any:
    if word in ("properties", "$defs", "definitions", "patternProperties") and isinstance(value, dict):
        return {name: plain_schema(each) if isinstance(each, dict) else each for name, each in value.items()}
    if word in ("items", "additionalProperties", "not") and isinstance(value, dict):
        return plain_schema(value)
    if word in ("anyOf", "allOf", "oneOf") and isinstance(value, list):
        return [plain_schema(each) if isinstance(each, dict) else each for each in value]
    return value


def tool(
    name: str, description: str, parameters: dict[str, Any], *, read_only: bool = False
) -> Callable[[ToolFunction], Tool]:
    """Decorate an async function ``(arguments, context) -> Observation`` into a :class:`Tool`.

    >>> @tool("echo", "Repeat a text.", {"type": "object", "properties": {"text": {"type": "string"}}})
    ... async def echo(arguments, context):
    ...     return Observation(arguments["text"])
    >>> echo.name
    'echo'
    """
    return lambda function: Tool(name, description, function, parameters, read_only)
