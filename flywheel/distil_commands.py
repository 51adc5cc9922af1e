"""``whorl distil``: teach the base what a large model's runs do."""

from pathlib import Path
from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.usage.prices import NO_PRICE, Price
from .datasets import Selection
from .distil import Prices, distil
from .evaluation import load_tasks
from .training.recipe import default_recipe


@click.command("distil")
@click.option("--model", help="Runs of this model teach, such as gpt-4o of whorl import.")
@click.option("--adapter", help="Runs of this adapter teach.")
@click.option("--tag", help="Runs with this tag teach.")
@click.option("--tasks", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="JSON lines of questions that the teacher was asked: question, answers (or verifier, arguments).")  # fmt: skip
@click.option("--teacher-price", type=click.FloatRange(0), nargs=2, metavar="IN OUT",
              help="US dollars for a million tokens read and written.")  # fmt: skip
@click.option("--student-price", type=click.FloatRange(0), nargs=2, metavar="IN OUT")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--epochs", type=click.FloatRange(0, min_open=True), help="Passes over the data.")
@run_async
async def distil_runs(
    terminal: Terminal,
    model: str | None,
    adapter: str | None,
    tag: str | None,
    tasks: Path,
    teacher_price: tuple[float, float] | None,
    student_price: tuple[float, float] | None,
    seed: int,
    epochs: float | None,
) -> None:
    """Train an adapter on a teacher's good runs, and report what share of its success was kept, at what cost.

    \b
    Example: whorl distil --model gpt-4o --tasks held_out.jsonl --teacher-price 2.5 10
    """
    wanted = load_tasks(tasks)
    recipe = default_recipe("sft", seed).changed(**({} if epochs is None else {"epochs": epochs}))
    prices = Prices(_price(teacher_price), _price(student_price))
    async with terminal.open(loaded=True) as (whorl, actor):
        await whorl.flush()
        with terminal.progress() as bars:
            stages: dict[str, Any] = {}

            def progress(stage: str, done: int, total: int) -> None:
                if stage not in stages:
                    stages[stage] = bars.add_task(stage, total=total)
                bars.update(stages[stage], completed=done, total=total)

            selection = Selection(model=model, adapter=adapter, tag=tag)
            report = await distil(whorl, actor, selection, wanted, recipe, prices, progress)
    terminal.result(report, lambda: _show(terminal, report))


def _price(given: tuple[float, float] | None) -> Price:
    return NO_PRICE if given is None else Price(*given)


def _show(terminal: Terminal, report: dict[str, Any]) -> None:
    kept, costs = report["kept"], report["cost"]
    rows = [
        [side, f"{report[f'{side}_success']:.1%}", _tokens(costs.get(side)), _dollars(costs.get(side))]
        for side in ("teacher", "student", "base")
    ]
    terminal.table(["", "success", "tokens a run", "dollars a run"], rows)
    low, high = (f"{bound:.0%}" if bound is not None else "any" for bound in kept["interval"])
    click.echo(
        f"{report['adapter']} kept {kept['share']:.0%} of the teacher's success (95 % interval {low} to {high}; "
        f"{report['n']} of {report['tasks']} tasks)."
    )


def _tokens(cost: dict[str, Any] | None) -> str:
    return "" if cost is None else f"{cost['tokens']:.0f} ({cost['tokens_are']})"


def _dollars(cost: dict[str, Any] | None) -> str:
    return "" if cost is None or cost["dollars"] is None else f"{cost['dollars']:.6f}"
