"""The ReAct graph: reason (model), act (tools), observe, until the model answers or a limit stops it.

Yao et al. 2023, "ReAct: Synergizing Reasoning and Acting in Language Models", arXiv 2210.03629.
"""

import json
import operator
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from typing import Annotated, Any, Final, Literal, Protocol, TypedDict, cast

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import interrupt
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from ..platform.serving.client import Delta
from ..platform.serving.messages import ChatCall, ChatMessage, ChatReply, Sampling, ToolCall, ToolSpec, Usage
from ..platform.storable import json_text
from ..platform.telemetry import conventions as c
from ..platform.telemetry.recording import Described, Recording
from .events import ReasoningDelta, RunEvent, Spent, TextDelta, TokenDelta, ToolEnded, ToolStarted
from .toolbox import ERROR, Toolbox
from .tools.base import Citation, Observation, ToolContext

# Which calls wait for a person: none, those of tools that may change something, or all.
Approve = Literal["never", "changing", "always"]
Verdict = Literal["approve", "deny", "edit"]


class Decision(TypedDict):
    """What a person said of a call; ``arguments`` is the JSON text that takes the place of the model's."""

    verdict: Verdict
    arguments: str | None
    note: str


@dataclass(frozen=True)
class PlainCall:
    """A model asked directly: the caller's messages and tools as they are, one reply, calls left to the caller.

    ``logprobs``: whether the reply is told with the log-probabilities of its tokens.
    """

    messages: list[ChatMessage]
    tools: list[ToolSpec]
    tool_choice: str | dict[str, Any] | None = None
    passed: dict[str, Any] = field(default_factory=dict)
    logprobs: bool = False


class Model(Protocol):
    """Whatever streams replies: the model servers, or a single client."""

    def stream(self, call: ChatCall) -> AsyncIterator[Delta]:
        """The reply piece by piece, the last piece with the whole reply."""


class RunState(TypedDict):
    """What a checkpoint keeps of a run."""

    messages: Annotated[list[ChatMessage], operator.add]
    citations: Annotated[list[Citation], operator.add]
    steps: int
    input_tokens: int
    output_tokens: int
    stop_reason: str
    finish_reason: str


@dataclass(frozen=True)
class Limits:
    """Budgets of one run: model calls, tokens read and written, tokens of one reply, seconds."""

    steps: int = 6
    tokens: int = 16_384
    answer_tokens: int = 256
    seconds: float = 120.0

    @property
    def longest(self) -> timedelta:
        """What runs for longer has died."""
        return timedelta(seconds=self.seconds + 60)


@dataclass
class RunScope:
    """What a run works with; never checkpointed. ``spent`` is counted also where a step does not come to its end."""

    model: Model
    model_name: str
    toolbox: Toolbox
    tool_context: ToolContext
    sampling: Sampling
    limits: Limits
    tracer: Tracer | Recording
    template_hash: str
    emit: Callable[[RunEvent], None]
    plain: PlainCall | None = None
    approve: Approve = "never"
    spent: Spent = field(default_factory=Spent)

    def call(self, messages: list[ChatMessage]) -> ChatCall:
        """The next request to the model."""
        tenant = str(self.tool_context.tenant_id)
        if self.plain is None:
            return ChatCall(self.model_name, messages, self.toolbox.specs(), self.sampling, tenant=tenant)
        return ChatCall(
            self.model_name, messages, self.plain.tools, self.sampling, tool_choice=self.plain.tool_choice,
            passed=self.plain.passed, tenant=tenant,
        )  # fmt: skip

    def asks(self, call: ToolCall) -> bool:
        """Whether a person must decide about a call; one of an unknown tool is refused by the toolbox."""
        tool = self.toolbox.tools.get(call["function"]["name"])
        if tool is None or self.approve == "never":
            return False
        return self.approve == "always" or not tool.read_only


async def _reason(state: RunState, runtime: Runtime[RunScope]) -> dict[str, Any]:
    return await _reply(state, runtime.context)


