"""Runs over HTTP as they go on: followed, resumed, stopped, decided about, by one process or another."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from sqlalchemy import Text, column, delete, func, insert, select, table, update

from tests.conftest import Addresses, test_settings
from tests.needles import in_tables
from tests.platform.test_api import Site
from whorl.agents import live
from whorl.agents.conversations import find_run
from whorl.agents.forgetting import forget_words
from whorl.agents.tables import Approval, Run, RunEventRow
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool
from whorl.agents.tools.calculator import calculator
from whorl.agents.waiting import expire_waiting
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.telemetry.store import spans_of_run
from whorl.platform.usage.tables import UsageDay

ANSWER = "The tide turns twice a day, and nobody can stop it."


def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """Sends a letter where it is asked to, sums where it is asked to, else answers."""
    last = messages[-1]
    if last["role"] == "tool":
        return f"Done: {last['content']}"
    if "letter" in last["content"]:
        calls = [call_text("send", to=name) for name in last["content"].split(" to ")[1].split(" and ")]
        return "\n".join(calls)
    return call_text("calculator", expression="1 + 1") if "sum" in last["content"] else ANSWER


class Gated(ScriptedBackend):
    """A scripted model that waits after its fifth token until ``gate`` is open."""

    def __init__(self) -> None:
        super().__init__(script)
        self.gate = asyncio.Event()
        self.gate.set()

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        count = 0
        async for token in super().generate(generation):
            yield token
            count += 1
            if count == 5:
                await self.gate.wait()


class Post:
    """A tool that changes the world, and remembers how often."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        parameters = {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]}
        self.tool = Tool("send", "Send a letter.", self.send, parameters)

    async def send(self, arguments: dict[str, Any], context: Any) -> Observation:
        self.sent.append(arguments["to"])
        return Observation(f"sent to {arguments['to']}")


class Replica(Site):
    """One process of several over one database."""

    def __init__(self, app: Any, keys: dict[str, str], backend: Gated, post: Post) -> None:
        super().__init__(app, keys)
        self.backend, self.post = backend, post
        self.whorl = app.state.whorl


@pytest_asyncio.fixture
async def replicas(database: Addresses, tmp_path: Path) -> AsyncIterator[tuple[Replica, Replica]]:
    """Two processes' worth of application over one database."""
    post, made = Post(), []
    keys: dict[str, str] = {}
    async with AsyncExitStack() as stack:
        for number in (1, 2):
            backend = Gated()
            settings = test_settings(database, tmp_path / f"whorl{number}", worker="external")
            app = create_app(settings, backend=backend)
            await stack.enter_async_context(LifespanManager(app, startup_timeout=60, shutdown_timeout=60))
            app.state.whorl.agents.toolbox = Toolbox([post.tool, calculator])
            made.append(Replica(app, keys, backend, post))
        engine = made[0].whorl.engine
        acme, rival = await ensure_tenant(engine, "acme"), await ensure_tenant(engine, "rival")
        keys |= {"owner": str(acme.key), "rival": str(rival.key)}
        async with tenant_session(engine, acme.tenant.id) as session:
            for name, role in (("member", "member"), ("viewer", "viewer")):
                _, keys[name] = await create_key(session, acme.tenant.id, name, role)
        yield made[0], made[1]


async def frames(lines: AsyncIterator[str], most: int | None = None) -> list[tuple[int, str, dict[str, Any]]]:
    """Server-sent events as (id, event, data); the first ``most`` of them."""
    found: list[tuple[int, str, dict[str, Any]]] = []
    block: dict[str, str] = {}
    async for line in lines:
        name, _, value = line.partition(": ")
        block[name] = value
        if not line and "data" in block:
            found.append((int(block["id"]), block["event"], json.loads(block["data"])))
            block = {}
            if len(found) == most:
                break
    return found


async def follow(client: httpx.AsyncClient, run_id: str, last: int | None = None) -> Any:
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    async with client.stream("GET", f"/api/runs/{run_id}/events", headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        assert response.headers["content-type"].startswith("text/event-stream")
        return await frames(response.aiter_lines())


async def ended(here: Replica, client: httpx.AsyncClient) -> tuple[str, uuid.UUID, Any]:
    """A run that is over: its id, its workspace's, and its events."""
    run = (await client.post("/api/runs", json={"question": "When?"})).json()
    await here.whorl.live.settle()
    tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])
    return run["run_id"], tenant_id, await follow(client, run["run_id"])


