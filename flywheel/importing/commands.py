"""``whorl import``: runs that other systems recorded."""

from collections import Counter
from collections.abc import Iterator

import click

from ...platform.command import Terminal, run_async
from ...platform.lines import STANDARD_INPUT, read_records
from .base import TOLD, Recorded, Runs, read_runs
from .completions import read_completion
from .langfuse import langfuse_reader
from .openai import read_chat
from .openwebui import read_openwebui
from .phoenix import PhoenixRuns
from .store import import_runs
from .tau import read_tau
from .tensorzero import TensorZeroRuns


@click.group("import")
def import_group() -> None:
    """Bring runs of other systems in: redacted, stored as spans, ready for datasets."""


@import_group.command("tau")
@click.argument("file", default=STANDARD_INPUT)
@run_async
async def tau(terminal: Terminal, file: str) -> None:
    """Trajectories of tau-bench, JSON lines: task_id, trial, reward, traj.

    \b
    Example: whorl import tau gpt-4o-airline.jsonl
    """
    await _import(terminal, "tau", read_runs(file, read_tau))


@import_group.command("openai")
@click.argument("file", default=STANDARD_INPUT)
@run_async
async def openai(terminal: Terminal, file: str) -> None:
    """Chats in OpenAI's JSON lines: messages, by choice tools, id, group, reward or label.

    \b
    Example: whorl import openai chats.jsonl
    """
    await _import(terminal, "openai", read_runs(file, read_chat))


@import_group.command("completions")
@click.argument("file", default=STANDARD_INPUT)
@run_async
async def completions(terminal: Terminal, file: str) -> None:
    """Logged calls of OpenAI's API, JSON lines: request, response, by choice workload_id, as NVIDIA's data flywheel has them.

    \b
    Example: whorl import completions flywheel.jsonl
    """
    await _import(terminal, "completions", read_runs(file, read_completion))


@import_group.command("openwebui")
@click.argument("file", default=STANDARD_INPUT)
@run_async
async def openwebui(terminal: Terminal, file: str) -> None:
    """Feedback or chats of Open WebUI, as its admin pages export them.

    \b
    Example: whorl import openwebui feedback-history-export.json
    """
    await _import(terminal, "openwebui", read_runs(file, read_openwebui))


@import_group.command("tensorzero")
@click.argument("file", default=STANDARD_INPUT)
@click.option("--score", help="The metric that says how good an inference was, where there are several.")
@run_async
async def tensorzero(terminal: Terminal, file: str, score: str | None) -> None:
    """Rows of TensorZero's tables, JSON lines, in any order: inferences, calls of models, all four kinds of feedback.

    \b
    Example: cat ChatInference.jsonl BooleanMetricFeedback.jsonl | whorl import tensorzero --score solved
    """
    await _import(terminal, "tensorzero", TensorZeroRuns(read_records(file, plain=False), score), score)


@import_group.command("langfuse")
@click.argument("file", default=STANDARD_INPUT)
@click.option("--score", help="The score that says how good a trace was, where traces have several.")
@run_async
async def langfuse(terminal: Terminal, file: str, score: str | None) -> None:
    """Traces of Langfuse, JSON lines as its API returns them: id, observations, scores.

    \b
    Example: whorl import langfuse traces.jsonl --score user-feedback
    """
    await _import(terminal, "langfuse", read_runs(file, langfuse_reader(score)), score)


@import_group.command("phoenix")
@click.argument("file", default=STANDARD_INPUT)
@click.option("--score", help="The annotation that says how good a trace was, where traces have several.")
@run_async
async def phoenix(terminal: Terminal, file: str, score: str | None) -> None:
    """Spans and annotations of Arize Phoenix: JSON lines or pages of its API, in any order. A trace is a run.

    \b
    Example: curl 'localhost:6006/v1/projects/default/spans?limit=1000' | whorl import phoenix
    """
    await _import(terminal, "phoenix", PhoenixRuns(read_records(file, plain=False), score), score)


async def _import(terminal: Terminal, source: str, runs: Runs, score: str | None = None) -> None:
    """Import runs and say what became of them; ``score`` is what their source calls their reward."""
    rewarded, unjudged = 0, Counter[str]()

    def counted() -> Iterator[Recorded]:
        nonlocal rewarded
        for run in runs:
            rewarded += run.reward is not None
            if run.unjudged:
                unjudged[run.unjudged] += 1
            yield run

    async with terminal.open() as (whorl, actor):
        done = await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, source, counted())
    if unjudged:
        why = "".join(f"\n  {number}: {reason}" for reason, number in unjudged.most_common(TOLD))
        text = f"Without a reward, with their scores as comments: {unjudged.total()} runs.{why}"
        terminal.notes.print(text, markup=False)
    elif score is not None and not rewarded:
        terminal.notes.print(f"No run has a score {score!r}: they were imported without one.", markup=False)
    value = {
        "source": source, "new": done.new, "known": done.known, "erased": done.erased, "outcomes": done.outcomes,
        "doubles": done.doubles, "left_out": runs.left_out, "unjudged": unjudged.total(),
    }  # fmt: skip
    told = f"Runs imported: {done.new}, outcomes with them: {done.outcomes}; here before: {done.known}"
    erased = f"; erased, and not brought back: {done.erased}" if done.erased else ""
    doubles = f"; of an id that came before in the file: {done.doubles}" if done.doubles else ""
    # Of runs that nothing came of there are no rows.
    then = "whorl export --format sft" if done.outcomes or not done.new else "whorl judge --runs"
    if runs.left_out:
        why = "".join(f"\n  {reason}" for reason in runs.reasons)
        terminal.notes.print(f"Left out: {runs.left_out} {runs.called}.{why}", markup=False)
    terminal.result(
        value, lambda: click.echo(f"{told}{erased}{doubles}. Next: {then} --tag imported:{source}")
    )