async def _reply(state: RunState, scope: RunScope) -> dict[str, Any]:
    """What a reply of the model changes in the state."""
    step = state["steps"] + 1
    call = scope.call(state["messages"])
    with scope.tracer.start_as_current_span(f"chat {scope.model_name}", kind=SpanKind.CLIENT) as span:
        _describe_call(span, call, scope.template_hash)
        reply = await _streamed(scope, call, step, span)
        _describe_reply(span, reply)
    scope.spent.steps = step
    used = (
        state["input_tokens"]
        + state["output_tokens"]
        + reply.usage.prompt_tokens
        + reply.usage.completion_tokens
    )
    return {
        "messages": [reply.message()],
        "steps": step,
        "input_tokens": state["input_tokens"] + reply.usage.prompt_tokens,
        "output_tokens": state["output_tokens"] + reply.usage.completion_tokens,
        "stop_reason": _stop_reason(reply, step, used, scope),
        "finish_reason": reply.finish_reason,
    }


def _stop_reason(reply: ChatReply, step: int, used: int, scope: RunScope) -> str:
    limits = scope.limits
    if scope.plain is not None or not reply.tool_calls:
        return "answered"
    if step >= limits.steps:
        return "max_steps"
    if used >= limits.tokens:
        return "max_tokens"
    return ""


