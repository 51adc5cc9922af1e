"""What runs told, kept for a day: read by those who come later, or ask another process."""

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.storable import storable
from .conversations import find_run, keeps_words
from .endings import REASONS
from .events import RunEnded, RunEvent, RunWaiting, event_data
from .tables import Message, Run, RunEventRow

KEPT = timedelta(days=1)
ENDED = RunEnded.event
# With one of these whoever asked has all that there is without another request.
PAUSED: tuple[str, ...] = (ENDED, RunWaiting.event)


class Told(NamedTuple):
    """An event of a run by its number, from 1."""

    number: int
    event: str
    data: dict[str, Any]


def told(number: int, event: RunEvent) -> Told:
    """An event as it is stored and sent."""
    return Told(number, event.event, storable(event_data(event)))


async def store(
    session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID, events: Sequence[Told]
) -> None:
    """Add events of a run, and forget those of all runs that are older than ``KEPT``.

    Of a run whose words were forgotten, or whose conversation was deleted, no event is kept.
    """
    rows = [
        {"tenant_id": tenant_id, "run_id": run_id, "created_at": now(), **event._asdict()} for event in events
    ]
    await session.execute(insert(RunEventRow), rows)
    if not await keeps_words(session, run_id):
        await session.execute(delete(RunEventRow).where(RunEventRow.run_id == run_id))
    if any(event.event == ENDED for event in events):
        await session.execute(delete(RunEventRow).where(RunEventRow.created_at < now() - KEPT))


async def stored(session: AsyncSession, run_id: uuid.UUID, after: int) -> list[Told]:
    """The events of a run with greater numbers, in order."""
    query = select(RunEventRow).where(RunEventRow.run_id == run_id, RunEventRow.number > after)
    rows = await session.scalars(query.order_by(RunEventRow.number))
    return [Told(row.number, row.event, row.data) for row in rows]


async def last_number(session: AsyncSession, run_id: uuid.UUID) -> int:
    """The number of a run's last stored event; 0 where there is none."""
    query = select(func.max(RunEventRow.number)).where(RunEventRow.run_id == run_id)
    return int(await session.scalar(query) or 0)


async def last_event(session: AsyncSession, run_id: uuid.UUID) -> Told | None:
    """A run's last stored event."""
    query = select(RunEventRow).where(RunEventRow.run_id == run_id).order_by(RunEventRow.number.desc())
    row = await session.scalar(query.limit(1))
    return None if row is None else Told(row.number, row.event, row.data)


async def ending(
    session: AsyncSession, run_id: uuid.UUID, settled: timedelta = timedelta(0)
) -> RunEnded | None:
    """The end of a run as its row and its conversation tell it, or None for one that was not over ``settled`` ago."""
    run = await find_run(session, run_id)
    if run.status in ("running", "waiting"):
        return None
    if run.ended_at is not None and now() - run.ended_at < settled:
        return None
    query = select(Message).where(Message.run_id == run_id, Message.role == "assistant")
    message: Message | None = await session.scalar(query)
    return RunEnded(
        run.id, run.status, run.stop_reason or "error", message.content if message else "",
        list(message.citations) if message else [], run.steps, run.input_tokens, run.output_tokens, _reason(run),
    )  # fmt: skip


def _reason(run: Run) -> str | None:
    if run.status != "failed":
        return None
    return REASONS.get(run.stop_reason or "", "The run failed.")
