"""Distillation: the teacher's good runs train, its runs on the tasks measure, and the tasks are never learnt."""

import doctest
import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from tests.conftest import Actor, Settings
from tests.tiny_model import make_model
from whorl.agents.tables import Run
from whorl.flywheel import distil as distillation
from whorl.flywheel import value
from whorl.flywheel.datasets import Selection, find_dataset
from whorl.flywheel.distil import Prices, attempt_of, distil
from whorl.flywheel.evaluation import Task
from whorl.flywheel.gate import held_out_success
from whorl.flywheel.importing.base import read_runs
from whorl.flywheel.importing.openai import read_chat
from whorl.flywheel.importing.store import import_runs
from whorl.flywheel.tables import Training
from whorl.flywheel.training.recipe import default_recipe
from whorl.flywheel.value import kept_share
from whorl.platform.app import open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.adapters import find_adapter
from whorl.platform.serving.base_model import base_hash
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.usage.prices import Price

THINGS = "bolt nut gear cog belt hose pump valve lamp fuse wire coil spring washer pedal chain".split()
ASKED, LEARNT = THINGS[:8], THINGS[8:]
TASKS = [
    Task(f"Which drawer holds the {thing}?", "normalised", {"answers": [f"upper {thing}"]}, thing)
    for thing in ASKED
]


def student(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """A model that knows nothing, but with an adapter knows half of the tasks."""
    thing = messages[-1]["content"].removesuffix("?").rsplit(" ", 1)[-1]
    return f"upper {thing}" if adapter and thing in ASKED[:4] else "no idea"


def teacher_runs(file: Path, model: str = "gpt-large") -> str:
    """Right wherever it learns, and in six of the eight tasks; on one task it is not judged."""
    rows = []
    for thing in THINGS:
        right = thing not in ASKED[6:]
        row = {
            "model": model, "id": thing, "reward": float(right),
            "messages": [
                {"role": "user", "content": f"Which drawer holds the {thing}?"},
                {"role": "assistant", "content": f"upper {thing}" if right else "lower one"},
            ],
        }  # fmt: skip
        if thing == ASKED[0]:
            del row["reward"]
        rows.append(row)
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


async def bring_in(whorl: Any, actor: Actor, file: str) -> None:
    runs = read_runs(file, read_chat)
    await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, "openai", runs)


@pytest.mark.parametrize("page", [3, 200])
async def test_a_student_is_taught_and_measured_against_its_teacher(
    settings: Settings, tmp_path: Path, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of the teacher's runs are read at once."""
    monkeypatch.setattr(distillation, "PAGE", page)
    model = make_model(tmp_path / "tiny", seed=3)
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(student)) as whorl:
        whorl.servers.base_hash = base_hash(model)
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        await bring_in(whorl, actor, teacher_runs(tmp_path / "teacher.jsonl"))
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            await session.execute(
                update(Run).where(Run.model == "gpt-large").values(input_tokens=1000, output_tokens=100)
            )
        recipe = default_recipe("sft").changed(max_steps=1, batch_size=2)
        stages: list[str] = []
        report = await distil(
            whorl, actor, Selection(model="gpt-large"), TASKS, recipe,
            Prices(Price(2.0, 10.0), Price(0.1, 0.2)), lambda stage, done, total: stages.append(stage),
        )  # fmt: skip
        assert (report["n"], report["tasks"]) == (8, 8)
        assert report["teacher_runs"] == {"count": 8, "by_outcomes": 7, "by_verifier": 1}
        assert (report["teacher_success"], report["student_success"], report["base_success"]) == (
            0.75,
            0.5,
            0.0,
        )
        assert report["kept"]["share"] == pytest.approx(0.6667)
        low, high = report["kept"]["interval"]
        assert 0 < low < 0.6667 < high <= 1.0
        assert report["cost"]["teacher"] == {
            "tokens": 1100.0, "input_tokens": 1000.0, "output_tokens": 100.0, "dollars": 0.003,
            "tokens_are": "recorded",
        }  # fmt: skip
        spent = report["cost"]["student"]
        assert spent["dollars"] == pytest.approx(
            (spent["input_tokens"] * 0.1 + spent["output_tokens"] * 0.2) / 1e6
        )
        assert set(stages) == {"asking the base", "training the student", "asking acme.v1"}

        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            [training] = await session.scalars(
                Training.__table__.select().with_only_columns(Training.dataset_id)
            )
            dataset = await find_dataset(session, training)
            adapter = await find_adapter(session, "acme.v1")
        assert adapter.state == "evaluated" and adapter.card["distillation"]["kept"] == report["kept"]
        assert "not certain" in held_out_success(adapter.card["evaluation"]).reason
        rows = [json.loads(line) for line in (Path(dataset.folder) / "train.jsonl").read_text().splitlines()]
        questions = " ".join(row["messages"][-2]["content"] for row in rows)
        assert len(rows) == len(LEARNT) and all(thing in questions for thing in LEARNT)
        assert not any(task.question in questions for task in TASKS)
        assert dataset.manifest["selection"]["model"] == "gpt-large"


async def test_what_cannot_be_compared_is_refused_and_uncounted_tokens_are_estimated(
    settings: Settings, tmp_path: Path
) -> None:
    model = make_model(tmp_path / "tiny", seed=3)
    changed = settings.model_copy(update={"model_dir": model})
    async with open_whorl(changed, backend=ScriptedBackend(student)) as whorl:
        whorl.servers.base_hash = base_hash(model)
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        await bring_in(whorl, actor, teacher_runs(tmp_path / "teacher.jsonl"))
        recipe = default_recipe("sft").changed(max_steps=1, batch_size=2)
        with pytest.raises(InputError, match="Say whose runs teach"):
            await distil(whorl, actor, Selection(), TASKS, recipe)
        with pytest.raises(InputError, match="None of the teacher's 0 runs is on one of the 8 tasks"):
            await distil(whorl, actor, Selection(model="another"), TASKS, recipe)
        with pytest.raises(InputError, match="right in none of its runs on 2 tasks"):
            await distil(whorl, actor, Selection(model="gpt-large"), TASKS[6:], recipe)
        report = await distil(whorl, actor, Selection(tag="imported:openai"), TASKS[:2], recipe)
        cost = report["cost"]["teacher"]
        assert cost["tokens_are"] == "estimated" and cost["dollars"] is None
        assert cost["input_tokens"] > 10 and 3 < cost["output_tokens"] < 30


def test_a_recorded_run_is_judged_as_it_was() -> None:
    from tests.flywheel.test_datasets import a_run

    attempt = attempt_of(a_run("At noon. [1]", question="When is tea?", query="tea"))
    assert (attempt.reply, attempt.question, dict(attempt.passages)) == (
        "At noon. [1]",
        "When is tea?",
        {1: "At noon."},
    )
    [call] = attempt.calls
    assert (call.tool, call.arguments, call.result) == ("search", {"query": "tea"}, "[1] At noon.")


def test_the_share_that_is_kept_and_its_interval() -> None:
    teacher = [1.0] * 80 + [0.0] * 20
    learner = [1.0] * 60 + [0.0] * 40
    kept = kept_share(learner, teacher)
    low, high = kept["interval"]
    assert kept["share"] == 0.75 and 0.62 < low < 0.75 < high < 0.88
    assert kept_share([1.0, 1.0], [1.0, 1.0]) == {"share": 1.0, "interval": [1.0, 1.0]}
    assert kept_share([1.0, 1.0, 0.0], [1.0, 0.0, 0.0])["interval"][1] is None
    assert doctest.testmod(value).failed == 0