async def begin(client: httpx.AsyncClient, question: str, **options: Any) -> str:
    answer = await client.post("/api/runs", json={"question": question, "background": True, **options})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/api/runs/{answer.json()['run_id']}"
    return str(answer.json()["run_id"])


async def until(client: httpx.AsyncClient, run_id: str, status: str) -> dict[str, Any]:
    for _ in range(200):
        run: dict[str, Any] = (await client.get(f"/api/runs/{run_id}")).json()
        if run["status"] == status:
            return run
        await asyncio.sleep(0.05)
    raise AssertionError(f"the run is {run['status']}, not {status}")


async def test_a_broken_stream_is_taken_up_where_it_broke(replicas: tuple[Replica, Replica]) -> None:
    """The run goes on without a listener; who comes back is told the rest, here and elsewhere, also afterwards."""
    here, there = replicas
    here.backend.gate.clear()
    async with here.client("owner") as client, there.client("owner") as other:
        body = {"question": "When?", "stream": True}
        async with client.stream("POST", "/api/runs", json=body) as response:
            run_id = response.headers["location"].rsplit("/", 1)[1]
            seen = await frames(response.aiter_lines(), most=3)
        again = asyncio.create_task(follow(client, run_id, seen[-1][0]))
        elsewhere = asyncio.create_task(follow(other, run_id, seen[-1][0]))
        await asyncio.sleep(0.1)
        here.backend.gate.set()
        rest = await asyncio.wait_for(again, 20)
        whole = await follow(client, run_id)
        assert seen + rest == whole
        assert await asyncio.wait_for(elsewhere, 20) == rest
        assert await follow(other, run_id) == whole
    assert [number for number, _, _ in whole] == list(range(1, len(whole) + 1))
    assert whole[-1][1] == "run.ended"
    assert "".join(data["text"] for _, event, data in whole if event == "text.delta") == ANSWER


async def test_the_end_of_a_run_is_told_after_its_events_are_forgotten(
    replicas: tuple[Replica, Replica],
) -> None:
    here, _ = replicas
    async with here.client("owner") as client:
        run = (await client.post("/api/runs", json={"question": "When?"})).json()
        await here.whorl.live.settle()
        tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            await session.execute(delete(RunEventRow))
        [(number, event, data)] = await follow(client, run["run_id"], 7)
        assert (number, event, data["answer"]) == (8, "run.ended", ANSWER)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/runs", {"question": "When?", "stream": True}),
        ("/v1/chat/completions", {"model": "whorl"}), ("/v1/chat/completions", {"model": "scripted"}),
    ],
)  # fmt: skip
async def test_a_stream_that_has_nothing_to_tell_says_so(
    replicas: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch, path: str, body: dict[str, Any]
) -> None:
    """The model writes on only when that was said."""
    here, _ = replicas
    monkeypatch.setattr(live, "IDLE", 0.05)
    here.backend.gate.clear()
    if path.startswith("/v1"):
        body = {**body, "stream": True, "messages": [{"role": "user", "content": "When?"}]}
    said = []
    async with here.client("owner") as client, client.stream("POST", path, json=body) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        async for line in response.aiter_lines():
            said.append(line)
            if line == ": nothing new":
                here.backend.gate.set()
    assert ": nothing new" in said
    whole = "\n".join(said)
    assert "event: run.ended" in whole or whole.rstrip().endswith("data: [DONE]")


@pytest.mark.parametrize("beyond", [0, 1, 99_999])
async def test_whoever_has_seen_the_end_or_more_is_told_the_end_again(
    replicas: tuple[Replica, Replica], beyond: int
) -> None:
    here, there = replicas
    async with here.client("owner") as client, there.client("owner") as other:
        run_id, tenant_id, whole = await ended(here, client)
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            await session.execute(update(Run).values(ended_at=now() - 2 * live.SETTLED))
        for asked in (client, other):
            assert await follow(asked, run_id, whole[-1][0] + beyond) == whole[-1:]


