"""Feedback, datasets, trainings and adapters over HTTP."""

import uuid
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from anyio import to_thread
from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, Response

from ..platform.database.session import tenant_session
from ..platform.errors import NotFoundError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.identity.http import CurrentActor
from ..platform.paging import OnePage, id_of
from ..platform.validation import Body
from . import consent_api, feedback_api, lineage_api, offboarding_api, promotion_api, retention_api
from .apart import create_apart
from .build import Format
from .datasets import Selection, find_dataset, list_datasets
from .deletion import delete_dataset
from .evaluation_sets import MOST_QUESTIONS, MOST_SETS, QuestionSet, redacted_sets
from .files import KEPT, MANIFEST
from .jobs import TRAIN_JOB
from .judging import api as judging_api
from .parquet import parquet_of
from .readiness import readiness_of
from .screening import api as quarantine_api
from .tables import Dataset, Training
from .training.launch import list_trainings, queue_training
from .training.recipe import Method, default_recipe
from .training.resume import cancel_training, find_training, requeue_training

router = APIRouter(prefix="/api", tags=["flywheel"])
router.include_router(quarantine_api.router)
router.include_router(lineage_api.router)
router.include_router(feedback_api.router)
router.include_router(promotion_api.router)
router.include_router(retention_api.router)
router.include_router(consent_api.router)
router.include_router(offboarding_api.router)
router.include_router(judging_api.router)


class ReadinessView(BaseModel):
    """How many rows of a format a run gives by itself; ``reason`` says why there are none."""

    format: Format
    rows: int
    reason: str


