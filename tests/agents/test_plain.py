"""Chats with a model asked directly: their short way answers as the long one does, and loses nothing."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from sqlalchemy import delete, func, select, update

from tests.conftest import Actor, Addresses, Whorl, test_settings
from tests.platform.test_api import Site
from whorl.agents.graph import PlainCall
from whorl.agents.ledger import Ending, Ledger
from whorl.agents.openai_plain import PlainChats
from whorl.agents.openai_views import Completion
from whorl.agents.plain import PlainRun
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.platform.app import create_app
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import LimitError, StoppingError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key, revoke_key
from whorl.platform.identity.tables import ApiKey
from whorl.platform.serving.client import Delta
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.messages import ChatCall, Usage
from whorl.platform.storable import dump_json
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.capture import RunContext
from whorl.platform.telemetry.recording import Recording
from whorl.platform.telemetry.store import spans_of_run
from whorl.platform.usage.quotas import Quotas, change_quotas
from whorl.platform.usage.tables import Admission, UsageDay

CHAT = "/v1/chat/completions"
ASKED = {
    "model": "scripted",
    "messages": [{"role": "user", "content": "Write to Ada Lovelace, ada@example.org."}],
}


def answer(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    return "Ada Lovelace was told."


@pytest_asyncio.fixture
async def sites(database: Addresses, tmp_path: Path) -> AsyncIterator[list[Site]]:
    """Two replicas over one database."""
    async with AsyncExitStack() as stack:
        apps = []
        for number in range(2):
            settings = test_settings(database, tmp_path / str(number), worker="external")
            app = create_app(settings, backend=ScriptedBackend(answer))
            await stack.enter_async_context(LifespanManager(app, startup_timeout=60, shutdown_timeout=60))
            apps.append(app)
        made = await ensure_tenant(apps[0].state.whorl.engine, "acme")
        yield [Site(app, {"owner": str(made.key)}) for app in apps]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> list[httpx.codes | int]:
    """The statuses of the answers that were given on the short way."""
    given: list[httpx.codes | int] = []
    whole = PlainChats._answer

    async def noted(self: PlainChats, *arguments: Any) -> Any:
        response = await whole(self, *arguments)
        if response is not None:
            given.append(response.status_code)
        return response

    monkeypatch.setattr(PlainChats, "_answer", noted)
    return given


async def new_key(site: Site, role: Any = "member", **changes: Any) -> tuple[uuid.UUID, uuid.UUID]:
    """A key that ``site.keys`` has as ``new``: its tenant's id and its own."""
    engine = site.app.state.whorl.engine
    tenant = (await ensure_tenant(engine, "acme")).tenant.id
    async with tenant_session(engine, tenant) as session:
        key, site.keys["new"] = await create_key(session, tenant, "new", role, **changes)
    return tenant, key.id


async def test_the_short_way_answers_as_the_long_one(sites: list[Site], short: list[int]) -> None:
    whorl = sites[0].app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with tenant_session(whorl.engine, tenant) as session:
        await change_quotas(session, tenant, Quotas(requests_per_minute=100, tokens_per_day=10**6))
    async with sites[0].client("owner") as client:
        long, brief = await client.post(CHAT, json=ASKED), await client.post(CHAT, json=ASKED)
    assert short == [200] and (long.status_code, brief.status_code) == (200, 200)
    assert brief.headers.keys() == long.headers.keys()
    left = [int(each.headers["x-ratelimit-remaining-requests"]) for each in (long, brief)]
    assert left == [99, 98]
    one, other = long.json(), brief.json()
    documented = Completion.model_validate(other).model_dump(mode="json")
    message = documented["choices"][0]["message"]
    assert {message.pop(name) for name in ("tool_calls", "reasoning", "reasoning_content")} == {None}
    assert documented == other
    for each in (one, other):
        assert each.pop("id").startswith("chatcmpl-") and each.pop("created") and each["whorl"].pop("run_id")
    assert one == other


