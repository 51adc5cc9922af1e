"""Runs: one agent execution from a question to an acknowledged answer."""

import asyncio
import json
import re
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, ExitStack, aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, format_trace_id
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.base import new_id, now
from ..platform.database.session import tenant_connection, tenant_session
from ..platform.errors import InputError, NotFoundError, WhorlError
from ..platform.identity.access import Actor
from ..platform.serving.adapters import find_answering, owner_of
from ..platform.serving.messages import ChatMessage, Sampling
from ..platform.serving.servers import ModelServers
from ..platform.serving.trials import Choice, choose, trial_tag
from ..platform.storable import storable
from ..platform.telemetry import conventions as c
from ..platform.telemetry.capture import Capture, RunContext, run_context
from ..platform.usage.prices import Prices
from ..platform.usage.quotas import Standing
from ..platform.usage.record import Used, record_usage
from .admission import UNMETERED_TAG, admit
from .captured import CAPTURED_TAG
from .events import RunEnded, RunEvent, RunStarted, ToolEnded, ToolStarted
from .graph import Limits, RunScope, build_graph
from .prompt import SYSTEM
from .tables import Conversation, Message, Run
from .toolbox import Toolbox
from .tools.base import Citation, ToolContext

DEFAULT_AGENT = "default"
# Of runs that nobody asked for: they are in no list and no dataset.
SHADOW_TAG = "shadow"
HISTORY_MESSAGES = 8
_CITED = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True)
class RunRequest:
    """What a run is asked to do.

    ``adapter`` overrides the tenant's route: a name, or "" for the base model. ``history`` comes
    before the question where no conversation is kept. ``checkpoint`` stores each step. ``toolbox``
    takes the place of the agent's own tools. ``verifier`` ({"verifier": name, "arguments": {…}}) judges answers to
    the question; it is captured with the run, redacted as the run is. ``metered``: whether the tenant's quotas
    must allow the run; its usage is recorded in any case.
    """

    question: str
    conversation_id: uuid.UUID | None = None
    agent: str = DEFAULT_AGENT
    adapter: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    history: list[ChatMessage] = field(default_factory=list)
    keep: bool = True
    checkpoint: bool = True
    tags: tuple[str, ...] = ()
    toolbox: Toolbox | None = None
    verifier: dict[str, Any] | None = None
    metered: bool = True


@dataclass(frozen=True)
class Finished:
    """A run that is over, for whoever follows: ``messages`` before the model spoke, and what its tools did."""

    actor: Actor
    request: RunRequest
    messages: list[ChatMessage]
    ended: RunEnded
    tools: tuple[ToolStarted | ToolEnded, ...]


