"""The overview: what a workspace did in the last seven days, and what to do next."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute
from starlette.responses import Response

from ..agents.names import SHADOW_TAG
from ..agents.tables import Run
from ..flywheel.judging.agreement import Agreement, agreements
from ..flywheel.tables import Dataset, Evaluation, Outcome
from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.identity.access import Permission
from ..platform.serving.tables import Adapter, Route
from ..platform.telemetry.tables import Span
from ..retrieval.tables import DocumentRow
from .frame import Context, Reader, render

router = APIRouter()
DAYS = 7


class Day(NamedTuple):
    """Runs that began on a day (UTC)."""

    day: date
    runs: int
    succeeded: int


class Step(NamedTuple):
    """Something to do for the flywheel to turn, where to do it, and who may."""

    done: bool
    text: str
    address: str
    permission: Permission


@dataclass(frozen=True, kw_only=True)
class OverviewContext(Context):
    """Counts of the last seven days; ``pending`` is bytes of spans logged but not yet stored."""

    template: ClassVar[str] = "overview.html"
    section: ClassVar[str] = "overview"
    days: list[Day]
    spans: int
    dropped: int
    redactions: list[tuple[str, int]]
    outcomes: int
    pending: int
    base: str
    routes: list[Route]
    judges: list[Agreement]
    steps: list[Step]


@router.get("/admin")
async def show_overview(actor: Reader, request: Request) -> Response:
    """The overview."""
    whorl = request.app.state.whorl
    since = (now() - timedelta(days=DAYS - 1)).replace(hour=0, minute=0, second=0, microsecond=0)
    since_ns = int(since.timestamp()) * 1_000_000_000
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        recent = Span.start_ns >= since_ns
        context = OverviewContext(
            title="Overview",
            actor=actor,
            days=await _days(session, since),
            spans=await _count(session, select(func.count()).select_from(Span).where(recent)),
            dropped=await _count(
                session, select(func.count()).select_from(Span).where(recent, Span.content_dropped)
            ),
            redactions=await _redactions(session, since_ns),
            outcomes=await _count(
                session, select(func.count()).select_from(Outcome).where(Outcome.created_at >= since)
            ),
            pending=whorl.capture.log.pending_bytes(),
            base=whorl.servers.base,
            routes=list(await session.scalars(select(Route).order_by(Route.agent))),
            judges=await agreements(session),
            steps=await _steps(session),
        )
    return render(context)


async def _count(session: AsyncSession, query: Select[Any]) -> int:
    return int(await session.scalar(query) or 0)


async def _days(session: AsyncSession, since: datetime) -> list[Day]:
    """Each of the days, also those without a run."""
    day = func.date(func.timezone("UTC", Run.started_at))
    rows = await session.execute(
        select(day, func.count(), func.count().filter(Run.status == "succeeded"))
        .where(Run.started_at >= since, ~Run.tags.contains([SHADOW_TAG]))
        .group_by(day)
    )
    found = {at: Day(at, runs, succeeded) for at, runs, succeeded in rows}
    dates = [since.date() + timedelta(days=offset) for offset in range(DAYS)]
    return [found.get(at, Day(at, 0, 0)) for at in dates]


async def _redactions(session: AsyncSession, since_ns: int) -> list[tuple[str, int]]:
    """Values redacted by kind, most first."""
    each = func.jsonb_each_text(Span.redactions).table_valued("key", "value")
    total = func.sum(cast(each.c.value, Integer))
    rows = await session.execute(
        select(each.c.key, total)
        .select_from(Span)
        .join(each, Span.start_ns >= since_ns)
        .group_by(each.c.key)
        .order_by(total.desc())
    )
    return [(kind, int(count)) for kind, count in rows]


async def _steps(session: AsyncSession) -> list[Step]:
    async def some(column: InstrumentedAttribute[Any]) -> bool:
        return await session.scalar(select(column).limit(1)) is not None

    serving = await session.scalar(select(Route.adapter).where(Route.adapter.is_not(None)).limit(1))
    evaluated = await session.scalar(select(Evaluation.id).where(Evaluation.adapter.is_not(None)).limit(1))
    return [
        Step(await some(DocumentRow.id), "Upload the documents to answer from", "/admin/documents", "write"),
        Step(await some(Run.id), "Ask a question", "/", "chat"),
        Step(await some(Outcome.id), "Judge answers with a thumb, or correct them", "/", "chat"),
        Step(await some(Dataset.id), "Build a dataset from judged runs", "/admin/datasets", "write"),
        Step(await some(Adapter.name), "Train an adapter on it", "/admin/adapters", "write"),
        Step(evaluated is not None, "Evaluate the adapter on held-out questions", "/admin/adapters", "write"),
        Step(serving is not None, "Promote the adapter", "/admin/adapters", "administer"),
    ]
