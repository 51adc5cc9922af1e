"""``whorl judge``: a model's opinion of answers, and what that opinion is worth."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import click
import httpx

from ...platform.command import Terminal, run_async
from ...platform.database.session import tenant_session
from ...platform.errors import InputError
from ...platform.lines import STANDARD_INPUT, Record, read_records
from ...platform.serving.client import ModelClient
from ...platform.settings import Settings
from ...retrieval.embed.choose import choose_embedder
from ..training.render import seen
from .agreement import agreement
from .base import Grader, Judge, Pair
from .model import ModelJudge
from .pairwise import judge_pairs, measure
from .reference import AlikeJudge, FirstJudge, LongerJudge
from .runs import Attempted, Opinion, judge_runs

Label = Literal["first", "second"]
_LABELS: dict[str, Label] = {"first": "first", "second": "second", "A>B": "first", "B>A": "second"}
_FIRST, _SECOND = ("first", "chosen", "response_A"), ("second", "rejected", "response_B")
CONCURRENCY = 8


@click.group("judge")
def judge() -> None:
    """Let a model judge answers, and measure the judge."""


@judge.command("pairs")
@click.argument("file", default=STANDARD_INPUT)
@click.option(
    "--by", type=click.Choice(["model", "first", "longer", "alike"]), default="model", show_default=True
)
@click.option("--limit", type=click.IntRange(1), help="Judge only the first so many.")
@run_async
async def pairs(terminal: Terminal, file: str, by: str, limit: int | None) -> None:
    """Judge pairs of answers in both orders, and say what the verdicts tell of the judge.

    JSON lines with question, first and second, and label (first or second) where it is known; the
    names of DPO rows (prompt, chosen, rejected) and of JudgeBench are read, too. The model is that of
    WHORL_JUDGE_URL and WHORL_JUDGE_MODEL, else the workspace's own. first, longer and alike are
    judges without a model, to compare with.

    \b
    Example: whorl judge pairs pairs.jsonl --json
    """
    given = [_pair(record) for record in read_records(file, plain=False)][:limit]
    async with _judge(terminal, by) as chosen:
        with terminal.progress() as bars:
            bar = bars.add_task(f"{chosen.name} judges", total=len(given))
            verdicts = await judge_pairs(chosen, given, CONCURRENCY, lambda: bars.advance(bar))
    for pair, verdict in zip(given, verdicts, strict=True):
        result = {
            "preferred": verdict.preferred, "straight": verdict.straight, "swapped": verdict.swapped,
            "label": pair.label, "reason": verdict.reason,
        }  # fmt: skip
        terminal.result(result, lambda r=result: click.echo(r["preferred"] or "unreadable"))  # type: ignore[misc]
    report = {"judge": chosen.name, **measure(given, verdicts)}
    terminal.result(report, lambda: _show(terminal, report))


@judge.command("runs")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--limit", type=click.IntRange(1), help="Ask about so many runs at most.")
@click.option(
    "--weight", type=click.FloatRange(0, 1), default=0.5, show_default=True, help="Weight of its outcomes."
)
@run_async
async def runs(terminal: Terminal, tag: str | None, limit: int | None, weight: float) -> None:
    """Record a model's grade of runs that it has not judged, as outcomes of kind judge.

    It reads what is stored: the redacted question, passages and answer. Then it is compared with
    what people said of the same runs.

    \b
    Example: whorl judge runs --limit 200
    """
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        async with _model(terminal.settings, whorl) as grader:

            async def ask(attempts: Sequence[Attempted]) -> list[Opinion | None]:
                return await grades(grader, attempts)

            counted = await judge_runs(
                whorl.engine, actor, whorl.redactor, grader.name, ask, tag=tag, limit=limit, weight=weight
            )
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            found = await agreement(session, f"judge:{grader.name}")
    value = {**counted._asdict(), **found}
    terminal.result(value, lambda: terminal.table(["judge", ""], value.items()))


@judge.command("agreement")
@click.argument("name")
@run_async
async def agree(terminal: Terminal, name: str) -> None:
    """How far a judge agrees with people about the same runs.

    \b
    Example: whorl judge agreement whorl-seed
    """
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        found = await agreement(session, name if name.startswith("judge:") else f"judge:{name}")
    terminal.result(found, lambda: terminal.table(["judge", ""], found.items()))


async def grades(grader: Grader, attempts: Sequence[Attempted]) -> list[Opinion | None]:
    """The grades of attempts, in their order."""
    found: list[Opinion | None] = [None] * len(attempts)
    limiter = anyio.CapacityLimiter(CONCURRENCY)

    async def ask(index: int, attempt: Attempted) -> None:
        question, passages = seen(attempt.prompt)
        shown = "\n".join(f"[{number}] {text}" for number, text in passages.items())
        async with limiter:
            grade = await grader.grade(question, attempt.answer, shown)
        found[index] = Opinion(grade.value, grade.reason) if grade else None

    async with anyio.create_task_group() as group:
        for index, attempt in enumerate(attempts):
            group.start_soon(ask, index, attempt)
    return found


@asynccontextmanager
async def _judge(terminal: Terminal, by: str) -> AsyncIterator[Judge]:
    if by == "first":
        yield FirstJudge()
    elif by == "longer":
        yield LongerJudge()
    elif by == "alike":
        yield AlikeJudge(choose_embedder(terminal.settings.embedder).embed_texts)
    elif terminal.settings.judge_url:
        async with _model(terminal.settings, None) as chosen:
            yield chosen
    else:
        async with terminal.open() as (whorl, _), _model(terminal.settings, whorl) as chosen:
            yield chosen


@asynccontextmanager
async def _model(settings: Settings, whorl: Any) -> AsyncIterator[ModelJudge]:
    """The judge that the settings name, else the base model of the workspace's servers."""
    if settings.judge_url is None:
        yield ModelJudge(whorl.servers.chat, whorl.servers.base)
        return
    async with outside_judge(settings, settings.judge_url) as chosen:
        yield chosen