async def test_a_stream_of_the_short_way_is_as_on_the_long_one(sites: list[Site], short: list[int]) -> None:
    whorl = sites[0].app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with tenant_session(whorl.engine, tenant) as session:
        await change_quotas(session, tenant, Quotas(requests_per_minute=100))
    wanted = {**ASKED, "stream": True, "stream_options": {"include_usage": True}}
    async with sites[0].client("owner") as client:
        long, brief = await client.post(CHAT, json=wanted), await client.post(CHAT, json=wanted)
    assert short == [200] and (long.status_code, brief.status_code) == (200, 200)
    assert brief.headers.keys() == long.headers.keys()
    left = [int(each.headers["x-ratelimit-remaining-requests"]) for each in (long, brief)]
    assert left == [99, 98]
    said, runs = [], []
    for each in (long, brief):
        *pieces, done = each.text.strip().split("\n\n")
        assert done == "data: [DONE]"
        chunks = [json.loads(piece.removeprefix("data: ")) for piece in pieces]
        assert len({chunk.pop("id") for chunk in chunks}) == 1
        runs.append({chunk.pop("whorl")["run_id"] for chunk in chunks})
        said.append([{**chunk, "created": 0} for chunk in chunks])
    assert said[0] == said[1] and said[1][-1]["usage"]["total_tokens"] > 0
    await whorl.flush()
    async with tenant_session(whorl.engine, tenant) as session:
        stored = {
            str(run.id): (run.status, run.stop_reason, run.steps)
            for run in await session.scalars(select(Run))
        }
    assert [len(each) for each in runs] == [1, 1]
    assert stored == {run: ("succeeded", "answered", 1) for each in runs for run in each}


async def test_what_is_captured_on_the_short_way_is_redacted_and_whole(
    sites: list[Site], short: list[int]
) -> None:
    whorl = sites[0].app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with sites[0].client("owner") as client:
        runs = [(await client.post(CHAT, json=ASKED)).json()["whorl"]["run_id"] for _ in range(2)]
    await whorl.flush()
    told = []
    async with tenant_session(whorl.engine, tenant) as session:
        for run_id in map(uuid.UUID, runs):
            run = await session.get_one(Run, (tenant, run_id))
            assert (run.status, run.stop_reason, run.steps) == ("succeeded", "answered", 1)
            spans = await spans_of_run(session, run_id)
            assert {span.trace_id for span in spans} == {run.trace_id}
            root, chat = spans
            assert (root.operation, chat.operation) == ("invoke_agent", "chat")
            assert root.parent_span_id is None and chat.parent_span_id == root.span_id
            assert c.ENDING not in root.attributes
            assert root.start_ns <= chat.start_ns <= chat.end_ns <= root.end_ns
            told.append([span.attributes for span in spans])
        assert [day.runs for day in await session.scalars(select(UsageDay))] == [2]
    assert short == [200] and told[0] == told[1]
    text = str(told)
    assert (
        "Ada" not in text
        and "example.org" not in text
        and "<PERSON_1>" in text
        and "<EMAIL_ADDRESS_1>" in text
    )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("stopped", ["revoked", "expired", "viewer", "removed"])