async def _streamed(scope: RunScope, call: ChatCall, step: int, span: Described) -> ChatReply:
    """The whole reply, told as it grows; what it took is counted also where it is cut off."""
    reply, used = None, Usage()
    logprobs = scope.plain is not None and scope.plain.logprobs
    try:
        async with aclosing(scope.model.stream(call)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                if delta.reasoning:
                    scope.emit(ReasoningDelta(step, delta.reasoning))
                if logprobs and delta.tokens:
                    scope.emit(TokenDelta(step, delta.text, delta.tokens))
                elif delta.text:
                    scope.emit(TextDelta(step, delta.text))
                reply, used = delta.reply or reply, delta.used
    finally:
        scope.spent.add(used)
        span.set_attribute(c.INPUT_TOKENS, used.prompt_tokens)
        span.set_attribute(c.OUTPUT_TOKENS, used.completion_tokens)
    assert reply is not None
    return reply


async def _act(state: RunState, runtime: Runtime[RunScope]) -> dict[str, Any]:
    scope = runtime.context
    messages: list[ChatMessage] = []
    citations: list[Citation] = []
    calls = state["messages"][-1].get("tool_calls", [])
    decisions = _decisions(scope, calls)
    scope.tool_context.cited = len(state["citations"])
    for call in calls:
        observation = await _observed(scope, state["steps"], call, decisions.get(call["id"]))
        messages.append({"role": "tool", "tool_call_id": call["id"], "content": observation.text})
        citations += observation.citations
    return {"messages": messages, "citations": citations}


def _decisions(scope: RunScope, calls: list[ToolCall]) -> dict[str, Decision]:
    """What people decided, by call. Where they have not yet, the graph stops here and begins the step again."""
    asked = [call for call in calls if scope.asks(call)]
    answer: dict[str, dict[str, Decision]] = interrupt(asked) if asked else {"decisions": {}}
    return answer["decisions"]


async def _observed(scope: RunScope, step: int, call: ToolCall, decision: Decision | None) -> Observation:
    name, arguments = call["function"]["name"], call["function"]["arguments"]
    if decision is not None and decision["arguments"] is not None:
        arguments = decision["arguments"]
    scope.emit(ToolStarted(step, call["id"], name, arguments))
    with scope.tracer.start_as_current_span(f"execute_tool {name}") as span:
        span.set_attribute(c.OPERATION, "execute_tool")
        span.set_attribute(c.TOOL_NAME, name)
        span.set_attribute(c.TOOL_TYPE, "function")
        span.set_attribute(c.TOOL_CALL_ID, call["id"])
        span.set_attribute(c.TOOL_ARGUMENTS, arguments)
        changed: ToolCall = {**call, "function": {"name": name, "arguments": arguments}}
        observation = await _decided(scope, changed, decision)
        span.set_attribute(c.TOOL_RESULT, observation.text)
        span.set_attribute(c.TRUST, "untrusted")
        if observation.is_error:
            span.set_attribute(c.ERROR_TYPE, "tool_error")
            span.set_status(Status(StatusCode.ERROR))
    citations = observation.citations
    scope.emit(ToolEnded(step, call["id"], name, observation.text, observation.is_error, citations))
    return observation


async def _decided(scope: RunScope, call: ToolCall, decision: Decision | None) -> Observation:
    """What a call gives after what a person decided about it."""
    if decision is None or decision["verdict"] == "approve":
        return await scope.toolbox.call(call, scope.tool_context)
    if decision["verdict"] == "deny":
        said = f": {decision['note']}" if decision["note"] else "."
        return Observation(f"{ERROR}a person denied this call{said}", is_error=True)
    observation = await scope.toolbox.call(call, scope.tool_context)
    told = f"A person changed the arguments to {call['function']['arguments']}\n"
    return observation._replace(text=told + observation.text)


def _next(state: RunState) -> Literal["act", "__end__"]:
    return "__end__" if state["stop_reason"] else "act"


async def ask_once(state: dict[str, Any], scope: RunScope) -> dict[str, Any]:
    """The state after one reply of a model that is asked directly: a graph of one step."""
    change = await _reply(cast(RunState, state), scope)
    return {**state, **change, "messages": [*state["messages"], *change["messages"]]}


def build_graph(checkpointer: Any = None) -> Any:
    """The compiled graph; with a checkpointer each step is stored before the next begins."""
    return _without_checkpoints() if checkpointer is None else _graph().compile(checkpointer=checkpointer)


@cache
def _without_checkpoints() -> Any:
    return _graph().compile()


@cache
def _graph() -> StateGraph[RunState, RunScope, RunState, RunState]:
    graph = StateGraph(RunState, context_schema=RunScope)
    graph.add_node("reason", _reason)
    graph.add_node("act", _act)
    graph.add_edge(START, "reason")
    graph.add_conditional_edges("reason", _next, {"act": "act", "__end__": END})
    graph.add_edge("act", "reason")
    return graph


_RECORDED: Final = {
    "top_k": c.TOP_K, "frequency_penalty": c.FREQUENCY_PENALTY, "presence_penalty": c.PRESENCE_PENALTY,
}  # fmt: skip


def _describe_call(span: Described, call: ChatCall, template_hash: str) -> None:
    sampling = call.sampling
    span.set_attribute(c.OPERATION, "chat")
    span.set_attribute(c.PROVIDER, "vllm")
    span.set_attribute(c.REQUEST_MODEL, call.model)
    span.set_attribute(c.TEMPERATURE, sampling.temperature)
    span.set_attribute(c.TOP_P, sampling.top_p)
    if sampling.max_tokens is not None:
        span.set_attribute(c.MAX_TOKENS, sampling.max_tokens)
    if sampling.seed is not None:
        span.set_attribute(c.SEED, sampling.seed)
    for name in call.passed.keys() & _RECORDED:
        span.set_attribute(_RECORDED[name], call.passed[name])
    span.set_attribute(c.TEMPLATE_HASH, template_hash)
    span.set_attribute(c.TOOL_DEFINITIONS, json_text(call.tools))
    span.set_attribute(c.INPUT_MESSAGES, messages_json(call.messages))


def _describe_reply(span: Described, reply: ChatReply) -> None:
    span.set_attribute(c.RESPONSE_MODEL, reply.model)
    span.set_attribute(c.FINISH_REASONS, [reply.finish_reason])
    message = part_message(reply.message())
    message["finish_reason"] = reply.finish_reason
    span.set_attribute(c.OUTPUT_MESSAGES, json_text([message]))
    if reply.token_ids:
        span.set_attribute(c.PROMPT_TOKEN_IDS, reply.prompt_token_ids)
        span.set_attribute(c.OUTPUT_TOKEN_IDS, reply.token_ids)
        span.set_attribute(c.OUTPUT_LOGPROBS, [round(value, 5) for value in reply.logprobs])


def messages_json(messages: list[ChatMessage]) -> str:
    """Messages as the conventions' ``gen_ai.input.messages``."""
    return json_text([part_message(message) for message in messages])


def part_message(message: ChatMessage) -> dict[str, Any]:
    """One message in the conventions' form: a role and typed parts."""
    content = message.get("content") or ""
    if message["role"] == "tool":
        part = {"type": "tool_call_response", "id": message.get("tool_call_id", ""), "response": content}
        return {"role": "tool", "parts": [part]}
    said = (("reasoning", message.get("reasoning_content", "")), ("text", content))
    parts: list[dict[str, Any]] = [{"type": kind, "content": text} for kind, text in said if text]
    for call in message.get("tool_calls", []):
        arguments = call["function"]["arguments"]
        try:
            value = json.loads(arguments)
        except json.JSONDecodeError:
            value = arguments
        parts.append(
            {"type": "tool_call", "id": call["id"], "name": call["function"]["name"], "arguments": value}
        )
    return {"role": message["role"], "parts": parts}
