"""Several model servers behind one route: choice, failures, restarts, and tenants that take turns."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import Actor, Settings, Whorl
from tests.tiny_model import make_adapter, make_model
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, LimitError, NotFoundError, PrerequisiteError, UpstreamError
from whorl.platform.serving import client as listing
from whorl.platform.serving import servers as serving
from whorl.platform.serving.adapters import State, count_in_use, register_adapter
from whorl.platform.serving.breaker import FAILURES, FIRST_SECONDS, Breaker
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.local import LocalBackend
from whorl.platform.serving.messages import ChatCall, ChatMessage, Sampling
from whorl.platform.serving.servers import ModelServers
from whorl.platform.serving.transport import InProcessTransport
from whorl.platform.serving.vllm import command
from whorl.platform.turns import Turns

USER: list[ChatMessage] = [{"role": "user", "content": "Tell me about tides."}]


class Plug(httpx.AsyncBaseTransport):
    """A connection to a model server that can be pulled, and a server that can be restarted."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make, self.down, self.hung, self.asked = make, False, False, 0
        self.restart()

    def restart(self) -> None:
        """A new process: nothing is loaded there."""
        self._inner = InProcessTransport(create_engine_app(self._make()))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("pulled", request=request)
        if self.hung:
            await asyncio.Event().wait()
        self.asked += request.url.path.endswith("/chat/completions")
        return await self._inner.handle_async_request(request)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("base") / "tiny", seed=0)


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory, base: Path) -> Path:
    return make_adapter(base, tmp_path_factory.mktemp("adapters") / "acme.v1", seed=1)


@pytest_asyncio.fixture
async def plugs(base: Path) -> AsyncIterator[list[Plug]]:
    yield [Plug(lambda: LocalBackend(base)) for _ in range(2)]


@pytest_asyncio.fixture
async def servers(plugs: list[Plug], base: Path) -> AsyncIterator[ModelServers]:
    clients = [
        ModelClient(httpx.AsyncClient(transport=plug, base_url=f"http://model{number}", timeout=60))
        for number, plug in enumerate(plugs)
    ]
    name = (await clients[0].models())[0].name
    yield ModelServers(clients, name, "hash", "template")
    for client in clients:
        await client.http.aclose()


def call(model: str, tenant: str = "acme") -> ChatCall:
    return ChatCall(model, USER, sampling=Sampling(max_tokens=4), tenant=tenant)


async def test_calls_at_once_are_spread_over_the_servers(servers: ModelServers, plugs: list[Plug]) -> None:
    await asyncio.gather(*(servers.chat(call(servers.base)) for _ in range(8)))
    assert [plug.asked for plug in plugs] == [4, 4]


async def test_a_dead_server_fails_no_call_and_is_left_alone(
    servers: ModelServers, plugs: list[Plug]
) -> None:
    plugs[0].down = True
    for _ in range(FAILURES + 5):
        assert (await servers.chat(call(servers.base))).usage.completion_tokens
    assert servers.servers[0].breaker.closed is False
    assert plugs[1].asked == FAILURES + 5
    plugs[1].down = True
    with pytest.raises(UpstreamError, match="does not answer"):
        await servers.chat(call(servers.base))


@pytest.mark.parametrize("working", [0, 1])
async def test_one_that_works_is_healthy_whatever_the_other_does(
    servers: ModelServers, plugs: list[Plug], working: int
) -> None:
    plugs[1 - working].hung = True
    async with asyncio.timeout(30):
        assert await servers.healthy()
    plugs[1 - working].hung, plugs[1 - working].down, plugs[working].down = False, True, True
    assert not await servers.healthy()


async def test_a_server_that_was_restarted_gets_its_adapters_back_before_the_call(
    servers: ModelServers, plugs: list[Plug], adapter: Path
) -> None:
    await servers.load_adapter("acme.v1", adapter)
    before = await servers.chat(call("acme.v1"))
    for plug in plugs:
        plug.restart()
    after = await asyncio.gather(*(servers.chat(call("acme.v1")) for _ in range(6)))
    assert {tuple(reply.token_ids) for reply in after} == {tuple(before.token_ids)}
    for client in servers.clients:
        assert "acme.v1" in {model.name for model in await client.models()}
    with pytest.raises(NotFoundError):
        await servers.chat(call("acme.v9"))


