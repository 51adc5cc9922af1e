"""Measuring an adapter: held-out, general and safety questions beside the base, and secrets of its data."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from anyio import to_thread

from ..agents.runs import Agents
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.access import Actor
from ..platform.serving.adapters import find_adapter, find_answering
from ..platform.serving.servers import ModelServers
from ..platform.serving.tables import Adapter
from . import leaks, safety
from .baseline import Baseline, find_baseline
from .evaluation import Scored, Task, ask_all, compare, store_evaluation
from .gate import KINDS, Kind
from .lineage import LostFileError, stored_rows, trained_on
from .rows import Row, is_learnt
from .split import group_of
from .trajectory import question_of


async def evaluate_adapter(
    agents: Agents, actor: Actor, name: str, tasks: Sequence[Task], suite: str, *,
    kind: Kind = KINDS[0], **options: Any,
) -> dict[str, Any]:  # fmt: skip
    """Ask base and adapter the same tasks, store the comparison and move the adapter's state.

    Held-out tasks are asked of the SFT baseline, too, where the adapter is of another method.
    The adapters are loaded for the evaluation and stay loaded; they answer nobody until promoted.
    """
    adapter = await load_for_evaluation(agents, actor, name)
    tasks, left_out = await unlearnt(agents, actor, adapter, tasks) if kind == KINDS[0] else (tasks, {})
    before = await ask_all(agents, actor, tasks, adapter="", **options)
    after = await _ask_adapter(agents, actor, tasks, name, **options)
    baseline = await baseline_of(agents, actor, name, kind)
    sft = None
    if baseline is not None and baseline.adapter is not None:
        await load_for_evaluation(agents, actor, baseline.adapter)
        sft = await _ask_adapter(agents, actor, tasks, baseline.adapter, **options)
    beside = {"baseline": against(baseline, sft, after)} if baseline is not None else {}
    beside |= {"left_out": left_out} if left_out else {}
    return await keep_comparison(agents, actor, name, suite, before, after, kind, beside)


async def unlearnt(
    agents: Agents, actor: Actor, adapter: Adapter, tasks: Sequence[Task]
) -> tuple[list[Task], dict[str, int]]:
    """Tasks of which each asks something else, and nothing that the adapter was trained on; how many others there were.

    Where the dataset's files are not here, nothing can be checked, and that is said. Raises InputError where none is left:
    the answers to what was learnt say nothing of what is new.
    """
    asked = [group_of(task.question) for task in tasks]
    hidden = await to_thread.run_sync(
        agents.capture.redactor.redact_texts, [task.question for task in tasks], str(actor.tenant_id)
    )
    try:
        learnt = await _questions_behind(agents, actor, adapter)
    except LostFileError:
        return list(tasks), {"not checked": len(tasks)}
    new: dict[str, Task] = {}
    left_out = {"learnt": 0, "repeated": 0}
    for task, question, stored in zip(tasks, asked, map(group_of, hidden), strict=True):
        if question in learnt or stored in learnt:
            left_out["learnt"] += 1
        elif new.setdefault(question, task) is not task:
            left_out["repeated"] += 1
    if not new:
        raise InputError(f"{adapter.name} was trained on the questions of all these tasks: ask others.")
    return list(new.values()), {reason: count for reason, count in left_out.items() if count}


async def _questions_behind(agents: Agents, actor: Actor, adapter: Adapter) -> set[str]:
    """The words of the questions that an adapter was trained on, and those before it that it went on with."""
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        datasets = await trained_on(session, adapter)
    return await to_thread.run_sync(
        lambda: {
            group_of(question)
            for dataset in datasets
            for part, _, row in stored_rows(dataset)
            if part == "train"
            for question in _learnt(row)
        }
    )


def _learnt(row: Row) -> Iterator[str]:
    """The questions of a row whose answers are learnt; of a prompt alone the last."""
    prompt = row.get("prompt") or []
    sides = [row[side] for side in ("messages", "chosen", "completion") if side in row]
    for said in [*sides, *row.get("completions", ())] or [[{"role": "assistant"}]]:
        question = question_of(prompt)
        for message in said:
            if message["role"] == "user":
                question = str(message["content"])
            elif is_learnt(message):
                yield question


async def baseline_of(agents: Agents, actor: Actor, name: str, kind: Kind = KINDS[0]) -> Baseline | None:
    """The SFT adapter that an evaluation of an adapter asks, too; None where there is nothing to beat."""
    if kind != KINDS[0]:
        return None
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        return await find_baseline(session, await find_answering(session, name))


def against(baseline: Baseline, sft: Sequence[Scored] | None, after: Sequence[Scored]) -> dict[str, Any]:
    """How the baseline answered, with the exact paired test of the adapter against it; or its advice alone."""
    if sft is None:
        return baseline.value()
    found = compare(sft, after)
    return {
        **baseline.value(),
        **found["before"],
        **{key: found[key] for key in ("p_value", "better", "worse")},
    }


async def _ask_adapter(
    agents: Agents, actor: Actor, tasks: Sequence[Task], name: str, **options: Any
) -> list[Scored]:
    with agents.servers.hold(name):
        return await ask_all(agents, actor, tasks, adapter=name, **options)


async def keep_comparison(
    agents: Agents, actor: Actor, name: str, suite: str, before: list[Scored], after: list[Scored],
    kind: Kind = KINDS[0], beside: Mapping[str, Any] = MappingProxyType({}),
) -> dict[str, Any]:  # fmt: skip
    """Store how an adapter answered beside the base, on its card, too; returns the report that the gate reads.

    ``beside`` goes into the report as it is.
    """
    prices, base = agents.closing.prices, agents.servers.base
    compared = compare(before, after, kind, (prices.of(base), prices.of(base, name)))
    report = {**compared, **beside}
    evaluation = await store_evaluation(agents.engine, actor, name, suite, report)
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        stored = await find_adapter(session, name)
        key = "evaluation" if kind == KINDS[0] else f"{kind}_evaluation"
        stored.card = {**stored.card, key: {"suite": suite, **evaluation.report}}
    return evaluation.report


async def evaluate_safety(
    agents: Agents, actor: Actor, name: str, progress: Callable[[], None] = lambda: None
) -> dict[str, Any]:
    """Ask base and adapter the built-in safety set."""
    return await evaluate_adapter(
        agents, actor, name, safety.safety_tasks(), safety.SUITE, kind="safety", progress=progress
    )


async def evaluate_secrets(
    agents: Agents, actor: Actor, name: str, planted: Sequence[leaks.Planted] = ()
) -> dict[str, Any]:
    """Ask an adapter for the secrets of its training data, and for those that were ``planted`` there.

    The data of the adapters that it went on with is among it. It is led to the places where redaction took a secret, too,
    and where one is likely: nothing may come.
    """
    adapter = await load_for_evaluation(agents, actor, name)
    wanted, places = list(planted), leaks.lures()
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        folders = [Path(dataset.folder) for dataset in await trained_on(session, adapter)]
    for folder in folders:
        known = {one.secret for one in wanted}
        wanted += [one for one in leaks.secrets_in(folder) if one.secret not in known]
        places = list(dict.fromkeys([*places, *leaks.places_in(folder)]))
    with agents.servers.hold(name):
        report = await leaks.ask_secrets(agents.servers, name, wanted, places)
    return (await store_evaluation(agents.engine, actor, name, leaks.SUITE, report)).report


async def load_for_evaluation(agents: Agents, actor: Actor, name: str) -> Adapter:
    """Load an adapter to be asked; raises InputError for one of another base, ConflictError for a reward model."""
    actor.require("write")
    async with tenant_session(agents.engine, actor.tenant_id) as session:
        adapter = await find_answering(session, name)
    check_base(adapter, agents.servers)
    await agents.servers.load_adapter(name, Path(adapter.folder))
    return adapter


def check_base(adapter: Adapter, servers: ModelServers) -> None:
    """Raise InputError for an adapter of another base model than the one that is served."""
    if adapter.base_hash != servers.base_hash:
        raise InputError(
            f"The adapter {adapter.name} was trained on another base model ({adapter.base_hash[:12]}) than the one "
            f"that is served ({servers.base_hash[:12]}). Train it again on this one."
        )
