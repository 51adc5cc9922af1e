"""What is older than its tenant keeps it goes, whole and nothing else; what a dataset was made of stays."""

import uuid
from pathlib import Path

import httpx
import psycopg
import pytest
from asgi_lifespan import LifespanManager

from tests.conftest import Addresses, Settings, quote_first, test_settings
from tests.flywheel.test_lineage import make_world, model
from tests.needles import in_tables
from whorl.agents.runs import RunRequest
from whorl.flywheel import retention
from whorl.flywheel.lineage import descendants, find_node
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.retention import RETAIN_JOB, Days, apply_days, change_days
from whorl.platform.app import Whorl, create_app, open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import PermissionDeniedError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.audit import recent
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.transport import InProcessTransport

TABLES = ("runs", "spans", "outcomes", "quarantine", "conversations", "messages", "usage_days")


async def ask(whorl: Whorl, actor: Actor, question: str) -> uuid.UUID:
    """A run with an outcome."""
    ended = await whorl.agents.answer(actor, RunRequest(question, adapter=""))
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        given = Feedback("thumb", 1.0, actor.label)
        await record_outcome(session, actor.tenant_id, ended.run_id, given, whorl.redactor)
    return ended.run_id


def age(database: Addresses, days: int, *runs: uuid.UUID) -> None:
    """Let runs and their conversations be of so many days ago."""
    past = f"now() - interval '{days} days'"
    with psycopg.connect(database.admin) as connection:
        for statement in (
            f"UPDATE runs SET started_at = {past}, ended_at = {past} WHERE id = ANY(%s)",
            f"UPDATE messages SET created_at = {past} WHERE run_id = ANY(%s)",
            f"UPDATE conversations SET created_at = {past} WHERE id IN "
            "(SELECT conversation_id FROM runs WHERE id = ANY(%s))",
        ):
            connection.execute(statement, [list(runs)])


def left(database: Addresses, actor: Actor) -> dict[str, int]:
    """How many rows of a tenant each table has."""
    with psycopg.connect(database.admin) as connection:
        counts = {
            name: connection.execute(
                f"SELECT count(*) FROM {name} WHERE tenant_id = %s", [actor.tenant_id]
            ).fetchone()
            for name in TABLES
        }
    return {name: int(row[0]) for name, row in counts.items() if row}


async def keep(whorl: Whorl, actor: Actor, **days: int) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await change_days(session, actor, Days(**days))


