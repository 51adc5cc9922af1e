"""Dataset versions: select, consent, screen, outcome, build, split, manifest.

A version is its manifest: what was selected under which policies, and the hash of the bytes. Runs
and spans are immutable and outcomes are read as of the manifest's moment, so that the same
manifest gives the same bytes.
"""

import tempfile
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from anyio import to_thread
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.names import SHADOW_TAG
from ..agents.tables import Run
from ..platform.database.base import new_id, now
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, InputError, NotFoundError
from ..platform.identity.audit import record_of
from . import screening, split
from .build import (
    ASKED,
    FORMATS,
    KEEPING,
    MARKS,
    REASONING,
    RETRIES,
    RULES,
    SOUND,
    Format,
    build_rows,
    kept_rows,
)
from .consent import consents_of
from .contamination import RUN_HERE, Contamination, Near
from .curate import (
    EVALUATION_TAG,
    MOST_OF_ONE,
    ONE_VOICE,
    Balance,
    Curator,
    check_threshold,
    evaluation_questions,
)  # fmt: skip
from .evaluation_sets import QuestionSet, keep_sets, questions_of_set
from .files import Written, partial_folder, publish, write_rows
from .manifests import runs_of_dataset, whole
from .outcomes import replacements
from .readers.base import Reader, Reading
from .readers.local import LocalReader
from .rows import Row
from .run_ids import AT_ONCE, RunIds
from .screening import quarantine
from .screening.screener import Look
from .sources import answered_tainted, still_usable, take_turn, those_there
from .spool import Spool
from .tables import Dataset
from .trajectory import Trajectory
from .where import parse_where

# Of rows, where the others are of runs.
HELD_OUT_BEFORE = "held-out question before it"


@dataclass(frozen=True)
class Selection:
    """Which runs: all of the tenant's that succeeded, narrowed by what is given; ``where`` is a condition (``where.py``)."""

    agent: str | None = None
    adapter: str | None = None
    tag: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    model: str | None = None
    where: str | None = None

    def manifest(self) -> dict[str, Any]:
        """The selection as JSON values."""
        return {
            "agent": self.agent, "adapter": self.adapter, "tag": self.tag,
            "since": self.since and self.since.isoformat(), "until": self.until and self.until.isoformat(),
            "model": self.model, "where": self.where,
        }  # fmt: skip


class Named(NamedTuple):
    """An evaluation that a dataset is checked against, and the digest by which its questions are kept."""

    name: str
    digest: str


@dataclass(frozen=True)
class Cut:
    """How rows are made of runs: all that decides the bytes but the runs themselves."""

    format: Format
    as_of: datetime
    seed: int
    held_out: float
    near_duplicates: float | None = None
    most_of_one: float = MOST_OF_ONE
    contamination: bool = True
    where: str | None = None
    rules: int = RULES
    near: Near | None = field(default_factory=Near)
    against: tuple[Named, ...] = ()

    @classmethod
    def of(cls, manifest: dict[str, Any]) -> "Cut":
        """The cut of a manifest; what a manifest does not speak of was not done when it was made."""
        return cls(
            manifest["format"], datetime.fromisoformat(manifest["as_of"]), manifest["seed"],
            manifest["split"]["held_out"], manifest.get("near_duplicates"), manifest.get("most_of_one", 1.0),
            manifest.get("contamination", False), manifest["selection"].get("where"),
            manifest.get("rules", 1), Near(**near) if (near := manifest.get("near_contamination")) else None,
            tuple(Named(each["name"], each["digest"]) for each in manifest.get("checked", ()) if each["digest"]),
        )  # fmt: skip


