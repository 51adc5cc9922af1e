"""What a reader does: runs by the page, with all that screening needs and no run's place in a history does."""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy.ext.asyncio import AsyncSession

from ..consent import Consents
from ..screening.looks import Kept, looks_at
from ..screening.screener import Look, Screener
from ..trajectory import Trajectory
from ..where import parse_where


@dataclass(frozen=True)
class Reading:
    """What is read: the outcomes as of a moment, of whom, and the condition."""

    tenant_id: uuid.UUID
    as_of: datetime
    consents: Consents
    where: str | None = None

    def refusal(self, run: Trajectory) -> str:
        """Why a run may not be trained on, whatever its tools returned, or an empty text."""
        return run.trainable if self.consents.allow(run.user_id) else "no consent"


class Looked(NamedTuple):
    """A run that meets the condition, and what each of its tools' results looks like; of refused runs nothing."""

    run: Trajectory
    looks: tuple[Look, ...] = ()


class Page(NamedTuple):
    """Runs in their order, and how many others did not meet the condition."""

    runs: list[Looked]
    unmet: int


class Reader(Protocol):
    """Reads runs in the order of their ids, a page at a time."""

    def pages(
        self, session: AsyncSession, run_ids: Sequence[uuid.UUID], reading: Reading
    ) -> AsyncIterator[Page]:
        """The pages; every reader gives the same."""


def look(
    found: Iterable[Trajectory], reading: Reading, screener: Screener, known: Mapping[uuid.UUID, Kept]
) -> Page:
    """Look at runs that were read, but those whose look is ``known``; the results of all are encoded at once."""
    wanted = parse_where(reading.where) if reading.where else None
    every = list(found)
    met = [run for run in every if wanted is None or run.trainable or wanted(run)]
    allowed = [run for run in met if not reading.refusal(run)]
    looks = dict(zip((run.run_id for run in allowed), looks_at(allowed, known, screener), strict=True))
    return Page([Looked(run, looks.get(run.run_id, ())) for run in met], len(every) - len(met))
