"""Which turn or span of a run an outcome is about."""

import uuid

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.base import now
from ..platform.errors import InputError, NotFoundError
from ..platform.telemetry.tables import Span
from .outcomes import Feedback
from .trajectory import trajectories


async def check_places(session: AsyncSession, run_id: uuid.UUID, feedback: Feedback) -> None:
    """Raise InputError for a step, span or replacing run that is not there, NotFoundError for a run.

    The spans of the run must have been stored.
    """
    if await session.scalar(select(Run.id).where(Run.id == run_id)) is None:
        raise NotFoundError(f"There is no run {run_id} in this workspace.")
    if feedback.span_id is not None:
        known = select(Span.span_id).where(Span.run_id == run_id, Span.span_id == feedback.span_id)
        if await session.scalar(known) is None:
            raise InputError(
                f"The run has no span {feedback.span_id!r}. Its spans are at GET /api/runs/{run_id}/spans.",
                "span_id",
            )
    if feedback.step is not None:
        await _check_step(session, run_id, feedback.step)
    if feedback.replaced_by is not None:
        await _check_replacement(session, run_id, feedback.replaced_by)


async def _check_step(session: AsyncSession, run_id: uuid.UUID, step: int) -> None:
    turns = 0
    async for run in trajectories(session, [run_id], now()):
        turns = len(run.turns)
    if step >= turns:
        told = f"steps are 0 to {turns - 1}" if turns else "it has none"
        raise InputError(f"The run has no step {step} of its model: {told}.", "step")


async def _check_replacement(session: AsyncSession, run_id: uuid.UUID, other: uuid.UUID) -> None:
    if other == run_id:
        raise InputError("A run cannot have taken its own place.", "replaced_by")
    if await session.scalar(select(Run.id).where(Run.id == other)) is None:
        raise InputError(f"There is no run {other} in this workspace.", "replaced_by")
