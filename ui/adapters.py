"""Adapters: which exist, which answers, how each was measured, and what its card says."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from ..flywheel.baseline import Baseline, find_baseline
from ..flywheel.datasets import list_datasets
from ..flywheel.gate import Check, Gate, gate_of, kind_of
from ..flywheel.promotion import SHARE
from ..flywheel.status import trial_value
from ..flywheel.tables import Dataset, Evaluation, Training
from ..flywheel.traffic import live_ledger
from ..platform.database.session import tenant_session
from ..platform.serving.adapters import TRANSITIONS, find_adapter, list_adapters
from ..platform.serving.tables import Adapter, Route, Trial
from ..platform.serving.trials import latest_trial, open_trials
from .chart import Chart
from .frame import Context, Reader, render
from .trainings import training_charts

router = APIRouter(prefix="/admin/adapters")
STAGES = ("shadow", "canary", "serving")


class Measured(NamedTuple):
    """An adapter, its latest evaluation on held-out questions, the gate, and why it refuses (empty: it passes)."""

    adapter: Adapter
    report: dict[str, Any] | None
    gate: Gate
    refusal: str


@dataclass(frozen=True, kw_only=True)
class AdaptersContext(Context):
    """The adapters and trainings, and the form that starts a training."""

    template: ClassVar[str] = "adapters.html"
    section: ClassVar[str] = "adapters"
    base: str
    adapters: list[Measured]
    routes: list[Route]
    trials: list[Trial]
    datasets: list[Dataset]
    trainings: list[Training]


@dataclass(frozen=True, kw_only=True)
class AdapterContext(Context):
    """One adapter."""

    template: ClassVar[str] = "adapter.html"
    section: ClassVar[str] = "adapters"
    measured: Measured
    baseline: Baseline | None
    live: dict[str, Any]
    evaluations: list[Evaluation]
    checks: tuple[Check, ...]
    trial: dict[str, Any] | None
    stages: list[str]
    share: float
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
            trials=await open_trials(session),
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
            baseline=await find_baseline(session, adapter),
            live=await live_ledger(session, name),
            evaluations=await _evaluations(session, name),
            checks=(await gate_of(session, name)).checks,
            trial=await _trial(session, name),
            stages=[stage for stage in STAGES if stage in TRANSITIONS[adapter.state]],
            share=SHARE,
            card=[
                (_label(key), value) for key, value in adapter.card.items() if not key.endswith("evaluation")
            ],
            routes=[route for route in await _routes(session) if route.adapter == name],
            same_base=adapter.base_hash == whorl.servers.base_hash,
            training=training,
            charts=training_charts(report),
            warnings=report.get("warnings", []),
        )
    return render(context)


async def _measured(session: AsyncSession, adapter: Adapter) -> Measured:
    evaluations = await _evaluations(session, adapter.name)
    gate = await gate_of(session, adapter.name)
    return Measured(adapter, evaluations[0].report if evaluations else None, gate, gate.refusal())


async def _evaluations(session: AsyncSession, name: str) -> list[Evaluation]:
    """The evaluations on held-out questions, newest first."""
    query = select(Evaluation).where(Evaluation.adapter == name).order_by(Evaluation.id.desc()).limit(50)
    return [one for one in await session.scalars(query) if kind_of(one.report) == "held-out"]


async def _trial(session: AsyncSession, name: str) -> dict[str, Any] | None:
    trial = await latest_trial(session, name)
    return await trial_value(session, trial) if trial is not None else None


async def _routes(session: AsyncSession) -> list[Route]:
    return list(await session.scalars(select(Route).order_by(Route.agent)))


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
