"""The runs of a workspace, and one of them step by step."""

import uuid
from dataclasses import dataclass
from typing import Annotated, ClassVar, NamedTuple

from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from ..agents.conversations import find_run
from ..agents.listing import listed
from ..agents.tables import Run
from ..flywheel.outcomes import in_force
from ..flywheel.readiness import Readiness, readiness_of
from ..flywheel.tables import Outcome
from ..platform.database.session import tenant_session
from ..platform.telemetry import conventions as c
from ..platform.telemetry.store import spans_of_run
from ..platform.telemetry.tables import Span
from .bubbles import bubbles_of
from .frame import Context, Reader, render
from .people import names_of_sources
from .spans import Bar, waterfall

router = APIRouter(prefix="/admin/runs")
PAGE = 50
STATUSES = ("running", "waiting", "succeeded", "failed", "cancelled")


class Asked(NamedTuple):
    """A run with its redacted question; empty until its spans are stored."""

    run: Run
    question: str
    milliseconds: float | None


@dataclass(frozen=True, kw_only=True)
class RunsContext(Context):
    """A page of runs, newest first; ``before`` leads to the next one."""

    template: ClassVar[str] = "runs.html"
    section: ClassVar[str] = "runs"
    statuses: tuple[str, ...] = STATUSES
    status: str
    runs: list[Asked]
    first: bool
    before: uuid.UUID | None


@dataclass(frozen=True, kw_only=True)
class RunContext(Context):
    """A run: its facts, its spans, what became of it."""

    template: ClassVar[str] = "run.html"
    section: ClassVar[str] = "runs"
    run: Run
    question: str
    milliseconds: float | None
    bars: list[Bar]
    outcomes: list[Outcome]
    sources: dict[str, str]
    readiness: list[Readiness] | None


@router.get("")
async def show_runs(
    actor: Reader,
    request: Request,
    status: Annotated[str, Query(max_length=20)] = "",
    before: uuid.UUID | None = None,
) -> Response:
    """The runs, ``PAGE`` at a time."""
    query = listed(PAGE + 1, before)
    if status in STATUSES:
        query = query.where(Run.status == status)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = list(await session.scalars(query))
        questions = await _questions(session, [run.id for run in found[:PAGE]])
    runs = [Asked(run, questions.get(run.id, ""), _milliseconds(run)) for run in found[:PAGE]]
    return render(
        RunsContext(
            title="Runs", actor=actor, status=status if status in STATUSES else "", runs=runs,
            first=before is None, before=runs[-1].run.id if len(found) > PAGE else None,
        )
    )  # fmt: skip


@router.get("/{run_id}")
async def show_run(run_id: uuid.UUID, actor: Reader, request: Request, datasets: bool = False) -> Response:
    """One run with the waterfall of its spans; ``datasets``: and what it could teach, which takes a while to find out."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        run = await find_run(session, run_id)
        spans = await spans_of_run(session, run_id)
        outcomes = list(
            await session.scalars(
                select(Outcome).where(Outcome.run_id == run_id, in_force()).order_by(Outcome.id)
            )
        )
        sources = await names_of_sources(session, {outcome.source for outcome in outcomes})
        readiness = await readiness_of(session, actor.tenant_id, run_id) if datasets else None
    root = next((span for span in spans if span.parent_span_id is None), None)
    return render(
        RunContext(
            title="Run", actor=actor, run=run, question=_question(root) if root else "",
            milliseconds=_milliseconds(run), bars=waterfall(spans), outcomes=outcomes, sources=sources,
            readiness=readiness,
        )
    )  # fmt: skip


async def _questions(session: AsyncSession, run_ids: list[uuid.UUID]) -> dict[uuid.UUID | None, str]:
    """What was asked, as the root span of each run has it: redacted."""
    roots = await session.scalars(select(Span).where(Span.run_id.in_(run_ids), Span.parent_span_id.is_(None)))
    return {span.run_id: _question(span) for span in roots}


def _question(root: Span) -> str:
    asked = [bubble.text for bubble in bubbles_of(root.attributes.get(c.INPUT_MESSAGES))]
    return asked[-1] if asked else ""


def _milliseconds(run: Run) -> float | None:
    return (run.ended_at - run.started_at).total_seconds() * 1000 if run.ended_at else None
