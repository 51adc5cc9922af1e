"""Lineage, erasure and recall: what came of a person or a source is found, taken back, and is nowhere afterwards."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from tests.conftest import Actor, Settings, Whorl
from tests.needles import in_files, in_tables
from whorl.agents.graph import PlainCall
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Conversation, Run
from whorl.flywheel import lineage
from whorl.flywheel.datasets import Selection, create_dataset, rebuild
from whorl.flywheel.erasure import delete_runs, erase_subject, list_receipts
from whorl.flywheel.lineage import Node, ancestors, descendants, find_node
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.promotion import promote
from whorl.flywheel.recall import recall_source
from whorl.flywheel.screening.recalled import confirm_recalled
from whorl.flywheel.tables import Dataset, Quarantine, Training
from whorl.flywheel.training.launch import group_tags
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError, NotFoundError
from whorl.platform.identity.tables import PasswordLink, User
from whorl.platform.serving.adapters import register_adapter, switch_route
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.tables import Adapter
from whorl.platform.telemetry.tables import Span

from .manifests import manifest_of
from .world import SECRET, World, make_world, model, sign_on_and_invite, talk_live


async def test_lineage_goes_both_ways(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "lineage", settings.path("datasets"))
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            person = await find_node(session, "ann@lineage.example")
            came = await descendants(session, person)
            assert person.kind == "user" and len(came.rows) == 3 and came.routes == ("default",)
            assert came.runs == tuple(str(run) for run in world.runs["ann"])
            assert came.datasets == (str(world.dataset.id),) and came.adapters == (world.adapter,)
            tool = await find_node(session, "calculator")
            assert tool == Node("tool", "calculator")
            assert len((await descendants(session, tool)).runs) == 6
            run = await find_node(session, str(world.runs["bob"][0]))
            of_run = await descendants(session, run)
            assert len(of_run.rows) == 1 and of_run.rows[0].part == "train"
            assert of_run.runs == (run.id,), "what goes with it"
            assert of_run.value(run)["runs"] == (), "and not of its own making"
            adapter = await find_node(session, world.adapter)
            origin = await ancestors(session, adapter)
            assert origin.users == ("ann@lineage.example", "bob@lineage.example")
            assert origin.tools == ("calculator",) and len(origin.runs) == 6
            assert (await descendants(session, adapter)).routes == ("default",)
            with pytest.raises(NotFoundError, match="Nothing in this workspace is called 'nobody'"):
                await find_node(session, "nobody")
            with pytest.raises(NotFoundError, match="no run"):
                await find_node(session, f"run:{uuid.uuid4()}")


async def test_an_erased_person_is_nowhere(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "erasure", settings.path("datasets"))
        needles = (SECRET, "ann@erasure.example", str(world.ann.user_id))
        await sign_on_and_invite(whorl, world.owner, world.ann, "ann@erasure.example")
        await talk_live(whorl, world.ann)
        found = {each.split(":")[0] for each in in_tables(settings.database_admin_url or "", needles)}
        assert found >= {"run_events", "messages", "spans"}
        assert in_tables(settings.database_admin_url or "", needles)
        assert in_files(settings.path("datasets"), needles)
        receipt = await erase_subject(whorl.engine, whorl.servers, world.owner, "ann@erasure.example")
        assert in_files(settings.path("spans"), needles) == [], "while the process goes on, too"
        counts = receipt.counts
        assert (counts["runs"], counts["conversations"], counts["messages"], counts["outcomes"]) == (
            4,
            4,
            8,
            3,
        )
        assert counts["run_events"] > 3 and counts["idempotent_answers"] == counts["api_keys"] == 1
        assert counts["spans"] >= 9 and counts["rows"] == {str(world.dataset.id): 3}
        assert counts["adapters"] == [world.adapter]
        assert counts["routes"] == [{"agent": "default", "from": world.adapter, "to": None}]
        assert counts["rebuild"] == [f"whorl train {world.dataset.id}"]
        assert receipt.subject.startswith("sha256:") and await world.answers() is None
        left = await world.stored()
        assert (left.rows, left.manifest["withdrawn"], left.runs) == (3, 3, 3)
        await rebuild(whorl.engine, world.owner.tenant_id, manifest_of(left))
        with pytest.raises(ConflictError, match="is tainted"):
            await promote(whorl.engine, whorl.servers, world.owner, world.adapter, force=True)
        with pytest.raises(NotFoundError):
            await erase_subject(whorl.engine, whorl.servers, world.owner, "ann@erasure.example")
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert await session.scalar(select(func.count()).select_from(Run)) == 3
            assert await session.scalar(select(func.count()).select_from(Conversation)) == 3
            assert {span.user_id for span in await session.scalars(select(Span))} == {world.bob.user_id}
            assert [each.id for each in await list_receipts(session)] == [receipt.id]
            assert await session.scalar(select(func.count()).select_from(PasswordLink)) == 0
            wiped = await session.get_one(User, world.ann.user_id)
            assert wiped.email.endswith("@erased.invalid") and wiped.password_hash is None
    searched = (SECRET, "ann@erasure.example")
    assert in_tables(settings.database_admin_url or "", searched) == []
    assert in_files(settings.data_dir, searched) == []


async def test_what_is_told_of_an_erased_run_later_is_not_stored(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Spans that wait in the log, and the row of a run that its process ends after it was erased."""
    gate, asked = asyncio.Event(), asyncio.Event()

    async def away(records: list[Any]) -> int:
        raise psycopg.OperationalError

    class Held(ScriptedBackend):
        async def generate(self, generation: Generation) -> AsyncIterator[Token]:
            if "later" in str(self._chats[tuple(generation.prompt_ids)]):
                asked.set()
                await gate.wait()
            async for token in super().generate(generation):
                yield token

    async with open_whorl(settings, backend=Held(model)) as whorl:
        world = await make_world(whorl, "logged", settings.path("datasets"))
        monkeypatch.setattr(whorl.drain, "_store", away)
        await whorl.agents.answer(world.ann, RunRequest(f"Logged {SECRET}", adapter=""))
        messages = [{"role": "user", "content": f"Plain, later {SECRET}"}]
        plain = RunRequest("", keep=False, checkpoint=False, plain=PlainCall(messages, []))
        running = asyncio.create_task(whorl.agents.complete(world.ann, plain))
        await asyncio.wait_for(asked.wait(), 60)
        receipt = await erase_subject(whorl.engine, whorl.servers, world.owner, "ann@logged.example")
        assert receipt.counts["runs"] == 5
        gate.set()
        assert (await running)[0].status == "succeeded"
        monkeypatch.undo()
        assert await whorl.drain.log(whorl.capture.log) == 0
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert {run.user_id for run in await session.scalars(select(Run))} == {world.bob.user_id}
    assert in_tables(settings.database_admin_url or "", [SECRET]) == []
    assert in_files(settings.data_dir, [SECRET]) == []