class Agents:
    """Starts runs for actors; ``finished`` is told of each one that came to its end and must return at once."""

    def __init__(
        self,
        engine: AsyncEngine,
        database_url: str,
        servers: ModelServers,
        toolbox: Toolbox,
        capture: Capture,
        limits: Limits,
        prices: Prices | None = None,
    ) -> None:
        self.prices = prices or Prices()
        self.engine, self.database_url = engine, database_url
        self.servers, self.toolbox, self.capture, self.limits = servers, toolbox, capture, limits
        self.finished: Callable[[Finished], None] = lambda _: None

    async def stream(self, actor: Actor, request: RunRequest) -> AsyncGenerator[RunEvent, None]:
        """Run, event by event; leaving the iterator early cancels the run.

        Raises InputError for a question that cannot be run, NotFoundError for a conversation or
        adapter that the actor does not have, LimitError where a quota is used up.
        """
        with ExitStack() as held:
            run, messages, standing = await self._begin(actor, request, held)
            yield RunStarted(run.id, run.conversation_id, self.servers.base, run.adapter, standing.headers())
            async with aclosing(self._events(actor, request, run, messages)) as events:
                async for event in events:
                    yield event

    async def _events(
        self, actor: Actor, request: RunRequest, run: Run, messages: list[ChatMessage]
    ) -> AsyncGenerator[RunEvent, None]:
        events: asyncio.Queue[RunEvent | None] = asyncio.Queue()
        task = asyncio.create_task(self._execute(actor, request, run, messages, events))
        task.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            await task
        finally:
            if not task.done():
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def answer(self, actor: Actor, request: RunRequest) -> RunEnded:
        """Run to the end."""
        ended = None
        async for event in self.stream(actor, request):
            if isinstance(event, RunEnded):
                ended = event
        assert ended is not None
        return ended

    async def _begin(
        self, actor: Actor, request: RunRequest, held: ExitStack
    ) -> tuple[Run, list[ChatMessage], Standing]:
        actor.require("chat")
        question = storable(request.question.strip())
        if not question:
            raise InputError("The question is empty.")
        async with tenant_session(self.engine, actor.tenant_id) as session:
            conversation_id, history = request.conversation_id, list(request.history)
            if conversation_id is not None:
                if not await session.get(Conversation, (actor.tenant_id, conversation_id)):
                    raise NotFoundError(f"There is no conversation {conversation_id}.")
                history = await _history(session, conversation_id)
            elif request.keep:
                conversation_id = new_id()
                session.add(
                    Conversation(
                        tenant_id=actor.tenant_id,
                        id=conversation_id,
                        user_id=actor.user_id,
                        title=question[:80],
                    )
                )
                await session.flush()
            choice = await self._hold_adapter(
                session, actor, request, _key(actor, request, conversation_id), held
            )
            standing = Standing()
            if request.metered:
                standing = await admit(session, actor.tenant_id, timedelta(seconds=self.limits.seconds + 60))
            run = Run(
                tenant_id=actor.tenant_id, id=new_id(), conversation_id=conversation_id, user_id=actor.user_id,
                agent=request.agent, model=self.servers.base, adapter=choice.adapter,
                trace_id="", tags=_tags(request, choice),
            )  # fmt: skip
            session.add(run)
            if request.keep:
                session.add(
                    Message(
                        tenant_id=actor.tenant_id, conversation_id=conversation_id, run_id=run.id,
                        role="user", content=question,
                    )
                )  # fmt: skip
        start: list[ChatMessage] = [{"role": "system", "content": SYSTEM}, *history]
        return run, [*start, {"role": "user", "content": question}], standing

    async def _hold_adapter(
        self, session: AsyncSession, actor: Actor, request: RunRequest, key: str, held: ExitStack
    ) -> Choice:
        """Who answers, held against unloading and loaded where a server lacks it.

        The choice is made again once the adapter is held: a promotion or rollback in between would
        have seen nobody to wait for.
        """
        if request.adapter and owner_of(request.adapter) != actor.tenant_slug:
            raise NotFoundError(f"There is no adapter {request.adapter!r} in this workspace.")
        choice = None if request.adapter is None else Choice(request.adapter or None)
        while choice is None:
            wanted = await choose(session, request.agent, key)
            with ExitStack() as attempt:
                attempt.enter_context(self.servers.hold(wanted.adapter or self.servers.base))
                if await choose(session, request.agent, key) == wanted:
                    held.push(attempt.pop_all())
                    choice = wanted
        name = choice.adapter
        if name is None:
            return choice
        held.enter_context(self.servers.hold(name))
        if name not in self.servers.loaded:
            await self.servers.load_adapter(name, Path((await find_answering(session, name)).folder))
        return choice

    async def _execute(
        self,
        actor: Actor,
        request: RunRequest,
        run: Run,
        messages: list[ChatMessage],
        events: "asyncio.Queue[RunEvent | None]",
    ) -> None:
        context = RunContext(
            str(actor.tenant_id), str(run.id), str(actor.user_id) if actor.user_id else None,
            request.agent, run.adapter, str(run.conversation_id) if run.conversation_id else None,
        )  # fmt: skip
        with run_context(context):
            root = self.capture.tracer.start_span(f"invoke_agent {request.agent}", kind=SpanKind.INTERNAL)
        trace_id = root.get_span_context().trace_id
        run.trace_id = format_trace_id(trace_id)
        tools: list[ToolStarted | ToolEnded] = []

        def emit(event: RunEvent) -> None:
            if isinstance(event, ToolStarted | ToolEnded):
                tools.append(event)
            events.put_nowait(event)

        scope = RunScope(
            model=self.servers, model_name=run.adapter or self.servers.base, toolbox=request.toolbox or self.toolbox,
            tool_context=ToolContext(actor.tenant_id),
            sampling=replace(request.sampling, max_tokens=self.limits.answer_tokens),
            limits=self.limits, tracer=self.capture.tracer, template_hash=self.servers.template_hash,
            emit=emit,
        )  # fmt: skip
        ended = RunEnded(run.id, "cancelled", "cancelled", "", [], 0, 0, 0)
        try:
            with run_context(context), trace.use_span(root, end_on_exit=False, record_exception=False):
                _describe_run(root, request)
                ended = await self._run_graph(actor, request, run, scope, messages)
        finally:
            _describe_end(root, ended)
            root.end()
            await asyncio.shield(self._finish(actor, request, run, ended, trace_id))
        events.put_nowait(ended)
        self.finished(Finished(actor, request, messages, ended, tuple(tools)))

    async def _run_graph(
        self, actor: Actor, request: RunRequest, run: Run, scope: RunScope, messages: list[ChatMessage]
    ) -> RunEnded:
        state: dict[str, Any] = {
            "messages": messages, "citations": [], "steps": 0, "input_tokens": 0, "output_tokens": 0,
            "stop_reason": "",
        }  # fmt: skip
        try:
            async with asyncio.timeout(self.limits.seconds), AsyncExitStack() as stack:
                saver = None
                if request.checkpoint:
                    connection = await stack.enter_async_context(
                        tenant_connection(self.database_url, actor.tenant_id)
                    )
                    saver = AsyncPostgresSaver(connection)
                config = {
                    "configurable": {"thread_id": str(run.id)},
                    "recursion_limit": 2 * self.limits.steps + 5,
                }
                state = await build_graph(saver).ainvoke(state, config, context=scope)
                if saver is not None:
                    await saver.adelete_thread(str(run.id))
        except TimeoutError:
            return _ended(run, {**state, "stop_reason": "max_seconds"}, len(messages))
        except WhorlError as error:
            failed = _ended(run, {**state, "stop_reason": "error"}, len(messages))
            return replace(failed, status="failed", error=error.message)
        return _ended(run, state, len(messages))

    async def _finish(
        self, actor: Actor, request: RunRequest, run: Run, ended: RunEnded, trace_id: int
    ) -> None:
        await self.capture.settled(trace_id)
        async with tenant_session(self.engine, actor.tenant_id) as session:
            stored = await session.get_one(Run, (actor.tenant_id, run.id))
            stored.trace_id = run.trace_id
            stored.status, stored.stop_reason = ended.status, ended.stop_reason
            stored.error = "model or tool failure" if ended.error else None
            stored.steps, stored.ended_at = ended.steps, now()
            stored.input_tokens, stored.output_tokens = ended.input_tokens, ended.output_tokens
            price = self.prices.of(run.model, run.adapter)
            cost = price.of(ended.input_tokens, ended.output_tokens)
            stored.cost = None if cost is None else Decimal(str(cost))
            used = Used(
                actor.label,
                run.agent,
                run.adapter or run.model,
                ended.input_tokens,
                ended.output_tokens,
                cost,
            )
            await record_usage(session, actor.tenant_id, used)
            if request.keep and run.conversation_id and ended.answer:
                session.add(
                    Message(
                        tenant_id=actor.tenant_id, conversation_id=run.conversation_id, run_id=run.id,
                        role="assistant", content=storable(ended.answer), citations=storable(list(ended.citations)),
                    )
                )  # fmt: skip


