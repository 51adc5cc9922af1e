"""Distillation: the runs of a large model teach a small one, and what it kept of the teacher is measured.

A command of its own, because the report needs what an export, a training and an evaluation know together:
the held-out tasks are asked of the base first, so that the dataset leaves the teacher's runs on them out.
"""

import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Container
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import fmean
from typing import Any

import anyio.to_thread
from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.tables import Run
from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.access import Actor
from ..platform.loading import LOADING
from ..platform.serving.adapters import find_adapter
from ..platform.serving.base_model import model_folder
from ..platform.usage.prices import NO_PRICE, Price
from .datasets import Selection, create_dataset, selected
from .evaluation import Scored, Task, ask_all, summary
from .measure import keep_comparison, load_for_evaluation
from .rows import GOOD
from .split import group_of
from .tables import Dataset, Training
from .training.launch import queue_training, train_adapter
from .training.recipe import Recipe
from .training.render import render_text, seen
from .trajectory import PAGE, Trajectory, trajectories
from .value import Spent, cost, kept_share
from .verifiers.base import Attempt, Call

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Taught:
    """The teacher's recorded runs on one question: what each was worth, and what it took."""

    scores: list[float] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    judged: list[bool] = field(default_factory=list)
    estimated: list[bool] = field(default_factory=list)


@dataclass(frozen=True)
class Prices:
    """What teacher and student cost, US dollars for a million tokens."""

    teacher: Price = NO_PRICE
    student: Price = NO_PRICE


async def distil(
    whorl: Any,
    actor: Actor,
    teacher: Selection,
    tasks: list[Task],
    recipe: Recipe,
    prices: Prices | None = None,
    progress: Progress = lambda stage, done, total: None,
) -> dict[str, Any]:
    """Teach the base what the selected runs do, and report what the student kept on held-out tasks.

    The teacher's success on a task is that of its recorded runs on the question: by their outcomes where they
    have any, else by the task's verifier. Runs of an evaluation of the teacher count as well.

    Raises InputError where the selection names nobody, no run of the teacher is on a task, the teacher is
    never right, or none of its other runs gives a row.
    """
    actor.require("write")
    if not (teacher.model or teacher.adapter or teacher.tag):
        raise InputError("Say whose runs teach: a model, an adapter or a tag.")
    before = await _ask(whorl, actor, tasks, "", "asking the base", progress)
    taught = await _teacher(whorl, actor, teacher, before)
    if not any(fmean(runs.scores) > 0 for runs in taught.values()):
        raise InputError(
            f"The teacher is right in none of its runs on {len(taught)} tasks: nothing can be kept."
        )
    dataset = await create_dataset(
        whorl.engine,
        actor.tenant_id,
        whorl.settings.path("datasets"),
        "sft",
        teacher,
        seed=recipe.seed,
        held_out=0.0,
        by=actor.label,
    )
    training_id, name = await _train(whorl, actor, dataset, recipe, progress)
    await load_for_evaluation(whorl.agents, actor, name)
    after = await _ask(whorl, actor, tasks, name, f"asking {name}", progress)
    comparison = await keep_comparison(whorl.agents, actor, name, "distillation", before, after)
    report = {
        "adapter": name, "dataset": str(dataset.id), "training": str(training_id), "teacher": teacher.manifest(),
        "rows": dataset.rows, "tasks": len(tasks), "base": comparison["before"], "student": comparison["after"],
        **compared(taught, before, after, prices or Prices()),
    }  # fmt: skip
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        adapter = await find_adapter(session, name)
        adapter.card = {**adapter.card, "distillation": report}
        training = await session.get_one(Training, (actor.tenant_id, training_id))
        training.report = {**training.report, "distillation": report}
    return report


def compared(
    taught: dict[int, Taught], before: list[Scored], after: list[Scored], prices: Prices
) -> dict[str, Any]:
    """Teacher and student on the tasks that the teacher has runs on, by their number in the lists."""
    numbers = sorted(taught)
    scores = [fmean(taught[number].scores) for number in numbers]
    runs = [spent for number in numbers for spent in taught[number].spent]
    judged = [known for number in numbers for known in taught[number].judged]
    estimated = any(guess for number in numbers for guess in taught[number].estimated)
    student = [after[number] for number in numbers]
    return {
        "n": len(numbers),
        "teacher_runs": {"count": len(runs), "by_outcomes": sum(judged), "by_verifier": len(judged) - sum(judged)},
        "teacher_success": round(fmean(scores), 4),
        "student_success": summary(student)["success"],
        "base_success": summary([before[number] for number in numbers])["success"],
        "kept": kept_share([answer.score for answer in student], scores),
        "cost": {
            "teacher": {**cost(runs, prices.teacher), "tokens_are": "estimated" if estimated else "recorded"},
            "student": {**cost([answer.spent for answer in student], prices.student), "tokens_are": "recorded"},
        },
    }  # fmt: skip


