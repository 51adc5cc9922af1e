"""The SFT baseline of an adapter: which it is, how it is compared, and what trains it where there is none."""

import re
from dataclasses import fields
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Settings, Whorl
from whorl.flywheel.baseline import OPTIONS, Baseline, find_baseline
from whorl.flywheel.datasets import Selection
from whorl.flywheel.evaluation import Task
from whorl.flywheel.export_commands import export
from whorl.flywheel.measure import evaluate_adapter
from whorl.flywheel.tables import Dataset
from whorl.platform.app import open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.adapters import find_adapter, register_adapter
from whorl.platform.serving.engine.scripted import ScriptedBackend

TASKS = [Task(f"Question {n}?", "exact", {"answer": f"It is number {n}."}) for n in range(12)]


def model(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """The base is never right, the SFT adapter on the first two questions, the one of DPO on all."""
    found = re.search(r"Question (\d+)", str(messages))
    number = int(found[1]) if found else 0
    right = {"acme.v1": number < 2, "acme.v2": True}.get(adapter or "", False)
    return f"It is number {number}." if right else "It is another one."


async def add(
    session: AsyncSession, actor: Actor, version: int, method: str, selection: Selection, folder: Path,
    base: str,
) -> Any:  # fmt: skip
    dataset = Dataset(
        tenant_id=actor.tenant_id, format=method, rows=4, held_out_rows=0, content_hash="c", folder=str(folder),
        whole_manifest={"selection": selection.manifest(), "runs": []},
    )  # fmt: skip
    session.add(dataset)
    await session.flush()
    name = f"acme.v{version}"
    (folder / name).mkdir(parents=True)
    (folder / name / "adapter_config.json").write_text("{}")
    await register_adapter(
        session, actor.tenant_id, name, method=method, base_hash=base, dataset_id=dataset.id,
        folder=folder / name, card={},
    )  # fmt: skip
    return await find_adapter(session, name)


async def test_the_newest_sft_adapter_of_the_same_base_and_runs_is_the_one_to_beat(
    whorl: Whorl, tmp_path: Path
) -> None:
    actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
    same, others = Selection(tag="a b"), Selection(tag="others")
    async with tenant_session(whorl.engine, actor.tenant_id) as session:

        async def adapter(version: int, method: str, selection: Selection, base: str = "b") -> Any:
            return await add(session, actor, version, method, selection, tmp_path, base)

        dpo = await adapter(9, "dpo", same)
        await adapter(10, "sft", others)
        none = await find_baseline(session, dpo)
        assert none is not None and none.adapter is None
        assert none.advice.endswith("whorl export --format sft --tag 'a b', then whorl train DATASET")
        elsewhere = await adapter(11, "sft", same, base="another base")
        ready = await find_baseline(session, dpo)
        assert ready is not None and ready.advice.endswith(f"whorl train {elsewhere.dataset_id}")
        first, second = await adapter(12, "sft", same), await adapter(13, "sft", same)
        assert await find_baseline(session, dpo) == Baseline(second.name)
        assert await find_baseline(session, second) is None
        second.state = "tainted"
        assert await find_baseline(session, dpo) == Baseline(first.name)


def test_the_options_are_those_of_the_command() -> None:
    """A selection's field that the command learns to say is said by the advice, and none that it does not know."""
    taken = {parameter.name for parameter in export.params}
    assert set(OPTIONS) == {field.name for field in fields(Selection)} & taken


async def test_the_advice_is_a_command_that_selects_the_same_or_else_a_request(
    whorl: Whorl, tmp_path: Path
) -> None:
    actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
    whole = datetime(2026, 11, 1, 9, 30, tzinfo=timezone(timedelta(hours=2)))
    selections = (
        (Selection(agent="support", since=whole), "whorl export --format sft --agent support --since 2026-11-01T07:30:00"),
        (
            Selection(until=whole.replace(microsecond=5)),
            'POST /api/datasets {"format": "sft", "until": "2026-11-01T09:30:00.000005+02:00"}',
        ),
    )  # fmt: skip
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        for version, (selection, advice) in enumerate(selections, 1):
            kto = await add(session, actor, version, "kto", selection, tmp_path, "b")
            found = await find_baseline(session, kto)
            assert found is not None and found.advice.endswith(f"{advice}, then whorl train DATASET")


async def test_an_evaluation_asks_the_baseline_the_same_questions(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            for version, method in enumerate(("sft", "dpo"), 1):
                await add(
                    session, actor, version, method, Selection(), settings.adapters, whorl.servers.base_hash
                )
        report = await evaluate_adapter(whorl.agents, actor, "acme.v2", TASKS, "test")
        beaten = report["baseline"]
        assert (beaten["adapter"], beaten["successes"], beaten["n"]) == ("acme.v1", 2, 12)
        assert (beaten["better"], beaten["worse"]) == (10, 0) and beaten["p_value"] < 0.01
        assert beaten["interval"][0] < 2 / 12 < beaten["interval"][1]
        assert report["better"] == 12
        own = await evaluate_adapter(whorl.agents, actor, "acme.v1", TASKS, "test")
        assert "baseline" not in own
        general = await evaluate_adapter(whorl.agents, actor, "acme.v2", TASKS, "test", kind="general")
        assert "baseline" not in general
