"""The OpenAI-compatible face: agents and models answer clients that speak OpenAI's API."""

import time
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from ..platform.database.base import new_id
from ..platform.database.session import tenant_session
from ..platform.errors import (
    ContextLengthError,
    InputError,
    LimitError,
    NotFoundError,
    PrerequisiteError,
    UnknownModelError,
    UpstreamError,
    WhorlError,
)
from ..platform.idempotency.middleware import HEADER as IDEMPOTENCY_KEY
from ..platform.identity.access import Actor
from ..platform.identity.http import CurrentActor
from ..platform.identity.keys import ShownKey
from ..platform.presence import ALWAYS_THERE, Presence
from ..platform.serving.engine.wire import ChosenTool
from ..platform.serving.messages import Sampling, thought_of
from ..platform.usage.quotas import quotas_of
from .event_streams import EventStream
from .events import RunEnded, RunStarted
from .graph import PlainCall
from .models import Named, find_model, models_of
from .names import DIRECT
from .openai_stream import chunks, finish_of, following, logprobs_of, usage_of
from .openai_views import REFUSED, Completion, CompletionRequest, ModelList, ModelView
from .runs import Agents, Completed, RunRequest
from .steering_api import event_stream

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
# Each a chunk as JSON, the last one [DONE].
CHUNKS = event_stream(data={"type": "string"})


@router.get("/models", response_model=ModelList, response_model_exclude_none=True)
async def list_models(actor: CurrentActor, request: Request) -> Any:
    """What ``model`` may name: agents, the base model, the workspace's adapters, and the embedder.

    In a limited workspace, and with a limited key, those alone that may be asked.
    """
    return ModelList(data=await _model_views(actor, request))


@router.get("/models/{model:path}", response_model=ModelView, response_model_exclude_none=True)
async def get_model(model: str, actor: CurrentActor, request: Request) -> Any:
    """One of the models."""
    for view in await _model_views(actor, request):
        if view.id == model:
            return view
    raise UnknownModelError(model)


async def _model_views(actor: Actor, request: Request) -> list[ModelView]:
    actor.require("chat")
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        named = await models_of(session, actor, whorl.servers.base)
        quotas = await quotas_of(session, actor.tenant_id)

    def asked(agent: str | None, model: str) -> bool:
        return actor.may_ask(agent=agent, model=model) and quotas.permit(agent=agent, model=model)

    views = [
        ModelView(
            id=each.name, created=int(each.created_at.timestamp()), owned_by=each.owner, parent=each.parent
        )
        for each in named
        if asked(each.agent, each.name)
    ]
    embedder = whorl.library.embedder.name
    if asked(None, embedder):
        views.append(ModelView(id=embedder, created=0, owned_by="whorl"))
    return views


@router.post("/chat/completions", response_model=Completion, responses={200: CHUNKS})
async def chat_completions(body: CompletionRequest, actor: CurrentActor, request: Request) -> Any:
    """Let an agent answer the last user message with its own tools, or a model the messages with the caller's tools.

    Of an agent the earlier messages are the history, calls of tools and their results among them, and system messages
    are added to its own instructions.
    """
    actor.require("chat")
    check_fields(body)
    whorl = request.app.state.whorl
    model = await find_model(whorl.engine, actor, whorl.servers.base, body.model)
    wanted = _of_agent(body, model) if model.agent else request_of_model(body, model)
    # What is sent again with its key is given the answer of the first time, whoever left then.
    client = ALWAYS_THERE if IDEMPOTENCY_KEY in request.headers else Presence(request.receive)
    if body.stream:
        return await streamed(whorl.agents, actor, wanted, body, client)
    completed = await _completed(whorl.agents, actor, wanted, client)
    check(completed.ended)
    return JSONResponse(completion(head_of(body), completed), headers=completed.limits)


def head_of(body: CompletionRequest) -> dict[str, Any]:
    """What every reply and chunk begins with."""
    return {"id": f"chatcmpl-{new_id().hex}", "created": int(time.time()), "model": body.model}


def completion(head: dict[str, Any], completed: Completed) -> dict[str, Any]:
    """The reply as ``Completion`` has it; a message without calls has no word of them, as OpenAI's."""
    ended = completed.ended
    calls = {"tool_calls": ended.tool_calls} if ended.tool_calls else {}
    content = ended.answer or (None if calls else "")
    thought = thought_of(ended.reasoning) if ended.reasoning else {}
    message = {"role": "assistant", "content": content, **thought, **calls, "refusal": None}
    logprobs = logprobs_of(completed.tokens) if completed.tokens else None
    choice = {"index": 0, "message": message, "finish_reason": finish_of(ended), "logprobs": logprobs}
    run = {
        "run_id": str(ended.run_id),
        "stop_reason": ended.stop_reason,
        "citations": [*ended.citations],
    }
    usage = usage_of(ended).model_dump()
    return {**head, "object": "chat.completion", "choices": [choice], "usage": usage, "whorl": run}


