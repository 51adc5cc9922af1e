"""Does each method help? ``python -m tests.bench.learning``: four methods, three seeds, two families, one base.

The base is asked what can be learnt from, twice; verifiers judge every run, and of wrong ones seven in
ten are corrected. Of these runs come the four datasets, and of each an adapter for each seed. ``--methods sft+dpo`` and
``sft+sft`` are a second turn, after ``sft``: the sft adapter of the seed is asked the same in the base's place, judged and
corrected in the same way, and the new adapter goes on with it, by runs of its own. Every adapter is asked the same held-out
questions as the base, without another word of training:

- ``company``: generated, the demonstration's questions about Halden that have an answer, with documents, a calculator and
  a stock system whose codes no document tells;
- ``bfcl``: third-party, the simple calls of BFCL v4, split by question;
- ``general``: what the seed model learnt before (its held-out generated tasks), which must not be lost.

Results are written to ``build/learning/results.jsonl`` as they come, each with the commit that it was measured at.
``--resume`` goes on with the runs that were collected and leaves out the trainings whose results are there; where the
base was not measured to its end it begins anew, so that no run is collected twice. Methods can be measured side by side:
copy the folder once the base is in its results, give each copy methods of its own (``--folder``, ``OMP_NUM_THREADS=1``),
append its lines to the first, and ``--resume`` there shows them all.
"""

import argparse
import asyncio
import json
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
from rich.progress import Progress
from scipy.stats import bootstrap, permutation_test

from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.demo.commands import demo_settings
from whorl.flywheel.demo.run import EDITED, TEMPERATURE, Demo
from whorl.flywheel.demo.tasks import Tasks
from whorl.flywheel.evaluation import Scored, Task, ask_all
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.seed.bfcl import FILES, Problem, problems
from whorl.flywheel.seed.evaluate import Seed, evaluate, held_out_library
from whorl.flywheel.split import GROUP_TAG, is_held_out
from whorl.flywheel.statistics import changed, mcnemar_p, wilson_interval
from whorl.flywheel.tables import Dataset
from whorl.flywheel.training.launch import queue_training, train_adapter
from whorl.flywheel.training.recipe import Recipe, default_recipe, parse_method
from whorl.platform.app import Whorl, open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.base_model import model_folder
from whorl.platform.serving.messages import Sampling
from whorl.platform.settings import Settings

from .corpora import DATA
from .report import ROOT, Row, bar, commit, show, write

METHODS = ("sft", "dpo", "kto", "grpo")
# What begins as the sft adapter of its seed, in place of the base.
AFTER_SFT = "sft+"
SECOND_TURN = (f"{AFTER_SFT}dpo", f"{AFTER_SFT}sft")
FAMILIES = ("company", "bfcl", "general")
HELD_OUT = 0.4
SPLIT = 11
TAG = "learning"
# The method that a line of the results has which says that an adapter's own runs were collected.
RUNS = "runs"
FOLDER = ROOT / "build" / "learning"
# What is lost at most of another family, and of the general set.
LOSS = 0.02
SEEDS = (0, 1, 2)
RECIPES: dict[str, dict[str, Any]] = {
    "sft": {"epochs": 3.0, "learning_rate": 2e-3, "anchor": 5.0},
    "dpo": {"epochs": 4.0, "learning_rate": 2e-3, "nll": 5.0, "anchor": 150.0},
    "sft+dpo": {"epochs": 2.0, "learning_rate": 5e-4, "nll": 2.0, "anchor": 60.0},
    "sft+sft": {"epochs": 2.0, "learning_rate": 1e-3, "anchor": 5.0},
    "kto": {"max_steps": 150, "learning_rate": 1e-3, "nll": 5.0, "anchor": 40.0},
    "grpo": {
        "max_steps": 60,
        "learning_rate": 2e-3,
        "generations": 6,
        "batch_size": 24,
        "temperature": 1.2,
        "nll": 1.0,
        "anchor": 8.0,
    },
}


@dataclass(frozen=True)
class CallTask(Task):
    """A question that one call of its own function answers."""

    problem: Problem | None = None

    @property
    def toolbox(self) -> Toolbox:
        """The function alone; it takes the call and says so."""
        assert self.problem is not None

        async def take(arguments: dict[str, Any], context: ToolContext) -> Observation:
            return Observation("done")

        function = self.problem.function["function"]
        return Toolbox([Tool(function["name"], function["description"], take, function["parameters"])])


def call_tasks() -> list[CallTask]:
    """The simple problems of BFCL."""
    tasks = []
    for name in FILES:
        for problem in problems(DATA / "tools-bfcl", name):
            ((tool, admissible),) = problem.truth.items()
            arguments = {"tool": tool, "arguments": admissible}
            group = f"bfcl/{problem.question}"
            tags = (f"{GROUP_TAG}{group}",)
            tasks.append(CallTask(problem.question, "admissible_call", arguments, group, tags, problem))
    return tasks


