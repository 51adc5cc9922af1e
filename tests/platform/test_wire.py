"""Chats over sockets: replies in whatever pieces, refusals, and servers that stop."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import httpx
import pytest

from whorl.platform.errors import InputError, LimitError, NotFoundError, UpstreamError, WhorlError
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.messages import ChatCall
from whorl.platform.serving.wire import SocketWire

CALL = ChatCall("base", [{"role": "user", "content": "When?"}])
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n"
EVENTS = (
    'data: {"choices": [{"delta": {"content": "At nöon"}, "finish_reason": null}]}\n\n'
    'data: {"choices": [{"delta": {"content": "."}, "finish_reason": "stop"}]}\r\n\r\n'
    'data: {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}\n\ndata: [DONE]\n\n'
).encode()
Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def served(answer: Answer, wait: float | None = None) -> AsyncIterator[ModelClient]:
    """A client of a server that reads requests and lets ``answer`` write."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            size = next(
                int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line
            )
            await reader.readexactly(size)
            await answer(writer)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    wire = SocketWire(aiohttp.ClientSession(), address, wait=wait)
    client = ModelClient(httpx.AsyncClient(base_url=address), wire=wire)
    try:
        yield client
    finally:
        await client.close()
        server.close()


async def _head(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def said(client: ModelClient) -> tuple[str, int]:
    last = [delta async for delta in client.stream(CALL)][-1]
    assert last.reply is not None
    return last.reply.content, last.used.completion_tokens


@pytest.mark.parametrize("size", [1, 7, 50, 10_000])
async def test_a_reply_may_come_in_any_pieces(size: int) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"transfer-encoding: chunked\r\n\r\n")
        for start in range(0, len(EVENTS), size):
            piece = EVENTS[start : start + size]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            await writer.drain()
        writer.write(b"0\r\n\r\n")

    async with served(answer) as client:
        assert await said(client) == ("At nöon.", 2)
        assert await said(client) == ("At nöon.", 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(404, NotFoundError), (422, InputError), (400, InputError), (429, LimitError), (500, UpstreamError)],
)
async def test_a_refusal_is_the_error_that_it_means(status: int, kind: type[WhorlError]) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        body = b'{"error": {"message": "too long"}}'
        writer.write(
            b"HTTP/1.1 %d No\r\nretry-after: 7\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)
        )

    async with served(answer) as client:
        with pytest.raises(kind) as refused:
            await said(client)
    assert refused.value.retry_after == (7 if status == 429 else None)
    assert refused.value.message.startswith("http://127.0.0.1:") and "too long" in refused.value.message
    told = "The model server failed (HTTP 500)." if status == 500 else "The model server: too long"
    assert refused.value.public == told == str(refused.value)


async def test_a_date_to_come_back_at_is_read_as_a_second() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 429 No\r\nretry-after: Fri, 31 Dec 1999 23:59:59 GMT\r\ncontent-length: 0\r\n\r\n"
        )

    async with served(answer) as client:
        with pytest.raises(LimitError) as refused:
            await said(client)
    assert refused.value.retry_after == 1


async def test_a_last_line_needs_no_end() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        events = EVENTS.removesuffix(b"\n\ndata: [DONE]\n\n")
        writer.write(HEAD + b"content-length: %d\r\n\r\n%s" % (len(events), events))

    async with served(answer) as client:
        assert await said(client) == ("At nöon.", 2)


@pytest.mark.parametrize("broken", [b"data: {\n\n", b'data: "\xff"\n\n'])
async def test_a_reply_that_is_not_json_is_the_servers_fault(broken: bytes) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: %d\r\n\r\n%s" % (len(broken), broken))

    async with served(answer) as client:
        with pytest.raises(UpstreamError, match="not JSON"):
            await said(client)


async def test_a_server_that_stops_in_the_middle_does_not_answer() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: 9999\r\n\r\n" + EVENTS[:40])
        await writer.drain()
        writer.close()

    async with served(answer) as client:
        with pytest.raises(UpstreamError, match="does not answer"):
            await said(client)


