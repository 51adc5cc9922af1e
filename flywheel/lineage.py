"""Lineage: what came of a document, tool, user, run, dataset or adapter, and what it came from.

document · tool · user → run → row → dataset → training → adapter → route
                          ↑                                  │
                          └────────── it answers ────────────┘
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.conditions import one_of
from ..platform.database.rls import TENANT_SETTING
from ..platform.errors import InputError, NotFoundError
from ..platform.identity.tables import Membership, User
from ..platform.portions import portions
from ..platform.serving.tables import Adapter, Route
from ..platform.telemetry import conventions as c
from ..platform.telemetry.otlp.records import pseudonym
from ..platform.telemetry.tables import Span
from ..retrieval.tables import DocumentRow
from .files import KEPT, PARTS
from .run_ids import AT_ONCE
from .shown import of_tool, tools_of
from .tables import Dataset, DatasetRun, Training

Kind = Literal["document", "tool", "user", "run", "row", "dataset", "training", "adapter"]
# Runs that adapters answered which a descent names, the latest; of all of them their rows are found.
MOST_ANSWERED = 1000


@dataclass(frozen=True)
class Node:
    """One thing with a history: its kind and its id.

    That of a user is the e-mail address, of a tool the name, of a row dataset/part/line, the line from 1.
    """

    kind: Kind
    id: str


@dataclass(frozen=True)
class RowRef:
    """A row of a dataset: the part's file and the line, from 1."""

    dataset: str
    part: str
    line: int


@dataclass(frozen=True)
class Descent:
    """What came of a node, kind by kind; ids as text, ``routes`` are the agents that it answers for.

    ``answered`` are runs that adapters among what came of it answered, at most ``MOST_ANSWERED``; rows of these are
    among ``rows``, and so on.
    """

    runs: tuple[str, ...] = ()
    rows: tuple[RowRef, ...] = ()
    datasets: tuple[str, ...] = ()
    trainings: tuple[str, ...] = ()
    adapters: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()
    answered: tuple[str, ...] = ()

    def value(self, node: Node) -> dict[str, Any]:
        """As JSON values, without the node itself, which goes with what came of it."""
        found = asdict(self)
        own = f"{node.kind}s"
        if own in found:
            found[own] = tuple(each for each in found[own] if each != node.id)
        return found


@dataclass(frozen=True)
class Ancestry:
    """What a node came from, kind by kind."""

    adapters: tuple[str, ...] = ()
    trainings: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    users: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


async def find_node(session: AsyncSession, name: str) -> Node:
    """The node that an id, an e-mail address, an adapter's or a tool's name stands for.

    ``kind:id`` says which is meant, as ``tool:search``. Raises NotFoundError.
    """
    kind, _, rest = name.partition(":")
    if rest and kind in Kind.__args__:  # type: ignore[attr-defined]
        node = _row_node(rest) if kind == "row" else Node(kind, rest)  # type: ignore[arg-type]
        if await _exists(session, node):
            return node
        raise NotFoundError(f"There is no {kind} {rest!r} in this workspace.")
    for candidate in Kind.__args__:  # type: ignore[attr-defined]
        if await _exists(session, node := Node(candidate, name)):
            return node
    raise NotFoundError(
        f"Nothing in this workspace is called {name!r}: give the id of a run, document, dataset or training, "
        "an adapter's name, a member's e-mail address, tool:NAME or row:DATASET/LINE."
    )


async def _exists(session: AsyncSession, node: Node) -> bool:
    key = _uuid(node.id)
    match node.kind:
        case "user":
            return bool(await find_people(session, node.id))
        case "row":
            return await _row_of(session, node) is not None
        case "tool":
            return await session.scalar(select(Span.span_id).where(of_tool(node.id)).limit(1)) is not None
        case "adapter":
            return await session.scalar(select(Adapter.name).where(Adapter.name == node.id)) is not None
        case "document":
            if key is None:
                return False
            known = await session.scalar(select(DocumentRow.id).where(DocumentRow.id == key))
            shown = select(Span.span_id).where(_of_document(node.id)).limit(1)
            return known is not None or await session.scalar(shown) is not None
    table: Any = {"run": Run, "dataset": Dataset, "training": Training}[node.kind]
    return key is not None and await session.scalar(select(table.id).where(table.id == key)) is not None


def _row_node(name: str) -> Node:
    """The row that DATASET/LINE, of the training part, or DATASET/PART/LINE means."""
    dataset, _, place = name.partition("/")
    return Node("row", f"{dataset}/{place if '/' in place else f'train/{place}'}")


