"""Lineage: what came of a document, tool, user, run, dataset or adapter, and what it came from.

document · tool · user → run → row → dataset → training → adapter → route
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.database.conditions import one_of
from ..platform.database.rls import TENANT_SETTING
from ..platform.errors import InputError, NotFoundError
from ..platform.identity.tables import Membership, User
from ..platform.serving.tables import Adapter, Route
from ..platform.telemetry import conventions as c
from ..platform.telemetry.otlp.records import pseudonym
from ..platform.telemetry.tables import Span
from ..retrieval.tables import DocumentRow
from .files import KEPT, PARTS
from .shown import of_tool, tools_of
from .tables import Dataset, DatasetRun, Training

Kind = Literal["document", "tool", "user", "run", "dataset", "training", "adapter"]


@dataclass(frozen=True)
class Node:
    """One thing with a history: its kind and its id (of a user the e-mail address, of a tool the name)."""

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
    """What came of a node, kind by kind; ids as text, ``routes`` are the agents that it answers for."""

    runs: tuple[str, ...] = ()
    rows: tuple[RowRef, ...] = ()
    datasets: tuple[str, ...] = ()
    trainings: tuple[str, ...] = ()
    adapters: tuple[str, ...] = ()
    routes: tuple[str, ...] = ()

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


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
        if await _exists(session, node := Node(kind, rest)):  # type: ignore[arg-type]
            return node
        raise NotFoundError(f"There is no {kind} {rest!r} in this workspace.")
    for candidate in Kind.__args__:  # type: ignore[attr-defined]
        if await _exists(session, node := Node(candidate, name)):
            return node
    raise NotFoundError(
        f"Nothing in this workspace is called {name!r}: give the id of a run, document, dataset or training, "
        "an adapter's name, a member's e-mail address, or tool:NAME."
    )


async def _exists(session: AsyncSession, node: Node) -> bool:
    key = _uuid(node.id)
    match node.kind:
        case "user":
            return bool(await find_people(session, node.id))
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


async def descendants(session: AsyncSession, node: Node) -> Descent:
    """All that came of ``node``."""
    if node.kind in ("adapter", "training", "dataset"):
        datasets = [node.id] if node.kind == "dataset" else []
        return await _after(session, (), (), datasets, node)
    runs = await runs_of(session, node)
    rows = [row for dataset in await _datasets_of(session, runs) for row in rows_of(dataset, set(runs))]
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    return await _after(session, runs, rows, datasets, None)


async def _after(
    session: AsyncSession,
    runs: Sequence[str],
    rows: Sequence[RowRef],
    datasets: Sequence[str],
    start: Node | None,
) -> Descent:
    trained = select(Training).where(Training.dataset_id.in_([uuid.UUID(d) for d in datasets]))
    if start is not None and start.kind == "training":
        trained = select(Training).where(Training.id == uuid.UUID(start.id))
    trainings = list(await session.scalars(trained.order_by(Training.id)))
    adapters = [training.adapter for training in trainings if training.adapter]
    if start is not None and start.kind == "adapter":
        adapters = [start.id]
    routes = await session.scalars(
        select(Route.agent).where(Route.adapter.in_(adapters)).order_by(Route.agent)
    )
    return Descent(
        tuple(runs), tuple(rows), tuple(datasets), tuple(str(t.id) for t in trainings), tuple(adapters),
        tuple(routes),
    )  # fmt: skip


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
    """All that ``node`` came from."""
    adapters = [node.id] if node.kind == "adapter" else []
    trainings: list[Training] = []
    if node.kind == "adapter":
        trainings = list(await session.scalars(select(Training).where(Training.adapter == node.id)))
    if node.kind == "training":
        trainings = list(await session.scalars(select(Training).where(Training.id == uuid.UUID(node.id))))
    ids = [training.dataset_id for training in trainings]
    ids += [uuid.UUID(node.id)] if node.kind == "dataset" else []
    datasets = list(await session.scalars(select(Dataset).where(Dataset.id.in_(ids))))
    runs = [node.id] if node.kind == "run" else sorted({run for d in datasets for run in sources(d)})
    keys = [uuid.UUID(run) for run in runs]
    users = select(User.email).join(Run, Run.user_id == User.id).where(one_of(Run.id, keys)).distinct()
    shown = select(Span.attributes[c.RETRIEVAL_DOCUMENTS].astext).where(
        one_of(Span.run_id, keys), Span.attributes.has_key(c.RETRIEVAL_DOCUMENTS)
    )
    documents = {d["id"] for text in await session.scalars(shown) for d in json.loads(text)}
    return Ancestry(
        tuple(a for a in adapters if a != node.id),
        tuple(str(t.id) for t in trainings if str(t.id) != node.id),
        tuple(str(d.id) for d in datasets if str(d.id) != node.id),
        tuple(run for run in runs if run != node.id),
        tuple(sorted(documents)),
        tuple(sorted(await tools_of(session, keys))),
        tuple(sorted(await session.scalars(users))),
    )


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
    """``(part, line, row)`` of a dataset's files; raises InputError where a file is gone."""
    kept = dataset.manifest.get("kept_rows") is not None
    for part in (*PARTS, KEPT) if kept else PARTS:
        path = Path(dataset.folder) / f"{part}.jsonl"
        if not path.is_file():
            raise InputError(f"The dataset {dataset.id} has lost its file {path}.")
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
