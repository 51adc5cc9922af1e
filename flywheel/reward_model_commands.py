"""``whorl reward-model``: what a reward model thinks of answers and of runs."""

from pathlib import Path
from typing import Any

import anyio.to_thread
import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.lines import STANDARD_INPUT, Record, read_records
from ..platform.serving.base_model import model_folder
from .reward_model import Attempted, RewardModel, as_share, find_reward_model, judge_runs


@click.group("reward-model")
def reward_model() -> None:
    """Use what whorl train --method reward made of preference pairs."""


@reward_model.command("score")
@click.argument("name")
@click.argument("file", default=STANDARD_INPUT)
@run_async
async def score(terminal: Terminal, name: str, file: str) -> None:
    """Score answers: JSON lines with answer and prompt (a text, or a list of messages), by choice tools.

    One result a record: the score, and the share of answers of score 0 that it would be preferred to.

    \b
    Example: whorl reward-model score acme.v2 answers.jsonl --json
    """
    attempts = [_attempt(record) for record in read_records(file, plain=False)]
    async with terminal.open() as (whorl, actor):
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            adapter = await find_reward_model(session, name)
        folder = model_folder(terminal.settings)
        model = await anyio.to_thread.run_sync(RewardModel.load, Path(adapter.folder), folder)
        scores = await anyio.to_thread.run_sync(model.score, attempts)
    for value in scores:
        result = {"score": round(value, 4), "share": round(as_share(value), 4)}
        terminal.result(result, lambda r=result: click.echo(f"{r['score']:+.3f}  {r['share']:.0%}"))  # type: ignore[misc]


@reward_model.command("judge")
@click.argument("name")
@click.option("--tag", help="Only runs with this tag.")
@run_async
async def judge(terminal: Terminal, name: str, tag: str | None) -> None:
    """Record what a reward model thinks of runs, as outcomes of kind judge.

    \b
    Example: whorl reward-model judge acme.v2 --tag imported
    """
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        judged = await judge_runs(
            whorl.engine, actor, whorl.redactor, name, model_folder(terminal.settings), tag
        )
    terminal.result({"judged": judged}, lambda: click.echo(f"{name} judged {judged} runs."))


def _attempt(record: Record) -> Attempted:
    prompt: Any = record.fields.get("prompt")
    if isinstance(prompt, str):
        prompt = [{"role": "user", "content": prompt}]
    known = isinstance(prompt, list) and all(isinstance(m, dict) and "role" in m for m in prompt)
    tools: Any = record.fields.get("tools") or []
    if not prompt or not known or not isinstance(tools, list):
        raise InputError(f"{record.where}: 'prompt' is a text or a list of messages, 'tools' a list.")
    return Attempted(prompt, record.text("answer"), tools)
