"""The SFT baseline: rejection sampling from the same base and runs, which an adapter of another method must beat."""

import json
import shlex
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.serving.adapters import GONE
from ..platform.serving.tables import Adapter
from .tables import Dataset

METHOD = "sft"
# The fields of a selection that ``whorl export`` has as options.
OPTIONS = ("agent", "tag", "adapter", "since", "until", "model", "where")


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
        .where(Adapter.state.not_in(GONE))
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
    said = {name: _option(name, value) for name, value in given.items()}
    if given.keys() - set(OPTIONS) or None in said.values():
        return f"POST /api/datasets {json.dumps({'format': METHOD, **given})}"
    options = (f"--{name} {shlex.quote(str(value))}" for name, value in said.items())
    return " ".join(("whorl export --format sft", *options))


def _option(name: str, value: str) -> str | None:
    """A field as the command takes it, moments in UTC; None for a part of a second, which it cannot say."""
    if name not in ("since", "until"):
        return value
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return None if moment.microsecond else moment.isoformat()