async def test_a_key_that_is_stopped_is_refused_at_once_by_every_replica(
    sites: list[Site], short: list[int], stopped: str, stream: bool
) -> None:
    asked = {**ASKED, "stream": stream}
    one, other = sites
    tenant, key_id = await new_key(one)
    other.keys["new"] = one.keys["new"]
    async with one.client("new") as first, other.client("new") as second:
        for client in (first, second):
            assert [(await client.post(CHAT, json=asked)).status_code for _ in range(2)] == [200, 200]
        assert short == [200, 200]
        engine = one.app.state.whorl.engine
        async with tenant_session(engine, tenant) as session:
            if stopped == "revoked":
                await revoke_key(session, Actor(tenant, "acme", "owner", "a person"), key_id)
            if stopped == "removed":
                await session.execute(delete(ApiKey).where(ApiKey.id == key_id))
            change = {"expired": {"expires_at": now()}, "viewer": {"role": "viewer"}}.get(stopped)
            if change is not None:
                await session.execute(update(ApiKey).where(ApiKey.id == key_id).values(change))
        refused = [(await client.post(CHAT, json=asked)) for client in (second, first)]
        assert [each.status_code for each in refused] == [403 if stopped == "viewer" else 401] * 2
        async with tenant_session(engine, tenant) as session:
            assert await session.scalar(select(func.count()).select_from(Run)) == 4


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"model": "nobody"}, 404), ({"messages": []}, 400), ({"n": 2}, 400),
        ({"temperature": "hot"}, 400), ({"model": "whorl"}, 200),
    ],
)  # fmt: skip
async def test_what_is_out_of_the_ordinary_goes_the_long_way(
    sites: list[Site], short: list[int], changed: dict[str, Any], status: int
) -> None:
    async with sites[0].client("owner") as client:
        assert (await client.post(CHAT, json=ASKED)).status_code == 200
        answered = await client.post(CHAT, json={**ASKED, **changed})
        assert answered.status_code == status, answered.text
        assert (
            await client.post(CHAT, content=b"{", headers={"content-type": "application/json"})
        ).status_code == 400
    assert short == []


@pytest.mark.parametrize("stream", [False, True])
async def test_a_quota_that_is_used_up_is_said_on_the_short_way(
    sites: list[Site], short: list[int], stream: bool
) -> None:
    whorl = sites[0].app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with tenant_session(whorl.engine, tenant) as session:
        await change_quotas(session, tenant, Quotas(requests_per_minute=2))
    async with sites[0].client("owner") as client:
        answers = [await client.post(CHAT, json={**ASKED, "stream": stream}) for _ in range(3)]
    assert short == [200, 429] and 0 < int(answers[2].headers["retry-after"]) <= 60
    error = answers[2].json()["error"]
    assert (error["type"], error["code"]) == ("requests", "rate_limit_exceeded")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("quotas", "kind", "code"),
    [
        ({"tokens_per_day": 0}, "tokens", "rate_limit_exceeded"),
        ({"dollars_per_month": 0}, "insufficient_quota", "insufficient_quota"),
    ],
)
async def test_a_refusal_has_openais_word_for_what_is_used_up(
    sites: list[Site], short: list[int], quotas: dict[str, Any], kind: str, code: str, stream: bool
) -> None:
    whorl = sites[0].app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with sites[0].client("owner") as client:
        assert (await client.post(CHAT, json=ASKED)).status_code == 200
        async with tenant_session(whorl.engine, tenant) as session:
            await change_quotas(session, tenant, Quotas(**quotas))
        for model in ("scripted", "whorl"):
            refused = await client.post(CHAT, json={**ASKED, "model": model, "stream": stream})
            error = refused.json()["error"]
            assert (refused.status_code, error["type"], error["code"]) == (429, kind, code)
    assert short == [429], "the model's alone"


async def test_a_run_that_a_crashed_database_lost_is_written_again_from_the_log(
    whorl: Whorl, acme: Actor
) -> None:
    """Row, usage and the request that counts against the quota, each once however often it comes."""
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await change_quotas(session, acme.tenant_id, Quotas(requests_per_minute=10))
    began = now() - timedelta(seconds=20)
    *lost, known = (
        PlainRun(acme.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], began)
        for _ in "abc"
    )
    endings = [
        Ending(run, "succeeded", "answered", now(), None, 1, 60, 20, None, "key:1") for run in (*lost, known)
    ]
    ledger = Ledger(whorl.drain.connections, timedelta(minutes=3))
    await ledger.begin(known, metered=True)
    await ledger.end(acme.tenant_id, endings[-1])
    for _ in range(2):
        logged = []
        for ending in endings:
            recording = Recording(
                RunContext(str(acme.tenant_id), str(ending.run.id), None, "model", None), "0" * 32, "x"
            )
            recording.root.set_attribute(c.ENDING, dump_json(ending.row()).decode())
            logged += recording.records()
        await whorl.agents.ledger.follow(logged)
        assert all(c.ENDING not in record.attributes for record in logged)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        runs = list(await session.scalars(select(Run).order_by(Run.id)))
        assert [(run.status, run.input_tokens, run.output_tokens) for run in runs] == [
            ("succeeded", 60, 20)
        ] * 3
        assert {run.started_at for run in runs if run.id != known.id} == {began}
        days = list(await session.scalars(select(UsageDay)))
        assert [(day.actor, day.model, day.runs, day.input_tokens) for day in days] == [
            ("key:1", "base", 3, 180)
        ]
        assert await session.scalar(select(func.sum(Admission.requests))) == 3