def corrected_call(task: CallTask) -> str:
    """The right call as a person would write it: the first admissible values, nothing that may be left out."""
    assert task.problem is not None
    ((tool, admissible),) = task.problem.truth.items()
    arguments = {name: values[0] for name, values in admissible.items() if values and "" not in values}
    return json.dumps({"name": tool, "arguments": arguments}, ensure_ascii=False)


@dataclass
class Bench:
    """What the stages share."""

    whorl: Whorl
    actor: Actor
    bars: Progress
    folder: Path
    limit: int | None

    async def prepare(self) -> tuple[list[CallTask], dict[str, list[Task]]]:
        """The calls to learn from, and the held-out questions by family."""
        demo = self._demo()
        await demo.prepare()
        calls = call_tasks()
        learn = [task for task in calls if not is_held_out(task.group, SPLIT, HELD_OUT)][: self.limit]
        held_out = [task for task in calls if is_held_out(task.group, SPLIT, HELD_OUT)][: self.limit]
        return learn, {"company": self._answered(demo).held_out, "bfcl": list(held_out)}

    @staticmethod
    def _answered(demo: Demo) -> Tasks:
        """The demonstration's tasks that have an answer, asked twice in the same words."""
        tasks = demo.tasks()
        learn, held_out = (
            [task for task in part if task.verifier != "refusal"] for part in (tasks.learn, tasks.held_out)
        )
        return tasks._replace(learn=learn, again=learn, held_out=held_out)

    def _demo(self) -> Demo:
        return Demo(self.whorl, self.actor, self.bars, self.folder, limit=self.limit)

    async def collect(self, calls: list[CallTask], tag: str, adapter: str = "") -> None:
        """Ask the base, or an adapter, what is to be learnt from, twice, and judge it."""
        demo = self._demo()
        await demo.collect(self._answered(demo), tag, adapter)
        draw = random.Random(SPLIT)
        for sampling in (Sampling(), Sampling(temperature=TEMPERATURE, seed=0)):
            scored = await self.ask("collecting calls", calls, adapter, tags=(tag,), sampling=sampling)
            await self.whorl.flush()
            for answer in scored:
                await self._judge(answer, draw)
        await self.whorl.flush()

    async def _judge(self, answer: Scored, draw: random.Random) -> None:
        outcomes = [Feedback("verdict", answer.score, f"verifier:{answer.task.verifier}")]
        if answer.score == 0 and draw.random() < EDITED and isinstance(answer.task, CallTask):
            text = corrected_call(answer.task)
            outcomes.append(Feedback("call_edit", 1.0, "bench-user", text=text, step=0))
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            for outcome in outcomes:
                await record_outcome(
                    session, self.actor.tenant_id, answer.run_id, outcome, self.whorl.redactor,
                    question=answer.task.question,
                )  # fmt: skip

    async def ask(self, label: str, tasks: Any, adapter: str, **options: Any) -> list[Scored]:
        bar = self.bars.add_task(label, total=len(tasks))
        return await ask_all(
            self.whorl.agents, self.actor, tasks, adapter=adapter, progress=lambda: self.bars.advance(bar), **options
        )  # fmt: skip

    async def train(self, recipe: Recipe, dataset_id: Any) -> str:
        settings, engine = self.whorl.settings, self.whorl.engine
        bar = self.bars.add_task(f"{recipe.method}, seed {recipe.seed}", total=None)
        return await train_adapter(
            engine, self.actor, await queue_training(engine, self.actor, dataset_id, recipe), recipe,
            model_folder(settings), settings.adapters,
            lambda told: "step" in told and self.bars.update(bar, completed=told["step"], total=told["steps"]),
        )  # fmt: skip


def general(base: Path, adapter: Path | None, count: int) -> dict[str, float]:
    """Success on the seed's held-out generated tasks, ``count`` of each kind, and its mean."""
    report = evaluate(Seed.load(base, adapter), count, held_out_library())
    return {kind: found["exact"] for kind, found in report.items()}


@dataclass
class Results:
    """What was measured, kept in a file of JSON lines; the base's comes first."""

    file: Path

    def rows(self) -> list[Row]:
        if not self.file.exists():
            return []
        return [json.loads(line) for line in self.file.read_text(encoding="utf-8").splitlines()]

    def add(self, row: Row) -> Row:
        with self.file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        return row

    def base(self) -> Row | None:
        return next((row for row in self.rows() if row["method"] == "base"), None)

    def collected(self, adapter: str) -> bool:
        """Whether all runs of a second turn are there."""
        return any(row["method"] == RUNS and row["adapter"] == adapter for row in self.rows())

    def adapter(self, method: str, seed: int) -> str:
        """The adapter of a method and seed; raises RuntimeError where it was not trained."""
        for row in self.rows():
            if row["method"] == method and row["recipe"]["seed"] == seed:
                return str(row["adapter"])
        raise RuntimeError(
            f"There is no {method} adapter of seed {seed} to go on with: measure {method} first."
        )

    def of(self, recipe: Recipe) -> Row | None:
        """What was measured of the recipe's adapter."""
        trained = (row for row in self.rows() if row["recipe"])
        return next((row for row in trained if Recipe.model_validate(row["recipe"]) == recipe), None)