async def test_a_run_that_ended_just_now_is_told_by_its_last_event_and_not_by_its_row(
    replicas: tuple[Replica, Replica],
) -> None:
    """The row is there before the event, which tells more: why the last reply ended."""
    here, there = replicas
    async with here.client("owner") as client, there.client("owner") as other:
        run_id, tenant_id, whole = await ended(here, client)
        last = RunEventRow.number == whole[-1][0]
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            row = await session.scalar(select(RunEventRow).where(last))
            assert row is not None
            kept = {column.key: getattr(row, column.key) for column in RunEventRow.__table__.columns}
            await session.execute(delete(RunEventRow).where(last))
            await session.execute(update(Run).values(ended_at=now() + timedelta(minutes=1)))
        end = asyncio.create_task(follow(other, run_id, whole[-2][0]))
        done, _ = await asyncio.wait([end], timeout=1.2)
        assert not done
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            await session.execute(insert(RunEventRow), [kept])
        assert await asyncio.wait_for(end, 20) == whole[-1:]


async def test_events_are_forgotten_after_a_day_and_with_their_conversation(
    replicas: tuple[Replica, Replica],
) -> None:
    here, _ = replicas
    async with here.client("owner") as client:
        tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])

        async def stored() -> int:
            async with tenant_session(here.whorl.engine, tenant_id) as session:
                return await session.scalar(select(func.count()).select_from(RunEventRow)) or 0

        first = (await client.post("/api/runs", json={"question": "When?"})).json()
        await until(client, first["run_id"], "succeeded")
        await here.whorl.live.settle()
        one = await stored()
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            await session.execute(update(RunEventRow).values(created_at=now().replace(year=2020)))
        second = (await client.post("/api/runs", json={"question": "When?"})).json()
        await here.whorl.live.settle()
        assert await stored() == one > 3
        assert (await client.delete(f"/api/conversations/{second['conversation_id']}")).status_code == 204
        assert await stored() == 0


def words_left(replica: Replica, *words: str) -> list[str]:
    """Where words stand but in what is redacted and stays."""
    return in_tables(replica.whorl.addresses.admin, words, but=("spans", "outcomes"))


async def test_a_deleted_conversation_leaves_no_word_of_its_runs(replicas: tuple[Replica, Replica]) -> None:
    """Neither of one that is over nor of one that waited, which is given up."""
    here, _ = replicas
    async with here.client("owner") as client:
        waiting = (
            await client.post(
                "/api/runs", json={"question": "Send a letter to Heliotrope", "approve": "changing"}
            )
        ).json()
        run_id, conversation = waiting["run_id"], waiting["conversation_id"]
        body = {"question": "When, Heliotrope?", "conversation_id": conversation}
        await client.post("/api/runs", json=body)
        await here.whorl.live.settle()
        kept = {found.split(":")[0] for found in words_left(here, "Heliotrope")}
        assert kept >= {"run_events", "approvals", "checkpoint_blobs", "messages", "conversations"}
        assert (await client.delete(f"/api/conversations/{conversation}")).status_code == 204
        assert words_left(here, "Heliotrope", "tide turns") == []
        assert (await client.get(f"/api/runs/{run_id}")).json()["status"] == "cancelled"
        call = f"/api/runs/{run_id}/approvals/{waiting['waiting_for'][0]['call_id']}"
        assert (await client.post(call, json={"verdict": "approve"})).status_code == 404


@pytest.mark.parametrize("question", ["When, Heliotrope?", "Send a letter to Heliotrope"])
async def test_what_is_said_after_its_conversation_was_deleted_is_not_kept(
    replicas: tuple[Replica, Replica], question: str
) -> None:
    here, _ = replicas
    here.backend.gate.clear()
    async with here.client("owner") as client:
        run_id = await begin(client, question, approve="changing")
        conversation = (await client.get("/api/conversations")).json()[0]["id"]
        assert (await client.delete(f"/api/conversations/{conversation}")).status_code == 204
        here.backend.gate.set()
        run = await until(client, run_id, "succeeded" if "When" in question else "cancelled")
        await here.whorl.live.settle()
    assert run["output_tokens"] > 5 and here.post.sent == []
    assert words_left(here, "Heliotrope", "tide turns") == []