@asynccontextmanager
async def outside_judge(settings: Settings, url: str) -> AsyncIterator[ModelJudge]:
    """The judge of ``WHORL_JUDGE_MODEL`` on the server at ``url``."""
    headers = {"Authorization": f"Bearer {settings.judge_key}"} if settings.judge_key else {}
    async with httpx.AsyncClient(base_url=url.rstrip("/"), headers=headers, timeout=120) as http:
        client = ModelClient(http)
        name = settings.judge_model or (await client.models())[0].name
        yield ModelJudge(client.chat, name)


def _pair(record: Record) -> Pair:
    question = _text(record, ("question", "prompt"))
    first, second = _text(record, _FIRST), _text(record, _SECOND)
    label = record.fields.get("label", "first" if "chosen" in record.fields else None)
    if label is not None and label not in _LABELS:
        raise InputError(f"{record.where}: label is {label!r}; it is first, second, or missing.")
    return Pair(question, first, second, None if label is None else _LABELS[str(label)])


def _text(record: Record, names: tuple[str, ...]) -> str:
    """A text, or the words of a list of messages, under the first of ``names`` that the record has."""
    name = next((name for name in names if name in record.fields), names[0])
    value = record.fields.get(name)
    if isinstance(value, list) and all(isinstance(each, dict) for each in value):
        return "\n".join(str(each.get("content") or "") for each in value)
    return record.text(name)


def _show(terminal: Terminal, report: dict[str, Any]) -> None:
    rows = [["pairs", report["pairs"]], ["unreadable", report["unreadable"]]]
    for part in (report, report["position"], report["length"]):
        rows += [[name.replace("_", " "), _told(value)] for name, value in part.items() if _told(value)]
    terminal.table([report["judge"], ""], rows)


def _told(value: Any) -> str:
    if isinstance(value, dict) and "share" in value:
        low, high = value["interval"]
        return f"{value['share']:.1%} of {value['n']} ({low:.0%} to {high:.0%})"
    return f"{value:+.3f}" if isinstance(value, float) else ""


COMMANDS = (judge,)
