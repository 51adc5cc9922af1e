"""OpenAI's shapes: what is asked, and what is answered.

https://platform.openai.com/docs/api-reference/chat
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo

from ..platform.serving.engine.wire import ChatBody, WireToolCall

# Fields of other servers that are not honoured, and what to do instead; a null says nothing and is let through.
REFUSED: Final = {
    "functions": "functions are OpenAI's former tools: send tools.",
    "function_call": "function_call is OpenAI's former tool_choice: send tool_choice.",
    "best_of": "A request has one reply, of one draw: leave best_of out.",
    "use_beam_search": "Replies are drawn, not searched for: leave use_beam_search out.",
    "echo": "A reply does not repeat the prompt: leave echo out.",
    "audio": "Answers are text: leave audio out.",
    "web_search_options": "Nothing is searched for on the web: leave web_search_options out.",
    "prediction": "Replies are not predicted: leave prediction out.",
    "chat_template": "A model has its own chat template: leave chat_template out.",
    "priority": "Workspaces take turns: leave priority out.",
}


def _with_logprobs(value: int | None, info: ValidationInfo) -> int | None:
    if value and not info.data.get("logprobs"):
        raise ValueError("top_logprobs goes with logprobs true")
    return value


def _text_only(value: Any) -> Any:
    if value in (None, ["text"]):
        return value
    raise ValueError("answers are text; leave modalities out")


class CompletionRequest(ChatBody):
    """Messages for an agent or a model; a field that is not named here is refused.

    ``user``, ``metadata``, ``store``, ``service_tier``, ``safety_identifier`` and ``prompt_cache_key`` change no reply and are
    not kept.
    """

    model_config = ConfigDict(extra="allow", json_schema_extra={"additionalProperties": False})

    model: str = Field(min_length=1, max_length=200, description="An agent, the base model, or an adapter.")
    logprobs: bool | None = Field(None, description="Tell the log-probabilities of a model's tokens.")
    top_logprobs: Annotated[int | None, Field(ge=0, le=20), AfterValidator(_with_logprobs)] = None
    modalities: Annotated[list[Literal["text"]] | None, BeforeValidator(_text_only)] = None
    user: str | None = None
    metadata: dict[str, Any] | None = None
    store: bool | None = None
    service_tier: str | None = None
    safety_identifier: str | None = None
    prompt_cache_key: str | None = None


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


class TopToken(BaseModel):
    """A token that was likely; ``bytes`` is null where it is a part of a character and its server does not tell them."""

    token: str
    logprob: float
    bytes: list[int] | None


class TokenTold(TopToken):
    """A token of the reply, and those that were the likeliest at its place."""

    top_logprobs: list[TopToken]


class Logprobs(BaseModel):
    """The tokens of the reply with their log-probabilities, natural logarithms."""

    content: list[TokenTold]
    refusal: None = None


class Choice(BaseModel):
    """The one reply."""

    index: Literal[0] = 0
    message: CompletionMessage
    finish_reason: Literal["stop", "length", "tool_calls", "content_filter"]
    logprobs: Logprobs | None = None


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