class LostFileError(InputError):
    """A file of a dataset that is not where it was."""


async def _row_of(session: AsyncSession, node: Node) -> dict[str, Any] | None:
    """The row that a node is, or None where there is none."""
    dataset_id, _, place = node.id.partition("/")
    part, _, line = place.partition("/")
    key = _uuid(dataset_id)
    dataset = await session.scalar(select(Dataset).where(Dataset.id == key)) if key is not None else None
    if dataset is None or not line.isdecimal():
        return None
    rows = (row for found, number, row in stored_rows(dataset) if (found, number) == (part, int(line)))
    return next(rows, None)


async def descendants(session: AsyncSession, node: Node) -> Descent:
    """All that came of ``node``, turn after turn of the wheel: what adapters that came of it answered, too."""
    if node.kind in ("adapter", "training", "dataset", "row"):
        datasets = [node.id.partition("/")[0]] if node.kind in ("dataset", "row") else []
        return await _after(session, (), (), datasets, node)
    return await descendants_of_runs(session, await runs_of(session, node))


async def descendants_of_runs(session: AsyncSession, runs: Sequence[str]) -> Descent:
    """All that came of any of several runs, as ``descendants`` follows it; each dataset is read once."""
    rows: list[RowRef] = []
    met: dict[str, None] = {}
    for dataset in await _datasets_of(session, runs):
        try:
            found = list(rows_of(dataset, set(runs)))
        except LostFileError:
            # Of a dataset that cannot be looked at any run of it may be behind a row.
            met[str(dataset.id)] = None
            continue
        rows += found
        met |= dict.fromkeys(row.dataset for row in found)
    return await _after(session, runs, rows, list(met), None)


async def _after(
    session: AsyncSession,
    runs: Sequence[str],
    rows: Sequence[RowRef],
    datasets: Sequence[str],
    start: Node | None,
) -> Descent:
    trainings: dict[str, None] = {}
    adapters: dict[str, None] = {}
    fresh = [start.id] if start is not None and start.kind == "adapter" else []
    adapters |= dict.fromkeys(fresh)
    met, all_rows, new = dict.fromkeys(datasets), dict.fromkeys(rows), list(datasets)
    while new or fresh or start is not None:
        trained = or_(
            Training.dataset_id.in_([uuid.UUID(dataset) for dataset in new]), Training.continues.in_(fresh)
        )
        if start is not None and start.kind == "training":
            trained = Training.id == uuid.UUID(start.id)
        start = None
        found = list(await session.scalars(select(Training).where(trained).order_by(Training.id)))
        trainings |= dict.fromkeys(str(training.id) for training in found)
        turned = await _rows_answered_by(session, fresh)
        made = dict.fromkeys(training.adapter for training in found if training.adapter)
        made |= dict.fromkeys(await _trained_on(session, new))
        fresh = [name for name in made if name not in adapters]
        adapters |= dict.fromkeys(fresh)
        new = [dataset for dataset in dict.fromkeys(row.dataset for row in turned) if dataset not in met]
        met |= dict.fromkeys(new)
        all_rows |= dict.fromkeys(turned)
    routes = select(Route.agent).where(Route.adapter.in_(adapters)).order_by(Route.agent)
    answered = select(Run.id).where(Run.adapter.in_(adapters)).order_by(Run.id.desc()).limit(MOST_ANSWERED)
    return Descent(
        tuple(runs), tuple(all_rows), tuple(met), tuple(trainings), tuple(adapters),
        tuple(await session.scalars(routes)), tuple(str(run) for run in await session.scalars(answered)),
    )  # fmt: skip


async def _trained_on(session: AsyncSession, datasets: Sequence[str]) -> list[str]:
    """The adapters that say that they came of one of the datasets, whatever trainings say of them."""
    keys = [uuid.UUID(dataset) for dataset in datasets]
    query = select(Adapter.name).where(Adapter.dataset_id.in_(keys)).order_by(Adapter.version)
    return list(await session.scalars(query)) if keys else []


async def _rows_answered_by(session: AsyncSession, adapters: Sequence[str]) -> list[RowRef]:
    """The rows of all datasets that were made of what adapters answered."""
    if not adapters:
        return []
    mine = (
        select(DatasetRun.dataset_id).join(Run, Run.id == DatasetRun.run_id).where(Run.adapter.in_(adapters))
    )
    datasets = await session.scalars(select(Dataset).where(Dataset.id.in_(mine)).order_by(Dataset.id))
    return [
        row
        for dataset in list(datasets)
        for row in rows_of(dataset, {str(run) for run in await answered_in(session, dataset.id, adapters)})
    ]


