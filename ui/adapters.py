"""Adapters: which exist, which answers, how each was measured, and what its card says."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from ..flywheel.datasets import list_datasets
from ..flywheel.promotion import gate
from ..flywheel.tables import Dataset, Evaluation, Training
from ..platform.database.session import tenant_session
from ..platform.serving.adapters import find_adapter, list_adapters
from ..platform.serving.tables import Adapter, Route
from .chart import Chart
from .frame import Context, Reader, render
from .trainings import training_charts

router = APIRouter(prefix="/admin/adapters")
NOT_EVALUATED = "it has not been evaluated"


class Measured(NamedTuple):
    """An adapter, its latest evaluation's report, and why the gate refuses it (empty: it passes)."""

    adapter: Adapter
    report: dict[str, Any] | None
    refusal: str


@dataclass(frozen=True, kw_only=True)
class AdaptersContext(Context):
    """The adapters and trainings, and the form that starts a training."""

    template: ClassVar[str] = "adapters.html"
    section: ClassVar[str] = "adapters"
    base: str
    adapters: list[Measured]
    routes: list[Route]
    datasets: list[Dataset]
    trainings: list[Training]


@dataclass(frozen=True, kw_only=True)
class AdapterContext(Context):
    """One adapter."""

    template: ClassVar[str] = "adapter.html"
    section: ClassVar[str] = "adapters"
    measured: Measured
    evaluations: list[Evaluation]
    card: list[tuple[str, Any]]
    routes: list[Route]
    same_base: bool
    training: Training | None
    charts: list[Chart]
    warnings: list[dict[str, str]]


@router.get("")
async def show_adapters(actor: Reader, request: Request) -> Response:
    """The adapters, newest first."""
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        context = AdaptersContext(
            title="Adapters",
            actor=actor,
            base=whorl.servers.base,
            adapters=[await _measured(session, adapter) for adapter in await list_adapters(session)],
            routes=await _routes(session),
            datasets=await list_datasets(session),
            trainings=list(await session.scalars(select(Training).order_by(Training.id.desc()).limit(50))),
        )
    return render(context)


@router.get("/{name}")
async def show_adapter(name: str, actor: Reader, request: Request) -> Response:
    """One adapter with its evaluations and its card."""
    whorl = request.app.state.whorl
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        adapter = await find_adapter(session, name)
        training = await session.scalar(select(Training).where(Training.adapter == name).limit(1))
        report = training.report if training else {}
        context = AdapterContext(
            title=name,
            actor=actor,
            measured=await _measured(session, adapter),
            evaluations=await _evaluations(session, name),
            card=[(_label(key), value) for key, value in adapter.card.items() if key != "evaluation"],
            routes=[route for route in await _routes(session) if route.adapter == name],
            same_base=adapter.base_hash == whorl.servers.base_hash,
            training=training,
            charts=training_charts(report),
            warnings=report.get("warnings", []),
        )
    return render(context)


async def _measured(session: AsyncSession, adapter: Adapter) -> Measured:
    evaluations = await _evaluations(session, adapter.name, limit=1)
    if not evaluations:
        return Measured(adapter, None, NOT_EVALUATED)
    return Measured(adapter, evaluations[0].report, gate(evaluations[0].report))


async def _evaluations(session: AsyncSession, name: str, limit: int = 20) -> list[Evaluation]:
    query = select(Evaluation).where(Evaluation.adapter == name).order_by(Evaluation.id.desc()).limit(limit)
    return list(await session.scalars(query))


async def _routes(session: AsyncSession) -> list[Route]:
    return list(await session.scalars(select(Route).order_by(Route.agent)))


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
