"""Datasets as a test needs them: a stored one whose files it wrote itself, and the manifest that lies beside files."""

import json
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine

from whorl.flywheel.files import MANIFEST
from whorl.flywheel.tables import Dataset
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor


async def store_dataset(engine: AsyncEngine, actor: Actor, format: str, rows: int, folder: Path) -> Dataset:
    """A dataset of no captured run, all of whose rows are to be trained on."""
    manifest = {"content_hash": "c", "consent": "c", "redaction": [], "screening": "s", "runs": []}
    dataset = Dataset(
        tenant_id=actor.tenant_id, format=format, rows=rows, held_out_rows=0, content_hash="c",
        whole_manifest=manifest, folder=str(folder),
    )  # fmt: skip
    async with tenant_session(engine, actor.tenant_id) as session:
        session.add(dataset)
    return dataset


def manifest_of(dataset: Dataset) -> dict[str, Any]:
    """With the ids of its runs, as its folder has it."""
    manifest: dict[str, Any] = json.loads((Path(dataset.folder) / MANIFEST).read_text(encoding="utf-8"))
    return manifest
