"""Runs under way over HTTP: followed, stopped, and decided about."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import StreamingResponse

from ..platform.database.session import tenant_session
from ..platform.identity.access import Actor
from ..platform.identity.http import CurrentActor
from ..platform.validation import Body
from .approvals import approvals_of
from .conversations import visible_run
from .event_streams import QUIET
from .events import EVENTS
from .graph import Decision, Verdict
from .journal import ENDED, Told
from .live import LiveRuns
from .views import RunView

router = APIRouter(prefix="/runs/{run_id}")


def event_stream(**fields: dict[str, Any]) -> dict[str, Any]:
    """How the API's description tells of server-sent events with these fields, all of which each has."""
    schema = {"type": "object", "properties": fields, "required": list(fields)}
    return {"content": {"text/event-stream": {"schema": schema}}}


_TEXT: dict[str, Any] = {"type": "string"}
_JSON: dict[str, Any] = {"type": "string", "contentMediaType": "application/json"}
EVENT_STREAM = event_stream(id=_TEXT, event={**_TEXT, "enum": list(EVENTS)}, data=_JSON)
# An event's number fits the database's integer.
LAST = 2**31 - 1


class ApprovalView(BaseModel):
    """A tool call that waits or waited for a person; ``arguments`` is JSON text, ``edited`` what took its place."""

    call_id: str
    step: int
    name: str
    arguments: str
    state: str
    edited: str | None
    note: str
    decided_by: str | None
    asked_at: datetime
    decided_at: datetime | None


class NewDecision(Body):
    """What to do with a call; an edit has the ``arguments`` that take the place of the model's."""

    verdict: Verdict
    arguments: dict[str, Any] | None = None
    note: str = Field("", max_length=2000, description="Of a denial: what the model is told.")

    def decision(self) -> Decision:
        """The decision as the graph takes it."""
        text = None if self.arguments is None else json.dumps(self.arguments, ensure_ascii=False)
        return {"verdict": self.verdict, "arguments": text, "note": self.note}


@router.get("/events", response_class=StreamingResponse, responses={200: EVENT_STREAM})
async def follow_run(
    run_id: uuid.UUID,
    actor: CurrentActor,
    request: Request,
    last_event_id: Annotated[
        int | None, Header(ge=0, le=LAST, description="The last event that was seen.")
    ] = None,
    after: Annotated[int, Query(ge=0, le=LAST, description="The same, for clients without headers.")] = 0,
) -> StreamingResponse:
    """The events of a run as server-sent events, from the first or after the last that was seen, to its end."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await visible_run(session, actor, run_id)
    seen = after if last_event_id is None else last_event_id
    return stream_of(request.app.state.whorl.live, actor, run_id, seen, last=(ENDED,))


@router.post("/cancel", response_model=RunView)
async def cancel_run(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """Stop a run. One in another process is still running in the answer, and stops within seconds."""
    whorl = request.app.state.whorl
    await whorl.live.cancel(actor, run_id)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return await visible_run(session, actor, run_id)


@router.get("/approvals", response_model=list[ApprovalView])
async def list_approvals(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The calls of a run that wait or waited for a person."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await visible_run(session, actor, run_id)
        return await approvals_of(session, run_id)


@router.post("/approvals/{call_id}", response_model=ApprovalView)
async def decide_call(
    run_id: uuid.UUID, call_id: str, body: NewDecision, actor: CurrentActor, request: Request
) -> Any:
    """Approve, deny or edit a call that waits; the run goes on with the last one that is decided."""
    live: LiveRuns = request.app.state.whorl.live
    return (await live.decide(actor, run_id, call_id, body.decision())).approval


def stream_of(
    live: LiveRuns, actor: Actor, run_id: uuid.UUID, after: int = 0, *, last: tuple[str, ...]
) -> StreamingResponse:
    """A run's events as server-sent events up to one of the kinds ``last``; leaving them does not stop the run."""
    headers = {"Cache-Control": "no-store", "Content-Location": f"/api/runs/{run_id}/events"}
    frames = _frames(live, actor, run_id, after, last)
    return StreamingResponse(frames, media_type="text/event-stream", headers=headers)


async def _frames(
    live: LiveRuns, actor: Actor, run_id: uuid.UUID, after: int, last: tuple[str, ...]
) -> AsyncIterator[bytes]:
    async with aclosing(live.follow(actor, run_id, after)) as events:
        async for event in events:
            yield QUIET if event is None else _frame(event)
            if event is not None and event.event in last:
                return


def _frame(told: Told) -> bytes:
    """https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation"""
    data = json.dumps(told.data, ensure_ascii=False)
    return f"id: {told.number}\nevent: {told.event}\ndata: {data}\n\n".encode()
