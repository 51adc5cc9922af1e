"""The SFT baseline: rejection sampling from the same base and runs, which an adapter of another method must beat."""

import json
import shlex
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.serving.tables import Adapter
from .tables import Dataset

METHOD = "sft"
_OPTIONS = ("tag", "adapter", "model", "where")


@dataclass(frozen=True)
class Baseline:
    """The adapter to beat, or None and why there is none, with the commands that train it."""

    adapter: str | None
    advice: str = ""

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


async def find_baseline(session: AsyncSession, adapter: Adapter) -> Baseline | None:
    """The newest SFT adapter of the same base and of runs of the same selection; None for one of SFT itself."""
    if adapter.method == METHOD:
        return None
    dataset = await session.get(Dataset, (adapter.tenant_id, adapter.dataset_id))
    selection = dataset.manifest.get("selection") if dataset is not None else None
    if selection is None:
        return Baseline(
            None, f"{adapter.name} names no selection of runs, so that no SFT adapter is its like."
        )
    alike = (Dataset.format == METHOD, Dataset.whole_manifest["selection"] == selection)
    trained = (
        select(Adapter.name)
        .join(Dataset, Dataset.id == Adapter.dataset_id)
        .where(*alike, Adapter.method == METHOD, Adapter.base_hash == adapter.base_hash)
        .where(Adapter.state != "tainted")
        .order_by(Adapter.version.desc())
    )
    name = await session.scalar(trained.limit(1))
    if name is not None:
        return Baseline(name)
    ready = await session.scalar(select(Dataset.id).where(*alike).order_by(Dataset.id.desc()).limit(1))
    commands = f"whorl train {ready}" if ready else f"{_export(selection)}, then whorl train DATASET"
    return Baseline(None, f"No SFT adapter was trained on these runs. Train the one to beat: {commands}")


def _export(selection: dict[str, Any]) -> str:
    """The command, or the request where the selection has what no option of the command says."""
    given = {name: value for name, value in selection.items() if value is not None}
    if given.keys() - set(_OPTIONS):
        return f"POST /api/datasets {json.dumps({'format': METHOD, **given})}"
    options = (f"--{name} {shlex.quote(value)}" for name, value in given.items())
    return " ".join(("whorl export --format sft", *options))