async def test_a_server_that_closes_what_is_idle_is_asked_over_a_new_connection() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: %d\r\n\r\n%s" % (len(EVENTS), EVENTS))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with served(answer) as client:
        for _ in range(3):
            assert await said(client) == ("At nöon.", 2)
            await asyncio.sleep(0.05)


async def test_a_reply_that_does_not_begin_in_time_is_no_answer() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: 9999\r\n\r\n")
        await writer.drain()

    async with served(answer, wait=0.2) as client:
        with pytest.raises(UpstreamError, match="does not answer: TimeoutError"):
            await said(client)


async def test_a_reply_that_has_begun_may_pause() -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD + b"content-length: %d\r\n\r\n%s" % (len(EVENTS), EVENTS[:40]))
        await writer.drain()
        await asyncio.sleep(0.6)
        writer.write(EVENTS[40:])

    async with served(answer, wait=0.2) as client:
        assert await said(client) == ("At nöon.", 2)


async def test_nobody_there_does_not_answer() -> None:
    wire = SocketWire(aiohttp.ClientSession(), "http://127.0.0.1:1")
    client = ModelClient(httpx.AsyncClient(base_url="http://127.0.0.1:1"), wire=wire)
    with pytest.raises(UpstreamError, match="does not answer"):
        await said(client)
    await client.close()


CHUNK = 'data: {"choices":[{"index":0,"delta":{"content":"The answer is "},"finish_reason":null}]}\n\n'
CALLED = (
    'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"drop",'
    '"arguments":"{\\"id\\": 1"}}]},"finish_reason":null}]}\n\n'
)


def answering(text: str) -> ModelClient:
    transport = httpx.MockTransport(lambda request: httpx.Response(200, text=text))
    return ModelClient(httpx.AsyncClient(transport=transport, base_url="http://model"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CHUNK, "broke its reply off"),
        (CALLED, "broke its reply off"),
        ("", "gave no reply"),
        ("data: [DONE]\n\n", "gave no reply"),
        ("<html>A page</html>", "gave no reply"),
        ('{"error": {"message": "overloaded"}}', "gave no reply"),
        ('data: {"error": "boom"}\n\n', "boom"),
        ('data: {"error": {"message": "boom"}}\n\n', "boom"),
        ("data: [1]\n\n", "not made of JSON objects"),
        ("data: {\n\n", "not JSON"),
    ],
)  # fmt: skip
async def test_what_does_not_come_to_its_end_is_no_reply(text: str, said: str) -> None:
    with pytest.raises(UpstreamError) as failed:
        async for delta in answering(text).stream(CALL):
            assert delta.reply is None
    assert said in failed.value.message and "http://model" in failed.value.message
    assert "http://model" not in failed.value.public and "boom" not in failed.value.public


async def test_a_server_that_says_no_reason_ends_by_its_last_line() -> None:
    deltas = [delta async for delta in answering(f"{CHUNK}data: [DONE]\n\n").stream(CALL)]
    reply = deltas[-1].reply
    assert reply is not None and (reply.content, reply.finish_reason) == ("The answer is ", "stop")


async def test_tokens_without_text_come_with_the_next_text() -> None:
    def piece(token: str, content: str) -> str:
        logprobs = {"content": [{"token": token, "logprob": -0.5}]}
        choice = {"delta": {"content": content}, "finish_reason": None, "logprobs": logprobs}
        return f"data: {json.dumps({'choices': [choice]})}\n\n"

    text = piece("<b", "") + piece(">At", "At") + piece("</b>", "") + "data: [DONE]\n\n"
    deltas = [delta async for delta in answering(text).stream(CALL)]
    told = [(delta.text, [token["token"] for token in delta.tokens]) for delta in deltas if delta.tokens]
    assert told == [("At", ["<b", ">At"]), ("", ["</b>"])]
    assert all(delta.begun for delta in deltas if delta.tokens), (
        "a reply that another server gives would have them, too"
    )


async def test_a_page_in_place_of_a_model_server_is_named() -> None:
    for asked in (answering("<html>A page</html>").models, lambda: answering("[]").chat(CALL)):
        with pytest.raises(UpstreamError, match="address is right"):
            await asked()
