"""Runs over HTTP."""

import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import JSONResponse, Response

from ..platform.database.session import tenant_session
from ..platform.errors import InputError, PrerequisiteError
from ..platform.identity.http import CurrentActor
from ..platform.paging import PageCursor, link_next
from ..platform.telemetry.store import spans_of_run
from ..platform.validation import Body
from . import conversations_api, definitions_api, steering_api
from .conversations import find_run, visible_run, visible_runs
from .endings import INTERRUPTED, UNSTORED
from .events import RunStarted
from .graph import Approve
from .journal import ENDED, PAUSED, Told
from .listing import listed, place_after, place_in
from .live import LiveRuns
from .names import DEFAULT_AGENT
from .runs import RunRequest
from .steering_api import EVENT_STREAM, stream_of
from .tables import Run
from .views import PendingCall, RunResult, RunView, SpanView

router = APIRouter(prefix="/api", tags=["runs"])
# Seconds after which a run that could not be stored may be asked for again.
RETRY = 5.0
Status = Literal["running", "waiting", "succeeded", "failed", "cancelled"]


class NewRun(Body):
    """A question for an agent."""

    question: str = Field(min_length=1, max_length=20_000)
    conversation_id: uuid.UUID | None = None
    in_place_of: uuid.UUID | None = Field(
        None, description="A run of the conversation that is asked for again, with what came before it."
    )
    agent: str = Field(DEFAULT_AGENT, min_length=1, max_length=100)
    stream: bool = Field(False, description="Answer with server-sent events.")
    background: bool = Field(False, description="Answer at once; the events say how the run goes on.")
    approve: Approve = Field(
        "never", description="Which tool calls wait for a person: of tools that may change something, or all."
    )


@router.post(
    "/runs",
    response_model=RunResult,
    responses={
        200: EVENT_STREAM,
        202: {"model": RunResult, "description": "The run has begun and goes on in the background."},
    },
)
async def create_run(body: NewRun, actor: CurrentActor, request: Request) -> Any:
    """Run an agent. With ``stream`` the answer is a stream of the events of docs/api.md.

    The run goes on when the connection breaks; its events can be had again.
    """
    live: LiveRuns = request.app.state.whorl.live
    if body.in_place_of is not None and body.conversation_id is None:
        raise InputError(
            "A run is asked for again in its conversation: give its conversation_id.", "in_place_of"
        )
    wanted = RunRequest(
        body.question, conversation_id=body.conversation_id, agent=body.agent, approve=body.approve,
        in_place_of=body.in_place_of,
    )  # fmt: skip
    started = await live.start(actor, wanted)
    if body.stream:
        answer: Response = stream_of(live, actor, started.run_id, last=PAUSED)
    elif body.background:
        begun = RunResult(run_id=started.run_id, conversation_id=started.conversation_id, status="running")
        answer = JSONResponse(begun.model_dump(mode="json"), 202)
    else:
        result = _result(started, await live.result(actor, started.run_id))
        answer = JSONResponse(result.model_dump(mode="json"))
    answer.headers.update({"Location": f"/api/runs/{started.run_id}", **started.limits})
    return answer


def _result(started: RunStarted, told: Told) -> RunResult:
    """The result of a run; raises PrerequisiteError for one that nothing is acknowledged of."""
    if told.data.get("stop_reason") in (UNSTORED, INTERRUPTED):
        raise PrerequisiteError(told.data["error"], retry_after=RETRY)
    known = {**told.data, "conversation_id": started.conversation_id}
    if told.event == ENDED:
        return RunResult.model_validate(known)
    calls = [
        PendingCall(
            call_id=call["id"], name=call["function"]["name"], arguments=call["function"]["arguments"]
        )
        for call in told.data["calls"]
    ]
    return RunResult.model_validate({**known, "status": "waiting", "waiting_for": calls})


@router.get("/runs", response_model=list[RunView])
async def list_runs(
    actor: CurrentActor,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: PageCursor = None,
    status: Status | None = None,
) -> Any:
    """Runs, newest first: all with the permission to read, else the actor's own. The Link header leads to the page after."""
    query = listed(limit).where(visible_runs(actor))
    if cursor is not None:
        query = query.where(place_after(cursor))
    if status is not None:
        query = query.where(Run.status == status)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = list(await session.scalars(query))
    link_next(request, response, [place_in(run) for run in found], limit)
    return found


@router.get("/runs/{run_id}", response_model=RunView)
async def get_run(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """One run: any with the permission to read, else one of the actor's own."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await visible_run(session, actor, run_id)


@router.get("/runs/{run_id}/spans", response_model=list[SpanView])
async def get_spans(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The redacted spans of a run in the order they began."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await find_run(session, run_id)
        return await spans_of_run(session, run_id)


router.include_router(steering_api.router)
router.include_router(conversations_api.router)
router.include_router(definitions_api.router)
