"""What a run tells while it goes on; the API sends these as server-sent events."""

import uuid
from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar, get_args

from ..platform.serving.messages import ToolCall, Usage
from .tools.base import Citation


@dataclass(frozen=True)
class RunStarted:
    """The run exists; ``limits`` are the headers that say what is left of the tenant's quotas."""

    event: ClassVar = "run.started"
    run_id: uuid.UUID
    conversation_id: uuid.UUID | None
    model: str
    adapter: str | None
    limits: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TextDelta:
    """New text of the model in step ``step`` (from 1)."""

    event: ClassVar = "text.delta"
    step: int
    text: str


@dataclass(frozen=True)
class TokenDelta(TextDelta):
    """New text, empty where what is new is no text, and its tokens with their log-probabilities, for who asked for them."""

    tokens: list[dict[str, Any]]


@dataclass(frozen=True)
class ReasoningDelta:
    """New text of what the model thinks in step ``step``, where its server tells it apart."""

    event: ClassVar = "reasoning.delta"
    step: int
    text: str


@dataclass(frozen=True)
class ToolStarted:
    """The model called a tool; ``arguments`` is JSON text as the model wrote it."""

    event: ClassVar = "tool.started"
    step: int
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class ToolEnded:
    """A tool answered."""

    event: ClassVar = "tool.ended"
    step: int
    call_id: str
    name: str
    result: str
    is_error: bool
    citations: list[Citation]


@dataclass
class Spent:
    """What a run has used so far: model calls that were answered, tokens read and written, also of calls cut off."""

    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def add(self, usage: Usage) -> None:
        """Count the tokens of a call."""
        self.input_tokens += usage.prompt_tokens
        self.output_tokens += usage.completion_tokens


@dataclass(frozen=True)
class RunEnded:
    """The run is over and its spans are in the log.

    ``status`` is succeeded, failed or cancelled; ``stop_reason`` answered, max_steps, max_tokens, max_seconds,
    cancelled, expired, unstored, interrupted or error. ``citations`` are the passages that the answer refers to.
    ``tool_calls`` are left to the caller by a model that was asked directly; ``finish_reason`` is why the last reply
    ended. ``fault`` is the HTTP status of the error that ended the run, where one did, ``code`` the word that programs
    know it by and ``retry_after`` the seconds after which it may be asked again. ``reasoning`` is what the model thought
    before its last reply.
    """

    event: ClassVar = "run.ended"
    run_id: uuid.UUID
    status: str
    stop_reason: str
    answer: str
    citations: list[Citation]
    steps: int
    input_tokens: int
    output_tokens: int
    error: str | None = None
    tool_calls: list[ToolCall] = field(default_factory=list)
    finish_reason: str = ""
    fault: int | None = None
    reasoning: str = ""
    retry_after: float | None = None
    code: str | None = None


@dataclass(frozen=True)
class RunWaiting:
    """The run goes on when a person has decided about each of these calls."""

    event: ClassVar = "run.waiting"
    run_id: uuid.UUID
    calls: list[ToolCall]
    steps: int
    input_tokens: int
    output_tokens: int


@dataclass(frozen=True)
class CallDecided:
    """A person decided about a call: ``verdict`` is approve, deny or edit, ``by`` whoever did."""

    event: ClassVar = "call.decided"
    call_id: str
    verdict: str
    by: str


RunEvent = (
    RunStarted | TextDelta | ReasoningDelta | ToolStarted | ToolEnded | RunWaiting | CallDecided | RunEnded
)

EVENTS: tuple[str, ...] = tuple(kind.event for kind in get_args(RunEvent))


def event_data(event: RunEvent) -> dict[str, Any]:
    """The event's fields as JSON values."""
    return {
        key: str(value) if isinstance(value, uuid.UUID) else value for key, value in asdict(event).items()
    }
