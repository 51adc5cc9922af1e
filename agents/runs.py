"""Runs: one agent execution from a question to an acknowledged answer."""

import asyncio
import logging
import uuid
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing, contextmanager, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver
from langgraph.types import Command
from opentelemetry import trace
from opentelemetry.trace import SpanKind, Tracer, format_trace_id
from prometheus_client import Gauge
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.base import new_id, now
from ..platform.database.outage import AWAY
from ..platform.database.session import tenant_connection, tenant_session
from ..platform.errors import (
    ConflictError,
    InputError,
    NotFoundError,
    StoppingError,
    WhorlError,
)
from ..platform.identity.access import Actor
from ..platform.identity.keys import ShownKey
from ..platform.logs import log_failure
from ..platform.presence import ALWAYS_THERE, Presence
from ..platform.serving.adapters import find_answering, owner_of
from ..platform.serving.messages import ChatMessage
from ..platform.serving.servers import ModelServers
from ..platform.serving.trials import Choice, choose
from ..platform.storable import storable
from ..platform.telemetry.capture import Capture, run_context
from ..platform.telemetry.recording import Recording, new_trace_id
from ..platform.usage.admission import admit, let_in
from ..platform.usage.prices import Prices
from ..platform.usage.quotas import Standing, require_permitted
from .closing import Closing
from .conversations import find_run, own_conversation
from .definitions import as_defined
from .endings import cancelled, describe_end, describe_run, ended_as, interrupted, waiting
from .events import RunEnded, RunEvent, RunStarted, RunWaiting, Spent, TokenDelta, ToolEnded, ToolStarted
from .execution import Execution, Finished, key_of, request_of, tags_of
from .execution import RunRequest as RunRequest
from .graph import Decision, Limits, PlainCall, RunScope, ask_once, build_graph
from .ledger import Ledger
from .plain import PlainRun
from .prompt import SYSTEM
from .tables import Conversation, Message, Run
from .toolbox import Toolbox
from .tools.base import ToolContext

log = logging.getLogger(__name__)
ACTIVE = Gauge("whorl_runs_active", "Runs under way in this process")
HISTORY_MESSAGES = 8