async def _ask(
    whorl: Any, actor: Actor, tasks: list[Task], adapter: str, stage: str, progress: Progress
) -> list[Scored]:
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        progress(stage, done, len(tasks))

    scored = await ask_all(whorl.agents, actor, tasks, adapter=adapter, progress=advance)
    await whorl.flush()
    return scored


async def _train(
    whorl: Any, actor: Actor, dataset: Dataset, recipe: Recipe, progress: Progress
) -> tuple[uuid.UUID, str]:
    """Train the student; the teacher's chat template is not the student's, whose own renders the rows."""
    recipe = recipe.changed(any_template=True)
    training_id = await queue_training(whorl.engine, actor, dataset.id, recipe)
    settings = whorl.settings
    name = await train_adapter(
        whorl.engine, actor, training_id, recipe, model_folder(settings), settings.adapters,
        lambda step: progress("training the student", step["step"], step["steps"]), settings.rehearsal,
    )  # fmt: skip
    return training_id, name


async def _teacher(whorl: Any, actor: Actor, teacher: Selection, before: list[Scored]) -> dict[int, Taught]:
    """The teacher's runs on the tasks, by the number of the task.

    Questions are compared as they were stored, redacted, on both sides.
    """
    at = {answer.run_id: number for number, answer in enumerate(before)}
    numbers: dict[str, list[int]] = defaultdict(list)
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        async for run in trajectories(session, list(at), now()):
            numbers[group_of(run.question)].append(at[run.run_id])
    ledger = _Ledger(model_folder(whorl.settings))
    taught: dict[int, Taught] = defaultdict(Taught)
    read = 0
    async for page in _recorded(whorl.engine, actor, teacher, at):
        read += len(page)
        found = [run for run in page if not run.trainable and group_of(run.question) in numbers]
        spent = await anyio.to_thread.run_sync(ledger.spent, found)
        for run, took in zip(found, spent, strict=True):
            for number in numbers[group_of(run.question)]:
                _add(taught[number], run, before[number].task, took)
    if not taught:
        raise InputError(
            f"None of the teacher's {read} runs is on one of the {len(before)} tasks, so that nothing can be "
            "compared. Take tasks whose questions the teacher was asked, or evaluate the teacher on them."
        )
    return dict(taught)


async def _recorded(
    engine: AsyncEngine, actor: Actor, teacher: Selection, without: Container[uuid.UUID]
) -> AsyncIterator[list[Trajectory]]:
    """The runs of a selection but ``without`` some, the oldest first; each page in a transaction of its own."""
    query, last = selected(teacher).limit(PAGE), uuid.UUID(int=0)
    while True:
        async with tenant_session(engine, actor.tenant_id) as session:
            page = list(await session.scalars(query.where(Run.id > last)))
            wanted = [run_id for run_id in page if run_id not in without]
            runs = [run async for run in trajectories(session, wanted, now())]
        if not page:
            return
        yield runs
        last = page[-1]


def _add(taught: Taught, run: Trajectory, task: Task, spent: Spent) -> None:
    reward = run.reward
    taught.scores.append(task.judge(attempt_of(run)) if reward is None else float(reward >= GOOD))
    taught.judged.append(reward is not None)
    taught.spent.append(spent)
    taught.estimated.append(not run.output_tokens)


def attempt_of(run: Trajectory) -> Attempt:
    """A recorded run as a verifier sees it: the last words, what was shown, what was called."""
    question, passages = seen(run.messages[:-1])
    results = {m.get("tool_call_id"): str(m["content"]) for m in run.messages if m["role"] == "tool"}
    calls = [
        Call(call["function"]["name"], arguments, results.get(call.get("id"), ""))
        for message in run.messages
        for call in message.get("tool_calls", ())
        if isinstance(arguments := call["function"]["arguments"], dict)
    ]
    return Attempt(str(run.messages[-1].get("content") or ""), question, passages, calls)


class _Ledger:
    """What runs took: as recorded, or the tokens that the tokenizer of the student in ``folder`` makes of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def spent(self, runs: list[Trajectory]) -> list[Spent]:
        return [
            Spent(run.input_tokens, run.output_tokens)
            if run.output_tokens
            else _estimate(self._tokenizer, run)
            for run in runs
        ]

    @cached_property
    def _tokenizer(self) -> Any:
        with LOADING:
            from transformers import AutoTokenizer

            return AutoTokenizer.from_pretrained(self._folder)


def _estimate(tokenizer: Any, run: Trajectory) -> Spent:
    """Each turn of the assistant is a model call, which reads all that came before."""
    read = written = 0
    for at, message in enumerate(run.messages):
        if message["role"] == "assistant":
            before = len(
                tokenizer(render_text(tokenizer, run.messages[:at], run.tools, prompt=True))["input_ids"]
            )
            after = len(
                tokenizer(render_text(tokenizer, run.messages[: at + 1], run.tools, prompt=False))[
                    "input_ids"
                ]
            )
            read, written = read + before, written + max(1, after - before)
    return Spent(read, written)
