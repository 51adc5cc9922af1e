"""``whorl judge``: pairs of a file in both orders, or stored runs one by one."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import cache, partial
from itertools import chain, islice
from typing import Any

import anyio
import click

from ...platform.command import Opened, Terminal, run_async
from ...platform.database.session import tenant_session
from ...platform.errors import InputError
from ...platform.lines import STANDARD_INPUT, read_records
from ...retrieval.embed.choose import choose_embedder
from ..datasets import Selection
from .agreement import Agreement, agreements
from .base import MODEL, Comparing, Judge, Means, find, make_judge, registered
from .means import server_means, workspace_means
from .measure import Measures, Share, measure
from .model import FORMS, Form
from .pairs import Judgement, Pair, judge_pair, pair_of
from .runs import MOST_CALLS, PAGE, WEIGHT, JudgedRuns, judge_runs


@dataclass(frozen=True)
class Asked:
    """Which judge the options name, and where its model is."""

    name: str
    arguments: dict[str, Any]
    server: str | None
    model: str | None

    def check(self) -> None:
        """Raise InputError for a server or a model of a judge that asks none."""
        find(self.name)
        if self.name != MODEL and (self.server or self.model):
            raise InputError(f"The judge {self.name!r} asks no model: leave out --server and --model.")


@click.command()
@click.argument("file", required=False, metavar="[PAIRS|-]")
@click.option("--runs", "stored", is_flag=True, help="Judge stored runs in place of a file.")
@click.option("--judge", "name", default=MODEL, show_default=True, help="The judge; --list shows all.")
@click.option("--server", metavar="URL", help="Model server; by default the one of the workspace.")
@click.option("--model", metavar="NAME", help="The model that judges; by default the server's first.")
@click.option(
    "--calibrated", is_flag=True, help="Read probabilities of the verdict, where the server has them."
)
@click.option(
    "--form",
    type=click.Choice(FORMS),
    help="A reason before the verdict [reason], bare, or one forced token.",
)
@click.option("--arguments", default="{}", metavar="JSON", help="Further arguments of the judge.")
@click.option(
    "--max-calls", type=click.IntRange(1), default=MOST_CALLS, show_default=True, help="Budget of verdicts."
)
@click.option(
    "--weight", type=click.FloatRange(0, 1), default=WEIGHT, show_default=True, help="Of an outcome (--runs)."
)
@click.option("--tag", help="Only runs with this tag (--runs).")
@click.option("--agent", help="Only runs of this agent (--runs).")
@click.option("--adapter", help="Only runs answered by this adapter (--runs).")
@click.option("--of-model", help="Only runs of this model (--runs).")
@click.option("--list", "listed", is_flag=True, help="Show the judges and what each goes by.")
@run_async
async def judge(
    terminal: Terminal,
    file: str | None,
    stored: bool,
    name: str,
    server: str | None,
    model: str | None,
    calibrated: bool,
    form: Form | None,
    arguments: str,
    max_calls: int,
    weight: float,
    tag: str | None,
    agent: str | None,
    adapter: str | None,
    of_model: str | None,
    listed: bool,
) -> None:
    """Let a model judge answers: pairs from a file, or stored runs.

    PAIRS are JSON lines with question (or prompt) and answer_a and answer_b, response_A and
    response_B, or chosen and rejected; by choice a label, A>B or B>A. Each pair is judged in both
    orders. One verdict a pair; then accuracy and biases, with --json as a last line "measures".

    --runs stores an outcome of kind judge for each run, and says how far the judge agrees with
    people.

    \b
    Examples:
      whorl judge pairs.jsonl --server http://localhost:8000 --model qwen3-8b --json
      whorl judge --runs --tag support --weight 0.3
    """
    if listed:
        _list(terminal)
        return
    selection = Selection(agent=agent, adapter=adapter, tag=tag, model=of_model)
    _check(file, stored, selection)
    asked = Asked(name, _arguments(name, arguments, calibrated, form), server, model)
    asked.check()
    async with AsyncExitStack() as stack:
        if stored:
            opened = await stack.enter_async_context(terminal.open())
            chosen = await stack.enter_async_context(_judge(terminal, asked, opened))
            await _judge_runs(terminal, opened, chosen, selection, weight, max_calls)
            return
        pairs = (pair_of(record) for record in read_records(file or STANDARD_INPUT, plain=False))
        first = next(pairs)
        chosen = await stack.enter_async_context(_judge(terminal, asked, None))
        await _judge_pairs(terminal, chosen, chain([first], pairs), max_calls)


def _check(file: str | None, stored: bool, selection: Selection) -> None:
    if stored and file is not None:
        raise InputError(f"Give a file of pairs or --runs, not both: {file!r}.")
    if not stored and selection != Selection():
        raise InputError("A selection of runs goes with --runs.")


def _arguments(name: str, text: str, calibrated: bool, form: Form | None) -> dict[str, Any]:
    try:
        given = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"--arguments is not JSON: {error}.") from error
    if not isinstance(given, dict):
        raise InputError(f"--arguments must be a JSON object, not {text[:60]!r}.")
    if name != MODEL and (calibrated or form):
        raise InputError(f"--calibrated and --form are of the judge {MODEL!r}, not of {name!r}.")
    return {**given, **({"calibrated": True} if calibrated else {}), **({"form": form} if form else {})}


@asynccontextmanager
async def _judge(terminal: Terminal, asked: Asked, opened: Opened | None) -> AsyncIterator[Judge]:
    """The judge that was asked for; opens the workspace only where its model or embedder is needed."""
    async with AsyncExitStack() as stack:
        if asked.server is not None:
            means = await stack.enter_async_context(
                server_means(terminal.settings, asked.server, asked.model)
            )
        elif asked.name == MODEL:
            here = opened if opened is not None else await stack.enter_async_context(terminal.open())
            means = await workspace_means(here.whorl, here.actor, asked.model)
        else:
            means = Means(embedder=cache(partial(choose_embedder, terminal.settings.embedder)))
        yield make_judge(asked.name, means, asked.arguments)


async def _judge_pairs(terminal: Terminal, chosen: Judge, pairs: Iterator[Pair], most_calls: int) -> None:
    comparing, judgements = chosen.compares, list[Judgement]()
    room = most_calls // 2
    while room and (page := list(islice(pairs, min(PAGE, room)))):
        for judgement in await _both_orders(comparing, page):
            judgements.append(judgement)
            _show(terminal, judgement)
        room -= len(page)
    measures = measure(judgements)
    if not judgements or measures.refused.count == measures.refused.n:
        why = judgements[0].forward.reason if judgements else f"a budget of {most_calls} call"
        raise InputError(f"No pair was judged: {why}")
    left = sum(1 for _ in pairs)
    summary = {"measures": {**chosen.recipe.manifest(), **measures.report(), "over_budget": left}}
    terminal.result(summary, lambda: terminal.table(["measure", "", "95 % interval", ""], _table(measures)))
    if left:
        terminal.notes.print(
            f"{left} pairs are left: the budget of {most_calls} calls is used up (--max-calls)."
        )


async def _both_orders(comparing: Comparing, page: list[Pair]) -> list[Judgement]:
    found: dict[int, Judgement] = {}

    async def ask(number: int, pair: Pair) -> None:
        found[number] = await judge_pair(comparing, pair)

    async with anyio.create_task_group() as group:
        for number, pair in enumerate(page):
            group.start_soon(ask, number, pair)
    return [found[number] for number in range(len(page))]


def _show(terminal: Terminal, judgement: Judgement) -> None:
    verdict, state = judgement.verdict, judgement.state
    ahead, behind = judgement.votes
    result: dict[str, Any] = {
        "verdict": verdict, "state": state, "orders": [ahead, behind], "probability": judgement.probability,
        "reasons": [judgement.forward.reason, judgement.backward.reason],
    }  # fmt: skip
    pair = judgement.pair
    result |= {} if pair.id is None else {"id": pair.id}
    result |= {} if pair.label is None else {"label": pair.label}
    said = judgement.forward.reason.splitlines() or [""]
    terminal.result(result, lambda: click.echo(f"{verdict or '-':3}  {state:10}  {said[0][:120]}"))


def _table(measures: Measures) -> list[list[str]]:
    """The measures as rows for people."""
    accuracy, position, length = measures.accuracy, measures.position, measures.length
    rows = [
        ("right in both orders", accuracy.right, f"of {measures.labelled} labelled pairs"),
        ("wrong in both orders", accuracy.wrong, ""),
        ("orders differ", accuracy.flipped, "counts as a tie"),
        ("right in one order", accuracy.one_order, "of all votes"),
        ("right by probability", accuracy.calibrated, "mean of both orders"),
        ("orders agree", position.consistent, "of pairs with two verdicts"),
        ("first place wins a flip", position.first_of_flips, "0.5 is no bias of position"),
        ("right where it is longer", length.right_when_longer, "of votes"),
        ("right where it is shorter", length.right_when_shorter, "of votes"),
        ("unparsable replies", measures.unparsable, ""),
        ("refused by the server", measures.refused, ""),
    ]
    shown = [[name, *_cells(share), note] for name, share, note in rows if share.n]
    balanced = length.longer_balanced
    if balanced is not None:
        low, high = length.interval
        shown.append(
            [
                "prefers the longer, balanced",
                f"{balanced:.3f}",
                f"{low:.3f} to {high:.3f}",
                "0.5 is no bias of length",
            ]
        )
    return shown


def _cells(share: Share) -> list[str]:
    low, high = share.interval
    return [f"{share.share:.3f}", f"{low:.3f} to {high:.3f}"]


async def _judge_runs(
    terminal: Terminal, opened: Opened, chosen: Judge, selection: Selection, weight: float, most_calls: int
) -> None:
    whorl, actor = opened
    await whorl.flush()
    with terminal.progress() as bars:
        bar = bars.add_task("judging runs", total=None)
        done = await judge_runs(
            whorl.engine, actor, whorl.redactor, chosen, selection, weight=weight, most_calls=most_calls,
            progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )  # fmt: skip
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        found = await agreements(session, chosen.recipe.source)
    people = found[0].report() if found else None
    result = {"source": chosen.recipe.source, **done.report(), "agreement": people}
    terminal.result(result, lambda: _tell(terminal, chosen, done, found))


def _tell(terminal: Terminal, chosen: Judge, done: JudgedRuns, found: list[Agreement]) -> None:
    click.echo(f"{chosen.recipe.source} judged {done.judged} runs; {done.known} it had judged before.")
    for reason, count in sorted(done.left_out.items()):
        click.echo(f"{count} left out: {reason}.")
    if done.over_budget:
        click.echo(f"{done.over_budget} are left: the budget of calls is used up (--max-calls).")
    for each in found:
        low, high = each.agreed.interval
        kappa = "not defined: one of them always says the same" if each.kappa is None else f"{each.kappa:.2f}"
        click.echo(
            f"People judged {each.agreed.n} of its runs and agree on {each.agreed.share:.0%} "
            f"({low:.0%} to {high:.0%}); Cohen's kappa {kappa}."
        )
    if not found:
        click.echo("No person has judged a run of these: how far it agrees with people is not known.")


def _list(terminal: Terminal) -> None:
    rows = [
        {"judge": each.name, "goes_by": each.says, "version": each.version}
        for each in registered()
    ]  # fmt: skip
    shown = [[row["judge"], row["goes_by"]] for row in rows]
    terminal.result(rows, lambda: terminal.table(["judge", "goes by"], shown))