async def test_what_is_said_after_words_were_forgotten_is_not_kept(replicas: tuple[Replica, Replica]) -> None:
    """A recall finds a run under way, or one whose last events are still to be written down; its question stays."""
    here, _ = replicas
    here.backend.gate.clear()
    async with here.client("owner") as client:
        run_id = await begin(client, "When does it turn?")
        acme = await ensure_tenant(here.whorl.engine, "acme")
        async with tenant_session(here.whorl.engine, acme.tenant.id) as session:
            await forget_words(session, [uuid.UUID(run_id)])
        here.backend.gate.set()
        await until(client, run_id, "succeeded")
        await here.whorl.live.settle()
    assert words_left(here, "tide turns") == []


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_run_is_stopped_by_any_process(replicas: tuple[Replica, Replica], elsewhere: bool) -> None:
    here, there = replicas
    here.backend.gate.clear()
    async with here.client("owner") as client, (there if elsewhere else here).client("owner") as stopper:
        run_id = await begin(client, "When?")
        following = asyncio.create_task(follow(client, run_id))
        answer = await stopper.post(f"/api/runs/{run_id}/cancel")
        assert answer.status_code == 200, answer.text
        told = await asyncio.wait_for(following, 20)
        assert told[-1][2]["status"] == "cancelled"
        run = await until(client, run_id, "cancelled")
        assert run["stop_reason"] == "cancelled"
        assert (run["input_tokens"], run["output_tokens"]) == (told[-1][2]["input_tokens"], 5)
        assert (await stopper.post(f"/api/runs/{run_id}/cancel")).json()["status"] == "cancelled"
        here.backend.gate.set()
        done = (await client.post("/api/runs", json={"question": "When?"})).json()
        assert (await client.post(f"/api/runs/{done['run_id']}/cancel")).status_code == 409


