"""Feedback over HTTP."""

import uuid
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ..platform.identity.http import CurrentActor
from ..platform.validation import Body
from .feedback import MOST_TOGETHER, NamedFeedback, NewFeedback, Taken, give_feedback, give_named

router = APIRouter()


class OutcomeView(BaseModel):
    """A stored outcome; its text is redacted."""

    id: uuid.UUID
    run_id: uuid.UUID
    kind: str
    value: float
    source: str
    weight: float
    text: str | None


class ManyOutcomes(Body):
    """Outcomes of several runs."""

    outcomes: list[NamedFeedback] = Field(min_length=1, max_length=MOST_TOGETHER)


class TakenView(BaseModel):
    """What became of one of them: ``id`` and ``run_id``, or the ``error``; ``status`` is what it would be alone."""

    id: uuid.UUID | None
    run_id: uuid.UUID | None
    status: int
    error: str | None


@router.post("/runs/{run_id}/feedback", response_model=OutcomeView, status_code=201)
async def post_feedback(run_id: uuid.UUID, body: NewFeedback, actor: CurrentActor, request: Request) -> Any:
    """Say what became of a run."""
    actor.require("chat")
    whorl = request.app.state.whorl
    if body.needs_spans():
        await whorl.flush()
    return await give_feedback(whorl.engine, whorl.queue, whorl.redactor, actor, run_id, body)


@router.post("/feedback", response_model=list[TakenView])
async def post_many(body: ManyOutcomes, actor: CurrentActor, request: Request) -> Any:
    """Say what became of several runs, each by itself: of each it is answered, in their order, what became of it."""
    actor.require("chat")
    whorl = request.app.state.whorl
    await whorl.flush()
    taken: list[Taken] = [
        await give_named(whorl.engine, whorl.queue, whorl.redactor, actor, given) for given in body.outcomes
    ]
    return [each._asdict() for each in taken]