@dataclass
class Built:
    """What was written, of which runs, and how many each stage left out, by reason."""

    written: Written = field(default_factory=lambda: Written(0, 0, "", {}))
    left_out: Counter[str] = field(default_factory=Counter)
    used: RunIds = field(default_factory=RunIds)
    flagged: dict[uuid.UUID, list[quarantine.Flagged]] = field(default_factory=dict)
    policies: set[str] = field(default_factory=set)
    templates: set[str] = field(default_factory=set)
    consent: str = ""
    checked: list[dict[str, Any]] = field(default_factory=list)


async def create_dataset(
    engine: AsyncEngine,
    tenant_id: uuid.UUID,
    folder: Path,
    format: Format,
    selection: Selection | None = None,
    *,
    seed: int = 0,
    held_out: float = 0.1,
    near_duplicates: float | None = None,
    against: Sequence[QuestionSet] = (),
    reader: Reader | None = None,
    by: str | None = None,
) -> Dataset:
    """Build and store a dataset version below ``folder``.

    Runs that are deleted or recalled while it is built are left out: it is built again without them.

    ``near_duplicates``: the similarity from which a run repeats an earlier one and is left out;
    ``against``: evaluations, redacted, of which no question is learnt, beside those that were run here;
    ``reader`` says where runs are read and looked at, by default here; ``by`` whom the audit log names
    as who built it, where somebody asked for it.

    Raises InputError for a format that does not exist, a condition that is none, or when no run gives a row.
    """
    if format not in FORMATS:
        raise InputError(f"There is no format {format!r}. Formats are {', '.join(FORMATS)}.")
    check_threshold(format, near_duplicates)
    selection = selection or Selection()
    if selection.where:
        parse_where(selection.where)
    named = tuple(Named(each.name, each.digest) for each in against)
    if against:
        async with tenant_session(engine, tenant_id) as session:
            await keep_sets(session, tenant_id, against)
    cut = Cut(format, now(), seed, held_out, near_duplicates, where=selection.where, against=named)
    dataset_id = new_id()
    place = folder / str(tenant_id) / str(dataset_id)
    with partial_folder(place) as partial:
        async with tenant_session(engine, tenant_id) as session:
            run_ids = await select_runs(session, selection)
        while True:
            async with tenant_session(engine, tenant_id) as session:
                built = await _build(session, tenant_id, run_ids, cut, partial, reader)
            await _hold(engine, tenant_id, built)
            _require_rows(cut, run_ids, built)
            manifest = _manifest(selection, cut, built)
            dataset = Dataset(
                tenant_id=tenant_id, id=dataset_id, format=format, rows=manifest["rows"],
                held_out_rows=manifest["held_out_rows"], content_hash=manifest["content_hash"],
                whole_manifest=whole(manifest, run_ids), folder=str(place),
            )  # fmt: skip
            async with tenant_session(engine, tenant_id) as session:
                await take_turn(session, tenant_id)
                usable = await still_usable(session, run_ids, built.used)
                if usable == run_ids:
                    publish(partial, place, manifest, run_ids)
                    session.add(dataset)
                    if by is not None:
                        record_of(
                            session,
                            tenant_id,
                            by,
                            "dataset.built",
                            str(dataset_id),
                            format=format,
                            rows=dataset.rows,
                        )
                    await session.flush()
                    await session.refresh(dataset)
                    return dataset
            run_ids = usable


async def _hold(engine: AsyncEngine, tenant_id: uuid.UUID, built: Built) -> None:
    """Put into quarantine what a build flagged, even where nothing else comes of it: the queue shows why."""
    async with tenant_session(engine, tenant_id) as session:
        await take_turn(session, tenant_id)
        for run_id in await those_there(session, list(built.flagged)):
            await quarantine.hold(session, tenant_id, run_id, built.flagged[run_id])


def _require_rows(cut: Cut, run_ids: RunIds, built: Built) -> None:
    """Raise InputError where no row came of a build."""
    if not built.written.rows and not built.written.held_out_rows:
        reasons = ", ".join(f"{reason}: {count}" for reason, count in built.left_out.items())
        raise InputError(
            f"No run gives a row for {cut.format} ({len(run_ids)} runs selected{'; ' + reasons if reasons else ''}). "
            "Give feedback on runs first, or widen the selection."
        )