async def close_interrupted(engine: AsyncEngine, tenant_id: uuid.UUID, limits: Limits) -> int:
    """Mark runs as failed whose process died: they are still running long after their time limit."""
    last = now() - timedelta(seconds=limits.seconds + 60)
    async with tenant_session(engine, tenant_id) as session:
        closed = await session.execute(
            update(Run)
            .where(Run.status == "running", Run.started_at < last, ~Run.tags.contains([CAPTURED_TAG]))
            .values(status="failed", stop_reason="interrupted", ended_at=now())
            .returning(Run.id)
        )
        return len(closed.all())


def _ended(run: Run, state: dict[str, Any], given: int) -> RunEnded:
    """The end of a run from its final state; ``given`` messages were there before the model spoke."""
    spoken = [m for m in state["messages"][given:] if m["role"] == "assistant"]
    answer = (spoken[-1].get("content") or "").strip() if spoken else ""
    reason = state["stop_reason"] or "error"
    return RunEnded(
        run.id,
        "succeeded" if reason == "answered" else "failed",
        reason,
        answer,
        cited(answer, state["citations"]),
        state["steps"],
        state["input_tokens"],
        state["output_tokens"],
        None if reason == "answered" else _REASONS.get(reason, "The run failed."),
    )


_REASONS = {
    "max_steps": "The run stopped at its limit of model calls.",
    "max_tokens": "The run stopped at its limit of tokens.",
    "max_seconds": "The run stopped at its time limit.",
}