async def test_a_run_of_the_log_that_died_before_its_end_was_stored_gets_it(
    whorl: Whorl, acme: Actor
) -> None:
    run = PlainRun(acme.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], now())
    await Ledger(whorl.drain.connections, timedelta(minutes=3)).begin(run, metered=False)
    recording = Recording(RunContext(str(acme.tenant_id), str(run.id), None, "model", None), "0" * 32, "x")
    ending = Ending(run, "succeeded", "answered", now(), None, 1, 6, 2, 0.5, "key:1")
    recording.root.set_attribute(c.ENDING, dump_json(ending.row()).decode())
    await whorl.capture.log_run(recording.records())
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        stored = await session.get_one(Run, (acme.tenant_id, run.id))
        assert (stored.status, stored.output_tokens, float(stored.cost or 0)) == ("succeeded", 2, 0.5)
        assert [float(day.cost) for day in await session.scalars(select(UsageDay))] == [0.5]


@pytest.mark.parametrize(
    ("stops", "status", "reason", "raised"),
    [(True, "failed", "interrupted", StoppingError), (False, "cancelled", "cancelled", asyncio.CancelledError)],
)  # fmt: skip
async def test_a_run_that_is_broken_off_ends(
    whorl: Whorl,
    acme: Actor,
    monkeypatch: pytest.MonkeyPatch,
    stops: bool,
    status: str,
    reason: str,
    raised: type[BaseException],
) -> None:
    asked = asyncio.Event()

    async def silent(call: ChatCall) -> AsyncIterator[Delta]:
        yield Delta("", used=Usage(7, 1))
        asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(whorl.servers, "stream", silent)
    plain = PlainCall([{"role": "user", "content": "When?"}], [])
    request = RunRequest("When?", agent="model", plain=plain)
    run = asyncio.create_task(whorl.agents.complete(acme, request))
    await asked.wait()
    assert whorl.agents.active == 1
    if stops:
        whorl.agents.stop()
    else:
        run.cancel()
    with pytest.raises(raised):
        await run
    assert whorl.agents.active == 0
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        [stored] = await session.scalars(select(Run))
        assert (stored.status, stored.stop_reason, stored.input_tokens) == (status, reason, 7)
        assert len(await spans_of_run(session, stored.id)) == 2


async def status_of(whorl: Whorl, run: PlainRun) -> str:
    async with tenant_session(whorl.engine, run.tenant_id) as session:
        return (await session.get_one(Run, (run.tenant_id, run.id))).status


def plain_run(actor: Actor) -> PlainRun:
    return PlainRun(actor.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], now())


def used(run: PlainRun, tokens: int = 0, cost: float = 0.0) -> Ending:
    return Ending(run, "succeeded", "answered", now(), None, 1, tokens, 0, cost, "key:1")


@pytest.mark.parametrize(
    ("quotas", "waits"),
    [
        ({}, True),
        ({"tokens_per_day": 10_000, "dollars_per_month": 10, "concurrent_runs": 100}, True),
        ({"tokens_per_day": 9_000}, False),
        ({"dollars_per_month": 9}, False),
        ({"concurrent_runs": 10}, False),
    ],
)
async def test_an_end_waits_for_the_log_where_the_tenant_is_far_from_its_quotas(
    whorl: Whorl, acme: Actor, quotas: dict[str, int], waits: bool
) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await change_quotas(session, acme.tenant_id, Quotas.model_validate(quotas))
    ledger, run = Ledger(whorl.drain.connections, timedelta(minutes=3)), plain_run(acme)
    await ledger.begin(run, metered=True)
    await ledger.settle(acme.tenant_id, used(run, tokens=1000, cost=1.0))
    assert await status_of(whorl, run) == ("running" if waits else "succeeded")
    assert await ledger.tell(acme.tenant_id) == waits
    assert await status_of(whorl, run) == "succeeded"
    assert await ledger.tell(acme.tenant_id) == 0