async def measure(given: argparse.Namespace, results: Results, measured_at: str, bars: Progress) -> list[Row]:
    """Every method and seed, in the order given."""
    folder: Path = given.folder
    settings = demo_settings(Settings(data_dir=folder / "data"), folder)
    async with open_whorl(settings) as whorl:
        await whorl.close_interrupted()
        created = await ensure_tenant(whorl.engine, "learning", "Learning", "admin@learning.example")
        bench = Bench(whorl, operator_of(created.tenant), bars, folder, given.limit)
        calls, held_out = await bench.prepare()
        model = model_folder(settings)

        async def scores(method: str, recipe: Recipe | None, adapter: str) -> Row:
            weights = settings.adapters / adapter if adapter else None
            kinds = await asyncio.to_thread(general, model, weights, given.general)
            row: Row = {"method": method, "recipe": None, "adapter": adapter, "commit": measured_at}
            if recipe is not None:
                row |= {"recipe": recipe.model_dump(mode="json")}
            row |= {"general": kinds["mean"], "kinds": kinds}
            for family, tasks in held_out.items():
                scored = await bench.ask(f"{adapter or 'base'}: {family}", tasks, adapter)
                row[family] = [each.score for each in scored]
            return results.add(row)

        base = results.base()
        if base is None:
            await bench.collect(calls, TAG)
            base = await scores("base", None, "")
        rows = []
        datasets: dict[tuple[str, str], Dataset] = {}
        for method in given.methods:
            measured: list[Row] = []
            own_method = parse_method(method.removeprefix(AFTER_SFT))
            for seed in given.seeds:
                begun, tag = {}, TAG
                if method.startswith(AFTER_SFT):
                    first = results.adapter("sft", seed)
                    begun, tag = {"continue_from": first}, f"{TAG}:{first}"
                    if not results.collected(first):
                        await bench.collect(calls, tag, first)
                        results.add({"method": RUNS, "recipe": None, "adapter": first, "commit": measured_at})
                if (own_method, tag) not in datasets:
                    datasets[own_method, tag] = await create_dataset(
                        whorl.engine, bench.actor.tenant_id, settings.path("datasets"), own_method, Selection(tag=tag),
                        seed=SPLIT,
                    )  # fmt: skip
                dataset = datasets[own_method, tag]
                recipe = default_recipe(own_method, seed).changed(
                    **{**RECIPES[method], **begun, **given.changes}
                )
                after = results.of(recipe)
                if after is None:
                    name = await bench.train(recipe, dataset.id)
                    after = await scores(method, recipe, name)
                    await whorl.servers.unload_adapter(name)
                own = _rows(method, seed, base, after, dataset.rows) + against_sft(
                    method, seed, results, after
                )
                show(own)
                rows += own
                measured.append(after)
            together = seeds_together(method, base, measured)
            show(together)
            rows += together
    return rows


def _rows(method: str, seed: int, base: Row, after: Row, count: int) -> list[Row]:
    """Base and adapter compared, by family."""
    rows: list[Row] = []
    for family in FAMILIES:
        row: Row = {"method": method, "seed": seed, "family": family, "commit": after["commit"]}
        if family == "general":
            rows.append({**row, "before": round(base[family], 4), "after": round(after[family], 4)})
            continue
        for side, scored in (("before", base[family]), ("after", after[family])):
            row[side] = round(sum(scored) / len(scored), 4)
            interval = wilson_interval(sum(scored), len(scored))
            row[f"{side}_95"] = [round(interval.low, 4), round(interval.high, 4)]
        gained, lost = changed(base[family], after[family])
        p_value = mcnemar_p(base[family], after[family])
        rows.append(
            {**row, "gained": gained, "lost": lost, "n": len(base[family]), "p": p_value, "rows": count}
        )
    return rows