async def test_the_end_of_a_stopped_run_is_stored_before_it_is_told(
    replicas: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often it is found meanwhile that the run is to be stopped."""
    here, _ = replicas
    here.backend.gate.clear()
    closing = here.whorl.agents.closing
    end = closing.end

    async def slow_end(*given: Any) -> None:
        await asyncio.sleep(10 * live.WRITE)
        await end(*given)

    monkeypatch.setattr(live, "STOP_LOOKS", 1)
    monkeypatch.setattr(closing, "end", slow_end)
    async with here.client("owner") as client:
        run_id = await begin(client, "When?")
        following = asyncio.create_task(follow(client, run_id))
        assert (await client.post(f"/api/runs/{run_id}/cancel")).status_code == 200
        told = await asyncio.wait_for(following, 20)
        run = (await client.get(f"/api/runs/{run_id}")).json()
    assert run["status"] == told[-1][2]["status"] == "cancelled"
    assert told[-1][2]["input_tokens"] == run["input_tokens"] > 0


async def test_calls_wait_and_are_decided_in_another_process(replicas: tuple[Replica, Replica]) -> None:
    """One letter is approved, one readdressed, one denied; nothing is sent before the last decision."""
    here, there = replicas
    async with here.client("owner") as client, there.client("owner") as decider:
        asked = "Send a letter to Ann and Bob and Eve"
        waiting = (await client.post("/api/runs", json={"question": asked, "approve": "changing"})).json()
        assert (waiting["status"], waiting["answer"]) == ("waiting", "")
        run_id, calls = waiting["run_id"], waiting["waiting_for"]
        assert [json.loads(call["arguments"])["to"] for call in calls] == ["Ann", "Bob", "Eve"]
        path = f"/api/runs/{run_id}/approvals"
        assert {a["state"] for a in (await decider.get(path)).json()} == {"pending"}
        decisions = [
            {"verdict": "approve"}, {"verdict": "edit", "arguments": {"to": "Rob"}}, {"verdict": "deny", "note": "no"},
        ]  # fmt: skip
        for call, decision in zip(calls, decisions, strict=True):
            assert here.post.sent == []
            decided = await decider.post(f"{path}/{call['call_id']}", json=decision)
            assert decided.status_code == 200, decided.text
            again = await client.post(f"{path}/{call['call_id']}", json=decision)
            assert again.status_code == 409
        told = await asyncio.wait_for(follow(client, run_id), 20)
        assert here.post.sent == ["Ann", "Rob"]
        ended = told[-1][2]
        assert ended["status"] == "succeeded" and "a person denied this call: no" in ended["answer"]
        assert [number for number, _, _ in told] == list(range(1, len(told) + 1))
        names = [event for _, event, _ in told]
        assert names.count("run.waiting") == 1 and names.count("call.decided") == 3
        changed = next(
            data["result"] for _, event, data in told if event == "tool.ended" and "Rob" in data["result"]
        )
        assert changed.startswith('A person changed the arguments to {"to": "Rob"}')
        states = {a["arguments"]: a["state"] for a in (await client.get(path)).json()}
        assert sorted(states.values()) == ["approved", "denied", "edited"]


async def test_a_run_that_waited_is_one_trace_and_counted_once(replicas: tuple[Replica, Replica]) -> None:
    here, there = replicas
    async with here.client("owner") as client, there.client("owner") as decider:
        body = {"question": "Send a letter to Ann", "approve": "always"}
        waiting = (await client.post("/api/runs", json=body)).json()
        run_id, [call] = waiting["run_id"], waiting["waiting_for"]
        approve = {"verdict": "approve"}
        await decider.post(f"/api/runs/{run_id}/approvals/{call['call_id']}", json=approve)
        run = await until(client, run_id, "succeeded")
        for replica in replicas:
            await replica.whorl.live.settle()
            await replica.whorl.flush()
        tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])
        async with tenant_session(here.whorl.engine, tenant_id) as session:
            spans = await spans_of_run(session, uuid.UUID(run_id))
            stored = await find_run(session, uuid.UUID(run_id))
        assert {span.trace_id for span in spans} == {stored.trace_id}
        assert [span.operation for span in spans].count("chat") == 2
        roots = [span for span in spans if span.parent_span_id is None]
        assert len(roots) == 1
        [day] = (await client.get("/api/usage")).json()
        used = (day["runs"], day["input_tokens"], day["output_tokens"])
        assert used == (1, run["input_tokens"], run["output_tokens"])
        feedback = (await client.get(f"/api/lineage/{run_id}")).json()
        assert feedback["id"] == run_id
        dataset = (await client.post("/api/datasets", json={"format": "kto", "held_out": 0})).json()
        assert dataset["rows"] == 1, "an approval is an outcome"


async def test_a_run_stays_its_askers_whoever_decides_about_its_calls(
    replicas: tuple[Replica, Replica],
) -> None:
    here, there = replicas
    async with here.client("owner") as owner:
        tenant_id = uuid.UUID((await owner.get("/api/me")).json()["tenant_id"])
    people: dict[str, uuid.UUID] = {}
    async with tenant_session(here.whorl.engine, tenant_id) as session:
        for name, role in (("ada", "member"), ("bob", "admin")):
            user, _ = await add_member(session, tenant_id, f"{name}@acme.example", role)
            _, here.keys[name] = await create_key(session, tenant_id, name, role, user_id=user.id)
            people[name] = user.id
    async with here.client("ada") as ada, there.client("bob") as bob:
        body = {"question": "Send a letter to Ann", "approve": "always"}
        waiting = (await ada.post("/api/runs", json=body)).json()
        run_id, [call] = waiting["run_id"], waiting["waiting_for"]
        path = f"/api/runs/{run_id}/approvals/{call['call_id']}"
        assert (await bob.post(path, json={"verdict": "approve"})).status_code == 200
        run = await until(ada, run_id, "succeeded")
        for replica in replicas:
            await replica.whorl.live.settle()
            await replica.whorl.flush()
    async with tenant_session(here.whorl.engine, tenant_id) as session:
        spans = await spans_of_run(session, uuid.UUID(run_id))
        used = [
            (day.actor, day.runs, day.input_tokens, day.output_tokens)
            for day in await session.scalars(select(UsageDay))
        ]
    assert [span.operation for span in spans].count("chat") == 2
    assert {span.user_id for span in spans} == {people["ada"]}
    assert used == [(f"user:{people['ada']}", 1, run["input_tokens"], run["output_tokens"])]


async def test_a_waiting_run_can_be_given_up(replicas: tuple[Replica, Replica]) -> None:
    here, there = replicas
    async with here.client("owner") as client, there.client("owner") as other:
        body = {"question": "Send a letter to Ann", "approve": "changing"}
        waiting = (await client.post("/api/runs", json=body)).json()
        path = f"/api/runs/{waiting['run_id']}"
        assert [
            run["id"] for run in (await client.get("/api/runs", params={"status": "waiting"})).json()
        ] == [waiting["run_id"]]
        assert (await other.post(f"{path}/cancel")).json()["status"] == "cancelled"
        call = waiting["waiting_for"][0]["call_id"]
        late = await client.post(f"{path}/approvals/{call}", json={"verdict": "approve"})
        assert late.status_code == 409
        assert (await client.get(f"{path}/approvals")).json()[0]["state"] == "withdrawn"
        assert (await follow(client, waiting["run_id"]))[-1][2]["status"] == "cancelled"
        assert here.post.sent == []


async def test_a_run_that_is_stopped_before_it_goes_on_is_over(
    replicas: tuple[Replica, Replica], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or it would count among the workspace's runs under way, and nobody could stop it."""
    site, _ = replicas
    going_on = asyncio.Event()

    async def held(*_: Any) -> Any:
        going_on.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(site.whorl.agents, "_given", held)
    async with site.client("owner") as client:
        body = {"question": "Send a letter to Ann", "approve": "changing"}
        run = (await client.post("/api/runs", json=body)).json()
        path, [call] = f"/api/runs/{run['run_id']}", run["waiting_for"]
        approved = await client.post(f"{path}/approvals/{call['call_id']}", json={"verdict": "approve"})
        assert approved.status_code == 200
        await asyncio.wait_for(going_on.wait(), 20)
        assert (await client.get(path)).json()["status"] == "running"
        assert (await client.post(f"{path}/cancel")).status_code == 200
        stopped = (await client.get(path)).json()
        assert (stopped["status"], stopped["stop_reason"], stopped["steps"]) == ("cancelled", "cancelled", 1)
        last = (await follow(client, run["run_id"]))[-1][2]
        assert (last["status"], last["steps"]) == ("cancelled", 1)
        assert (await client.post(f"{path}/cancel")).status_code == 200
    assert site.post.sent == []


async def test_a_run_that_nobody_comes_for_expires(replicas: tuple[Replica, Replica]) -> None:
    """Only after its days; what it used stays counted, and nothing is kept to go on with."""
    here, there = replicas
    week, engine = timedelta(days=7), here.whorl.engine
    async with here.client("owner") as client:
        body = {"question": "Send a letter to Ann", "approve": "changing"}
        old, young = [(await client.post("/api/runs", json=body)).json()["run_id"] for _ in range(2)]
        await here.whorl.live.settle()
        tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])
        async with tenant_session(engine, tenant_id) as session:
            await session.execute(update(Approval).values(asked_at=now() - week + timedelta(hours=1)))
            late = update(Approval).where(Approval.run_id == uuid.UUID(old))
            await session.execute(late.values(asked_at=now() - week - timedelta(seconds=1)))
        following = asyncio.create_task(follow(client, old))
        await expire_waiting(there.whorl.engine, week)
        told = (await asyncio.wait_for(following, 20))[-1]
        run = (await client.get(f"/api/runs/{old}")).json()
        assert (run["status"], run["stop_reason"]) == ("cancelled", "expired")
        assert (told[1], told[2]["stop_reason"]) == ("run.ended", "expired")
        assert told[2]["input_tokens"] == run["input_tokens"] > 0
        [approval] = (await client.get(f"/api/runs/{old}/approvals")).json()
        assert approval["state"] == "withdrawn"
        path = f"/api/runs/{old}/approvals/{approval['call_id']}"
        assert (await client.post(path, json={"verdict": "approve"})).status_code == 409
        assert (await client.get(f"/api/runs/{young}")).json()["status"] == "waiting"
    async with tenant_session(engine, tenant_id) as session:
        found = await session.scalars(select(column("thread_id", Text)).select_from(table("checkpoints")))
        kept = set(found)
    assert kept == {young} and here.post.sent == []


