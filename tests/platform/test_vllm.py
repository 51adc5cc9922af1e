"""The serving contract against a real vLLM (its CPU build), started in an environment of its own.

``make test-vllm`` makes the environment and runs this.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psutil
import pytest
import pytest_asyncio

from tests.conftest import ROOT, Addresses, Settings
from tests.platform.processes import App
from tests.serving_app import key_of
from tests.tiny_model import make_adapter
from whorl.agents.runs import RunRequest
from whorl.flywheel.judging.model import ModelJudge
from whorl.platform.app import open_whorl
from whorl.platform.errors import InputError, NotFoundError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.base_model import SEED_MODEL
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.engine.local import LocalBackend
from whorl.platform.serving.messages import ChatCall, ChatMessage, Sampling, ToolSpec
from whorl.platform.serving.servers import ModelServers
from whorl.platform.serving.vllm import BASE, command
from whorl.retrieval.load.base import LoadedDocument

pytestmark = pytest.mark.vllm
PYTHON = ROOT / ".venv-vllm" / "bin" / "python"
ON_A_CPU = "--enforce-eager --dtype bfloat16"
ENVIRON = {
    "VLLM_CPU_KVCACHE_SPACE": "1", "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}  # fmt: skip
USER: list[ChatMessage] = [{"role": "user", "content": "Hello, who are you?"}]
SEARCH: ToolSpec = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search the documents.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}, "required": ["query"]},
    },
}


@pytest.fixture(scope="session")
def vllm_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running server of the seed model, with runtime adapters and prefix caching on."""
    if not PYTHON.exists():
        pytest.fail(f"{PYTHON} is missing: run make test-vllm.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("vllm") / "log.txt"
    settings = Settings(
        vllm_python=PYTHON, vllm_port=port, vllm_lora_rank=16, vllm_context=2048, vllm_arguments=ON_A_CPU
    )  # fmt: skip
    environment = {**os.environ, **ENVIRON, "VLLM_ALLOW_RUNTIME_LORA_UPDATING": "True"}
    with log.open("wb") as out:
        process = subprocess.Popen(command(settings, 8), stdout=out, stderr=out, env=environment, cwd="/tmp")
        try:
            _wait_until_up(f"http://127.0.0.1:{port}/health", process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(30)


def _wait_until_up(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + 400
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if httpx.get(url, timeout=2).is_success:
                return
        except httpx.TransportError:
            time.sleep(1)
    pytest.fail(f"vLLM did not come up:\n{log.read_text(errors='replace')[-4000:]}")


@pytest_asyncio.fixture
async def client(vllm_url: str) -> AsyncIterator[ModelClient]:
    async with httpx.AsyncClient(base_url=vllm_url, timeout=120) as http:
        yield ModelClient(http)


@pytest.fixture(scope="session")
def adapters(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("adapters")
    return [make_adapter(SEED_MODEL, folder / f"acme.v{n}", seed=n, strength=0.3) for n in (1, 2)]


def call(model: str = BASE, **changes: Any) -> ChatCall:
    tools = changes.pop("tools", [])
    return ChatCall(model, USER, tools, Sampling(**{"max_tokens": 16, **changes}))


async def test_a_reply_counts_its_tokens(client: ModelClient) -> None:
    reply = await client.chat(call())
    assert reply.usage.completion_tokens == len(reply.token_ids) == len(reply.logprobs)
    assert reply.usage.prompt_tokens == len(reply.prompt_token_ids) > 0


async def test_the_most_probable_tokens_are_told_and_an_opening_is_continued(client: ModelClient) -> None:
    """What judges read: the prompt ends in the opening, as with the embedded engine."""
    opened = ChatCall(BASE, USER, sampling=Sampling(max_tokens=1, top_logprobs=20), opening="verdict-1a2b3c:")
    backend = LocalBackend(SEED_MODEL)
    chat: list[ChatMessage] = [*USER, {"role": "assistant", "content": opened.opening}]
    pieces = [delta async for delta in client.stream(opened)]
    for reply in (await client.chat(opened), pieces[-1].reply):
        assert reply is not None
        assert reply.prompt_token_ids == backend.encode_chat(chat, [], continued=True)
        [place] = reply.places
        assert len(place.top) >= 20 and reply.logprobs[0] in [logprob for _, logprob in place.top]
    preference = await ModelJudge(client, BASE, "forced").compare("How high?", "20 m", "30 m")
    assert preference.trouble in ("", "unparsable") and "tells no probabilities" not in preference.reason
    assert not (await client.chat(call())).places


async def test_prompts_are_the_same_tokens_as_in_the_embedded_engine(client: ModelClient) -> None:
    reply = await client.chat(call(tools=[SEARCH]))
    assert reply.prompt_token_ids == LocalBackend(SEED_MODEL).encode_chat(USER, [SEARCH])


async def test_a_stream_says_what_a_reply_says(client: ModelClient) -> None:
    whole = await client.chat(call())
    pieces = [delta async for delta in client.stream(call())]
    last = pieces[-1].reply
    assert last is not None
    assert "".join(piece.text for piece in pieces).strip() == whole.content.strip()
    assert last.usage == whole.usage


async def test_tool_calls_are_parsed(client: ModelClient) -> None:
    messages: list[ChatMessage] = [{"role": "user", "content": "When was the Harrow bridge opened?"}]
    wanted = ChatCall(BASE, messages, [SEARCH], Sampling(max_tokens=64))
    replies = [await client.chat(wanted), [d async for d in client.stream(wanted)][-1].reply]
    for reply in replies:
        assert reply is not None
        assert reply.tool_calls[0]["function"]["name"] == "search"
        assert "query" in json.loads(reply.tool_calls[0]["function"]["arguments"])
        assert reply.finish_reason == "tool_calls"


async def test_an_unknown_model_is_not_found(client: ModelClient) -> None:
    with pytest.raises(NotFoundError):
        await client.chat(call("nobody"))
    with pytest.raises(NotFoundError):
        [delta async for delta in client.stream(call("nobody"))]


async def test_a_prompt_beyond_the_context_is_refused(client: ModelClient) -> None:
    long: list[ChatMessage] = [{"role": "user", "content": "tide " * 5000}]
    with pytest.raises(InputError):
        await client.chat(ChatCall(BASE, long))


async def test_adapters_load_answer_and_unload(client: ModelClient, adapters: list[Path]) -> None:
    plain = await client.chat(call())
    await client.load_adapter("acme.v1", adapters[0])
    assert "acme.v1" in {model.name for model in await client.models() if model.parent}
    adapted = await client.chat(call("acme.v1"))
    assert adapted.token_ids != plain.token_ids
    assert (await client.chat(call())).token_ids == plain.token_ids
    with pytest.raises(InputError):
        await client.load_adapter("acme.v1", adapters[1])
    await client.unload_adapter("acme.v1")
    with pytest.raises(NotFoundError):
        await client.chat(call("acme.v1"))
    with pytest.raises(NotFoundError):
        await client.unload_adapter("acme.v1")


async def test_adapters_answer_side_by_side(client: ModelClient, adapters: list[Path]) -> None:
    for number, folder in enumerate(adapters, 3):
        await client.load_adapter(f"acme.v{number}", folder)
    names = [BASE, "acme.v3", "acme.v4"]
    alone = [await client.chat(call(name)) for name in names]
    together = await asyncio.gather(*(client.chat(call(name)) for name in names * 2))
    assert [reply.model for reply in together] == names * 2
    # In bfloat16 a batch rounds otherwise than a single request, so that a near tie may fall the other way.
    same = sum(r.token_ids[0] == a.token_ids[0] for r, a in zip(together, alone * 2, strict=True))
    assert same >= 4
    assert len({(tuple(r.token_ids), round(sum(r.logprobs), 2)) for r in alone}) == 3, "three models answer"


async def test_the_agent_runs_on_vllm(vllm_url: str, settings: Settings) -> None:
    changed = settings.model_copy(update={"model_url": vllm_url, "model_name": BASE, "search_sentences": 1})
    async with open_whorl(changed) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        document = LoadedDocument(
            "h.md", "Harrow bridge", "The Harrow bridge was opened in 1912.", "text/plain"
        )
        async for _ in whorl.library.ingest(actor.tenant_id, [document]):
            pass
        ended = await whorl.agents.answer(actor, RunRequest("When was the Harrow bridge opened?"))
    assert ended.status == "succeeded"
    assert ended.steps == 2
    assert ended.answer


TENANTS, SWAPS, STREAMS = 8, 100, 16


@pytest.mark.timeout(1200)
async def test_hot_swaps_under_load_fail_no_call_and_answer_by_the_right_adapter(
    client: ModelClient, tmp_path: Path
) -> None:
    """100 swaps of adapters of 8 tenants while 16 clients stream, with prefix caching on.

    Every version of a tenant has one of two sets of weights, whose answer was taken beforehand, alone.
    """
    tenants = [f"tenant{n}" for n in range(TENANTS)]
    folders = [
        [
            make_adapter(SEED_MODEL, tmp_path / f"{n}-{side}", seed=2 * n + side, strength=0.5)
            for side in (0, 1)
        ]
        for n in range(TENANTS)
    ]
    servers = ModelServers([client], BASE, "hash", "template")
    alone: dict[tuple[int, int], tuple[int, ...]] = {}
    for n, tenant in enumerate(tenants):
        for side in (0, 1):
            await servers.load_adapter(f"{tenant}.probe{side}", folders[n][side])
            alone[n, side] = tuple((await servers.chat(call(f"{tenant}.probe{side}"))).token_ids)
            await servers.unload_adapter(f"{tenant}.probe{side}")
    assert len(set(alone.values())) == 2 * TENANTS
    versions = [0] * TENANTS
    for n, tenant in enumerate(tenants):
        await servers.load_adapter(f"{tenant}.v0", folders[n][0])
    over, answers = asyncio.Event(), list[tuple[tuple[int, int], tuple[int, ...]]]()

    async def talk(number: int) -> None:
        draw = Random(number)
        while not over.is_set():
            n = draw.randrange(TENANTS)
            version = versions[n]
            with servers.hold(f"{tenants[n]}.v{version}"):
                reply = await servers.chat(call(f"{tenants[n]}.v{version}"))
            answers.append(((n, version % 2), tuple(reply.token_ids)))

    clients = [asyncio.create_task(talk(number)) for number in range(STREAMS)]
    for number in range(SWAPS):
        n = number % TENANTS
        old, new = (f"{tenants[n]}.v{version}" for version in (versions[n], versions[n] + 1))
        await servers.load_adapter(new, folders[n][(versions[n] + 1) % 2])
        versions[n] += 1
        assert await servers.drain(old, 120)
        await servers.unload_adapter(old)
    over.set()
    await asyncio.gather(*clients)
    for n, tenant in enumerate(tenants):
        await servers.unload_adapter(f"{tenant}.v{versions[n]}")
    assert len(answers) > SWAPS
    wrong = [(asked, said) for asked, said in answers if nearest(said, alone) != asked]
    assert not wrong, f"{len(wrong)} of {len(answers)}"


def nearest(said: tuple[int, ...], alone: dict[tuple[int, int], tuple[int, ...]]) -> tuple[int, int]:
    """Whose answer it is, by the longest common beginning: sums in a batch differ in their last digits."""

    def common(key: tuple[int, int]) -> int:
        pairs = zip(said, alone[key], strict=False)
        return next((at for at, (one, other) in enumerate(pairs) if one != other), len(said))

    return max(alone, key=common)


async def test_serve_starts_vllm_and_starts_it_again_when_it_dies(
    database: Addresses, tmp_path: Path
) -> None:
    """``whorl serve --engine vllm`` as its user runs it; the pages are there while the model is loaded."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = {
        "PYTHON": str(PYTHON),
        "PORT": str(port),
        "CONTEXT": "2048",
        "ARGUMENTS": ON_A_CPU,
        "LORA_RANK": "16",
    }
    app = App(
        database, tmp_path / "whorl", "", WHORL_ENGINE="vllm", **ENVIRON,
        **{f"WHORL_VLLM_{name}": value for name, value in settings.items()},
    )  # fmt: skip
    key = await asyncio.to_thread(key_of, database, "acme")
    body = {"model": BASE, "messages": USER, "max_tokens": 8}
    await app.launch()
    try:
        async with app.client(key) as client:
            await _until(client, 503)
            assert (await client.get("/readyz")).json() == {
                "database": True,
                "model": False,
                "log": True,
                "stopping": False,
            }
            await _until(client, 200)
            assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
            [server] = [p for p in psutil.Process(app.pid).children() if str(port) in p.cmdline()]
            server.kill()
            await _until(client, 503)
            await _until(client, 200)
            assert (await client.post("/v1/chat/completions", json=body)).status_code == 200
    finally:
        await app.end(signal.SIGTERM)
    assert not [p for p in psutil.process_iter(["cmdline"]) if str(port) in (p.info["cmdline"] or ())]


async def _until(client: httpx.AsyncClient, status: int) -> None:
    """Wait until /readyz answers so."""
    for _ in range(1200):
        try:
            if (await client.get("/readyz")).status_code == status:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(0.2)
    pytest.fail(f"/readyz did not answer {status} within four minutes")
