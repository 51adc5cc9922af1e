"""Giving feedback: what is said of a run from outside becomes its outcome, one by one or many together."""

import uuid
from typing import NamedTuple

from pydantic import Field
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.conversations import visible_run, visible_runs
from ..agents.tables import Run
from ..platform.database.session import tenant_session
from ..platform.errors import InputError, NotFoundError, WhorlError
from ..platform.identity.access import Actor
from ..platform.jobs.queue import Queue
from ..platform.telemetry.redaction.redactor import Redactor
from ..platform.validation import Body
from .canary import canary_of
from .jobs import LOOK_JOB
from .outcomes import STARS, Feedback, Kind, record_outcome, value_of
from .places import check_places
from .tables import Outcome

MOST_TOGETHER = 1000


class NewFeedback(Body):
    """An outcome of a run: ``value`` 1 is good, 0 is bad; an edit or comment has its ``text``."""

    kind: Kind
    value: float | None = Field(None, ge=0, le=1, description="By default 0 for a retry, 1 for all others.")
    stars: int | None = Field(None, ge=1, le=STARS, description="A score as stars: 1 is the value 0, 5 is 1.")
    weight: float = Field(
        1.0,
        ge=0,
        le=1,
        description="How much it counts beside what others say of the run; 0 decides nothing.",
    )
    text: str | None = Field(None, max_length=20_000)
    span_id: str | None = Field(None, description="A span of the run that it is about.")
    step: int | None = Field(
        None,
        ge=0,
        description="The turn of the model after the question that it is about, from 0; none: the whole run.",
    )
    replaced_by: uuid.UUID | None = Field(
        None, description="Of a retry: the run that was asked the same question in its place."
    )
    program: str | None = Field(
        None, pattern=r"^[\w.-]{1,64}$", description="The program that judges; needs the permission to write."
    )

    def as_feedback(self, actor: Actor) -> Feedback:
        """The outcome as the actor gives it; raises PermissionDeniedError, and InputError for values that none can have."""
        actor.require("chat")
        source = actor.label
        if self.program is not None:
            actor.require("write")
            source = f"{'verifier' if self.kind == 'verdict' else 'judge'}:{self.program}"
        feedback = Feedback(
            self.kind, value_of(self.kind, self.value, self.stars), source, self.weight, self.text, self.span_id,
            self.step, self.replaced_by,
        )  # fmt: skip
        feedback.check()
        return feedback

    def needs_spans(self) -> bool:
        """Whether the run's spans must have been stored before it is taken."""
        return bool(self.text) or self.step is not None or self.span_id is not None


class NamedFeedback(NewFeedback):
    """An outcome with the run that it is of: by ``run_id``, or by ``trace_id`` as other programs know it."""

    run_id: uuid.UUID | None = None
    trace_id: str | None = Field(None, pattern=r"^[0-9a-f]{32}$")


class Taken(NamedTuple):
    """What became of one outcome of several: its id and run, or why it was not taken, with the HTTP status of that."""

    id: uuid.UUID | None = None
    run_id: uuid.UUID | None = None
    status: int = 201
    error: str | None = None


async def give_feedback(
    engine: AsyncEngine, queue: Queue, redactor: Redactor, actor: Actor, run_id: uuid.UUID, given: NewFeedback
) -> Outcome:
    """Record what was said of a run that the actor may read, and have the canary looked at that it counts in.

    Raises NotFoundError for any other run, InputError for what the run does not have, and as ``record_outcome``.
    """
    feedback = given.as_feedback(actor)
    async with tenant_session(engine, actor.tenant_id) as session:
        await visible_run(session, actor, run_id)
        await check_places(session, run_id, feedback)
        outcome = await record_outcome(session, actor.tenant_id, run_id, feedback, redactor)
        canary = await canary_of(session, run_id)
    if canary is not None:
        await queue.defer_once(
            LOOK_JOB, lock=f"canary:{canary.id}", tenant_id=str(actor.tenant_id), trial_id=str(canary.id)
        )
    return outcome


async def give_named(
    engine: AsyncEngine, queue: Queue, redactor: Redactor, actor: Actor, given: NamedFeedback
) -> Taken:
    """Record one outcome of several: one that cannot be taken says why, and keeps no other out."""
    try:
        run_id = await _run_of(engine, actor, given)
        outcome = await give_feedback(engine, queue, redactor, actor, run_id, given)
    except WhorlError as error:
        return Taken(status=error.status, error=error.message)
    return Taken(outcome.id, run_id)


async def _run_of(engine: AsyncEngine, actor: Actor, given: NamedFeedback) -> uuid.UUID:
    if (given.run_id is None) == (given.trace_id is None):
        raise InputError("Name the run by run_id or by trace_id.", "run_id")
    if given.run_id is not None:
        return given.run_id
    async with tenant_session(engine, actor.tenant_id) as session:
        of_trace = select(Run.id).where(Run.trace_id == given.trace_id, visible_runs(actor))
        found = list(await session.scalars(of_trace.limit(2)))
    if not found:
        raise NotFoundError(f"There is no run of the trace {given.trace_id} in this workspace.")
    if len(found) > 1:
        raise InputError(f"Several runs are of the trace {given.trace_id}: name one by run_id.", "trace_id")
    return found[0]