def _manifest(selection: Selection, cut: Cut, built: Built) -> dict[str, Any]:
    """What a build is, but for the ids of its runs."""
    return {
        "format": cut.format, "selection": selection.manifest(), "as_of": cut.as_of.isoformat(),
        "consent": built.consent, "redaction": sorted(built.policies), "screening": screening.version(),
        "template_hashes": sorted(built.templates), "rules": cut.rules, "seed": cut.seed,
        "split": {"rule": split.RULE, "held_out": cut.held_out}, "near_duplicates": cut.near_duplicates,
        "most_of_one": cut.most_of_one, "contamination": cut.contamination,
        "near_contamination": cut.near and asdict(cut.near), "checked": built.checked,
        "left_out": dict(sorted(built.left_out.items())), **built.written._asdict(),
    }  # fmt: skip


async def rebuild(
    engine: AsyncEngine, tenant_id: uuid.UUID, manifest: dict[str, Any], folder: Path | None = None
) -> Built:
    """The dataset of a manifest, as its ``manifest.json`` has it, again; its files in ``folder`` where one is given.

    Raises ConflictError when its bytes are not the same.
    """
    with tempfile.TemporaryDirectory() as scratch:
        async with tenant_session(engine, tenant_id) as session:
            runs = RunIds(map(uuid.UUID, manifest["runs"]))
            return await _same(session, tenant_id, manifest, runs, folder or Path(scratch))


async def restore(engine: AsyncEngine, tenant_id: uuid.UUID, dataset_id: uuid.UUID) -> Dataset:
    """Make a dataset's files again, to the byte, where they lay.

    Raises NotFoundError for a dataset that does not exist, ConflictError when the bytes are not the same: then
    what lies there stays as it is.
    """
    async with tenant_session(engine, tenant_id) as session:
        dataset = await find_dataset(session, dataset_id, lock=True)
        runs = await runs_of_dataset(session, dataset_id)
        place = Path(dataset.folder)
        with partial_folder(place) as partial:
            built = await _same(session, tenant_id, dataset.manifest, runs, partial)
            # The database keeps the keys of what was counted in an order of its own; the card has them in theirs.
            left_out = dict(sorted(dataset.manifest["left_out"].items()))
            publish(
                partial, place, {**dataset.manifest, "left_out": left_out, **built.written._asdict()}, runs
            )
    return dataset


async def _same(
    session: AsyncSession, tenant_id: uuid.UUID, manifest: dict[str, Any], runs: RunIds, folder: Path
) -> Built:
    """The rows of a manifest in ``folder``; raises ConflictError when their bytes are not the same."""
    built = await _build(session, tenant_id, runs, Cut.of(manifest), folder)
    if built.written.content_hash != manifest["content_hash"]:
        raise ConflictError(
            "The runs behind this manifest have changed since: its bytes cannot be made again."
        )
    return built


async def make_again(session: AsyncSession, dataset: Dataset, *, without: set[uuid.UUID]) -> int:
    """Build a dataset's files anew from its runs but ``without`` some; returns how many rows it lost.

    The manifest then names the runs that are left, so that it still gives the same bytes.
    """
    manifest = dataset.manifest
    left = RunIds(run for run in await runs_of_dataset(session, dataset.id) if run not in without)
    if len(left) == dataset.runs:
        return 0
    place = Path(dataset.folder)
    with partial_folder(place) as partial:
        built = await _build(session, dataset.tenant_id, left, Cut.of(manifest), partial)
        manifest = {
            **manifest, "left_out": dict(sorted(built.left_out.items())), **built.written._asdict(),
            **({"checked": built.checked} if "checked" in manifest else {}),
            "withdrawn": manifest.get("withdrawn", 0) + dataset.runs - len(left),
        }  # fmt: skip
        publish(partial, place, manifest, left)
    made = built.written
    lost = dataset.rows + dataset.held_out_rows - made.rows - made.held_out_rows
    dataset.rows, dataset.held_out_rows, dataset.content_hash = (
        made.rows,
        made.held_out_rows,
        made.content_hash,
    )
    dataset.whole_manifest = whole(manifest, left)
    await session.flush()
    await session.refresh(dataset)
    return lost


