"""Closing: the ends of runs, into the log and into the database."""

import uuid
from collections.abc import Awaitable
from decimal import Decimal
from functools import partial
from typing import Any

from sqlalchemy import func, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import now
from ..platform.database.outage import outlast
from ..platform.database.session import tenant_session
from ..platform.errors import PrerequisiteError
from ..platform.storable import dump_json, storable
from ..platform.telemetry import conventions as c
from ..platform.telemetry.capture import Capture
from ..platform.telemetry.recording import Recording
from ..platform.usage.prices import Prices
from ..platform.usage.record import Used, record_usage
from .approvals import ask
from .checkpoints import forget_checkpoints
from .conversations import keeps_words
from .endings import INTERRUPTED, describe_end, failed_by
from .events import RunEnded
from .execution import Execution, resumption_of
from .graph import Limits
from .ledger import Ending, Ledger
from .names import CAPTURED_TAG
from .plain import PlainRun
from .tables import Message, Run
from .waiting import give_up

# What a run's row says of any error, without content.
_FAILURE = "model or tool failure"
# Seconds that a run which is over waits for a database that is away to take its end.
PATIENCE = 15.0


class Closing:
    """Stores how runs ended and counts what they used, at ``prices``."""

    def __init__(self, engine: AsyncEngine, ledger: Ledger, capture: Capture, prices: Prices) -> None:
        self._engine, self._ledger, self._capture, self.prices = engine, ledger, capture, prices

    async def end_plain(self, task: Execution, ended: RunEnded, recording: Recording) -> None:
        """Log a run's spans and its end together, then settle the end; raises as ``end`` does."""
        tenant_id, ending = task.actor.tenant_id, self._ending(task, ended)
        describe_end(recording.root, ended)
        recording.root.set_attribute(c.ENDING, dump_json(ending.row()).decode())
        try:
            await self._capture.log_run(recording.records())
        except PrerequisiteError as error:
            failed = self._ending(task, failed_by(ended, error))
            await outlast(partial(self._ledger.end, tenant_id, failed), PATIENCE)
            raise
        await outlast(partial(self._ledger.settle, tenant_id, ending), PATIENCE)

    async def end(self, task: Execution, ended: RunEnded, logged: Awaitable[None], root: int) -> None:
        """Wait until a run's spans are logged, then store its end, for which an outage is waited out.

        Raises PrerequisiteError where the log cannot be written; the run has failed then, for its spans are lost.
        """
        try:
            await logged
        except PrerequisiteError as error:
            await outlast(partial(self._store, task, failed_by(ended, error), root), PATIENCE)
            raise
        await outlast(partial(self._store, task, ended, root), PATIENCE)

    async def _store(self, task: Execution, ended: RunEnded, root: int) -> None:
        """Store a run's end; one that is stored already, by a commit whose answer was lost, is left.

        Of a run that was deleted, or whose conversation was, nothing is kept that was said. ``root`` is the id of
        the span that a run goes on under which waits for a person.
        """
        actor, request, run = task.actor, task.request, task.run
        values, used = self._account(task, ended)
        async with tenant_session(self._engine, actor.tenant_id) as session:
            stored = await session.get(Run, (actor.tenant_id, run.id))
            if stored is None:
                await forget_checkpoints(session, [run.id])
                return
            if stored.status != "running":
                return
            for name, value in values.items():
                setattr(stored, name, value)
            await record_usage(session, actor.tenant_id, used)
            await session.flush()
            kept = await keeps_words(session, run.id)
            if ended.status == "waiting" and kept:
                stored.resume = resumption_of(task, root)
                ask(session, stored, ended)
                return
            if ended.status == "waiting":
                await give_up(session, stored)
                return
            await forget_checkpoints(session, [run.id])
            if request.keep and kept and run.conversation_id and ended.answer:
                session.add(
                    Message(
                        tenant_id=actor.tenant_id, conversation_id=run.conversation_id, run_id=run.id,
                        role="assistant", content=storable(ended.answer), citations=storable(list(ended.citations)),
                    )
                )  # fmt: skip

    def _ending(self, task: Execution, ended: RunEnded) -> Ending:
        run = task.run
        assert isinstance(run, PlainRun)
        cost = self.prices.of(run.model, run.adapter).of(ended.input_tokens, ended.output_tokens)
        return Ending(
            run, ended.status, ended.stop_reason, now(), _FAILURE if ended.error else None, ended.steps,
            ended.input_tokens, ended.output_tokens, cost, task.asked_by,
        )  # fmt: skip

    def _account(self, task: Execution, ended: RunEnded) -> tuple[dict[str, Any], Used]:
        """What a run's row says now, by column, and what it used since it began or a person was last waited for."""
        run = task.run
        read, written = ended.input_tokens - run.input_tokens, ended.output_tokens - run.output_tokens
        price = self.prices.of(run.model, run.adapter)
        whole, cost = price.of(ended.input_tokens, ended.output_tokens), price.of(read, written)
        values = {
            "trace_id": run.trace_id, "status": ended.status, "stop_reason": ended.stop_reason,
            "error": _FAILURE if ended.error else None, "steps": ended.steps,
            "input_tokens": ended.input_tokens, "output_tokens": ended.output_tokens,
            "cost": None if whole is None else Decimal(str(whole)),
            "ended_at": None if ended.status == "waiting" else now(),
        }  # fmt: skip
        used = Used(
            task.asked_by, run.agent, run.adapter or run.model, read, written, cost,
            runs=1 if task.decisions is None else 0,
        )  # fmt: skip
        return values, used


async def close_interrupted(engine: AsyncEngine, tenant_id: uuid.UUID, limits: Limits) -> int:
    """Mark runs as failed whose process died: they are still running long after their time limit."""
    last = now() - limits.longest
    async with tenant_session(engine, tenant_id) as session:
        closed = await session.execute(
            update(Run)
            .where(
                Run.status == "running",
                func.coalesce(Run.resumed_at, Run.started_at) < last,
                ~Run.tags.contains([CAPTURED_TAG]),
            )
            .values(status="failed", stop_reason=INTERRUPTED, ended_at=now())
            .returning(Run.id)
        )
        runs = list(closed.scalars())
        await forget_checkpoints(session, runs)
        return len(runs)
