"""The quarantine over HTTP: the queue, and the decisions on it."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from ...platform.database.session import tenant_session
from ...platform.identity.http import CurrentActor
from ...platform.paging import PageCursor, id_of, link_next
from ...platform.validation import Body
from .quarantine import Decision, State, decide, list_quarantine, screen_runs

router = APIRouter(prefix="/quarantine", tags=["quarantine"])


class FindingView(BaseModel):
    """A flagged result of a tool: ``start`` and ``end`` are characters of it."""

    span_id: str
    tool: str
    score: float
    reason: str
    screen: str
    start: int
    end: int
    excerpt: str


class QuarantineView(BaseModel):
    """A run in quarantine."""

    run_id: uuid.UUID
    state: State
    held_at: datetime
    version: str
    findings: list[FindingView]
    decisions: list[dict[str, Any]]


class NewDecision(Body):
    """Whether the run may be trained on (released) or stays out for good (confirmed)."""

    state: Decision
    note: str = Field("", max_length=2000)


class NewScreening(Body):
    """How many of the latest runs to screen."""

    limit: int = Field(200, ge=1, le=2000)


class Screened(BaseModel):
    """How many runs were screened, and how many of them are held now."""

    screened: int
    held: int


@router.get("", response_model=list[QuarantineView])
async def get_quarantine(
    actor: CurrentActor,
    request: Request,
    response: Response,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: PageCursor = None,
) -> Any:
    """The runs in quarantine, the last that was held first. The Link header leads to the page after."""
    actor.require("read")
    before = None if cursor is None else id_of(cursor)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        entries = await list_quarantine(session, state, limit, before)
    link_next(request, response, [str(entry.run_id) for entry in entries], limit)
    return entries


@router.post("/screen", response_model=Screened)
async def screen_now(body: NewScreening, actor: CurrentActor, request: Request) -> Any:
    """Screen the latest runs now; building a dataset does so by itself."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        screened, held = await screen_runs(session, actor, body.limit)
    return Screened(screened=screened, held=held)


@router.post("/{run_id}", response_model=QuarantineView)
async def decide_run(run_id: uuid.UUID, body: NewDecision, actor: CurrentActor, request: Request) -> Any:
    """Release or confirm a run."""
    actor.require("write")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await decide(session, actor, run_id, body.state, body.note)