async def find_dataset(session: AsyncSession, dataset_id: uuid.UUID, *, lock: bool = False) -> Dataset:
    """The tenant's dataset of that id, by choice locked against change; raises NotFoundError."""
    query = select(Dataset).where(Dataset.id == dataset_id)
    dataset: Dataset | None = await session.scalar(query.with_for_update() if lock else query)
    if dataset is None:
        raise NotFoundError(f"There is no dataset {dataset_id} in this workspace.")
    return dataset


async def list_datasets(
    session: AsyncSession, limit: int | None = None, before: uuid.UUID | None = None
) -> list[Dataset]:
    """The tenant's datasets, newest first: all, or ``limit`` of those made before one."""
    query = select(Dataset).order_by(Dataset.id.desc()).limit(limit)
    return list(await session.scalars(query if before is None else query.where(Dataset.id < before)))


async def select_runs(session: AsyncSession, selection: Selection) -> RunIds:
    """The ids of a selection's runs that users asked for: none of an evaluation, no shadow; the oldest first.

    None that a tainted adapter answered either: what it should not have learnt is in what it says.
    """
    unasked = (~Run.tags.contains([tag]) for tag in (EVALUATION_TAG, SHADOW_TAG))
    query = selected(selection).where(*unasked, ~answered_tainted()).execution_options(yield_per=AT_ONCE)
    found = RunIds()
    async for run_id in await session.stream_scalars(query):
        found.append(run_id)
    return found


def selected(selection: Selection) -> Select[uuid.UUID]:
    """The ids of all runs that a selection means, those of evaluations among them, the oldest first."""
    query = select(Run.id).where(Run.status == "succeeded").order_by(Run.id)
    if selection.agent:
        query = query.where(Run.agent == selection.agent)
    if selection.adapter:
        query = query.where(Run.adapter == selection.adapter)
    if selection.model:
        query = query.where(Run.model == selection.model)
    if selection.tag:
        query = query.where(Run.tags.contains([selection.tag]))
    if selection.since:
        query = query.where(Run.started_at >= selection.since)
    if selection.until:
        query = query.where(Run.started_at < selection.until)
    return query


async def _build(
    session: AsyncSession, tenant_id: uuid.UUID, run_ids: RunIds, cut: Cut, folder: Path,
    reader: Reader | None = None,
) -> Built:  # fmt: skip
    """Write the rows of ``run_ids`` into ``folder``: once over the runs to screen them, once to build."""
    built = Built()
    balance, held = Balance(cut.most_of_one), set[str]()
    with Spool[Trajectory]() as kept:
        async for run in screened(session, tenant_id, run_ids, cut, built, reader or LocalReader()):
            balance.count(run)
            run = run if cut.rules >= REASONING else run.without_reasoning()
            run = run if cut.rules >= MARKS else replace(run, marks=False)
            kept.add(run)
            if split.is_held_out(run.group, cut.seed, cut.held_out):
                held.add(run.group)
        there = held if cut.rules >= ASKED else None
        built.written = await to_thread.run_sync(_write, kept, balance, there, cut, folder, built.left_out)
    return built