def cited(answer: str, citations: list[Citation]) -> list[Citation]:
    """The passages that an answer refers to as ``[n]``, in the order of their numbers."""
    numbers = {int(number) for number in _CITED.findall(answer)}
    return [citation for citation in citations if citation["number"] in numbers]


def _tags(request: RunRequest, choice: Choice) -> list[str]:
    """The tags of a run: those asked for, its trial's, and whether no quota counts it."""
    trial = [trial_tag(choice.trial_id)] if choice.trial_id else []
    return [*request.tags, *trial, *([] if request.metered else [UNMETERED_TAG])]


def _key(actor: Actor, request: RunRequest, conversation_id: uuid.UUID | None) -> str:
    """What stands for a conversation; where none is kept, whose first words began it."""
    if conversation_id is not None:
        return str(conversation_id)
    said = [str(m.get("content") or "") for m in request.history if m["role"] == "user"]
    return f"{actor.label}:{(said or [request.question])[0]}"


async def _history(session: Any, conversation_id: uuid.UUID) -> list[ChatMessage]:
    rows = await session.scalars(
        select(Message)
        .where(Message.conversation_id == conversation_id)
        .order_by(Message.id.desc())
        .limit(HISTORY_MESSAGES)
    )
    return [{"role": row.role, "content": row.content} for row in reversed(list(rows))]


def _describe_run(root: Span, request: RunRequest) -> None:
    root.set_attribute(c.OPERATION, "invoke_agent")
    root.set_attribute(c.PROVIDER, "whorl")
    question = {"role": "user", "parts": [{"type": "text", "content": request.question}]}
    root.set_attribute(c.INPUT_MESSAGES, json.dumps([question], ensure_ascii=False))
    if request.verifier is not None:
        root.set_attribute(c.VERIFIER, json.dumps(request.verifier, ensure_ascii=False, sort_keys=True))


def _describe_end(root: Span, ended: RunEnded) -> None:
    root.set_attribute(c.INPUT_TOKENS, ended.input_tokens)
    root.set_attribute(c.OUTPUT_TOKENS, ended.output_tokens)
    root.set_attribute(c.FINISH_REASONS, [ended.stop_reason])
    answer = {"role": "assistant", "parts": [{"type": "text", "content": ended.answer}],
              "finish_reason": ended.stop_reason}  # fmt: skip
    root.set_attribute(c.OUTPUT_MESSAGES, json.dumps([answer], ensure_ascii=False))
    if ended.status != "succeeded":
        root.set_attribute(c.ERROR_TYPE, ended.stop_reason)
        root.set_status(Status(StatusCode.ERROR, ended.error or ""))
