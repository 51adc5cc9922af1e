"""What the results of a run's tools look like, kept with the run: whoever screens it next does not look again.

A look counts for the version of the screens that made it, and for the very texts it was made of: spans that came later make
others.
"""

import hashlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ..observations import Observation
from ..tables import Screening
from ..trajectory import Trajectory
from .base import Finding
from .screener import Look, Screener, version

# A run whose results show more findings is looked at again where it is needed: there is no end to what a text may hold.
MOST_FINDINGS = 200


@dataclass(frozen=True)
class Kept:
    """The looks at a run's results, in their order, and the digest of the texts; ``texts`` has that of each text."""

    digest: str
    looks: tuple[Look, ...]
    texts: frozenset[str] = frozenset()


def digest_of(observations: Iterable[Observation]) -> str:
    """SHA-256 over the texts."""
    digest = hashlib.sha256()
    for seen in observations:
        text = seen.text.encode("utf-8", "surrogatepass")
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()


def text_digest(text: str) -> str:
    """Half of a text's SHA-256."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def looks_at(
    runs: Sequence[Trajectory], known: Mapping[uuid.UUID, Kept], screener: Screener
) -> list[tuple[Look, ...]]:
    """The looks at the results of each run; those that are not ``known`` are encoded at once."""
    kept = [_kept(run, known.get(run.run_id)) for run in runs]
    new = [run for run, looks in zip(runs, kept, strict=True) if looks is None]
    screener.prepare(seen.text for run in new for seen in run.observations)
    return [
        tuple(screener.look(seen.text) for seen in run.observations) if looks is None else looks
        for run, looks in zip(runs, kept, strict=True)
    ]


def _kept(run: Trajectory, kept: Kept | None) -> tuple[Look, ...] | None:
    same = kept is not None and kept.digest == digest_of(run.observations)
    return kept.looks if kept is not None and same else None


async def known_looks(session: AsyncSession, run_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, Kept]:
    """What is kept of a page of runs by this version of the screens."""
    query = select(Screening.run_id, Screening.digest, Screening.looks)
    rows = await session.execute(
        query.where(one_of(Screening.run_id, run_ids), Screening.version == version())
    )
    return {
        run_id: Kept(
            digest, tuple(map(_look, looks)), frozenset(look["text"] for look in looks if "text" in look)
        )
        for run_id, digest, looks in rows
    }


async def keep_looks(
    session: AsyncSession, tenant_id: uuid.UUID, looked: Iterable[tuple[Trajectory, tuple[Look, ...]]]
) -> None:
    """Keep the looks at runs that are there, in place of those of before."""
    rows = [
        {
            "tenant_id": tenant_id, "run_id": run.run_id, "version": version(), "screened_at": now(),
            "digest": digest_of(run.observations),
            "looks": [_stored(look, seen.text) for look, seen in zip(looks, run.observations, strict=True)],
        }
        for run, looks in looked
        if sum(len(look.findings) for look in looks) <= MOST_FINDINGS
    ]  # fmt: skip
    if rows:
        added = insert(Screening).values(rows)
        changed = {name: added.excluded[name] for name in ("version", "screened_at", "digest", "looks")}
        await session.execute(
            added.on_conflict_do_update(index_elements=["tenant_id", "run_id"], set_=changed)
        )


def _stored(look: Look, text: str) -> dict[str, Any]:
    findings = [[f.start, f.end, float(f.score), f.screen, f.reason] for f in look.findings]
    return {"findings": findings, "score": float(look.score), "text": text_digest(text)}


def _look(stored: Mapping[str, Any]) -> Look:
    return Look(tuple(Finding(*finding) for finding in stored["findings"]), stored["score"])
