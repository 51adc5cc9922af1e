"""Evaluation: an adapter and the base on the same held-out questions, judged by verifiers."""

import json
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio
from sqlalchemy.ext.asyncio import AsyncEngine

from ..agents.events import RunEnded, ToolEnded, ToolStarted
from ..agents.runs import Agents, RunRequest
from ..agents.toolbox import Toolbox
from ..agents.tools.base import Citation
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, InputError
from ..platform.identity.access import Actor
from ..platform.lines import Record, read_records
from ..platform.serving.adapters import find_adapter, move
from ..platform.serving.messages import Sampling
from ..platform.usage.prices import NO_PRICE, Price
from .curate import EVALUATION_TAG
from .gate import KINDS, Kind, checks_of, kind_of
from .kinds import ANSWERED, TAG, by_kind, kind_in, paired
from .statistics import changed, mcnemar_p, wilson_interval
from .tables import Evaluation
from .value import Spent, ledger
from .verifiers.base import Attempt, Call, admitted, cheats, verify


@dataclass(frozen=True)
class Task:
    """A question and the verifier that judges its answer; ``group`` keeps paraphrases together."""

    question: str
    verifier: str
    arguments: dict[str, Any] = field(default_factory=dict)
    group: str = ""
    tags: tuple[str, ...] = ()

    @property
    def verifiers(self) -> set[str]:
        """Every verifier that has a say, those inside ``all_of`` as well."""
        return _named({"verifier": self.verifier, "arguments": self.arguments})

    @property
    def kind(self) -> str:
        """Which kind of question it is, or an empty text."""
        return kind_in(self.tags)

    @property
    def answerable(self) -> bool:
        """Whether anything but the refusal is right."""
        return "refusal" not in self.verifiers

    @property
    def toolbox(self) -> Toolbox | None:
        """The tools in place of the agent's own, where the question brings them."""
        return None

    def judge(self, attempt: Attempt) -> float:
        """1.0 when the attempt is right."""
        return verify(self.verifier, attempt, **self.arguments).score


def _named(check: dict[str, Any]) -> set[str]:
    inner = check.get("arguments", {}).get("checks", []) if check["verifier"] == "all_of" else []
    return {str(check["verifier"])}.union(*(_named(each) for each in inner))


@dataclass(frozen=True)
class Scored:
    """The answer to a task, its verdict, the run behind it, the passages shown, the calls made, what it took."""

    task: Task
    answer: str
    score: float
    run_id: uuid.UUID
    status: str
    shown: tuple[Citation, ...] = ()
    calls: tuple[Call, ...] = ()
    spent: Spent = field(default_factory=Spent)


def load_tasks(file: Path) -> list[Task]:
    """Tasks of a JSON lines file: ``question``, ``verifier``, ``arguments``, optionally ``group`` and ``kind``.

    ``answers`` (a list) may stand for the verifier ``answer_in_reply``. Raises InputError naming
    the line that is wrong, one that could not be judged with it.
    """
    return [_task(record) for record in read_records(str(file), plain=False)]


def _task(record: Record) -> Task:
    question, fields = record.text("question"), record.fields
    verifier, arguments = _check_of(record)
    kind = record.text("kind") if "kind" in fields else ""
    if not question.strip():
        raise InputError(f"{record.where}: the field 'question' is empty.")
    try:
        # Before anything is asked: what cannot be judged would be found out at its answer.
        admitted(verifier).judge(arguments)
    except (InputError, ConflictError) as error:
        raise InputError(f"{record.where}: {error.message}") from error
    tags = (f"{TAG}{kind}",) if kind else ()
    return Task(question, verifier, arguments, str(fields.get("group", question)), tags)


def _check_of(record: Record) -> tuple[str, dict[str, Any]]:
    """The verifier of a task, and its arguments; there are verifiers without any."""
    fields = record.fields
    if not {"verifier", "answers"} & fields.keys():
        raise InputError(f"{record.where}: a task needs answers, or a verifier with its arguments.")
    answers = {"answers": fields["answers"]} if "answers" in fields else {}
    arguments = fields.get("arguments") or answers
    if not isinstance(arguments, dict):
        raise InputError(
            f"{record.where}: the field 'arguments' is {type(arguments).__name__}, not an object."
        )
    return record.text("verifier") if "verifier" in fields else "answer_in_reply", arguments