def check_fields(body: CompletionRequest) -> None:
    """Raise InputError for a field that would not be honoured."""
    unknown = [name for name, value in (body.model_extra or {}).items() if value is not None]
    if unknown:
        known = "GET /docs names those that there are"
        raise InputError(REFUSED.get(unknown[0], f"There is no field {unknown[0]}; {known}."), unknown[0])


def _of_agent(body: CompletionRequest, model: Named) -> RunRequest:
    if body.offered_tools():
        raise InputError(
            f"{model.name} is an agent, which has its own tools. Ask a model, see GET /v1/models.", "tools"
        )
    if passed := [*body.passed(), *(["logprobs"] if body.logprobs else [])]:
        raise InputError(
            f"{model.name} is an agent, which says itself how it is answered: leave {passed[0]} out, or ask a model, "
            "see GET /v1/models.",
            passed[0],
        )
    if body.messages[-1].role != "user":
        raise InputError("The last message to an agent must come from the user.", "messages")
    history: list[Any] = [
        message.plain()
        for message in body.messages[:-1]
        if message.role == "tool"
        or (message.role in ("user", "assistant") and (message.content or message.tool_calls))
    ]
    told = [m.content for m in body.messages if m.role in ("system", "developer") and m.content]
    return RunRequest(
        body.messages[-1].content or "", agent=model.agent or "", history=history, keep=False,
        sampling=_sampling(body, temperature=0.0), instructions="\n\n".join(told), answer_tokens=_tokens(body),
    )  # fmt: skip


def request_of_model(body: CompletionRequest, model: Named) -> RunRequest:
    """A model asked directly: its caller's messages and tools as they are."""
    messages: list[Any] = [message.plain() for message in body.messages]
    asked = [message.content for message in body.messages if message.role == "user" and message.content]
    choice: Any = (
        body.tool_choice.model_dump() if isinstance(body.tool_choice, ChosenTool) else body.tool_choice
    )
    tools, passed = body.offered_tools(), body.passed()
    if not tools:
        passed.pop("parallel_tool_calls", None)
    return RunRequest(
        asked[-1] if asked else "", agent=DIRECT, adapter=model.adapter, keep=False, checkpoint=False,
        sampling=_sampling(body, temperature=1.0), answer_tokens=_tokens(body),
        plain=PlainCall(messages, tools, choice, passed, bool(body.logprobs)),
    )  # fmt: skip


def _sampling(body: CompletionRequest, temperature: float) -> Sampling:
    """How replies are drawn; ``temperature`` where the request says none."""
    given = body.temperature if "temperature" in body.model_fields_set else temperature
    return Sampling(given, body.top_p, stop=body.stops, seed=body.seed, top_logprobs=body.top_logprobs or 0)


def _tokens(body: CompletionRequest) -> int | None:
    return body.max_completion_tokens or body.max_tokens


async def _completed(agents: Agents, actor: Actor, wanted: RunRequest, client: Presence) -> Completed:
    """A run at its end."""
    if wanted.plain is not None:
        return await agents.complete(actor, wanted, client=client)
    async with aclosing(agents.stream(actor, wanted)) as events:
        started = ended = await anext(events)
        with client.needed():
            async for event in events:
                ended = event
    assert isinstance(started, RunStarted) and isinstance(ended, RunEnded)
    return Completed(ended, started.limits)


def check(ended: RunEnded) -> None:
    """Raise the error that ended a run, where one did."""
    if ended.stop_reason != "error":
        return
    kinds: dict[int | None, type[WhorlError]] = {
        422: InputError, 404: NotFoundError, 429: LimitError, 503: PrerequisiteError,
    }  # fmt: skip
    kind = (
        ContextLengthError if ended.code == ContextLengthError.code else kinds.get(ended.fault, UpstreamError)
    )
    raise kind(ended.error or "The run failed.", retry_after=ended.retry_after)


async def streamed(
    agents: Agents, actor: Actor, wanted: RunRequest, body: CompletionRequest, client: Presence,
    key: ShownKey | None = None,
) -> Response:  # fmt: skip
    """The reply as chunks; what keeps the model from its first word is raised before.

    Raises AuthenticationError where ``key`` is not valid any more, ClientLeftError when ``client`` leaves before the
    first word.
    """
    events = agents.stream(actor, wanted, key)
    started = await anext(events)
    with client.needed():
        first = await anext(events)
    assert isinstance(started, RunStarted)
    if isinstance(first, RunEnded):
        check(first)
    usage = bool(body.stream_options and body.stream_options.include_usage)
    return EventStream(
        chunks(following(first, events), started, head_of(body), usage=usage),
        headers=started.limits,
    )