class Completed(NamedTuple):
    """A run at its end, and the headers that tell what is left of the quotas.

    ``tokens`` are those of the reply with their log-probabilities, None where they were not asked for.
    """

    ended: RunEnded
    limits: dict[str, str]
    tokens: list[dict[str, Any]] | None = None


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
        ledger: Ledger,
        prices: Prices | None = None,
    ) -> None:
        self.engine, self.database_url = engine, database_url
        self.servers, self.toolbox, self.capture, self.limits = servers, toolbox, capture, limits
        self.finished: Callable[[Finished], None] = lambda _: None
        self.ledger = ledger
        self.closing = Closing(engine, ledger, capture, prices or Prices())
        self.stopped = False
        # What ends each run that is under way.
        self._open: set[Callable[[], object]] = set()

    @property
    def active(self) -> int:
        """How many runs are under way."""
        return len(self._open)

    def stop(self) -> None:
        """End the runs under way, and any that is begun later: each raises StoppingError."""
        self.stopped = True
        for end in list(self._open):
            end()

    async def stream(
        self, actor: Actor, request: RunRequest, key: ShownKey | None = None
    ) -> AsyncGenerator[RunEvent, None]:
        """Run, event by event; leaving the iterator early cancels the run.

        Raises InputError for a question that cannot be run, NotFoundError for a conversation, agent or
        adapter that the actor does not have, PermissionDeniedError for an agent or model outside of the actor's
        scope or the workspace's, LimitError where a quota is used up, and of a plain run AuthenticationError where ``key`` is not
        valid any more.
        """
        request = await self._defined(actor, request)
        with ExitStack() as held:
            run, messages, standing = await self._begin(actor, request, held, key)
            yield RunStarted(run.id, run.conversation_id, self.servers.base, run.adapter, standing.headers())
            async with aclosing(self._events(Execution(actor, request, run, messages))) as events:
                async for event in events:
                    yield event

    async def resume(
        self, actor: Actor, run_id: uuid.UUID, decisions: dict[str, Decision]
    ) -> AsyncGenerator[RunEvent, None]:
        """Go on with a run that ``claim`` has taken up, from what was decided about its calls.

        Raises NotFoundError for a run or adapter that is gone, ConflictError for one without a checkpoint.
        """
        with ExitStack() as held:
            async with tenant_session(self.engine, actor.tenant_id) as session:
                run = await find_run(session, run_id)
                request, given = request_of(run)
                await self._hold_adapter(session, actor, request, "", held)
            messages = await self._given(actor, run_id)
            request = await self._defined(
                actor, replace(request, question=messages[given - 1]["content"] or ""), begun=True
            )
            execution = Execution(actor, request, run, messages[:given], decisions)
            async with aclosing(self._events(execution)) as events:
                async for event in events:
                    yield event

    async def _defined(self, actor: Actor, request: RunRequest, *, begun: bool = False) -> RunRequest:
        """The request as the agent's definition has it; a model that is asked directly has none."""
        if request.plain is not None:
            return request
        async with tenant_session(self.engine, actor.tenant_id) as session:
            return await as_defined(session, actor, request, self.toolbox, begun=begun)

    async def _given(self, actor: Actor, run_id: uuid.UUID) -> list[ChatMessage]:
        """The messages of a run so far, from its checkpoint."""
        async with tenant_connection(self.database_url, actor.tenant_id) as connection:
            saver = AsyncPostgresSaver(connection)
            kept = await saver.aget_tuple({"configurable": {"thread_id": str(run_id)}})
        if kept is None:
            raise ConflictError(f"The run {run_id} cannot go on: its checkpoint is gone.")
        messages: list[ChatMessage] = kept.checkpoint["channel_values"]["messages"]
        return messages

    async def _events(self, execution: Execution) -> AsyncGenerator[RunEvent, None]:
        events: asyncio.Queue[RunEvent | StoppingError | None] = asyncio.Queue()
        task = asyncio.create_task(self._execute(execution, events.put_nowait))
        task.add_done_callback(lambda _: events.put_nowait(None))
        with self._under_way(lambda: events.put_nowait(StoppingError())):
            try:
                while (event := await events.get()) is not None:
                    if isinstance(event, StoppingError):
                        raise event
                    yield event
                await task
            finally:
                if not task.done():
                    task.cancel()
                    with suppress(asyncio.CancelledError):
                        await task

    @contextmanager
    def _under_way(self, end: Callable[[], object]) -> Iterator[None]:
        """A run counts as under way inside; ``end`` ends it before its time."""
        self._open.add(end)
        ACTIVE.inc()
        try:
            yield
        finally:
            ACTIVE.dec()
            self._open.discard(end)

    async def answer(self, actor: Actor, request: RunRequest) -> RunEnded:
        """Run to the end."""
        ended = None
        async for event in self.stream(actor, request):
            if isinstance(event, RunEnded):
                ended = event
        assert ended is not None
        return ended

    async def complete(
        self, actor: Actor, request: RunRequest, key: ShownKey | None = None, client: Presence = ALWAYS_THERE
    ) -> Completed:
        """A plain run to its end, in the caller's own task.

        Raises what ``stream`` does, AuthenticationError where ``key`` is not valid any more, and ClientLeftError
        when ``client`` leaves, which cancels the run.
        """
        own = asyncio.current_task()
        assert own is not None and request.plain is not None
        tokens: list[dict[str, Any]] | None = [] if request.plain.logprobs else None
        tell = _unheard if tokens is None else partial(_noted, tokens)
        with ExitStack() as held:
            run, messages, standing = await self._begin(actor, request, held, key)
            try:
                with self._under_way(own.cancel), client.needed():
                    ended = await self._execute_plain(Execution(actor, request, run, messages), tell)
            except asyncio.CancelledError:
                if not self.stopped:
                    raise
                own.uncancel()
                raise StoppingError from None
        return Completed(ended, standing.headers(), tokens)

    async def _begin(
        self, actor: Actor, request: RunRequest, held: ExitStack, key: ShownKey | None = None
    ) -> tuple[Run | PlainRun, list[ChatMessage], Standing]:
        if self.stopped:
            raise StoppingError
        actor.require("chat")
        if request.plain is None:
            actor.require_asking(agent=request.agent)
        else:
            actor.require_asking(model=request.adapter or self.servers.base)
        question = storable(request.question.strip())
        if not question and request.plain is None:
            raise InputError("The question is empty.")
        if request.approve != "never" and not request.checkpoint:
            raise InputError("A run that waits for approvals needs its checkpoints.")
        if request.plain is not None:
            return await self._begin_plain(actor, request, request.plain, held, key)
        async with tenant_session(self.engine, actor.tenant_id) as session:
            if request.metered:
                await require_permitted(session, actor.tenant_id, agent=request.agent)
            conversation_id, history = request.conversation_id, list(request.history)
            if conversation_id is not None:
                await own_conversation(session, actor, conversation_id)
                history = await _history(session, conversation_id, request.in_place_of)
            elif request.keep:
                conversation_id = new_id()
                session.add(
                    Conversation(
                        tenant_id=actor.tenant_id,
                        id=conversation_id,
                        user_id=actor.user_id,
                        key_id=actor.own_key,
                        title=question[:80],
                    )
                )
                await session.flush()
            choice = await self._hold_adapter(
                session, actor, request, key_of(actor, request, conversation_id), held
            )
            standing = Standing()
            if request.metered:
                [admitted] = await admit(session, actor.tenant_id, 1, self.limits.longest)
                standing = let_in(admitted)
            run = self._row(actor, request, choice, conversation_id)
            session.add(run)
            if request.keep:
                session.add(
                    Message(
                        tenant_id=actor.tenant_id, conversation_id=conversation_id, run_id=run.id,
                        role="user", content=question,
                    )
                )  # fmt: skip
        prompt = request.prompt or SYSTEM
        system = f"{prompt}\n\n{request.instructions}" if request.instructions else prompt
        start: list[ChatMessage] = [{"role": "system", "content": system}, *history]
        return run, [*start, {"role": "user", "content": question}], standing

    async def _begin_plain(
        self, actor: Actor, request: RunRequest, plain: PlainCall, held: ExitStack, key: ShownKey | None
    ) -> tuple[PlainRun, list[ChatMessage], Standing]:
        """Begin a run of a model that is asked directly: nothing is routed, and nothing is kept.

        Where a ``key`` is given, the statement that begins the run sees to it that the workspace may ask any model.
        """
        adapter = request.adapter or None
        asks = request.metered and key is None
        if adapter or asks:
            async with tenant_session(self.engine, actor.tenant_id) as session:
                if asks:
                    model = adapter or self.servers.base
                    await require_permitted(session, actor.tenant_id, model=model)
                if adapter:
                    await self._hold_adapter(session, actor, request, "", held)
        run = PlainRun(
            actor.tenant_id, new_id(), actor.user_id, actor.own_key, request.agent, self.servers.base, adapter, new_trace_id(),
            tags_of(request, Choice(adapter)), now(),
        )  # fmt: skip
        standing = await self.ledger.begin(run, metered=request.metered, key=key)
        return run, plain.messages, standing

    def _row(
        self, actor: Actor, request: RunRequest, choice: Choice, conversation_id: uuid.UUID | None
    ) -> Run:
        return Run(
            tenant_id=actor.tenant_id, id=new_id(), conversation_id=conversation_id, user_id=actor.user_id,
            key_id=actor.own_key,
            agent=request.agent, model=self.servers.base, adapter=choice.adapter,
            steps=0, input_tokens=0, output_tokens=0, trace_id="", tags=tags_of(request, choice),
        )  # fmt: skip

    async def _hold_adapter(
        self, session: AsyncSession, actor: Actor, request: RunRequest, key: str, held: ExitStack
    ) -> Choice:
        """Who answers, held against unloading and loaded where the server that is asked lacks it.

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
        if request.adapter or name not in self.servers.loaded:
            adapter = await find_answering(session, name)
            if request.adapter and adapter.state == "tainted":
                raise ConflictError(
                    f"The adapter {name} is tainted and answers nobody any more. Ask another one."
                )
            self.servers.expect(name, Path(adapter.folder))
        return choice

    async def _execute(self, task: Execution, tell: Callable[[RunEvent], None]) -> None:
        if task.request.plain is not None:
            tell(await self._execute_plain(task, tell))
            return
        actor, request, run = task.actor, task.request, task.run
        assert isinstance(run, Run)
        context = task.context()
        with run_context(context):
            root = self.capture.tracer.start_span(
                f"invoke_agent {request.agent}", task.parent(), kind=SpanKind.INTERNAL
            )
        run.trace_id = format_trace_id(root.get_span_context().trace_id)
        tools: list[ToolStarted | ToolEnded] = []

        def emit(event: RunEvent) -> None:
            if isinstance(event, ToolStarted | ToolEnded):
                tools.append(event)
            tell(event)

        scope = self._scope(actor, request, run, emit, self.capture.tracer)
        ended = None
        try:
            with run_context(context), trace.use_span(root, end_on_exit=False, record_exception=False):
                describe_run(root, request.question, request.verifier)
                ended = await self._run_graph(task, scope)
        finally:
            ended = ended or self._cut_off(run, scope.spent)
            describe_end(root, ended)
            root.end()
            own = root.get_span_context()
            await asyncio.shield(
                self.closing.end(task, ended, self.capture.settled(own.trace_id), own.span_id)
            )
        if ended.status == "waiting":
            spent = ended.steps, ended.input_tokens, ended.output_tokens
            tell(RunWaiting(run.id, ended.tool_calls, *spent))
            return
        tell(ended)
        if task.decisions is None:
            self.finished(Finished(actor, request, task.messages, ended, tuple(tools)))

    async def _execute_plain(self, task: Execution, tell: Callable[[RunEvent], None]) -> RunEnded:
        """Let a model answer that is asked directly; nobody but Whorl makes spans meanwhile."""
        request, run = task.request, task.run
        recording = Recording(task.context(), run.trace_id, f"invoke_agent {request.agent}")
        scope = self._scope(task.actor, request, run, tell, recording)
        ended = None
        try:
            describe_run(recording.root, request.question, request.verifier)
            ended = await self._ask_model(task, scope)
        finally:
            ended = ended or self._cut_off(run, scope.spent)
            await asyncio.shield(self.closing.end_plain(task, ended, recording))
        self.finished(Finished(task.actor, request, task.messages, ended, ()))
        return ended

    def _cut_off(self, run: Run | PlainRun, spent: Spent) -> RunEnded:
        """The end of a run that was left in the middle."""
        ended = cancelled(run.id, spent)
        return interrupted(ended, StoppingError()) if self.stopped else ended

    def _scope(
        self,
        actor: Actor,
        request: RunRequest,
        run: Run | PlainRun,
        emit: Callable[[RunEvent], None],
        tracer: Tracer | Recording,
    ) -> RunScope:
        limits = replace(self.limits, steps=min(self.limits.steps, request.steps or self.limits.steps))
        most: int | None
        if request.plain is None:
            most = min(request.answer_tokens or limits.answer_tokens, limits.answer_tokens)
        else:
            most = min(request.answer_tokens, limits.tokens) if request.answer_tokens else None
        return RunScope(
            model=self.servers, model_name=run.adapter or self.servers.base, toolbox=request.toolbox or self.toolbox,
            tool_context=ToolContext(actor.tenant_id, collection=request.collection),
            sampling=replace(request.sampling, max_tokens=most),
            limits=limits, tracer=tracer, template_hash=self.servers.template_hash, emit=emit,
            plain=request.plain, approve=request.approve,
            spent=Spent(run.steps, run.input_tokens, run.output_tokens),
        )  # fmt: skip

    async def _ask_model(self, task: Execution, scope: RunScope) -> RunEnded:
        state = task.first_state()
        try:
            async with asyncio.timeout(self.limits.seconds):
                return ended_as(task.run, await ask_once(state, scope), len(task.messages))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run is told as failed and not as stopped
            return _failed(task, state, scope.spent, error)

    async def _run_graph(self, task: Execution, scope: RunScope) -> RunEnded:
        run, state = task.run, task.first_state()
        assert isinstance(run, Run)
        begun: Any = state if task.decisions is None else Command(resume={"decisions": task.decisions})
        try:
            async with asyncio.timeout(self.limits.seconds), AsyncExitStack() as stack:
                saver = None
                if task.request.checkpoint:
                    connection = await stack.enter_async_context(
                        tenant_connection(self.database_url, task.actor.tenant_id)
                    )
                    saver = AsyncPostgresSaver(connection)
                config = {
                    "configurable": {"thread_id": str(run.id)},
                    "recursion_limit": 2 * self.limits.steps + 5,
                }
                state = await build_graph(saver).ainvoke(begun, config, context=scope)
                if "__interrupt__" in state:
                    return waiting(run, state)
                if saver is not None:
                    await saver.adelete_thread(str(run.id))
        except Exception as error:  # noqa: BLE001 - whatever it is, the run is told as failed and not as stopped
            return _failed(task, state, scope.spent, error)
        return ended_as(run, state, len(task.messages))


def _failed(task: Execution, state: dict[str, Any], spent: Spent, error: Exception) -> RunEnded:
    """The end of a run that an error came between; of one that nobody foresaw, the log says what it was."""
    if not isinstance(error, (TimeoutError, WhorlError, *AWAY)):
        log_failure(log, "A run failed", error)
    return task.failed(state, spent, error)


def _unheard(event: RunEvent) -> None:
    """Nobody follows the run."""


def _noted(tokens: list[dict[str, Any]], event: RunEvent) -> None:
    """Keep the tokens of the reply."""
    if isinstance(event, TokenDelta):
        tokens += event.tokens


async def _history(
    session: Any, conversation_id: uuid.UUID, in_place_of: uuid.UUID | None
) -> list[ChatMessage]:
    """The latest messages of a conversation; of those a run is asked again for, what came before it."""
    query = select(Message).where(Message.conversation_id == conversation_id)
    if in_place_of is not None:
        own = select(Message.id).where(
            Message.conversation_id == conversation_id, Message.run_id == in_place_of
        )
        first = await session.scalar(own.order_by(Message.id).limit(1))
        if first is None:
            raise NotFoundError(f"There is no run {in_place_of} in this conversation.")
        query = query.where(Message.id < first)
    rows = await session.scalars(query.order_by(Message.id.desc()).limit(HISTORY_MESSAGES))
    return [{"role": row.role, "content": row.content} for row in reversed(list(rows))]
