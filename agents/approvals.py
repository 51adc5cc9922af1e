"""Approvals: calls of a run that wait for a person, and what the person decided."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.errors import ConflictError, InputError, NotFoundError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.storable import storable
from .conversations import steered_run
from .events import RunEnded
from .graph import Decision, Verdict
from .tables import Approval, Run

# What an approval becomes by each verdict.
STATES: dict[Verdict, str] = {"approve": "approved", "deny": "denied", "edit": "edited"}


@dataclass(frozen=True)
class Decided:
    """A decision that is stored; ``decisions`` are those of all calls where the run can go on with them."""

    approval: Approval
    decisions: dict[str, Decision] | None


def ask(session: AsyncSession, run: Run, ended: RunEnded) -> None:
    """Store the calls that a run waits with; each may be decided once."""
    for call in ended.tool_calls:
        function = call["function"]
        session.add(
            Approval(
                tenant_id=run.tenant_id, run_id=run.id, step=ended.steps, call_id=call["id"],
                name=storable(function["name"]), arguments=storable(function["arguments"]),
            )
        )  # fmt: skip


async def approvals_of(session: AsyncSession, run_id: uuid.UUID) -> list[Approval]:
    """The calls of a run that waited or wait for a person, in the order they were asked for."""
    query = select(Approval).where(Approval.run_id == run_id).order_by(Approval.step, Approval.call_id)
    return list(await session.scalars(query))


async def decide(
    session: AsyncSession, actor: Actor, run_id: uuid.UUID, call_id: str, decision: Decision
) -> Decided:
    """Store what the actor decided about a call; with the last one the run is taken up: it is running again.

    Raises NotFoundError for a run or call that the actor cannot decide about, ConflictError for a call that
    is decided already, InputError for an edit without arguments or arguments that are no JSON object.
    """
    check(decision)
    run = await steered_run(session, actor, run_id)
    asked = select(Approval).where(Approval.run_id == run_id, Approval.call_id == call_id)
    approval = await session.scalar(asked.order_by(Approval.step.desc()).limit(1))
    if approval is None:
        raise NotFoundError(f"No call {call_id!r} of the run {run_id} waits for a person.")
    if run.status != "waiting" or approval.state != "pending":
        raise ConflictError(f"The call {call_id!r} is {approval.state}, the run {run.status}.")
    approval.state, approval.edited = STATES[decision["verdict"]], decision["arguments"]
    approval.note, approval.decided_by, approval.decided_at = decision["note"], actor.label, now()
    record(session, actor, "call.decided", str(run_id), call=call_id, verdict=decision["verdict"])
    await session.flush()
    return Decided(approval, await _take_up(session, run, approval.step))


def check(decision: Decision) -> None:
    """Raise InputError for a decision that cannot be carried out."""
    arguments = decision["arguments"]
    if (decision["verdict"] == "edit") != (arguments is not None):
        raise InputError("Arguments go with the verdict edit, and an edit needs them.", "arguments")
    if arguments is None:
        return
    try:
        value = json.loads(arguments)
    except json.JSONDecodeError as error:
        raise InputError(f"The arguments are not JSON: {error.msg}.", "arguments") from error
    if not isinstance(value, dict):
        raise InputError("The arguments are no JSON object.", "arguments")


async def _take_up(session: AsyncSession, run: Run, step: int) -> dict[str, Decision] | None:
    """Let the run go on where every call of the step is decided."""
    step_calls = select(Approval).where(Approval.run_id == run.id, Approval.step == step)
    rows = list(await session.scalars(step_calls))
    if any(row.state == "pending" for row in rows):
        return None
    run.status, run.stop_reason, run.resumed_at = "running", None, now()
    verdicts = {state: verdict for verdict, state in STATES.items()}
    return {
        row.call_id: {"verdict": verdicts[row.state], "arguments": row.edited, "note": row.note}
        for row in rows
    }


async def withdraw_calls(session: AsyncSession, run: Run) -> None:
    """Close what a run waits for that will not go on."""
    pending = update(Approval).where(Approval.run_id == run.id, Approval.state == "pending")
    await session.execute(pending.values(state="withdrawn", decided_at=now()))