async def answered_in(
    session: AsyncSession, dataset_id: uuid.UUID, adapters: Sequence[str]
) -> set[uuid.UUID]:
    """The runs of a dataset that adapters answered."""
    among = select(Run.id).join(DatasetRun, DatasetRun.run_id == Run.id)
    return set(
        await session.scalars(among.where(DatasetRun.dataset_id == dataset_id, Run.adapter.in_(adapters)))
    )


async def runs_of(session: AsyncSession, node: Node) -> list[str]:
    """The runs that a run, user, document or tool had part in, the oldest first."""
    if node.kind == "run":
        return [node.id]
    if node.kind == "user":
        people = await find_people(session, node.id)
        found = await session.scalars(select(Run.id).where(Run.user_id.in_(people)).order_by(Run.id))
        return [str(run) for run in found]
    condition = of_tool(node.id) if node.kind == "tool" else _of_document(node.id)
    found = await session.scalars(select(Span.run_id).where(condition).distinct().order_by(Span.run_id))
    return [str(run) for run in found if run is not None]


async def ancestors(session: AsyncSession, node: Node) -> Ancestry:
    """All that ``node`` came from, turn after turn of the wheel: what the adapters that answered its runs came from, too."""
    adapters = dict.fromkeys([node.id] if node.kind == "adapter" else [])
    trainings: dict[uuid.UUID, None] = {}
    datasets: dict[uuid.UUID, None] = {}
    runs: dict[str, None] = {}
    new_runs, new_adapters = await _runs_behind(session, node), list(adapters)
    if node.kind == "dataset":
        datasets[uuid.UUID(node.id)] = None
    trained = (
        Training.id == uuid.UUID(node.id) if node.kind == "training" else Training.adapter.in_(new_adapters)
    )
    while new_runs or new_adapters or (node.kind == "training" and not trainings):
        runs |= dict.fromkeys(new_runs)
        found = list(await session.scalars(select(Training).where(trained).order_by(Training.id)))
        trainings |= dict.fromkeys(training.id for training in found)
        stated = select(Adapter.dataset_id).where(Adapter.name.in_(new_adapters))
        known = {key for key in await session.scalars(stated) if key is not None}
        wanted = ({training.dataset_id for training in found} | known) - datasets.keys()
        behind = list(
            await session.scalars(select(Dataset).where(Dataset.id.in_(wanted)).order_by(Dataset.id))
        )
        datasets |= dict.fromkeys(dataset.id for dataset in behind)
        new_runs = sorted({*new_runs, *(run for dataset in behind for run in sources(dataset))})
        before = [training.continues for training in found if training.continues]
        new_adapters = [
            a for a in dict.fromkeys([*before, *await _answering(session, new_runs)]) if a not in adapters
        ]
        adapters |= dict.fromkeys(new_adapters)
        new_runs = [run for run in new_runs if run not in runs]
        trained = Training.adapter.in_(new_adapters)
    keys = sorted(uuid.UUID(run) for run in runs)
    return Ancestry(
        tuple(a for a in adapters if a != node.id),
        tuple(str(t) for t in trainings if str(t) != node.id),
        tuple(str(d) for d in datasets if str(d) != node.id),
        tuple(run for run in sorted(runs) if run != node.id),
        *(tuple(sorted(found)) for found in await _sources_of(session, keys)),
    )


async def trained_on(session: AsyncSession, adapter: Adapter) -> list[Dataset]:
    """The datasets that an adapter was trained on: its own, and those of the adapters that it went on with."""
    wanted, names, new = {adapter.dataset_id}, set[str](), {adapter.name}
    while new:
        names |= new
        adapters = await session.scalars(select(Adapter.dataset_id).where(Adapter.name.in_(new)))
        query = select(Training.dataset_id, Training.continues).where(Training.adapter.in_(new))
        trainings = (await session.execute(query)).all()
        wanted |= {*adapters, *(dataset for dataset, _ in trainings)}
        new = {before for _, before in trainings if before} - names
    found = select(Dataset).where(one_of(Dataset.id, wanted - {None})).order_by(Dataset.id)
    return list(await session.scalars(found))


