"""Fields of a chat request that say how a reply is drawn or shaped, and go to the model server as they are.

https://docs.vllm.ai/en/stable/serving/openai_compatible_server/#chat-api
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

TokenId = Annotated[str, Field(pattern=r"^[0-9]{1,10}$")]
Schema = dict[str, Any] | Annotated[str, Field(min_length=1)]
Text = Annotated[str, Field(min_length=1)]
Choices = Annotated[list[str], Field(min_length=1)]
_SHAPES: Final = ("json", "regex", "choice", "grammar", "json_object", "structural_tag")


class ResponseFormat(BaseModel):
    """The form of the reply, for servers that can hold a model to one."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["text", "json_object", "json_schema", "structural_tag"]
    json_schema: dict[str, Any] | None = None
    structures: list[dict[str, Any]] | None = Field(None, min_length=1)
    triggers: Choices | None = None
    format: dict[str, Any] | None = None

    @model_validator(mode="after")
    def _check_schema(self) -> Self:
        if (self.type == "json_schema") != (self.json_schema is not None):
            raise ValueError("json_schema goes with the type json_schema")
        both = self.structures is not None and self.triggers is not None
        if self.type == "structural_tag" and both == (self.format is not None):
            raise ValueError("structural_tag needs a format, or structures and triggers")
        if self.type != "structural_tag" and (self.structures or self.triggers or self.format):
            raise ValueError("structures, triggers and format go with the type structural_tag")
        return self


class StructuredOutputs(BaseModel):
    """vLLM's ``structured_outputs``: one shape that the reply is held to."""

    model_config = ConfigDict(extra="forbid")

    schema_: Schema | None = Field(None, alias="json")
    regex: Text | None = None
    choice: Choices | None = None
    grammar: Text | None = None
    json_object: Literal[True] | None = None
    structural_tag: Schema | None = None
    disable_any_whitespace: bool | None = None
    disable_additional_properties: bool | None = None
    whitespace_pattern: str | None = None

    @model_validator(mode="after")
    def _check_one(self) -> Self:
        given = self.model_dump(by_alias=True, exclude_none=True)
        if sum(name in given for name in _SHAPES) != 1:
            raise ValueError(f"structured_outputs needs exactly one of {', '.join(_SHAPES)}")
        return self


class PassedFields(BaseModel):
    """The fields; one that is null, or says what holds without it, goes nowhere.

    ``guided_…`` is what vLLM before 0.12 called parts of ``structured_outputs``.
    """

    parallel_tool_calls: bool | None = None
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    repetition_penalty: float | None = Field(None, gt=0, allow_inf_nan=False)
    top_k: int | None = Field(None, ge=-1, lt=2**31)
    min_p: float | None = Field(None, ge=0, le=1)
    logit_bias: dict[TokenId, Annotated[float, Field(ge=-100, le=100)]] | None = None
    min_tokens: int | None = Field(None, ge=0, lt=2**31)
    stop_token_ids: list[Annotated[int, Field(ge=0, lt=2**31)]] | None = None
    bad_words: list[Text] | None = None
    ignore_eos: bool | None = None
    guided_json: Schema | None = None
    guided_regex: Text | None = None
    guided_choice: Choices | None = None
    guided_grammar: Text | None = None
    structured_outputs: StructuredOutputs | None = None
    response_format: ResponseFormat | None = None
    chat_template_kwargs: dict[str, Any] | None = None
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high", "xhigh"] | None = None
    verbosity: Literal["low", "medium", "high"] | None = None

    @model_validator(mode="after")
    def _check_shape(self) -> Self:
        """A reply is held to one shape."""
        if self.model_fields_set.isdisjoint(_SHAPING):
            return self
        given = [name for name in _SHAPING if getattr(self, name) is not None]
        if self.response_format is not None and self.response_format.type == "text":
            given.remove("response_format")
        if len(given) > 1:
            raise ValueError(f"a reply has one shape, and {' and '.join(given)} each give it one")
        return self

    def passed(self) -> dict[str, Any]:
        """What goes to the server, by name; ``guided_…`` in the words that vLLM has for it since 0.10.2."""
        names = self.model_fields_set & _PASSED
        if not names:
            return {}
        given = self.model_dump(include=names, by_alias=True, exclude_none=True)
        said = {name: value for name, value in given.items() if value not in _NEUTRAL.get(name, ())}
        for name in said.keys() & _GUIDED:
            said["structured_outputs"] = {name.removeprefix("guided_"): said.pop(name)}
        return said


_PASSED: Final = frozenset(PassedFields.model_fields)
_GUIDED: Final = frozenset(name for name in _PASSED if name.startswith("guided_"))
_SHAPING: Final = ("response_format", "structured_outputs", *sorted(_GUIDED))
_NEUTRAL: Final[dict[str, tuple[Any, ...]]] = {
    "parallel_tool_calls": (True,), "frequency_penalty": (0,), "presence_penalty": (0,), "repetition_penalty": (1,),
    "top_k": (-1, 0), "min_p": (0,), "logit_bias": ({},), "min_tokens": (0,), "stop_token_ids": ([],), "bad_words": ([],),
    "ignore_eos": (False,), "chat_template_kwargs": ({},), "response_format": ({"type": "text"},),
}  # fmt: skip
