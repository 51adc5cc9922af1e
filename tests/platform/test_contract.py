"""One contract for every model server: the scripted model, the embedded engine, and vLLM."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.tiny_model import make_adapter, make_model
from whorl.platform.errors import InputError, NotFoundError, UpstreamError
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.base import Backend
from whorl.platform.serving.engine.local import LocalBackend
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.serving.messages import ChatCall, ChatMessage, Sampling, ToolSpec
from whorl.platform.serving.transport import InProcessTransport

USER: list[ChatMessage] = [{"role": "user", "content": "Tell me about tides."}]
SEARCH: ToolSpec = {
    "type": "function",
    "function": {
        "name": "search",
        "description": "Search.",
        "parameters": {"type": "object", "properties": {"query": {"type": "string"}}},
    },
}


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of the seed model's architecture."""
    return make_model(tmp_path_factory.mktemp("model") / "tiny", seed=0)


@pytest.fixture(scope="session")
def tiny_adapters(tmp_path_factory: pytest.TempPathFactory, tiny_model: Path) -> list[Path]:
    """Two adapters of it that change its answers."""
    folder = tmp_path_factory.mktemp("adapters")
    return [make_adapter(tiny_model, folder / f"acme.v{n}", seed=n) for n in (1, 2)]


@pytest_asyncio.fixture(params=["scripted", "local"])
async def client(request: pytest.FixtureRequest, tiny_model: Path) -> AsyncIterator[ModelClient]:
    """A client of each backend."""

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        text = f"{adapter or 'base'} says that tides rise and fall twice a day."
        return f"Let me see. {call_text('search', query='tides')}" if tools else text

    backend: Backend = ScriptedBackend(script) if request.param == "scripted" else LocalBackend(tiny_model)
    transport = InProcessTransport(create_engine_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://model", timeout=60) as http:
        yield ModelClient(http)


async def base_of(client: ModelClient) -> str:
    return next(model.name for model in await client.models() if model.parent is None)


def call(model: str, **sampling: Any) -> ChatCall:
    return ChatCall(model, USER, sampling=Sampling(**{"max_tokens": 12, **sampling}))


async def test_a_reply_counts_its_tokens(client: ModelClient) -> None:
    reply = await client.chat(call(await base_of(client)))
    assert reply.usage.completion_tokens == len(reply.token_ids) == len(reply.logprobs)
    assert 0 < reply.usage.completion_tokens <= 12
    assert reply.usage.prompt_tokens == len(reply.prompt_token_ids) > 0
    assert reply.finish_reason in ("stop", "length")
    assert all(logprob <= 0 for logprob in reply.logprobs)


async def test_a_stream_says_what_a_reply_says(client: ModelClient) -> None:
    base = await base_of(client)
    whole = await client.chat(call(base))
    pieces = [delta async for delta in client.stream(call(base))]
    last = pieces[-1].reply
    assert last is not None
    assert "".join(piece.text for piece in pieces).strip() == whole.content.strip()
    assert last.token_ids == whole.token_ids
    assert last.usage == whole.usage


async def test_the_most_probable_tokens_are_told_where_they_are_asked_for(client: ModelClient) -> None:
    base = await base_of(client)
    reply = await client.chat(call(base, top_logprobs=3))
    assert len(reply.places) == len(reply.token_ids)
    for place, logprob in zip(reply.places, reply.logprobs, strict=True):
        assert 1 <= len(place.top) <= 3
        assert place.top[0] == (place.text, pytest.approx(logprob, abs=1e-5))
        assert [value for _, value in place.top] == sorted((value for _, value in place.top), reverse=True)
    pieces = [delta async for delta in client.stream(call(base, top_logprobs=3))]
    assert pieces[-1].reply is not None and len(pieces[-1].reply.places) == len(reply.places)
    assert not (await client.chat(call(base))).places


async def test_a_reply_goes_on_from_its_opening(client: ModelClient) -> None:
    base = await base_of(client)
    plain = await client.chat(call(base))
    opened = await client.chat(ChatCall(base, USER, sampling=Sampling(max_tokens=12), opening="The tide:"))
    assert len(opened.prompt_token_ids) > len(plain.prompt_token_ids)
    assert 0 < opened.usage.completion_tokens <= 12 and "The tide:" not in opened.content
    body: dict[str, Any] = {"model": base, "messages": USER, "continue_final_message": True}
    for wrong in (body, {**body, "add_generation_prompt": False}):
        assert (await client.http.post("/v1/chat/completions", json=wrong)).status_code == 400


def test_an_opening_leaves_the_assistants_turn_open(tiny_model: Path) -> None:
    backend = LocalBackend(tiny_model)
    started = backend.encode_chat(USER, [])
    opened = backend.encode_chat([*USER, {"role": "assistant", "content": "The tide:"}], [], continued=True)
    assert opened[: len(started)] == started
    assert backend.decode(opened[len(started) :]) == "The tide:"


async def test_the_same_seed_draws_the_same(client: ModelClient) -> None:
    base = await base_of(client)
    drawn = [await client.chat(call(base, temperature=1.0, seed=5)) for _ in range(2)]
    assert drawn[0].token_ids == drawn[1].token_ids


async def test_a_stop_text_ends_the_reply_before_it(client: ModelClient) -> None:
    base = await base_of(client)
    whole = (await client.chat(call(base))).content
    stop = whole[len(whole) // 2 :][:3]
    reply = await client.chat(call(base, stop=(stop,)))
    assert reply.content == whole[: whole.index(stop)].strip()
    assert reply.finish_reason == "stop"


async def test_an_unknown_model_is_not_found(client: ModelClient) -> None:
    with pytest.raises(NotFoundError, match="nobody"):
        await client.chat(call("nobody"))
    with pytest.raises(NotFoundError, match="nobody"):
        [delta async for delta in client.stream(call("nobody"))]


async def test_a_prompt_beyond_the_context_is_refused(client: ModelClient) -> None:
    long: list[ChatMessage] = [{"role": "user", "content": "tide " * 20_000}]
    with pytest.raises(InputError, match="context"):
        await client.chat(ChatCall(await base_of(client), long))


async def test_adapters_load_answer_and_unload(client: ModelClient, tiny_adapters: list[Path]) -> None:
    base = await base_of(client)
    plain = await client.chat(call(base))
    await client.load_adapter("acme.v1", tiny_adapters[0])
    assert {"acme.v1": base} == {m.name: m.parent for m in await client.models() if m.parent}
    adapted = await client.chat(call("acme.v1"))
    assert adapted.token_ids != plain.token_ids
    assert (await client.chat(call(base))).token_ids == plain.token_ids
    with pytest.raises(InputError, match=r"acme\.v1"):
        await client.load_adapter("acme.v1", tiny_adapters[1])
    await client.unload_adapter("acme.v1")
    with pytest.raises(NotFoundError):
        await client.chat(call("acme.v1"))
    with pytest.raises(NotFoundError):
        await client.unload_adapter("acme.v1")
    assert (await client.chat(call(base))).token_ids == plain.token_ids


async def test_a_folder_that_is_no_adapter_is_refused(client: ModelClient, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="adapter"):
        await client.load_adapter("acme.v9", tmp_path)


async def test_one_batch_mixes_adapters(tiny_model: Path, tiny_adapters: list[Path]) -> None:
    """Requests of the base and of two adapters, sent together, answer as they do alone."""
    backend = LocalBackend(tiny_model)
    transport = InProcessTransport(create_engine_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://model", timeout=60) as http:
        client = ModelClient(http)
        for number, folder in enumerate(tiny_adapters, 1):
            await client.load_adapter(f"acme.v{number}", folder)
        names = [backend.model, "acme.v1", "acme.v2"]
        alone = [await client.chat(call(name)) for name in names]
        together = await asyncio.gather(*(client.chat(call(name)) for name in names * 3))
        assert [reply.token_ids for reply in together] == [reply.token_ids for reply in alone] * 3
        assert len({tuple(reply.token_ids) for reply in alone}) == 3


async def test_an_adapter_of_another_base_is_refused(
    tiny_adapters: list[Path], tmp_path: Path, tiny_model: Path
) -> None:
    other = LocalBackend(make_model(tmp_path / "other", seed=7))
    with pytest.raises(InputError, match="another base model"):
        await other.load_adapter("acme.v1", tiny_adapters[0])


async def test_a_client_that_leaves_frees_the_model(tiny_model: Path) -> None:
    backend = LocalBackend(tiny_model)
    transport = InProcessTransport(create_engine_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://model", timeout=60) as http:
        client = ModelClient(http)
        async for _ in client.stream(call(backend.model, max_tokens=3000)):
            break
        reply = await asyncio.wait_for(client.chat(call(backend.model, max_tokens=2)), timeout=20)
    assert reply.usage.completion_tokens <= 2


@pytest.fixture
def hermes_reply() -> Callable[[str], Any]:
    from whorl.platform.serving.engine.hermes import parse_reply

    return parse_reply


async def test_tool_calls_are_parsed_from_the_stream() -> None:
    text = f"Let me see. {call_text('search', query='tides')}"
    backend = ScriptedBackend(lambda messages, tools, adapter: text)
    transport = InProcessTransport(create_engine_app(backend))
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as http:
        client = ModelClient(http)
        wanted = ChatCall("scripted", USER, [SEARCH])
        whole = await client.chat(wanted)
        pieces = [delta async for delta in client.stream(wanted)]
    streamed = pieces[-1].reply
    assert streamed is not None
    for reply in (whole, streamed):
        assert [c["function"] for c in reply.tool_calls] == [
            {"name": "search", "arguments": '{"query": "tides"}'}
        ]
        assert reply.finish_reason == "tool_calls"
    assert "<tool_call>" not in "".join(piece.text for piece in pieces)


def test_a_broken_call_stays_text(hermes_reply: Callable[[str], Any]) -> None:
    for broken in ("<tool_call>{oops}</tool_call>", '<tool_call>{"name": 3}</tool_call>', "<tool_call>[]"):
        parsed = hermes_reply(broken)
        assert not parsed.calls
        assert parsed.content == broken.strip()


async def test_an_engine_that_fails_is_an_upstream_failure() -> None:
    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        raise RuntimeError("the model is broken")

    transport = InProcessTransport(create_engine_app(ScriptedBackend(script)))
    async with httpx.AsyncClient(transport=transport, base_url="http://model") as http:
        for ask in (ModelClient(http).chat, _streamed(ModelClient(http))):
            with pytest.raises(UpstreamError):
                await ask(ChatCall("scripted", USER))


def _streamed(client: ModelClient) -> Callable[[ChatCall], Any]:
    async def ask(call: ChatCall) -> list[Any]:
        return [delta async for delta in client.stream(call)]

    return ask