async def test_the_watch_finds_a_server_that_came_back(
    servers: ModelServers, plugs: list[Plug], adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "WATCH_SECONDS", 0.01)
    await servers.load_adapter("acme.v1", adapter)
    watch = asyncio.create_task(servers.watch())
    plugs[0].down = True
    while servers.servers[0].breaker.closed:
        await asyncio.sleep(0.01)
    plugs[0].restart()
    plugs[0].down = False
    while not servers.servers[0].breaker.closed:
        await asyncio.sleep(0.01)
    watch.cancel()
    assert "acme.v1" in {model.name for model in await servers.clients[0].models()}


async def test_a_look_at_a_server_that_hangs_holds_up_nothing(
    servers: ModelServers, plugs: list[Plug], adapter: Path
) -> None:
    await servers.load_adapter("acme.v1", adapter)
    plugs[0].hung = True
    looking = asyncio.create_task(servers.look())
    plugs[1].restart()
    with servers.servers[0].counted():
        async with asyncio.timeout(60):
            assert (await servers.chat(call("acme.v1"))).usage.completion_tokens
    looking.cancel()


async def test_a_look_counts_the_server_that_hangs_and_mends_the_other(
    servers: ModelServers, plugs: list[Plug], adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await servers.load_adapter("acme.v1", adapter)
    monkeypatch.setattr(listing, "LISTING_SECONDS", 0.2)
    plugs[0].hung = True
    plugs[1].restart()
    for _ in range(FAILURES):
        await servers.look()
    assert [server.breaker.closed for server in servers.servers] == [False, True]
    assert "acme.v1" in {model.name for model in await servers.clients[1].models()}


async def test_an_adapter_that_was_unloaded_is_not_brought_back(
    servers: ModelServers, plugs: list[Plug], adapter: Path
) -> None:
    await servers.load_adapter("acme.v1", adapter)
    await servers.unload_adapter("acme.v1")
    plugs[0].restart()
    with pytest.raises(NotFoundError):
        await servers.chat(call("acme.v1"))


async def test_a_call_that_has_begun_is_not_repeated_elsewhere(
    servers: ModelServers, plugs: list[Plug], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the user has read of one server's answer is not followed by another's."""

    async def breaks(self: Any, request: httpx.Request) -> httpx.Response:
        async def pieces() -> AsyncIterator[bytes]:
            yield b'data: {"choices": [{"delta": {"content": "It "}}]}\n\n'
            raise httpx.ReadError("cut")

        return httpx.Response(200, content=pieces(), request=request)

    monkeypatch.setattr(Plug, "handle_async_request", breaks)
    seen = []
    with pytest.raises(UpstreamError):
        async with aclosing(servers.stream(call(servers.base))) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                seen.append(delta.text)
    assert seen == ["It "]


def test_a_breaker_opens_tries_and_closes() -> None:
    clock = [0.0]
    breaker = Breaker(lambda: clock[0])
    for _ in range(FAILURES - 1):
        breaker.fail()
    assert breaker.ready
    breaker.fail()
    assert not breaker.ready
    clock[0] = FIRST_SECONDS
    assert breaker.ready and breaker.ready, "who only looks takes no trial"
    breaker.begin()
    assert not breaker.ready, "one call tries, the next does not"
    breaker.fail()
    clock[0] += FIRST_SECONDS
    assert not breaker.ready, "longer each time"
    breaker.succeed()
    assert breaker.closed and breaker.ready
    breaker.begin()
    assert breaker.ready, "a closed one has no trials"


async def test_a_trial_is_taken_by_the_call_that_really_tries(
    servers: ModelServers, plugs: list[Plug]
) -> None:
    clock = [0.0]
    failing, busy = servers.servers
    failing.breaker = Breaker(lambda: clock[0])
    for _ in range(FAILURES):
        failing.breaker.fail()
    clock[0] = FIRST_SECONDS
    with failing.counted():
        await servers.chat(call(servers.base))
    assert [plug.asked for plug in plugs] == [0, 1]
    assert failing.breaker.ready, "another server answered: the trial is left to a call that needs it"
    with busy.counted():
        await servers.chat(call(servers.base))
    assert [plug.asked for plug in plugs] == [1, 1] and failing.breaker.closed


async def served(turns: Turns, arrivals: list[str]) -> list[str]:
    """Tenants in the order in which their calls, which arrive together, are served one by one."""
    order: list[str] = []

    async def one(tenant: str) -> None:
        async with turns.turn(tenant):
            order.append(tenant)
            await asyncio.sleep(0)

    await asyncio.gather(*(one(tenant) for tenant in arrivals))
    return order


async def test_a_flood_of_one_tenant_does_not_delay_another() -> None:
    order = await served(Turns(2), ["flood"] * 40 + ["quiet"] * 3)
    assert [at for at, tenant in enumerate(order) if tenant == "quiet"][-1] < 9
    assert len(order) == 43


async def test_tenants_that_wait_take_turns() -> None:
    order = await served(Turns(1), ["a"] * 3 + ["b"] * 3 + ["c"] * 3)
    assert order[0] == "a"
    for start in (1, 4):
        assert len(set(order[start : start + 3])) == 3


async def test_who_leaves_the_queue_takes_no_place() -> None:
    turns = Turns(1)
    async with turns.turn("a"):
        waiting = asyncio.create_task(served(turns, ["b"]))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert await asyncio.wait_for(served(turns, ["c", "c"]), 5) == ["c", "c"]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=25), st.integers(1, 3))
def test_places_are_never_exceeded_nor_lost(arrivals: list[tuple[str, bool]], places: int) -> None:
    """Whoever comes and whoever gives up waiting: at most so many at once, and none is forgotten."""

    async def play() -> None:
        turns, inside, most, done = Turns(places), 0, 0, 0

        async def one(tenant: str) -> None:
            nonlocal inside, most, done
            async with turns.turn(tenant):
                inside += 1
                most = max(most, inside)
                try:
                    await asyncio.sleep(0)
                finally:
                    inside -= 1
            done += 1

        tasks = [asyncio.create_task(one(tenant)) for tenant, _ in arrivals]
        await asyncio.sleep(0)
        for task, (_, leaves) in zip(tasks, arrivals, strict=True):
            if leaves:
                task.cancel()
        await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        assert most <= places
        assert done >= sum(not leaves for _, leaves in arrivals)
        assert await asyncio.wait_for(served(turns, ["z"] * 4), 5) == ["z"] * 4

    asyncio.run(play())


def test_a_vllm_that_cannot_be_started_says_why(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="RANK is 12; vLLM knows 1, 8"):
        command(Settings(vllm_lora_rank=12), 2)
    with pytest.raises(PrerequisiteError, match="has no vLLM"):
        command(Settings(), 2)
    with pytest.raises(PrerequisiteError, match="cannot be run: No such file"):
        command(Settings(vllm_python=tmp_path / "python"), 2)
    with pytest.raises(PrerequisiteError, match="no model in"):
        command(Settings(model_dir=tmp_path), 2)


async def test_adapters_in_use_are_counted_over_all_tenants(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    states: dict[Actor, tuple[State, ...]] = {
        acme: ("serving", "retired", "canary"), rival: ("serving", "trained"),
    }  # fmt: skip
    for actor, own in states.items():
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            for number, state in enumerate(own, 1):
                adapter = await register_adapter(
                    session, actor.tenant_id, f"{actor.tenant_slug}.v{number}", method="sft", base_hash="",
                    dataset_id=None, folder=Path("nowhere"), card={},
                )  # fmt: skip
                adapter.state = state
    assert await count_in_use(whorl.engine) == 3


async def test_an_adapter_whose_probe_finds_a_server_full_is_loaded_nowhere(
    servers: ModelServers, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(asked: ChatCall) -> Any:
        raise LimitError("full", retry_after=1.0)

    monkeypatch.setattr(servers.clients[-1], "chat", full)
    with pytest.raises(LimitError):
        await servers.load_adapter("acme.v1", adapter)
    for client in servers.clients:
        assert "acme.v1" not in {model.name for model in await client.models()}


async def test_a_request_that_is_left_before_its_answer_begins_is_not_carried_on() -> None:
    asked, left = asyncio.Event(), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        try:
            await asyncio.Event().wait()
        finally:
            left.set()

    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url="http://engine") as client:
        asking = asyncio.create_task(client.get("/"))
        await asked.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
        async with asyncio.timeout(10):
            await left.wait()