async def ask_all(
    agents: Agents,
    actor: Actor,
    tasks: Sequence[Task],
    *,
    adapter: str | None = None,
    sampling: Sampling | None = None,
    tags: tuple[str, ...] = (EVALUATION_TAG,),
    concurrency: int = 16,
    progress: Callable[[], None] = lambda: None,
) -> list[Scored]:
    """Ask every task, ``concurrency`` at a time; ``adapter`` "" is the base, None the route."""
    results: list[Scored | None] = [None] * len(tasks)
    limiter = anyio.CapacityLimiter(concurrency)

    async def ask(index: int, task: Task) -> None:
        async with limiter:
            request = RunRequest(
                task.question, adapter=adapter, sampling=sampling or Sampling(), keep=False, checkpoint=False,
                tags=(*tags, *task.tags), toolbox=task.toolbox,
                verifier={"verifier": task.verifier, "arguments": task.arguments}, metered=False,
            )  # fmt: skip
            started = time.monotonic()
            ended, shown, calls = await _run(agents, actor, request)
            spent = Spent(ended.input_tokens, ended.output_tokens, time.monotonic() - started)
        passages = {citation["number"]: citation["text"] for citation in shown}
        attempt = Attempt(ended.answer, task.question, passages, calls)
        score = task.judge(attempt) if ended.status == "succeeded" else 0.0
        results[index] = Scored(task, ended.answer, score, ended.run_id, ended.status, shown, calls, spent)
        progress()

    async with anyio.create_task_group() as group:
        for index, task in enumerate(tasks):
            group.start_soon(ask, index, task)
    return [result for result in results if result is not None]


async def _run(
    agents: Agents, actor: Actor, request: RunRequest
) -> tuple[RunEnded, tuple[Citation, ...], tuple[Call, ...]]:
    shown: list[Citation] = []
    calls: list[Call] = []
    asked: dict[str, str] = {}
    ended = None
    async for event in agents.stream(actor, request):
        if isinstance(event, ToolStarted):
            asked[event.call_id] = event.arguments
        if isinstance(event, ToolEnded):
            shown += event.citations
            arguments = _arguments(asked.get(event.call_id, ""))
            failed = event.is_error or arguments is None
            calls.append(Call(event.name, arguments or {}, event.result, failed))
        ended = event if isinstance(event, RunEnded) else ended
    assert ended is not None
    return ended, tuple(shown), tuple(calls)


def _arguments(text: str) -> dict[str, Any] | None:
    """Arguments as the model wrote them, or None where they are no JSON object."""
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def compare(
    before: Sequence[Scored], after: Sequence[Scored], kind: Kind = KINDS[0],
    prices: tuple[Price, Price] = (NO_PRICE, NO_PRICE),
) -> dict[str, Any]:  # fmt: skip
    """Success before and after with 95 % intervals, the exact paired test, the value ledger at the ``prices`` of both.

    ``verifiers`` are those that judged, each with the cheats of the attack suite that it pays; ``kinds`` has the same
    comparison of each kind of question, and of how many were not refused of those that have an answer.
    """
    scores = ([s.score for s in before], [s.score for s in after])
    return {
        **compare_scores(*scores, kind),
        "value": ledger([s.spent for s in before], [s.spent for s in after], scores, prices),
        "kinds": {**by_kind([s.task.kind for s in before], *scores), ANSWERED: _not_refused(before, after)},
        "verifiers": {
            name: list(cheats(name)) for name in sorted(set().union(*(s.task.verifiers for s in before)))
        },
    }


def _not_refused(before: Sequence[Scored], after: Sequence[Scored]) -> dict[str, Any]:
    sides = (
        [float(not verify("refusal", Attempt(s.answer)).score) for s in side if s.task.answerable]
        for side in (before, after)
    )
    return paired(*sides)


def compare_scores(before: Sequence[float], after: Sequence[float], kind: Kind = KINDS[0]) -> dict[str, Any]:
    """Success before and after with 95 % intervals and the exact paired test; scores are 0 or 1."""
    return {
        "kind": kind,
        "n": len(before),
        "before": _summary(before),
        "after": _summary(after),
        "p_value": mcnemar_p(before, after),
        **changed(before, after)._asdict(),
    }


def summary(scored: Sequence[Scored]) -> dict[str, Any]:
    """Success rate with its 95 % interval."""
    return _summary([s.score for s in scored])


def _summary(scores: Sequence[float]) -> dict[str, Any]:
    successes, n = int(sum(scores)), len(scores)
    interval = wilson_interval(successes, n)
    return {
        "success": successes / n if n else 0.0,
        "successes": successes,
        "n": n,
        "interval": [round(interval.low, 4), round(interval.high, 4)],
    }


async def store_evaluation(
    engine: AsyncEngine, actor: Actor, adapter: str | None, suite: str, report: dict[str, Any]
) -> Evaluation:
    """Keep a report with what the gate finds in it; held-out questions make an adapter ``evaluated``."""
    judged = {**report, "gate": [check.value() for check in checks_of(report)]}
    evaluation = Evaluation(tenant_id=actor.tenant_id, adapter=adapter, suite=suite, report=judged)
    async with tenant_session(engine, actor.tenant_id) as session:
        session.add(evaluation)
        if adapter is not None and kind_of(report) == KINDS[0]:
            stored = await find_adapter(session, adapter)
            if stored.state in ("trained", "rejected"):
                move(session, actor, stored, "evaluated", suite=suite)
    return evaluation