def _write(
    kept: Spool[Trajectory],
    balance: Balance,
    held: set[str] | None,
    cut: Cut,
    folder: Path,
    left_out: Counter[str],
) -> Written:
    """Write what is kept; ``held``: the groups of its runs that are held out, None where rules do not ask for them."""
    silenced = kept.discard(balance.silences) if balance.applies else 0
    if silenced:
        left_out[ONE_VOICE] = silenced
    keeps = cut.format in KEEPING and cut.rules >= KEEPING[cut.format]
    rows = build_rows(cut.format, kept, cut.rules, left_out)
    well = kept_rows(kept, cut.rules) if keeps else None
    if cut.rules >= SOUND:
        rows = _unheld(rows, cut, held, left_out)
        well = None if well is None else _unheld(well, cut, held, Counter())
    return write_rows(folder, rows, cut.seed, cut.held_out, well)


def _unheld(rows: Iterable[Row], cut: Cut, held: set[str] | None, left_out: Counter[str]) -> Iterator[Row]:
    """Rows without those to be trained on that have a held-out question in their history; how many those are."""
    for row in rows:
        if split.remembers_held_out(row, cut.seed, cut.held_out, held, marks=cut.rules >= MARKS):
            left_out[HELD_OUT_BEFORE] += 1
        else:
            yield row


async def screened(
    session: AsyncSession, tenant_id: uuid.UUID, run_ids: RunIds, cut: Cut, built: Built, reader: Reader
) -> AsyncIterator[Trajectory]:  # fmt: skip
    """The runs that may be learnt from; ``built`` is told how many are left out why, and which are newly flagged."""
    consents = await consents_of(session, tenant_id)
    built.consent = consents.policy
    reading = Reading(tenant_id, cut.as_of, consents, cut.where)
    decided = await quarantine.states_at(session, run_ids, cut.as_of)
    screen = quarantine.RunScreen()
    retried = cut.format == "dpo" and cut.rules >= RETRIES
    kept = await replacements(session, cut.as_of) if retried else set[uuid.UUID]()
    with (
        Contamination(cut.near, marks=cut.rules >= MARKS) as contamination,
        Curator(contamination, cut.near_duplicates) as curator,
    ):
        await _check_against(session, cut, contamination)
        built.checked = []
        async for page in reader.pages(session, run_ids, reading):
            if page.unmet:
                built.left_out["where"] += page.unmet
            wanted = [run for run, _ in page.runs if not reading.refusal(run)]
            await to_thread.run_sync(contamination.prepare, wanted)
            for run, looks in page.runs:
                state = decided.get(run.run_id)
                reason = reading.refusal(run) or _suspicion(run, looks, state, screen, built)
                if not reason and not run.outcomes and run.run_id not in kept:
                    reason = "no outcome"
                reason = reason or curator.refusal(run)
                if reason:
                    built.left_out[reason] += 1
                    continue
                built.policies |= run.policies
                built.templates.add(run.template_hash)
                built.used.append(run.run_id)
                yield run
        built.checked = [checked.value() for checked in contamination.checked]


async def _check_against(session: AsyncSession, cut: Cut, contamination: Contamination) -> None:
    """Let runs be checked against the evaluations that were run by the moment of the cut, and those that it names."""
    if not cut.contamination:
        return
    asked = await evaluation_questions(session, cut.as_of, failed=cut.rules > 2, marks=cut.rules >= MARKS)
    await to_thread.run_sync(contamination.add, RUN_HERE, asked)
    for name, digest in cut.against:
        questions = await questions_of_set(session, digest)
        await to_thread.run_sync(contamination.add, name, questions, digest)


def _suspicion(
    run: Trajectory, looks: Sequence[Look], state: quarantine.State | None, screen: quarantine.RunScreen, built: Built
) -> str:  # fmt: skip
    """Why a run is or stays in quarantine, or an empty text; what is newly flagged goes to ``built``."""
    if state == "confirmed":
        return "quarantined: confirmed"
    flagged = screen.judge(run.observations, looks, released=state == "released")
    if flagged:
        built.flagged[run.run_id] = flagged
        return f"quarantined: {flagged[0].verdict.screen}"
    return "quarantined: held" if state == "held" else ""