@pytest.mark.parametrize(
    "decision",
    [
        {"verdict": "maybe"}, {"verdict": "edit"}, {"verdict": "approve", "arguments": {}}, {"verdict": "deny", "note": 3},
    ],
)  # fmt: skip
async def test_a_decision_that_is_none_is_refused(replicas: tuple[Replica, Replica], decision: Any) -> None:
    here, _ = replicas
    async with here.client("owner") as client:
        body = {"question": "Send a letter to Ann", "approve": "changing"}
        waiting = (await client.post("/api/runs", json=body)).json()
        path = f"/api/runs/{waiting['run_id']}/approvals"
        refused = await client.post(f"{path}/{waiting['waiting_for'][0]['call_id']}", json=decision)
        assert refused.status_code == 422, refused.text
        assert (await client.post(f"{path}/call_nowhere", json={"verdict": "approve"})).status_code == 404


async def test_tools_that_change_nothing_do_not_wait_unless_all_do(replicas: tuple[Replica, Replica]) -> None:
    here, _ = replicas
    async with here.client("owner") as client:
        for approve, status in (("changing", "succeeded"), ("always", "waiting")):
            run = await client.post("/api/runs", json={"question": "What is the sum?", "approve": approve})
            assert run.json()["status"] == status


async def test_runs_are_for_those_who_asked_and_those_who_may(replicas: tuple[Replica, Replica]) -> None:
    here, _ = replicas
    async with here.client("owner") as owner, here.client("member") as member:
        body = {"question": "Send a letter to Ann", "approve": "changing"}
        theirs = (await owner.post("/api/runs", json=body)).json()
        own = (await member.post("/api/runs", json=body)).json()
        call = theirs["waiting_for"][0]["call_id"]
        for role in ("member", "rival"):
            async with here.client(role) as client:
                path = f"/api/runs/{theirs['run_id']}"
                for method, url in (
                    ("GET", path), ("GET", f"{path}/events"), ("GET", f"{path}/approvals"), ("POST", f"{path}/cancel"),
                    ("POST", f"{path}/approvals/{call}"),
                ):  # fmt: skip
                    answer = await client.request(method, url, json={"verdict": "approve"})
                    assert answer.status_code == 404, f"{role} {method} {url}"
        async with here.client("viewer") as viewer:
            assert (await viewer.get(f"/api/runs/{own['run_id']}/approvals")).status_code == 200
            assert (await viewer.post(f"/api/runs/{own['run_id']}/cancel")).status_code == 403
        assert (await member.get(f"/api/runs/{own['run_id']}")).json()["status"] == "waiting"
        mine = f"/api/runs/{own['run_id']}/approvals/{own['waiting_for'][0]['call_id']}"
        assert (await member.post(mine, json={"verdict": "deny"})).json()["state"] == "denied"
        other = {"question": "And now?", "conversation_id": theirs["conversation_id"]}
        assert (await member.post("/api/runs", json=other)).status_code == 404


