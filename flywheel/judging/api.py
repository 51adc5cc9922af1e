"""Judges over HTTP: stored runs judged by the workspace's own model, and how far judges agree with people."""

from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from ...platform.database.session import tenant_session
from ...platform.identity.http import CurrentActor
from ...platform.validation import Body
from ..datasets import Selection
from .agreement import agreements
from .base import MODEL, make_judge
from .means import workspace_means
from .runs import WEIGHT, judge_runs

router = APIRouter(prefix="/judges", tags=["judges"])


class NewJudging(Body):
    """Which judge, which runs, and how many calls at most; runs that it has judged are passed over."""

    judge: str = MODEL
    arguments: dict[str, Any] = Field(default_factory=dict)
    model: str | None = Field(None, description="The base or an adapter of the workspace; unset: the base.")
    agent: str | None = None
    adapter: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    of_model: str | None = Field(None, description="Only runs that this model answered.")
    weight: float = Field(WEIGHT, ge=0, le=1)
    limit: int = Field(20, ge=1, le=100, description="Calls at most.")


class JudgedView(BaseModel):
    """What judging did; ``over_budget`` runs are left for another request."""

    source: str
    judged: int
    known: int
    over_budget: int
    left_out: dict[str, int]
    mean: float | None


class AgreementView(BaseModel):
    """A judge beside the people, over the runs that both judged; ``kappa`` is null where it means nothing."""

    source: str
    runs: int
    agreement: float | None
    interval: tuple[float, float]
    kappa: float | None
    both_good: int
    judge_only: int
    people_only: int
    neither: int


@router.post("/runs", response_model=JudgedView)
async def judge_stored_runs(body: NewJudging, actor: CurrentActor, request: Request) -> Any:
    """Let a judge score stored runs; each becomes an outcome of kind ``judge``."""
    actor.require("write")
    whorl = request.app.state.whorl
    await whorl.flush()
    judge = make_judge(body.judge, await workspace_means(whorl, actor, body.model), body.arguments)
    selection = Selection(body.agent, body.adapter, body.tag, body.since, body.until, body.of_model)
    done = await judge_runs(
        whorl.engine, actor, whorl.redactor, judge, selection, weight=body.weight, most_calls=body.limit
    )
    return {"source": judge.recipe.source, **done.report()}


@router.get("/agreement", response_model=list[AgreementView])
async def get_agreement(actor: CurrentActor, request: Request) -> Any:
    """How far each judge of the workspace agrees with its people."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return [each.report() for each in await agreements(session)]