def seeds_together(method: str, base: Row, measured: list[Row]) -> list[Row]:
    """A method's adapters of all seeds beside the base.

    A question counts once, with its mean change over the seeds: their mean over questions with a percentile bootstrap's
    interval, and a paired permutation test, which flips signs (100,000 times where there are more ways to).
    """
    rows: list[Row] = []
    for family in ("company", "bfcl"):
        after = np.mean([each[family] for each in measured], axis=0)
        changes = after - np.array(base[family])
        found = bootstrap((changes,), np.mean, n_resamples=10_000, method="percentile", rng=0)
        rows.append({
            "method": method, "seeds": len(measured), "together": family, "before": round(float(np.mean(base[family])), 4),
            "after": round(float(after.mean()), 4), "change": round(float(changes.mean()), 4),
            "change_95": [round(float(end), 4) for end in found.confidence_interval],
            "p": _flipped(changes[changes != 0]) if changes.any() else 1.0,
        })  # fmt: skip
    return rows


def _flipped(changes: Any) -> float:
    """How likely the mean of changes is as far from none, were the sign of each a fair coin's."""

    def mean_difference(first: Any, second: Any, axis: int) -> Any:
        return np.mean(first - second, axis=axis)

    sides = (changes, np.zeros_like(changes))
    found = permutation_test(
        sides, mean_difference, permutation_type="samples", vectorized=True, n_resamples=100_000, rng=0
    )
    return float(found.pvalue)


def against_sft(method: str, seed: int, results: Results, after: Row) -> list[Row]:
    """An adapter of another method beside the SFT adapter of the same seed, where one was measured."""
    sft = next(
        (row for row in results.rows() if row["method"] == "sft" and row["recipe"]["seed"] == seed),
        None,
    )
    if sft is None or method == "sft":
        return []
    rows: list[Row] = []
    for family in ("company", "bfcl"):
        gained, lost = changed(sft[family], after[family])
        rows.append({
            "method": method, "seed": seed, "against": "sft", "in": family,
            "sft": round(sum(sft[family]) / len(sft[family]), 4), "own": round(sum(after[family]) / len(after[family]), 4),
            "gained": gained, "lost": lost, "p": mcnemar_p(sft[family], after[family]),
        })  # fmt: skip
    return rows


def bars_of(rows: list[Row], methods: list[str]) -> list[Row]:
    """For each method: whether it helps a family, on how many of three seeds each, and what it loses at most, means over seeds."""
    bars = []
    for method in methods:
        own = [row for row in rows if row["method"] == method and "seed" in row and "against" not in row]
        together = [
            row for row in rows if row["method"] == method and "together" in row and row["change"] > 0
        ]
        seeds = {row["seed"] for row in own}
        helped = {row["seed"] for row in own if row.get("p", 1.0) < 0.05 and row["after"] > row["before"]}
        changes = {family: _mean_change(own, family) for family in FAMILIES}
        likely = min((row["p"] for row in together), default=1.0)
        bars += [
            bar(f"{method}: 1 - p of all seeds together on a family", 0.95, round(1 - likely, 4)),
            bar(f"{method}: share of seeds with p < 0.05 on a family", 1.0, round(len(helped) / max(len(seeds), len(SEEDS)), 3)),
            bar(f"{method}: least mean change of a family", -LOSS, round(min(changes["company"], changes["bfcl"]), 4)),
            bar(f"{method}: mean change of the general set", -LOSS, round(changes["general"], 4)),
        ]  # fmt: skip
        beside = [row for row in rows if row["method"] == method and "against" in row]
        for family in sorted({row["in"] for row in beside}):
            changes_of = [row["own"] - row["sft"] for row in beside if row["in"] == family]
            bars.append(
                bar(f"{method}: mean change of {family} against sft", 0.0, round(fmean(changes_of), 4))
            )
    return bars


def _mean_change(rows: list[Row], family: str) -> float:
    changes = [row["after"] - row["before"] for row in rows if row["family"] == family]
    return sum(changes) / len(changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    parser.add_argument(
        "--methods",
        nargs="+",
        default=list(METHODS),
        choices=METHODS + SECOND_TURN,
        help="the four where none is named",
    )
    parser.add_argument("--limit", type=int, help="only so many questions of each kind, for a quick look")
    parser.add_argument("--general", type=int, default=30, help="general tasks of each kind")
    parser.add_argument(
        "--folder", type=Path, default=FOLDER, help="where runs, adapters and results are kept"
    )
    parser.add_argument("--resume", action="store_true", help="go on with what the folder has")
    parser.add_argument("--changes", type=json.loads, default={}, help="other values of the recipes, as JSON")
    given = parser.parse_args()
    measured_at = commit()
    if not (DATA / "tools-bfcl").exists():
        print(f"Not measured: {DATA / 'tools-bfcl'} is missing.")
        return
    results = Results(given.folder / "results.jsonl")
    if not given.resume or results.base() is None:
        shutil.rmtree(given.folder, ignore_errors=True)
    given.folder.mkdir(parents=True, exist_ok=True)
    with Progress() as bars:
        rows = asyncio.run(measure(given, results, measured_at, bars))
    show(rows)
    write("learning", measured_at, rows, bars_of(rows, given.methods))


if __name__ == "__main__":
    main()