async def _runs_behind(session: AsyncSession, node: Node) -> list[str]:
    """The runs that a run, row or dataset is or was made of; of other things none directly."""
    if node.kind == "run":
        return [node.id]
    if node.kind == "row":
        row = await _row_of(session, node)
        return sorted(row["source"]) if row is not None else []
    if node.kind != "dataset":
        return []
    dataset = await session.scalar(select(Dataset).where(Dataset.id == uuid.UUID(node.id)))
    return sorted(sources(dataset)) if dataset is not None else []


async def _answering(session: AsyncSession, runs: Sequence[str]) -> list[str]:
    """The adapters that answered runs."""
    found: set[str] = set()
    for page in portions(runs, AT_ONCE):
        within = one_of(Run.id, [uuid.UUID(run) for run in page])
        query = select(Run.adapter).where(within, Run.adapter.is_not(None)).distinct()
        found.update(name for name in await session.scalars(query) if name)
    return sorted(found)


async def _sources_of(
    session: AsyncSession, runs: Sequence[uuid.UUID]
) -> tuple[set[str], set[str], set[str]]:
    """Documents, tools and users that had part in runs."""
    documents, tools, people = set[str](), set[str](), set[str]()
    for page in portions(runs, AT_ONCE):
        users = select(User.email).join(Run, Run.user_id == User.id).where(one_of(Run.id, page)).distinct()
        shown = select(Span.attributes[c.RETRIEVAL_DOCUMENTS].astext).where(
            one_of(Span.run_id, page), Span.attributes.has_key(c.RETRIEVAL_DOCUMENTS)
        )
        documents |= {d["id"] for text in await session.scalars(shown) for d in json.loads(text)}
        tools |= await tools_of(session, page)
        people |= set(await session.scalars(users))
    return documents, tools, people


async def _datasets_of(session: AsyncSession, runs: Sequence[str]) -> list[Dataset]:
    """Datasets whose manifest names one of the runs, the oldest first."""
    keys = [uuid.UUID(run) for run in runs]
    among = select(DatasetRun.dataset_id).where(one_of(DatasetRun.run_id, keys))
    return list(await session.scalars(select(Dataset).where(Dataset.id.in_(among)).order_by(Dataset.id)))


def rows_of(dataset: Dataset, runs: set[str]) -> Iterator[RowRef]:
    """The rows of a dataset that one of the runs is a source of."""
    for part, line, row in stored_rows(dataset):
        if runs.intersection(row["source"]):
            yield RowRef(str(dataset.id), part, line)


def sources(dataset: Dataset) -> set[str]:
    """The runs that the rows of a dataset were made of."""
    return {run for _, _, row in stored_rows(dataset) for run in row["source"]}


def stored_rows(dataset: Dataset) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """``(part, line, row)`` of a dataset's files; raises LostFileError where a file is gone."""
    kept = dataset.manifest.get("kept_rows") is not None
    for part in (*PARTS, KEPT) if kept else PARTS:
        path = Path(dataset.folder) / f"{part}.jsonl"
        if not path.is_file():
            raise LostFileError(
                f"The dataset {dataset.id} has lost its file {path}. whorl rebuild {dataset.id} makes it again."
            )
        with path.open(encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                yield part, number, json.loads(line)


def _of_document(document: str) -> Any:
    return func.strpos(Span.attributes[c.RETRIEVAL_DOCUMENTS].astext, f'"id": "{document}"') > 0


async def find_user(session: AsyncSession, name: str) -> uuid.UUID | None:
    """The account of a member of the tenant, by e-mail address or id."""
    key = _uuid(name)
    which = User.id == key if key is not None else User.email == name.strip().lower()
    found: uuid.UUID | None = await session.scalar(
        select(User.id).join(Membership, Membership.user_id == User.id).where(which)
    )
    return found


async def find_people(session: AsyncSession, name: str) -> list[uuid.UUID]:
    """Whom a name stands for: a member, a user of a program whose runs were captured, or both."""
    tenant_id = uuid.UUID(await session.scalar(select(func.current_setting(TENANT_SETTING))))
    outside = pseudonym(tenant_id, "user", name.strip())
    captured = await session.scalar(select(Run.user_id).where(Run.user_id == outside).limit(1))
    return [person for person in (await find_user(session, name), captured) if person is not None]


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def union(found: Iterable[Descent]) -> Descent:
    """Several descents as one."""
    several = list(found)
    return Descent(
        *(
            tuple(dict.fromkeys(x for one in several for x in getattr(one, name)))
            for name in Descent.__match_args__
        )
    )
