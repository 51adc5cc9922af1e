"""OpenAI's shapes: what is asked, and what is answered.

https://platform.openai.com/docs/api-reference/chat
"""

from typing import Any, Literal

from pydantic import BaseModel, Field

from ..platform.serving.engine.wire import ChatBody, WireToolCall


class CompletionRequest(ChatBody):
    """Messages for an agent or a model; fields that are not named here are ignored."""

    model: str = Field(min_length=1, max_length=200, description="An agent, the base model, or an adapter.")
    logprobs: Literal[False] | None = Field(None, description="Log-probabilities are not given out.")


class ModelView(BaseModel):
    """What ``model`` may name."""

    id: str
    object: Literal["model"] = "model"
    created: int
    owned_by: str
    parent: str | None = None


class ModelList(BaseModel):
    """All that ``model`` may name."""

    object: Literal["list"] = "list"
    data: list[ModelView]


class CompletionUsage(BaseModel):
    """Tokens read and written, of all model calls of an agent's run."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int


class CompletionMessage(BaseModel):
    """The reply; ``content`` is null where the model only calls tools.

    Both words for what the model thought say the same, as vLLM's do; they are missing where its server does not tell it apart.
    """

    role: Literal["assistant"] = "assistant"
    content: str | None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: list[WireToolCall] | None = None
    refusal: None = None


class Choice(BaseModel):
    """The one reply."""

    index: Literal[0] = 0
    message: CompletionMessage
    finish_reason: Literal["stop", "length", "tool_calls"]
    logprobs: None = None


class RunReference(BaseModel):
    """Whorl's own: the run behind the reply, why it stopped, and what it cites."""

    run_id: str
    stop_reason: str
    citations: list[dict[str, Any]]


class Completion(BaseModel):
    """A complete reply."""

    id: str
    object: Literal["chat.completion"] = "chat.completion"
    created: int
    model: str
    choices: list[Choice]
    usage: CompletionUsage
    whorl: RunReference