async def test_old_runs_go_batch_by_batch(
    whorl: Whorl, acme: Actor, rival: Actor, database: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With what hangs on them, and nothing of another tenant or of a younger run; talks have days of their own."""
    monkeypatch.setattr(retention, "BATCH", 2)
    old = [await ask(whorl, acme, f"What is {number}?") for number in range(5)]
    await ask(whorl, acme, "What is new?")
    strange = await ask(whorl, rival, "What is old?")
    await whorl.flush()
    age(database, 31, *old, strange)
    before, other = left(database, acme), left(database, rival)
    assert await apply_days(whorl.engine, acme) == {}, "nobody said how long"
    await keep(whorl, acme, run_days=30)
    gone = await apply_days(whorl.engine, acme)
    assert (gone["runs"], gone["outcomes"]) == (5, 5) and "held" not in gone
    after = left(database, acme)
    assert (after["runs"], after["outcomes"], after["conversations"]) == (1, 1, before["conversations"])
    assert after["spans"] == before["spans"] - gone["spans"] > 0
    assert after["usage_days"] == before["usage_days"]
    await keep(whorl, acme, run_days=30, conversation_days=30)
    assert await apply_days(whorl.engine, acme) == {"conversations": 5, "messages": 10}
    assert left(database, acme)["conversations"] == 1 and left(database, rival) == other
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        done = [event.details for event in await recent(session) if event.action == "retention.applied"]
    assert [details.get("runs") for details in done] == [None, 5]


@pytest.mark.parametrize("days", ["run_days", "conversation_days"])
async def test_what_a_run_told_goes_with_it(
    whorl: Whorl, acme: Actor, database: Addresses, days: str
) -> None:
    """And with its conversation, although its events would be kept for a day; not while it is under way."""
    started = await whorl.live.start(acme, RunRequest("What is heliotrope?", adapter=""))
    await whorl.live.result(acme, started.run_id)
    await whorl.live.settle()
    await whorl.flush()
    age(database, 3, started.run_id)
    kept = ("spans", "messages", "conversations") if days == "run_days" else ("spans",)
    assert any(
        found.startswith("run_events") for found in in_tables(database.admin, ["heliotrope"], but=kept)
    )
    await keep(whorl, acme, **{days: 2})
    with psycopg.connect(database.admin) as connection:
        connection.execute("UPDATE runs SET status = 'running'")
    assert await apply_days(whorl.engine, acme) == {}
    with psycopg.connect(database.admin) as connection:
        connection.execute("UPDATE runs SET status = 'succeeded'")
    assert (await apply_days(whorl.engine, acme))["run_events"] > 2
    assert in_tables(database.admin, ["heliotrope"], but=kept) == []


async def test_the_nightly_job_is_queued_and_done(whorl: Whorl, acme: Actor, database: Addresses) -> None:
    run = await ask(whorl, acme, "What is old?")
    await whorl.flush()
    age(database, 3, run)
    await keep(whorl, acme, run_days=2)
    await whorl.queue.defer(RETAIN_JOB, timestamp="0")
    await whorl.queue.work(until_empty=True)
    assert left(database, acme)["runs"] == 0


async def test_what_another_works_on_is_left_and_nobody_waits(
    whorl: Whorl, acme: Actor, database: Addresses
) -> None:
    first, second = [await ask(whorl, acme, f"What is {number}?") for number in range(2)]
    age(database, 3, first, second)
    await keep(whorl, acme, run_days=2)
    with psycopg.connect(database.admin) as connection:
        connection.execute("SELECT 1 FROM runs WHERE id = %s FOR UPDATE", [first])
        assert (await apply_days(whorl.engine, acme))["runs"] == 1
    assert (await apply_days(whorl.engine, acme))["runs"] == 1


async def test_what_a_dataset_was_made_of_is_held(settings: Settings, database: Addresses) -> None:
    """Its lineage stays whole, so that a person can still be erased from it."""
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "retained", settings.path("datasets"))
        free = await ask(whorl, world.owner, "What is loose?")
        await whorl.flush()
        runs = [*world.runs["ann"], *world.runs["bob"]]
        age(database, 100, free, *runs)
        await keep(whorl, world.owner, run_days=90)
        gone = await apply_days(whorl.engine, world.owner)
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            came = await descendants(session, await find_node(session, "ann@retained.example"))
    assert (gone["runs"], gone["held"]) == (1, len(runs))
    assert came.runs == tuple(map(str, world.runs["ann"])) and len(came.rows) == 3


async def test_who_may_say_so(database: Addresses, tmp_path: Path) -> None:
    settings = test_settings(database, tmp_path / "whorl", worker="external")
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        created = await ensure_tenant(whorl.engine, "open")
        with pytest.raises(PermissionDeniedError):
            await keep(whorl, Actor(created.tenant.id, "open", "member", "ann"), run_days=1)
        client = httpx.AsyncClient(
            transport=InProcessTransport(app), base_url="http://whorl.test",
            headers={"Authorization": f"Bearer {created.key}"},
        )  # fmt: skip
        async with client:
            forever = (await client.get("/api/retention")).json()
            refused = await client.put("/api/retention", json={"run_days": 0})
            await client.put("/api/retention", json={"run_days": 9})
            changed = (await client.get("/api/retention")).json()
    assert forever == {"run_days": None, "conversation_days": None} and refused.status_code == 422
    assert changed == {"run_days": 9, "conversation_days": None}
