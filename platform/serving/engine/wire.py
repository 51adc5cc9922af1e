"""Requests of the OpenAI-compatible contract, checked at the edge."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ..messages import Sampling
from .passing import PassedFields


def _content_text(value: Any) -> Any:
    """Content parts of type text as one string; clients may send either form."""
    if isinstance(value, list) and all(isinstance(part, dict) for part in value):
        if all(part.get("type") == "text" and isinstance(part.get("text"), str) for part in value):
            return "".join(part["text"] for part in value)
        raise ValueError("only content parts of type text are understood")
    return value


def null_is(default: Any) -> BeforeValidator:
    """Null as the default, as OpenAI's API has it."""
    return BeforeValidator(lambda value: default if value is None else value)


def _one_reply(value: Any) -> Any:
    if value in (None, 1):
        return value
    raise ValueError("a request has one reply; send it as often as there shall be replies")


class WireFunctionCall(BaseModel):
    name: str
    arguments: str = "{}"


class WireToolCall(BaseModel):
    id: str
    type: Literal["function"] = "function"
    function: WireFunctionCall


class WireMessage(BaseModel):
    """One message of a request."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: Annotated[str | None, BeforeValidator(_content_text)] = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None
    name: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = Field(None, description="The newer word of vLLM for reasoning_content.")

    def plain(self) -> dict[str, Any]:
        """The message without empty fields; ``developer`` is today's word for ``system``.

        What the assistant thought is its ``reasoning_content``, by which chat templates know it.
        """
        message = self.model_dump(exclude_none=True, exclude={"reasoning", "reasoning_content"})
        message.setdefault("content", "")
        thought = self.reasoning or self.reasoning_content
        if thought and self.role == "assistant":
            message["reasoning_content"] = thought
        if self.role == "developer":
            message["role"] = "system"
        return message


class WireFunction(BaseModel):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class WireTool(BaseModel):
    type: Literal["function"]
    function: WireFunction

    def plain(self) -> dict[str, Any]:
        """The tool in the order of keys that prompts are rendered in."""
        function: dict[str, Any] = {
            "name": self.function.name,
            "description": self.function.description or "",
            "parameters": self.function.parameters or {"type": "object", "properties": {}},
        }
        if self.function.strict:
            function["strict"] = True
        return {"type": "function", "function": function}


class StreamOptions(BaseModel):
    include_usage: bool = False


class ChosenFunction(BaseModel):
    name: str = Field(min_length=1)


class ChosenTool(BaseModel):
    """The one tool that the model must call."""

    type: Literal["function"]
    function: ChosenFunction


class ChatBody(PassedFields):
    """What every chat request may say."""

    model_config = ConfigDict(extra="ignore")

    model: str
    messages: list[WireMessage] = Field(min_length=1)
    tools: list[WireTool] | None = None
    tool_choice: Literal["auto", "none", "required"] | ChosenTool | None = None
    temperature: Annotated[float, Field(ge=0, le=2), null_is(1.0)] = 1.0
    top_p: Annotated[float, Field(gt=0, le=1), null_is(1.0)] = 1.0
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    stop: str | list[str] | None = None
    seed: int | None = Field(None, ge=-(2**63), lt=2**63)
    n: Annotated[Literal[1] | None, BeforeValidator(_one_reply)] = None
    stream: Annotated[bool, null_is(False)] = False
    stream_options: StreamOptions | None = None

    @property
    def stops(self) -> tuple[str, ...]:
        """The texts that end the reply."""
        return (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())

    def offered_tools(self) -> list[Any]:
        """The tools shown to the model."""
        if self.tool_choice == "none" or not self.tools:
            return []
        return [tool.plain() for tool in self.tools]

    @model_validator(mode="after")
    def _check_choice(self) -> Self:
        """A tool that must be called is one of the tools."""
        names = {tool.function.name for tool in self.tools or []}
        if self.tool_choice == "required" and not names:
            raise ValueError("tool_choice required needs tools")
        if isinstance(self.tool_choice, ChosenTool) and self.tool_choice.function.name not in names:
            raise ValueError(
                f"tool_choice names {self.tool_choice.function.name!r}, which is none of the tools"
            )
        return self


class ChatRequest(ChatBody):
    """Body of ``POST /v1/chat/completions`` at a model server."""

    logprobs: bool = False
    top_logprobs: int | None = Field(None, ge=0, le=20)
    return_token_ids: bool = False
    add_generation_prompt: bool = True
    continue_final_message: bool = False

    @model_validator(mode="after")
    def _check_continued(self) -> Self:
        """The combinations that vLLM takes."""
        if self.continue_final_message and self.add_generation_prompt:
            raise ValueError("continue_final_message goes with add_generation_prompt false")
        if self.continue_final_message and self.messages[-1].role != "assistant":
            raise ValueError("continue_final_message needs a last message of the assistant")
        return self

    def sampling(self, room: int) -> Sampling:
        """Sampling settings; ``room`` is how many tokens still fit the context."""
        asked = self.max_completion_tokens or self.max_tokens or room
        top = self.top_logprobs or 0
        return Sampling(self.temperature, self.top_p, min(asked, room), self.stops, self.seed, top)


class LoadAdapter(BaseModel):
    """Body of ``POST /v1/load_lora_adapter``."""

    lora_name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
    lora_path: Path


class UnloadAdapter(BaseModel):
    """Body of ``POST /v1/unload_lora_adapter``."""

    lora_name: str
