"""Dataset versions: build one, read its rows as conversations, export it."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from anyio import to_thread
from fastapi import APIRouter, Query, Request
from sqlalchemy import select
from starlette.responses import Response

from ..agents.tables import Run
from ..flywheel.balance import remarks
from ..flywheel.build import FORMATS
from ..flywheel.consent import Rule, consents_of
from ..flywheel.datasets import find_dataset, list_datasets
from ..flywheel.tables import Dataset, Training
from ..platform.database.session import tenant_session
from ..platform.serving.adapters import list_adapters
from .bubbles import Bubble, bubbles_of
from .frame import Context, Reader, render

router = APIRouter(prefix="/admin/datasets")
ROWS = 10
EXPLAINED = {
    "sft": "Fine-tuning on answers that were accepted or corrected",
    "dpo": "Pairs of a better and a worse answer to one question",
    "kto": "Single answers, each judged good or bad",
    "grpo": "Questions with a verifier that pays for right answers",
}
_PARTS = {
    "messages": "Conversation",
    "prompt": "Prompt",
    "chosen": "Chosen answer",
    "rejected": "Rejected answer",
    "completion": "Answer",
}
_MANIFEST = {
    "format": "Format",
    "selection": "Selection",
    "runs": "Runs selected",
    "rows": "Rows to train on",
    "held_out_rows": "Rows held out",
    "split": "Split",
    "seed": "Seed",
    "as_of": "Outcomes as of",
    "consent": "Consent policy",
    "redaction": "Redaction policies",
    "screening": "Screening version",
    "template_hashes": "Chat templates",
    "content_hash": "Hash of the content",
}


_RULES: dict[Rule, str] = {
    "opt-out": "everybody's but of those who object",
    "opt-in": "only of those who agree",
    "never": "nobody's",
}
_DISTRIBUTIONS = {
    "labels": "Rows by label or verifier",
    "learnt_characters": "Rows by characters to learn, at most",
    "rejected_characters": "Rows by characters of the rejected side, at most",
    "user_turns": "Rows by turns of the user",
    "calls": "Calls by tool",
}


@dataclass(frozen=True)
class SampleRow:
    """A row to read: conversations by name, other facts, and the runs it comes from."""

    number: int
    parts: list[tuple[str, list[Bubble]]]
    facts: list[tuple[str, Any]]
    tools: list[str]
    sources: list[str]


@dataclass(frozen=True, kw_only=True)
class DatasetsContext(Context):
    """The dataset versions, the form that builds one, and whose runs are learnt from."""

    template: ClassVar[str] = "datasets.html"
    section: ClassVar[str] = "datasets"
    explained: dict[str, str]
    rule: Rule
    rules: dict[Rule, str]
    agreed: int
    objected: int
    datasets: list[Dataset]
    agents: list[str]
    adapters: list[str]


@dataclass(frozen=True, kw_only=True)
class DatasetContext(Context):
    """A dataset version: manifest, what was left out, rows."""

    template: ClassVar[str] = "dataset.html"
    section: ClassVar[str] = "datasets"
    dataset: Dataset
    explained: str
    manifest: list[tuple[str, Any]]
    left_out: dict[str, int]
    checked: list[dict[str, Any]]
    remarks: list[str]
    distributions: list[tuple[str, dict[str, int]]]
    part: str
    kept_rows: int | None
    page: int
    pages: int
    rows: list[SampleRow]
    missing: bool
    trainings: list[Training]


@router.get("")
async def show_datasets(actor: Reader, request: Request) -> Response:
    """The dataset versions, newest first."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        datasets = await list_datasets(session)
        agents = list(await session.scalars(select(Run.agent).distinct().order_by(Run.agent)))
        adapters = [adapter.name for adapter in await list_adapters(session)]
        consents = await consents_of(session, actor.tenant_id)
    return render(
        DatasetsContext(
            title="Datasets", actor=actor, datasets=datasets, agents=agents, adapters=adapters,
            explained={format: EXPLAINED[format] for format in FORMATS},
            rule=consents.rule, rules=_RULES, agreed=len(consents.agreed), objected=len(consents.objected),
        )
    )  # fmt: skip


@router.get("/{dataset_id}")
async def show_dataset(
    dataset_id: uuid.UUID,
    actor: Reader,
    request: Request,
    part: Literal["train", "held_out", "kept"] = "train",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
) -> Response:
    """One dataset version with ``ROWS`` of its rows."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, dataset_id)
        trainings = list(
            await session.scalars(
                select(Training).where(Training.dataset_id == dataset_id).order_by(Training.id.desc())
            )
        )
    file = Path(dataset.folder) / f"{part}.jsonl"
    rows = await to_thread.run_sync(_read_rows, file, (page - 1) * ROWS)
    balance = dataset.manifest.get("balance") or {}
    kept_rows = dataset.manifest.get("kept_rows")
    count = {"train": dataset.rows, "held_out": dataset.held_out_rows, "kept": kept_rows or 0}[part]
    return render(
        DatasetContext(
            title=f"{dataset.format} of {_day(dataset.created_at)}", actor=actor, dataset=dataset,
            explained=EXPLAINED.get(dataset.format, ""), manifest=_manifest(dataset),
            left_out=dataset.manifest.get("left_out", {}), checked=dataset.manifest.get("checked", []), part=part, page=page,
            remarks=remarks(balance) if balance else [], distributions=_distributions(balance),
            kept_rows=kept_rows, pages=max(1, -(-count // ROWS)), rows=rows or [], missing=rows is None, trainings=trainings,
        )
    )  # fmt: skip


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _read_rows(file: Path, first: int) -> list[SampleRow] | None:
    """``ROWS`` rows from row ``first`` on, or None where the file is gone."""
    if not file.is_file():
        return None
    with file.open(encoding="utf-8") as lines:
        return [
            sample_row(number, json.loads(line))
            for number, line in enumerate(islice(lines, first, first + ROWS), first + 1)
        ]


def sample_row(number: int, row: dict[str, Any]) -> SampleRow:
    """A row of an exported file as something to read."""
    parts = [(label, bubbles_of(row[name])) for name, label in _PARTS.items() if name in row]
    facts = [
        ("Judged", "good" if value else "bad") if name == "label" else (name.capitalize(), value)
        for name, value in row.items()
        if name not in _PARTS and name not in ("tools", "source")
    ]
    tools = [str(tool.get("function", {}).get("name", "")) for tool in row.get("tools") or []]
    return SampleRow(number, parts, facts, tools, [str(source) for source in row.get("source") or []])


def _manifest(dataset: Dataset) -> list[tuple[str, Any]]:
    """The manifest in words; the runs are counted, what was left out has its own table."""
    manifest = dataset.manifest
    selection = {name: chosen for name, chosen in manifest["selection"].items() if chosen}
    split = manifest["split"]
    said = {
        "as_of": datetime.fromisoformat(manifest["as_of"]),
        "runs": dataset.runs,
        "selection": selection or "all runs that succeeded",
        "split": f"{split['held_out']:.0%} of the question groups held out, by {split['rule']}",
    }
    return [(label, said[name] if name in said else manifest[name]) for name, label in _MANIFEST.items()]


def _distributions(balance: dict[str, Any]) -> list[tuple[str, dict[str, int]]]:
    """The counts of a balance report under their titles, those that count anything."""
    return [(title, balance[name]) for name, title in _DISTRIBUTIONS.items() if balance.get(name)]