async def test_pages_neither_skip_nor_repeat_while_rows_are_added(replicas: tuple[Replica, Replica]) -> None:
    here, _ = replicas
    async with here.client("owner") as client:
        tenant_id = uuid.UUID((await client.get("/api/me")).json()["tenant_id"])
        started = {"agent": "default", "model": "m", "trace_id": "", "status": "succeeded"}

        async def add(count: int) -> None:
            async with tenant_session(here.whorl.engine, tenant_id) as session:
                session.add_all([Run(tenant_id=tenant_id, **started) for _ in range(count)])

        await add(7)
        before = [run["id"] for run in (await client.get("/api/runs")).json()]
        seen: list[str] = []
        url: str | None = "/api/runs?limit=3&status=succeeded"
        while url is not None:
            answer = await client.get(url)
            seen += [run["id"] for run in answer.json()]
            await add(2)
            url = answer.links["next"]["url"] if answer.links else None
        assert seen == before
        for cursor in ("x", "!!", "WyJhIl0", ""):
            refused = await client.get("/api/runs", params={"cursor": cursor})
            assert refused.status_code == 422, cursor
        for name in ("b", "a", "c"):
            await client.post("/api/documents", files={"file": (f"{name}.md", f"# {name}\n\nText.".encode())})
        first = await client.get("/api/documents", params={"limit": 2})
        rest = await client.get(first.links["next"]["url"])
        assert [d["source"] for d in first.json() + rest.json()] == ["a.md", "b.md", "c.md"]
