"""What a run could teach: of each format how many rows it gives by itself, or why it gives none."""

import uuid
from collections.abc import Callable
from typing import NamedTuple

from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.conversations import find_run
from ..agents.names import SHADOW_TAG
from ..agents.tables import Run
from ..platform.database.base import now
from .build import FORMATS, Format, build_rows
from .curate import EVALUATION_TAG
from .datasets import Built, Cut, screened
from .readers.local import LocalReader
from .rows import BAD, GOOD
from .run_ids import RunIds
from .sources import answered_tainted
from .spool import Spool
from .trajectory import Trajectory

NOT_JUDGED = "no outcome"


class Readiness(NamedTuple):
    """The rows that a run gives to a dataset of a format by itself; ``reason`` says why there are none."""

    format: Format
    rows: int
    reason: str


async def readiness_of(session: AsyncSession, tenant_id: uuid.UUID, run_id: uuid.UUID) -> list[Readiness]:
    """What a build of each format would make of a run now, by the stages of a build and in its words.

    Only of the run itself: what pairs and groups need beside it is said as the reason. Raises NotFoundError.
    """
    refused = await _unasked(session, await find_run(session, run_id))
    if refused:
        return [Readiness(format, 0, refused) for format in FORMATS]
    # By the stages of dpo, which alone keeps runs that took the place of others and nobody judged.
    built, cut = Built(), Cut("dpo", now(), 0, 0.0)
    ids = RunIds([run_id])
    with Spool[Trajectory]() as kept:
        async for run in screened(session, tenant_id, ids, cut, built, LocalReader()):
            kept.add(run)
        left_out = next(iter(built.left_out), "")
        return await to_thread.run_sync(lambda: [_ready(format, kept, left_out) for format in FORMATS])


async def _unasked(session: AsyncSession, run: Run) -> str:
    """Why no selection has a run, or an empty text."""
    if run.status != "succeeded":
        return f"the run is {run.status}"
    if EVALUATION_TAG in run.tags:
        return "an evaluation asked it"
    if SHADOW_TAG in run.tags:
        return "a shadow's answer, which nobody was given"
    tainted = await session.scalar(select(Run.id).where(Run.id == run.id, answered_tainted()))
    return "" if tainted is None else "a tainted adapter answered it"


def _ready(format: Format, kept: Spool[Trajectory], left_out: str) -> Readiness:
    run = next(iter(kept), None)
    if run is None:
        return Readiness(format, 0, left_out)
    if not run.outcomes and format != "dpo":
        return Readiness(format, 0, NOT_JUDGED)
    rows = sum(1 for _ in build_rows(format, kept))
    return Readiness(format, rows, "" if rows else _MISSING[format](run))


def _no_sft(run: Trajectory) -> str:
    if run.call_edits:
        return "a turn before what was corrected was wrong, too"
    if run.reward is None:
        return "nobody judged the answer or corrected it"
    if run.reward < GOOD:
        return f"its reward, {run.reward:.2f}, is below {GOOD}, and nobody corrected it"
    return "a turn of it was judged wrong"


def _no_kto(run: Trajectory) -> str:
    if run.reward is None:
        return "nobody judged the answer or a turn of it"
    return f"its reward, {run.reward:.2f}, lies between {BAD} and {GOOD}"


def _no_dpo(run: Trajectory) -> str:
    return "nobody corrected it; a pair needs another run on the same question, a better or a worse one"


def _no_grpo(run: Trajectory) -> str:
    if run.verifier is not None:
        return "its verifier asks for what redaction hid from the model"
    return "no verifier judges its question; a group needs other judged attempts at the same task"


_MISSING: dict[Format, Callable[[Trajectory], str]] = {
    "sft": _no_sft, "dpo": _no_dpo, "kto": _no_kto, "grpo": _no_grpo,
}  # fmt: skip
