"""``whorl evaluate qa``."""

from pathlib import Path

import click

from ..platform.command import Terminal, run_async
from .promotion_commands import evaluate_group
from .qa import evaluate_qa, load_passages, load_questions


@evaluate_group.command("qa")
@click.argument("passages", type=click.Path(path_type=Path))
@click.argument("questions", type=click.Path(path_type=Path))
@click.option("--limit", type=click.IntRange(1), help="Ask only the first so many questions.")
@click.option("--adapter", help="Answer with this adapter.")
@run_async
async def evaluate_questions(
    terminal: Terminal, passages: Path, questions: Path, limit: int | None, adapter: str | None
) -> None:
    """Ask every question over a scratch collection of the passages.

    Prints EM and F1 (as SQuAD's script), contained (the reply contains a gold answer), recall@k of
    the gold passage, and abstention.

    \b
    Example: whorl evaluate qa passages.jsonl questions-v1.1.jsonl --limit 200
    """
    documents = load_passages(passages, terminal.settings)
    asked = load_questions(questions)[:limit]
    async with terminal.open(loaded=True) as (whorl, actor):
        with terminal.progress() as bars:
            report = await evaluate_qa(whorl, actor, documents, asked, bars, adapter=adapter)
    terminal.result(report, lambda: terminal.table(["", ""], [
        [name, f"{value:.4f}" if isinstance(value, float) else value] for name, value in report.items()
    ]))  # fmt: skip
