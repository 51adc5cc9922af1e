"""Decisions about tool calls become outcomes: approvals, denials, and corrected calls."""

import json
from collections.abc import Awaitable, Callable

from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.approvals import Decided
from ..platform.database.session import tenant_session
from ..platform.errors import LimitError
from ..platform.identity.access import Actor
from ..platform.telemetry.redaction.redactor import Redactor
from .outcomes import Feedback, record_outcome


def feedback_of(decided: Decided, actor: Actor) -> Feedback:
    """The outcome that a decision is of its turn: an approval of value 1 or 0, or the call that belongs in its place."""
    approval = decided.approval
    step = approval.step - 1
    if approval.edited is None:
        value = 1.0 if approval.state == "approved" else 0.0
        return Feedback("approval", value, actor.label, text=approval.note or None, step=step)
    call = {"name": approval.name, "arguments": json.loads(approval.edited)}
    return Feedback("call_edit", 1.0, actor.label, text=json.dumps(call, ensure_ascii=False), step=step)


def learner(
    engine: AsyncEngine, redactor: Redactor, flush: Callable[[], Awaitable[object]]
) -> Callable[[Decided, Actor], Awaitable[None]]:
    """What records decisions; a person who gives more outcomes than are taken has decided all the same."""

    async def learn(decided: Decided, actor: Actor) -> None:
        feedback = feedback_of(decided, actor)
        if feedback.kind == "call_edit":
            await flush()
        run_id = decided.approval.run_id
        try:
            async with tenant_session(engine, actor.tenant_id) as session:
                await record_outcome(session, actor.tenant_id, run_id, feedback, redactor)
        except LimitError:
            return

    return learn
