"""Chat messages and tools in OpenAI's shape, as they travel between agents and model servers."""

from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, TypedDict

Role = Literal["system", "user", "assistant", "tool"]


class FunctionCall(TypedDict):
    """A function's name and its arguments as JSON text."""

    name: str
    arguments: str


class ToolCall(TypedDict):
    """One call in an assistant's message."""

    id: str
    type: Literal["function"]
    function: FunctionCall


class ChatMessage(TypedDict, total=False):
    """One message; ``content`` may be None when there are tool calls.

    ``reasoning_content`` is what the model thought before, where its server tells it apart.
    """

    role: Role
    content: str | None
    reasoning_content: str
    tool_calls: list[ToolCall]
    tool_call_id: str
    name: str


class FunctionSpec(TypedDict, total=False):
    """A function that the model may call; ``parameters`` is a JSON schema."""

    name: str
    description: str
    parameters: dict[str, Any]
    strict: bool


class ToolSpec(TypedDict):
    """A tool offered to the model."""

    type: Literal["function"]
    function: FunctionSpec


@dataclass(frozen=True)
class Sampling:
    """How a reply is drawn; temperature 0 takes the most probable token.

    ``max_tokens``: of the reply, None as many as the model's context has room for. ``top_logprobs``: of how many of
    the most probable tokens of each place the reply tells, 0 to 20.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    max_tokens: int | None = 256
    stop: tuple[str, ...] = ()
    seed: int | None = None
    top_logprobs: int = 0


@dataclass(frozen=True)
class ChatCall:
    """One request to a model server; ``model`` is a base model's or an adapter's name.

    ``opening``: words that the reply begins with, which the model goes on from. vLLM and the embedded
    engine take them; other servers may refuse the request. ``tool_choice`` and what ``passed`` has go to the
    server as they are. ``tenant``: in whose turn the call waits for a place at the servers.
    """

    model: str
    messages: list[ChatMessage]
    tools: list[ToolSpec] = field(default_factory=list)
    sampling: Sampling = Sampling()
    opening: str = ""
    tool_choice: str | dict[str, Any] | None = None
    passed: dict[str, Any] = field(default_factory=dict)
    tenant: str = ""


@dataclass(frozen=True)
class Usage:
    """Token counts of one call."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


class Place(NamedTuple):
    """One token of a reply, and text and log-probability of the most probable tokens at its place."""

    text: str
    top: tuple[tuple[str, float], ...]


@dataclass(frozen=True)
class ChatReply:
    """A complete reply.

    ``token_ids`` and ``logprobs`` (natural logarithm, one a token) are empty where the server does
    not give them, ``places`` where ``top_logprobs`` was not asked for either. ``reasoning`` is what was thought before
    ``content``, where the server tells it apart.
    """

    content: str
    tool_calls: list[ToolCall]
    finish_reason: str
    model: str
    usage: Usage
    prompt_token_ids: list[int] = field(default_factory=list)
    token_ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    reasoning: str = ""

    def message(self) -> ChatMessage:
        """The reply as the message that is appended to the conversation."""
        message: ChatMessage = {"role": "assistant", "content": self.content}
        if self.reasoning:
            message["reasoning_content"] = self.reasoning
        if self.tool_calls:
            message["tool_calls"] = self.tool_calls
        return message


def thought_of(text: str) -> dict[str, str]:
    """What a model thought, by both words that vLLM has had for it."""
    return {"reasoning": text, "reasoning_content": text}