async def test_a_recalled_tool_takes_its_rows_and_adapters_with_it(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "recall", settings.path("datasets"))
        source = f"run:{world.runs['bob'][1]}"
        receipt = await recall_source(whorl.engine, whorl.servers, whorl.library, world.owner, source)
        assert receipt.counts["runs"] == 1 and receipt.counts["rows"] == {str(world.dataset.id): 1}
        assert await world.answers() is None
        again = await recall_source(whorl.engine, whorl.servers, whorl.library, world.owner, source)
        assert again.counts["runs"] == 0 and again.counts["adapters"] == []
        whole = await recall_source(
            whorl.engine, whorl.servers, whorl.library, world.owner, "tool:calculator"
        )
        assert whole.counts["runs"] == 5
        left = await world.stored()
        assert left.rows == 0 and (Path(left.folder) / "train.jsonl").read_bytes() == b""
        assert json.loads((Path(left.folder) / "manifest.json").read_text())["withdrawn"] == 6
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert await session.scalar(select(func.count()).select_from(Run)) == 6, "runs stay for review"
            assert {each.state for each in await session.scalars(select(Quarantine))} == {"confirmed"}
        with pytest.raises(InputError, match="No run gives a row"):
            await create_dataset(whorl.engine, world.owner.tenant_id, settings.path("datasets"), "sft")
        with pytest.raises(InputError, match="is no source"):
            await recall_source(whorl.engine, whorl.servers, whorl.library, world.owner, world.adapter)