async def test_runs_whose_ends_wait_keep_no_other_from_beginning(whorl: Whorl, acme: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await change_quotas(session, acme.tenant_id, Quotas(concurrent_runs=20))
    ledger, over = Ledger(whorl.drain.connections, timedelta(minutes=3)), plain_run(acme)
    await ledger.begin(over, metered=True)
    await ledger.settle(acme.tenant_id, used(over))
    assert await status_of(whorl, over) == "running"
    for _ in range(20):
        await ledger.begin(plain_run(acme), metered=True)
    with pytest.raises(LimitError, match="20 runs at once"):
        await ledger.begin(plain_run(acme), metered=True)


async def test_whoever_reads_while_an_end_is_on_its_way_waits_for_it(whorl: Whorl, acme: Actor) -> None:
    ledger, run = Ledger(whorl.drain.connections, timedelta(minutes=3)), plain_run(acme)
    await ledger.begin(run, metered=True)
    await ledger.settle(acme.tenant_id, used(run))
    told = [asyncio.create_task(ledger.tell(acme.tenant_id)) for _ in range(2)]
    await asyncio.wait(told, return_when=asyncio.FIRST_COMPLETED)
    assert await status_of(whorl, run) == "succeeded"
    assert await asyncio.gather(*told) == [1, 1]


async def test_a_chat_is_over_for_whoever_asks_the_same_replica_next(sites: list[Site]) -> None:
    async with sites[0].client("owner") as client:
        for _ in range(3):
            asked = await client.post(CHAT, json=ASKED)
        run = await client.get(f"/api/runs/{asked.json()['whorl']['run_id']}")
        usage = await client.get("/api/usage")
    assert run.json()["status"] == "succeeded"
    assert [each["runs"] for each in usage.json()] == [3]


async def test_spans_of_other_programs_end_no_run(whorl: Whorl, acme: Actor) -> None:
    run = PlainRun(acme.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], now())
    recording = Recording(RunContext(str(acme.tenant_id), str(run.id), None, "model", None), "0" * 32, "x")
    recording.root.set_attribute(c.SOURCE, "otlp")
    recording.root.set_attribute(c.ENDING, "no JSON")
    await whorl.agents.ledger.follow(recording.records())
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert await session.scalar(select(func.count()).select_from(Run)) == 0


async def test_an_ending_of_the_log_waits_for_the_disk_also_where_it_is_known(
    whorl: Whorl, acme: Actor
) -> None:
    """The process that ended the run did not wait: what it wrote is on the disk before the log is let go of."""
    run = PlainRun(acme.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], now())
    ledger, ending = (
        Ledger(whorl.drain.connections, timedelta(minutes=3)),
        Ending(run, "succeeded", "answered", now()),
    )
    recording = Recording(RunContext(str(acme.tenant_id), str(run.id), None, "model", None), "0" * 32, "x")
    recording.root.set_attribute(c.ENDING, dump_json(ending.row()).decode())
    await ledger.begin(run, metered=False)
    await ledger.end(acme.tenant_id, ending)
    with psycopg.connect(whorl.addresses.admin, autocommit=True) as admin:
        [written] = admin.execute("SELECT pg_current_wal_insert_lsn()").fetchone() or ()
        await whorl.agents.ledger.follow(recording.records())
        flushed = admin.execute("SELECT pg_current_wal_flush_lsn() >= %s::pg_lsn", [written]).fetchone()
    assert flushed == (True,)
