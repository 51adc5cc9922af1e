"""Where adapters stand on their way from trained to serving."""

from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.serving.adapters import find_adapter, list_adapters
from ..platform.serving.tables import Adapter, Route, Trial
from ..platform.serving.trials import latest_trial
from .canary import arms, decide
from .gate import gate_of
from .shadow import shadow_report


@dataclass(frozen=True)
class AdapterStatus:
    """An adapter's state, the agents that it answers for, the gate's checks and the newest trial, as JSON values."""

    adapter: str
    state: str
    agents: list[str]
    gate: list[dict[str, Any]]
    refusal: str
    trial: dict[str, Any] | None

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


async def adapter_status(session: AsyncSession, name: str) -> AdapterStatus:
    """The status of one adapter; raises NotFoundError."""
    return await _status(session, await find_adapter(session, name))


async def all_statuses(session: AsyncSession) -> list[AdapterStatus]:
    """The status of each of the tenant's adapters, newest first."""
    return [await _status(session, adapter) for adapter in await list_adapters(session)]


async def trial_value(session: AsyncSession, trial: Trial) -> dict[str, Any]:
    """A trial with what it has found so far; of one that has ended, what the last look found."""
    report = trial.report
    if trial.stage == "shadow":
        report = await shadow_report(session, trial)
    elif trial.ended_at is None:
        report = decide(*await arms(session, trial)).report()
    return {
        "id": str(trial.id), "agent": trial.agent, "stage": trial.stage, "share": trial.share,
        "incumbent": trial.incumbent, "auto": trial.auto, "verdict": trial.verdict,
        "started_at": trial.started_at.isoformat(),
        "ended_at": trial.ended_at.isoformat() if trial.ended_at else None, "report": report,
    }  # fmt: skip


def _tainted(adapter: Adapter) -> str:
    """Why nothing is left to do with an adapter, or an empty text."""
    if adapter.state != "tainted":
        return ""
    return f"tainted: {adapter.card['tainted']['reason']}; train another on the datasets as they are now"


async def _status(session: AsyncSession, adapter: Adapter) -> AdapterStatus:
    gate = await gate_of(session, adapter.name)
    trial = await latest_trial(session, adapter.name)
    agents = await session.scalars(
        select(Route.agent).where(Route.adapter == adapter.name).order_by(Route.agent)
    )
    return AdapterStatus(
        adapter.name, adapter.state, list(agents), gate.value(), _tainted(adapter) or gate.refusal(),
        await trial_value(session, trial) if trial is not None else None,
    )  # fmt: skip
