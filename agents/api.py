"""Runs and conversations over HTTP."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlalchemy import select
from starlette.responses import Response, StreamingResponse

from ..platform.database.session import tenant_session
from ..platform.errors import NotFoundError, WhorlError
from ..platform.identity.http import CurrentActor
from ..platform.telemetry.store import spans_of_run
from .events import RunEnded, RunEvent, event_data
from .listing import listed
from .runs import DEFAULT_AGENT, Agents, RunRequest
from .tables import Conversation, Message, Run

router = APIRouter(prefix="/api", tags=["runs"])


class NewRun(BaseModel):
    """A question for an agent."""

    question: str = Field(min_length=1, max_length=20_000)
    conversation_id: uuid.UUID | None = None
    agent: str = DEFAULT_AGENT
    stream: bool = Field(False, description="Answer with server-sent events.")


class RunView(BaseModel):
    """A run without its content."""

    id: uuid.UUID
    conversation_id: uuid.UUID | None
    agent: str
    model: str
    adapter: str | None
    trace_id: str
    status: str
    stop_reason: str | None
    steps: int
    input_tokens: int
    output_tokens: int
    started_at: datetime
    ended_at: datetime | None
    tags: list[str]


class RunResult(BaseModel):
    """The end of a run."""

    run_id: uuid.UUID
    conversation_id: uuid.UUID | None
    status: str
    stop_reason: str
    answer: str
    citations: list[dict[str, Any]]
    steps: int
    input_tokens: int
    output_tokens: int
    error: str | None


class SpanView(BaseModel):
    """A span as stored: redacted. Times are nanoseconds since the epoch."""

    span_id: str
    parent_span_id: str | None
    name: str
    operation: str
    start_ns: int
    end_ns: int
    status: str
    attributes: dict[str, Any]
    redactions: dict[str, int]
    content_dropped: bool


@router.post("/runs", response_model=RunResult, responses={200: {"content": {"text/event-stream": {}}}})
async def create_run(body: NewRun, actor: CurrentActor, request: Request) -> Any:
    """Run an agent. With ``stream`` the answer is a stream of the events of docs/api.md."""
    agents: Agents = request.app.state.whorl.agents
    wanted = RunRequest(body.question, conversation_id=body.conversation_id, agent=body.agent)
    if body.stream:
        actor.require("chat")
        return StreamingResponse(
            _sse(agents, actor, wanted), media_type="text/event-stream", headers={"Cache-Control": "no-store"}
        )
    conversation = body.conversation_id
    ended = None
    async with aclosing(agents.stream(actor, wanted)) as events:
        async for event in events:
            conversation = getattr(event, "conversation_id", None) or conversation
            if isinstance(event, RunEnded):
                ended = event
    assert ended is not None
    return {**event_data(ended), "conversation_id": conversation}


async def _sse(agents: Agents, actor: CurrentActor, wanted: RunRequest) -> AsyncIterator[bytes]:
    number = 0
    try:
        async with aclosing(agents.stream(actor, wanted)) as events:
            async for event in events:
                number += 1
                yield _frame(number, event)
    except WhorlError as error:
        yield f"event: error\ndata: {json.dumps({'title': error.title, 'detail': error.message})}\n\n".encode()


def _frame(number: int, event: RunEvent) -> bytes:
    data = json.dumps(event_data(event), ensure_ascii=False)
    return f"id: {number}\nevent: {event.event}\ndata: {data}\n\n".encode()


@router.get("/runs", response_model=list[RunView])
async def list_runs(
    actor: CurrentActor,
    request: Request,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: uuid.UUID | None = None,
) -> Any:
    """Runs, newest first; ``before`` is the id of the last run of the page before."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return list(await session.scalars(listed(limit, before)))


@router.get("/runs/{run_id}", response_model=RunView)
async def get_run(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """One run."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await find_run(session, run_id)


@router.get("/runs/{run_id}/spans", response_model=list[SpanView])
async def get_spans(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The redacted spans of a run in the order they began."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await find_run(session, run_id)
        return await spans_of_run(session, run_id)


class ConversationView(BaseModel):
    """A conversation in a list."""

    id: uuid.UUID
    title: str
    created_at: datetime


class MessageView(BaseModel):
    """One turn of a conversation."""

    id: uuid.UUID
    run_id: uuid.UUID | None
    role: str
    content: str
    citations: list[dict[str, Any]]
    created_at: datetime


@router.get("/conversations", response_model=list[ConversationView])
async def list_conversations(
    actor: CurrentActor, request: Request, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> Any:
    """The actor's own conversations, newest first."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        own = Conversation.user_id == actor.user_id if actor.user_id else Conversation.user_id.is_(None)
        query = select(Conversation).where(own).order_by(Conversation.id.desc()).limit(limit)
        return list(await session.scalars(query))


@router.get("/conversations/{conversation_id}/messages", response_model=list[MessageView])
async def list_messages(conversation_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The turns of one of the actor's conversations."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await own_conversation(session, actor, conversation_id)
        query = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
        return list(await session.scalars(query))


@router.delete("/conversations/{conversation_id}", status_code=204)
async def delete_conversation(conversation_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Delete one of the actor's conversations with its messages."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await session.delete(await own_conversation(session, actor, conversation_id))
    return Response(status_code=204)


async def find_run(session: Any, run_id: uuid.UUID) -> Run:
    """The tenant's run of that id; raises NotFoundError."""
    run: Run | None = await session.scalar(select(Run).where(Run.id == run_id))
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return run


async def own_conversation(session: Any, actor: CurrentActor, conversation_id: uuid.UUID) -> Conversation:
    """A conversation of the actor's own; raises NotFoundError for anybody else's."""
    found: Conversation | None = await session.scalar(
        select(Conversation).where(Conversation.id == conversation_id)
    )
    if found is None or found.user_id != actor.user_id:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return found
