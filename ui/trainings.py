"""A training: how far it is, and its curves by step."""

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from sqlalchemy import select
from starlette.responses import Response

from ..flywheel.tables import Dataset, Training
from ..flywheel.training.recipe import Recipe
from ..platform.database.session import tenant_session
from ..platform.errors import NotFoundError
from .chart import Chart, draw_chart
from .frame import Context, Reader, render

router = APIRouter(prefix="/admin/trainings")
# What is drawn in one chart: its title, and the curves of a report by the name of their line.
CHARTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("Loss", {"training": "loss", "evaluation": "evaluation_loss"}),
    ("Reward", {"mean": "reward", "standard deviation": "reward_std"}),
    ("Reward against the base", {"chosen": "rewards/chosen", "rejected": "rewards/rejected"}),
    ("Reward margin", {"chosen over rejected": "rewards/margins"}),
    ("Pairs in the right order", {"training": "rewards/accuracies", "evaluation": "evaluation_accuracy"}),
    ("Groups without a signal", {"share": "frac_reward_zero_std"}),
    ("Corrections among answers", {"share": "guided"}),
    ("Tokens of an answer", {"mean": "completion_length"}),
    ("KL to the base model", {"nats": "kl"}),
    ("Entropy", {"nats": "entropy"}),
    ("Learning rate", {"rate": "learning_rate"}),
)


@dataclass(frozen=True, kw_only=True)
class TrainingContext(Context):
    """One training."""

    template: ClassVar[str] = "training.html"
    section: ClassVar[str] = "adapters"
    training: Training
    dataset_there: bool
    progress: dict[str, float] | None
    charts: list[Chart]
    warnings: list[dict[str, str]]
    recipe: list[tuple[str, Any]]
    facts: list[tuple[str, Any]]


@router.get("/{training_id}")
async def show_training(training_id: uuid.UUID, actor: Reader, request: Request) -> Response:
    """The state of a training, its curves so far and, when it is over, what they warn of."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        training = await session.scalar(select(Training).where(Training.id == training_id))
        if training is None:
            raise NotFoundError("There is no such training in this workspace.")
        there = await session.get(Dataset, (actor.tenant_id, training.dataset_id)) is not None
    report = training.report
    recipe = dict(report.get("recipe") or {})
    if recipe.get("max_steps") == -1:
        recipe["max_steps"] = "as the epochs ask for"
    kept = (
        "rows", "evaluation_rows", "steps", "best_step", "resumed_from", "loss_first", "loss_last", "seconds",
        "base_hash", "dataset_hash",
    )  # fmt: skip
    return render(
        TrainingContext(
            title=f"Training by {training.method}", actor=actor, training=training, dataset_there=there,
            progress=report.get("progress"),
            charts=training_charts(report), warnings=report.get("warnings", []),
            recipe=[(_label(key), recipe[key]) for key in Recipe.model_fields if key in recipe],
            facts=[(_label(key), report[key]) for key in kept if report.get(key) is not None],
        )
    )  # fmt: skip


def training_charts(report: dict[str, Any]) -> list[Chart]:
    """The curves of a training's report; of an older one, which has its losses alone, these."""
    curves = report.get("curves") or {"loss": list(enumerate(report.get("losses", ()), 1))}
    drawn = (
        draw_chart(title, {line: curves[name] for line, name in lines.items() if name in curves})
        for title, lines in CHARTS
    )
    return [chart for chart in drawn if chart is not None]


def _label(key: str) -> str:
    return key.replace("_", " ").capitalize()