async def test_statements_take_any_number_of_runs(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A statement has at most 65,535 parameters; a dataset may have more runs, and so may a person or a tool."""
    run_id, others = new_id(), [new_id() for _ in range(70_000)]
    run = Run(
        tenant_id=acme.tenant_id, id=run_id, agent="default", model="scripted", adapter=None, trace_id="",
        tags=["a", "group:tides"],
    )  # fmt: skip
    dataset = Dataset(
        tenant_id=acme.tenant_id, format="sft", rows=1, held_out_rows=0, content_hash="", folder="",
        whole_manifest={"runs": [str(each) for each in [*others, run_id]]},
    )  # fmt: skip

    async def runs_of(*_: Any) -> list[str]:
        return [str(new_id()) for _ in others]

    monkeypatch.setattr(lineage, "runs_of", runs_of)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        session.add_all([run, dataset])
        await session.flush()
        assert await group_tags(session, dataset) == {str(run_id): "group:tides"}
        assert (await descendants(session, Node("tool", "calculator"))).datasets == ()
        assert await confirm_recalled(session, acme, [run_id], "tool:calculator") == 1
        counts = await delete_runs(session, [*others, run_id])
        assert (counts["runs"], counts["quarantine"]) == (1, 1)


async def test_only_administrators_erase_and_owners_stay(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "allowed", settings.path("datasets"))
        with pytest.raises(Exception, match="does not include the permission"):
            await erase_subject(whorl.engine, whorl.servers, world.ann, "bob@allowed.example")
        with pytest.raises(ConflictError, match="needs an owner"):
            await erase_subject(whorl.engine, whorl.servers, world.owner, "owner@allowed.example")


async def second_turn(world: World, datasets: Path, adapter: str) -> tuple[uuid.UUID, Dataset]:
    """A run of bob's that the adapter answered, and the dataset that made the next adapter of it."""
    whorl, tenant = world.whorl, world.owner.tenant_id
    ended = await whorl.agents.answer(world.bob, RunRequest("What of the moon?", adapter=""))
    async with tenant_session(whorl.engine, tenant) as session:
        (await session.get_one(Run, (tenant, ended.run_id))).adapter = adapter
        liked = Feedback("thumb", 1.0, world.bob.label)
        await record_outcome(session, tenant, ended.run_id, liked, whorl.redactor)
    await whorl.flush()
    selection = Selection(adapter=adapter)
    later = await create_dataset(whorl.engine, tenant, datasets, "sft", selection, held_out=0.0)
    name = f"{world.owner.tenant_slug}.v2"
    async with tenant_session(whorl.engine, tenant) as session:
        await register_adapter(
            session, tenant, name, method="sft", base_hash="b", dataset_id=later.id, folder=datasets / "two", card={}
        )  # fmt: skip
        session.add(
            Training(
                tenant_id=tenant, id=new_id(), method="sft", dataset_id=later.id, status="succeeded", adapter=name
            )
        )  # fmt: skip
        await switch_route(session, tenant, "default", name)
    return ended.run_id, later


async def test_lineage_goes_on_through_turns_of_the_wheel(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "turns", settings.path("datasets"))
        run_id, later = await second_turn(world, settings.path("datasets"), world.adapter)
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            came = await descendants(session, await find_node(session, "ann@turns.example"))
            assert came.adapters == (world.adapter, "turns.v2") and came.routes == ("default",)
            assert came.datasets == (str(world.dataset.id), str(later.id))
            assert came.answered == (str(run_id),) and str(run_id) not in came.runs
            assert [row.dataset for row in came.rows].count(str(later.id)) == 1
            first = await descendants(session, Node("adapter", world.adapter))
            assert first.adapters == (world.adapter, "turns.v2") and first.answered == (str(run_id),)
            origin = await ancestors(session, await find_node(session, str(run_id)))
            assert origin.adapters == (world.adapter,) and origin.datasets == (str(world.dataset.id),)
            assert len(origin.runs) == 6 and "ann@turns.example" in origin.users
            assert (await ancestors(session, Node("adapter", "turns.v2"))).adapters == (world.adapter,)
            await register_adapter(
                session, world.owner.tenant_id, "turns.v3", method="sft", base_hash="b", dataset_id=later.id,
                folder=settings.path("datasets") / "three", card={},
            )  # fmt: skip
            every = await descendants(session, await find_node(session, "ann@turns.example"))
            assert every.adapters == (world.adapter, "turns.v2", "turns.v3"), (
                "of no training, it says what it came of"
            )
            assert (await descendants(session, Node("dataset", str(later.id)))).adapters == (
                "turns.v2",
                "turns.v3",
            )
            unknown = await ancestors(session, Node("adapter", "turns.v3"))
            assert unknown.datasets == (str(later.id), str(world.dataset.id)) and unknown.adapters == (
                world.adapter,
            )
            await session.delete(await session.get_one(Adapter, (world.owner.tenant_id, "turns.v3")))
            (await session.get_one(Run, (world.owner.tenant_id, world.runs["ann"][0]))).adapter = "turns.v2"
            await session.flush()
            round_ = await descendants(session, Node("adapter", "turns.v2"))
            assert round_.adapters == ("turns.v2", world.adapter), "a circle is gone round once"
            assert (await ancestors(session, Node("adapter", "turns.v2"))).adapters == (world.adapter,)


async def test_a_row_can_be_asked_about(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "rows", settings.path("datasets"))
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            row = await find_node(session, f"row:{world.dataset.id}/2")
            assert row == Node("row", f"{world.dataset.id}/train/2")
            assert row == await find_node(session, row.id)
            origin = await ancestors(session, row)
            assert origin.runs == (str(world.runs["ann"][1]),) and origin.users == ("ann@rows.example",)
            assert origin.tools == ("calculator",)
            came = await descendants(session, row)
            assert came.datasets == (str(world.dataset.id),) and came.adapters == (world.adapter,)
            for wrong in ("7", "x", "held_out/1", "train/0"):
                with pytest.raises(NotFoundError, match="no row"):
                    await find_node(session, f"row:{world.dataset.id}/{wrong}")


async def test_taint_goes_on_through_turns_of_the_wheel(settings: Settings) -> None:
    """Others' runs that a tainted adapter answered stay, but neither their rows nor what was trained on them."""
    datasets = settings.path("datasets")
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "taint", datasets)
        run_id, later = await second_turn(world, datasets, world.adapter)
        receipt = await erase_subject(whorl.engine, whorl.servers, world.owner, "ann@taint.example")
        assert receipt.counts["rows"] == {str(world.dataset.id): 3, str(later.id): 1}
        assert receipt.counts["adapters"] == [world.adapter, "taint.v2"] and await world.answers() is None
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert await session.get(Run, (world.owner.tenant_id, run_id)) is not None
        with pytest.raises(InputError, match=r"0 runs selected"):
            await create_dataset(
                whorl.engine, world.owner.tenant_id, datasets, "sft", Selection(adapter=world.adapter)
            )