@router.get("/runs/{run_id}/readiness", response_model=list[ReadinessView])
async def get_readiness(run_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """What a dataset of each format, built now, would make of a run, or why it would leave it out."""
    actor.require("read")
    whorl = request.app.state.whorl
    await whorl.flush()
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        found = await readiness_of(session, actor.tenant_id, run_id)
    return [each._asdict() for each in found]


Part = Literal["train", "held_out", "kept"]
FileKind = Literal["jsonl", "parquet"]
MEDIA: dict[FileKind, str] = {"jsonl": "application/jsonl", "parquet": "application/vnd.apache.parquet"}


class NewEvaluation(Body):
    """An evaluation of which nothing is to be learnt: what the manifest calls it, and its questions."""

    name: str = Field(pattern=r"^[^\x00-\x1f|]{1,200}$", examples=["held-out-tasks.jsonl"])
    questions: list[Annotated[str, Field(min_length=1, max_length=20_000)]] = Field(
        min_length=1, max_length=MOST_QUESTIONS
    )


class NewDataset(Body):
    """What to build: a format, and which runs."""

    format: Format
    agent: str | None = None
    adapter: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    where: str | None = Field(None, max_length=2000, examples=["reward >= 0.8 and 'search' in tools"])
    seed: int = 0
    held_out: float = Field(0.1, ge=0, lt=1)
    near_duplicates: float | None = Field(None, ge=0.5, le=1)
    against: list[NewEvaluation] = Field(
        default_factory=list,
        max_length=MOST_SETS,
        description="Evaluations to check against beside those that were run here; they need not have been run.",
    )


class DatasetView(BaseModel):
    """A dataset version; of the runs, which may be a million, the manifest here has no ids, and ``runs`` is their number."""

    id: uuid.UUID
    format: str
    rows: int
    held_out_rows: int
    content_hash: str
    manifest: dict[str, Any]
    runs: int
    created_at: datetime


@router.post("/datasets", response_model=DatasetView, status_code=201)
async def build_dataset(body: NewDataset, actor: CurrentActor, request: Request) -> Any:
    """Build a dataset version from captured runs."""
    actor.require("write")
    whorl = request.app.state.whorl
    await whorl.flush()
    selection = Selection(body.agent, body.adapter, body.tag, body.since, body.until, body.model, body.where)
    named = [QuestionSet(each.name, tuple(each.questions)) for each in body.against]
    against = await redacted_sets(named, whorl.redactor, actor.tenant_id)
    return await create_apart(
        whorl.engine, whorl.addresses.app, actor.tenant_id, whorl.settings.path("datasets"), body.format, selection,
        seed=body.seed, held_out=body.held_out, near_duplicates=body.near_duplicates, against=against,
        by=actor.label, priority=whorl.settings.background_priority,
    )  # fmt: skip


@router.get("/datasets", response_model=list[DatasetView])
async def get_datasets(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """The dataset versions, newest first; the Link header leads to older ones."""
    actor.require("read")
    before = page.place(id_of)
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        datasets = await list_datasets(session, page.limit, before)
    page.lead([str(dataset.id) for dataset in datasets])
    return datasets


@router.get("/datasets/{dataset_id}", response_model=DatasetView)
async def get_dataset(dataset_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """A dataset version."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await find_dataset(session, dataset_id)


@router.delete("/datasets/{dataset_id}", status_code=204)
async def remove_dataset(dataset_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Delete a dataset version; the adapters that came of it must be deleted before."""
    await delete_dataset(request.app.state.whorl.engine, actor, dataset_id)
    return Response(status_code=204)


@router.get(
    "/datasets/{dataset_id}/manifest.json", response_class=FileResponse,
    responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}},
)  # fmt: skip
async def export_manifest(dataset_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The whole manifest, the ids of the runs in it; the export is audited."""
    actor.require("write")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, dataset_id)
        file = _file_of(dataset, MANIFEST)
        record(session, actor, "dataset.exported", str(dataset_id), part="manifest", kind="json")
    return FileResponse(file, media_type="application/json", filename=_named(dataset, MANIFEST))


def _file_of(dataset: Dataset, name: str) -> Path:
    """A file of a dataset; raises NotFoundError where it does not lie on this server."""
    file = Path(dataset.folder) / name
    if not file.is_file():
        raise NotFoundError(f"The file {name} of the dataset {dataset.id} is not on this server.")
    return file


def _named(dataset: Dataset, name: str) -> str:
    return f"{dataset.format}-{dataset.content_hash[:12]}-{name}"


_FILES: dict[str, Any] = {
    media: {"schema": {"type": "string", "format": "binary"}} for media in MEDIA.values()
}


@router.get(
    "/datasets/{dataset_id}/{part}.{kind}", response_class=FileResponse, responses={200: {"content": _FILES}}
)
async def export_dataset(
    dataset_id: uuid.UUID, part: Part, kind: FileKind, actor: CurrentActor, request: Request
) -> Any:
    """The rows of a part as JSON lines or Parquet; the export is audited. Those of dpo and kto keep rows, too."""
    actor.require("write")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, dataset_id)
        if part == KEPT and dataset.manifest.get("kept_rows") is None:
            raise NotFoundError(f"The dataset {dataset_id} keeps no rows: those of dpo and kto do.")
        file = _file_of(dataset, f"{part}.jsonl")
        record(session, actor, "dataset.exported", str(dataset_id), part=part, kind=kind)
    if kind == "parquet":
        file = await to_thread.run_sync(parquet_of, file.parent, part, dataset.format)
    return FileResponse(file, media_type=MEDIA[kind], filename=_named(dataset, f"{part}.{kind}"))


class NewTraining(Body):
    """A training to queue."""

    dataset_id: uuid.UUID
    method: Method
    seed: int = 0
    recipe: dict[str, Any] = Field(
        default_factory=dict,
        description="What differs from the method's defaults, such as epochs, loss or rank.",
    )


class TrainingView(BaseModel):
    """A training job."""

    id: uuid.UUID
    method: str
    dataset_id: uuid.UUID
    status: str
    adapter: str | None
    error: str | None
    report: dict[str, Any]
    created_at: datetime
    ended_at: datetime | None


@router.post("/trainings", response_model=TrainingView, status_code=202)
async def start_training(body: NewTraining, actor: CurrentActor, request: Request) -> Any:
    """Queue a training; a worker runs it."""
    actor.require("write")
    whorl = request.app.state.whorl
    recipe = default_recipe(body.method, body.seed).changed(**body.recipe)
    training_id = await queue_training(whorl.engine, actor, body.dataset_id, recipe)
    return await _defer(whorl, actor, training_id)


@router.post("/trainings/{training_id}/resume", response_model=TrainingView, status_code=202)
async def resume_training(training_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """Let a training whose process died go on from its checkpoint."""
    actor.require("write")
    whorl = request.app.state.whorl
    await requeue_training(whorl.engine, actor, training_id, whorl.settings.adapters)
    return await _defer(whorl, actor, training_id)


@router.post("/trainings/{training_id}/cancel", response_model=TrainingView)
async def post_training_cancel(training_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """Stop a training that waits or runs; its process ends within seconds, and it can go on later."""
    return await cancel_training(request.app.state.whorl.engine, actor, training_id)


@router.get("/trainings/{training_id}", response_model=TrainingView)
async def get_training(training_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """A training: how far it is (``report.progress``, ``report.curves``), or what came of it."""
    actor.require("read")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        return await find_training(session, training_id)


async def _defer(whorl: Any, actor: Actor, training_id: uuid.UUID) -> Training:
    """Hand a queued training to a worker, unless a job of it waits already."""
    given = {"tenant_id": str(actor.tenant_id), "training_id": str(training_id)}
    if not await whorl.queue.waits(TRAIN_JOB, **given):
        await whorl.queue.defer(TRAIN_JOB, lock="training", **given)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return await find_training(session, training_id)


@router.get("/trainings", response_model=list[TrainingView])
async def get_trainings(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """The trainings, newest first; the Link header leads to older ones."""
    actor.require("read")
    before = page.place(id_of)
    trainings = await list_trainings(request.app.state.whorl.engine, actor, page.limit, before)
    page.lead([str(training.id) for training in trainings])
    return trainings
