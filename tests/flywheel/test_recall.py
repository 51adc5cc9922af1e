"""Recall: a poisoned document or tool is served no more and is nowhere but among what is held for review."""

import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Settings, Whorl
from tests.needles import in_files, in_tables
from tests.platform.test_api import Site
from whorl.agents.runs import RunRequest
from whorl.agents.toolbox import Toolbox
from whorl.flywheel.datasets import create_dataset
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.recall import recall_source, release_tool
from whorl.platform.app import create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import NotFoundError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.retrieval.load.base import LoadedDocument

POISON = "the heliotrope accordion is kept in the cellar"
# What reviewers look at: spans of runs in confirmed quarantine.
REVIEWED = ("spans",)


def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """Searches or calculates, whichever is offered and asked for, and says what it was given."""
    offered = {tool["function"]["name"] for tool in tools}
    last = messages[-1]
    if last["role"] == "tool":
        return f"{last['content']} [1]"
    if "sum" in last["content"] and "calculator" in offered:
        return call_text("calculator", expression="6 * 7")
    if "sum" not in last["content"] and "search" in offered:
        return call_text("search", query=last["content"])
    return f"I have only {', '.join(sorted(offered)) or 'nothing'}."


class World(Site):
    """A site whose model searches, with what a test does there in one place."""

    whorl: Whorl
    actor: Actor

    async def ask(self, question: str, **more: Any) -> dict[str, Any]:
        async with self.client("owner") as client:
            return dict((await client.post("/api/runs", json={"question": question, **more})).json())

    async def liked(self, run_id: str) -> None:
        await self.whorl.flush()
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            given = Feedback("thumb", 1.0, "user:ann@acme.example")
            await record_outcome(session, self.actor.tenant_id, uuid.UUID(run_id), given, self.whorl.redactor)


@pytest_asyncio.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    app = create_app(settings, backend=ScriptedBackend(script))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        made = await ensure_tenant(app.state.whorl.engine, "acme")
        world = World(app, {"owner": str(made.key)})
        world.whorl, world.actor = app.state.whorl, operator_of(made.tenant)
        yield world


async def add(world: World, source: str, text: str) -> uuid.UUID:
    document = LoadedDocument(source, source, text, "text/plain")
    [added] = [one async for one in world.whorl.library.ingest(world.actor.tenant_id, [document])]
    return added.document_id


async def test_a_recalled_document_is_nowhere(world: World, settings: Settings) -> None:
    whorl, tenant = world.whorl, world.actor.tenant_id
    await add(world, "clean.md", "The tide turns twice a day.")
    other = await world.ask("How often does the tide turn?")
    poisoned = await add(world, "poison.md", f"We know that {POISON}.")
    run = await world.ask("Where is the accordion kept?")
    assert POISON in run["answer"]
    for each in (run, other):
        await world.liked(each["run_id"])
    dataset = await create_dataset(whorl.engine, tenant, settings.path("datasets"), "sft", held_out=0.0)
    assert in_files(Path(dataset.folder), [POISON])
    assert len(await whorl.library.search(tenant, POISON)) == 2

    receipt = await recall_source(
        whorl.engine, whorl.servers, whorl.library, world.actor, f"document:{poisoned}"
    )
    counts = receipt.counts
    assert (counts["documents"], counts["runs"]) == (1, 1) and counts["rows"][str(dataset.id)] == 1
    assert counts["messages"] == 1 and counts["run_events"] > 0
    assert [p.text for p in await whorl.library.search(tenant, POISON)] == ["The tide turns twice a day."]
    assert in_tables(settings.database_admin_url or "", [POISON], but=REVIEWED) == []
    assert in_files(settings.path("datasets"), [POISON]) == []
    again = await world.ask("Where is the accordion kept?", conversation_id=run["conversation_id"])
    assert POISON not in json.dumps(again)
    async with world.client("owner") as client:
        assert (await client.get(f"/api/documents/{poisoned}")).status_code == 404
        [held] = (await client.get("/api/quarantine")).json()
        assert (held["run_id"], held["state"]) == (run["run_id"], "confirmed")
    repeated = await recall_source(
        whorl.engine, whorl.servers, whorl.library, world.actor, f"document:{poisoned}"
    )
    assert (repeated.counts["documents"], repeated.counts["runs"]) == (0, 0)


async def test_a_document_of_a_collection_that_is_not_open_is_removed_too(
    world: World, settings: Settings
) -> None:
    poisoned = await add(world, "poison.md", f"We know that {POISON}.")
    world.whorl.library._open.clear()
    assert await world.whorl.library.remove(world.actor.tenant_id, poisoned)
    assert not await world.whorl.library.remove(world.actor.tenant_id, poisoned)
    assert await world.whorl.library.search(world.actor.tenant_id, POISON) == []
    assert in_tables(settings.database_admin_url or "", [POISON]) == []


async def test_a_recalled_tool_is_offered_no_more_until_it_is_released(
    world: World, settings: Settings
) -> None:
    whorl, actor = world.whorl, world.actor
    rival = operator_of((await ensure_tenant(whorl.engine, "rival")).tenant)
    run = await world.ask("What is the sum?")
    assert run["answer"] == "42 [1]"
    await world.liked(run["run_id"])
    dataset = await create_dataset(
        whorl.engine, actor.tenant_id, settings.path("datasets"), "sft", held_out=0.0
    )
    receipt = await recall_source(whorl.engine, whorl.servers, whorl.library, actor, "tool:calculator")
    assert receipt.counts["runs"] == 1 and receipt.counts["rows"] == {str(dataset.id): 1}
    assert in_tables(settings.database_admin_url or "", ["42 [1]"], but=REVIEWED) == []
    assert in_files(settings.path("datasets"), ["42 [1]"]) == []
    assert (await world.ask("What is the sum?"))["answer"] == "I have only search."
    own = RunRequest("What is the sum?", toolbox=Toolbox(whorl.agents.toolbox.tools.values()))
    assert (await whorl.agents.answer(actor, own)).answer == "I have only search."
    assert (await whorl.agents.answer(rival, RunRequest("What is the sum?"))).answer == "42 [1]"
    async with world.client("owner") as client:
        assert (await client.delete("/api/recalls/tools/calculator")).status_code == 204
        assert (await client.delete("/api/recalls/tools/calculator")).status_code == 404
    assert (await world.ask("What is the sum?"))["answer"] == "42 [1]"
    with pytest.raises(NotFoundError, match="not recalled"):
        await release_tool(whorl.engine, actor, "tool:search")


async def test_a_call_that_waits_is_not_made_by_a_tool_that_is_recalled_meanwhile(world: World) -> None:
    first = await world.ask("What is the sum?")
    waiting = await world.ask("What is the sum?", approve="always")
    assert waiting["status"] == "waiting"
    await world.whorl.flush()
    whorl = world.whorl
    await recall_source(whorl.engine, whorl.servers, whorl.library, world.actor, "tool:calculator")
    [call] = waiting["waiting_for"]
    async with world.client("owner") as client:
        path = f"/api/runs/{waiting['run_id']}/approvals/{call['call_id']}"
        assert (await client.post(path, json={"verdict": "approve"})).is_success
        await whorl.live.settle()
        answer: httpx.Response = await client.get(f"/api/runs/{waiting['run_id']}/events")
    assert "There is no tool" in answer.text and first["answer"] not in answer.text
