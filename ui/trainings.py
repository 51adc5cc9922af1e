"""A training: how far it is, and its loss by step."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from ..flywheel.tables import Training
from ..flywheel.training.recipe import Recipe
from ..platform.database.session import tenant_session
from ..platform.errors import NotFoundError
from .frame import Context, Reader, render

router = APIRouter(prefix="/admin/trainings")
CURVE_WIDTH, CURVE_HEIGHT = 640, 200


class Curve(NamedTuple):
    """A line in a box of ``CURVE_WIDTH`` by ``CURVE_HEIGHT``, and the values at its edges."""

    points: str
    low: float
    high: float
    steps: int


@dataclass(frozen=True, kw_only=True)
class TrainingContext(Context):
    """One training."""

    template: ClassVar[str] = "training.html"
    section: ClassVar[str] = "adapters"
    training: Training
    curve: Curve | None
    recipe: list[tuple[str, Any]]
    facts: list[tuple[str, Any]]


@router.get("/{training_id}")
async def show_training(training_id: uuid.UUID, actor: Reader, request: Request) -> Response:
    """The state of a training and, when it is over, its loss curve."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        training = await session.scalar(select(Training).where(Training.id == training_id))
    if training is None:
        raise NotFoundError("There is no such training in this workspace.")
    report = training.report
    recipe = dict(report.get("recipe") or {})
    if recipe.get("max_steps") == -1:
        recipe["max_steps"] = "as the epochs ask for"
    kept = ("rows", "steps", "loss_first", "loss_last", "seconds", "base_hash", "dataset_hash")
    return render(
        TrainingContext(
            title=f"Training by {training.method}", actor=actor, training=training,
            curve=loss_curve(report.get("losses") or []),
            recipe=[(_label(key), recipe[key]) for key in Recipe.model_fields if key in recipe],
            facts=[(_label(key), report[key]) for key in kept if key in report],
        )
    )  # fmt: skip


def loss_curve(losses: Sequence[float]) -> Curve | None:
    """The losses as the points of an SVG polyline; None for fewer than two.

    >>> loss_curve([2.0, 1.0]).points
    '0.0,0.0 640.0,200.0'
    """
    if len(losses) < 2:
        return None
    low, high = min(losses), max(losses)
    spread = (high - low) or 1.0
    points = [
        f"{CURVE_WIDTH * index / (len(losses) - 1):.1f},{CURVE_HEIGHT * (high - loss) / spread:.1f}"
        for index, loss in enumerate(losses)
    ]
    return Curve(" ".join(points), low, high, len(losses))


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
