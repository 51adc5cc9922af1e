"""``whorl train``: a new training, or one that goes on."""

import uuid
from typing import Any

import click

from ...platform.command import Terminal, run_async
from ...platform.database.session import tenant_session
from ...platform.errors import InputError
from ...platform.identity.access import Actor
from ...platform.ids import parse_uuid
from ...platform.serving.adapters import REWARD
from ...platform.serving.base_model import model_folder
from ..datasets import find_dataset
from .launch import queue_training, train_adapter
from .recipe import METHODS, Recipe, default_recipe, parse_method
from .resume import find_training, requeue_training


@click.command()
@click.argument("dataset_id", required=False)
@click.option("--resume", metavar="TRAINING_ID", help="Go on with a training whose process died.")
@click.option("--method", type=click.Choice(METHODS), help="By default the dataset's format.")
@click.option("--seed", type=int, help="By default 0.")
@click.option(
    "--epochs",
    type=click.FloatRange(0, min_open=True),
    help="Passes over the data; grpo takes 20 steps unless they are given.",
)
@click.option("--learning-rate", type=click.FloatRange(0, min_open=True))
@click.option("--beta", type=click.FloatRange(0), help="Weight of the distance to the base model.")
@click.option("--gamma", type=click.FloatRange(0), help="Margin that simpo asks for.")
@click.option("--rehearse", type=click.FloatRange(0, 1, max_open=True),
              help="Share of rows of the base's former tasks, for sft.")  # fmt: skip
@click.option("--anchor", type=click.FloatRange(0),
              help="Weight of the divergence from the base on such rows.")  # fmt: skip
@click.option("--nll", type=click.FloatRange(0),
              help="Weight of the likelihood of better answers, for dpo and kto, or of corrections, for grpo.")  # fmt: skip
@click.option("--max-steps", type=click.IntRange(1), help="Steps in place of passes over the data.")
@click.option(
    "--max-length", type=click.IntRange(16), help="Tokens of a row at most; longer ones are left out."
)
@click.option("--batch-size", type=click.IntRange(1), help="Rows of a step.")
@click.option(
    "--generations", type=click.IntRange(2), help="Answers of a group, for grpo; they divide the batch."
)
@click.option("--temperature", type=click.FloatRange(0, min_open=True),
              help="At which grpo draws its answers.")  # fmt: skip
@click.option("--guided/--no-guided", default=None,
              help="Whether a group of grpo that earns nothing is given a correction.")  # fmt: skip
@click.option("--solved/--no-solved", default=None,
              help="Whether grpo also plays questions that every recorded run got right.")  # fmt: skip
@click.option("--target-modules", help="Expression over the modules that the adapter changes, or all-linear.")
@click.option("--rank", type=click.IntRange(1), help="Rank of the adapter.")
@click.option("--loss", help="A loss of the method's family, such as ipo for dpo or dr_grpo for grpo.")
@click.option("--dora", is_flag=True, default=None, help="Split weights into length and direction.")
@click.option("--rslora", is_flag=True, default=None, help="Scale by the root of the rank.")
@click.option(
    "--qlora", is_flag=True, default=None, help="Hold the base in four bits while its adapter is trained."
)
@click.option("--save-every", type=click.IntRange(1), help="Steps between checkpoints; by default a minute.")
@click.option("--evaluate-every", type=click.IntRange(1), help="Steps between evaluations of the loss.")
@click.option(
    "--early-stop", type=click.IntRange(1), help="Evaluations without a fall that end the training."
)
@click.option(
    "--continue-from", metavar="ADAPTER", help="Begin as an adapter of the workspace, not as the base."
)
@click.option("--any-template", is_flag=True, default=None,
              help="Train on runs that were served with another chat template.")  # fmt: skip
@run_async
async def train(
    terminal: Terminal,
    dataset_id: str | None,
    resume: str | None,
    method: Any,
    seed: int | None,
    **changes: Any,
) -> None:
    """Train a LoRA adapter on a dataset and register it.

    \b
    Examples:
      whorl train 0199e6a0-0000-7000-8000-000000000000 --epochs 2
      whorl train 0199e6a0-0000-7000-8000-000000000000 --method dpo --continue-from acme.v3
    """
    given = {name: value for name, value in changes.items() if value is not None}
    chosen = [name for name, value in {"method": method, "seed": seed, **given}.items() if value is not None]
    if (dataset_id is None) == (resume is None) or (resume is not None and chosen):
        raise InputError("Name a dataset to train on, or a training with --resume and nothing else.")
    async with terminal.open() as (whorl, actor):
        if resume is not None:
            training_id = parse_uuid(resume, "training")
            recipe = await requeue_training(whorl.engine, actor, training_id, terminal.settings.adapters)
        else:
            training_id, recipe = await _queue(whorl, actor, str(dataset_id), method, seed or 0, given)
        with terminal.progress() as bars:
            bar = bars.add_task(f"training by {recipe.method}", total=None)
            name = await train_adapter(
                whorl.engine, actor, training_id, recipe, model_folder(terminal.settings), terminal.settings.adapters,
                lambda step: bars.update(bar, completed=step["step"], total=step["steps"]), terminal.settings.rehearsal,
            )  # fmt: skip
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            report = (await find_training(session, training_id)).report or {}
    too_long = report.get("too_long_rows", 0)
    if too_long:
        terminal.notes.print(
            f"Left out: {too_long} rows of more than {recipe.max_length} tokens. Raise --max-length to learn from them."
        )
    done = f"The adapter {name} is trained. Next: whorl evaluate adapter {name}"
    if recipe.method == REWARD:
        done = f"The reward model {name} is trained. Next: whorl reward-model judge {name}"
    terminal.result({"adapter": name, "too_long_rows": too_long}, lambda: click.echo(done))


async def _queue(
    whorl: Any, actor: Actor, dataset_id: str, method: str | None, seed: int, changes: dict[str, Any]
) -> tuple[uuid.UUID, Recipe]:
    wanted = parse_uuid(dataset_id, "dataset")
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        dataset = await find_dataset(session, wanted)
    recipe = default_recipe(parse_method(method or dataset.format), seed).changed(**changes)
    return await queue_training(whorl.engine, actor, wanted, recipe), recipe
