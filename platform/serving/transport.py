"""An httpx transport to an ASGI application in this process that streams.

httpx's own ASGITransport collects the whole body before it returns, so that no token could be
shown before the last.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio.to_thread
import httpx
from starlette.types import ASGIApp, Message, Scope


class _Body(httpx.AsyncByteStream):
    def __init__(
        self, queue: "asyncio.Queue[Message | BaseException | None]", task: "asyncio.Task[None]"
    ) -> None:
        self.queue, self.task = queue, task

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self.queue.get()) is not None:
            if isinstance(message, BaseException):
                raise httpx.ReadError(str(message)) from message
            if message.get("body"):
                yield message["body"]
            if not message.get("more_body", False):
                return

    async def aclose(self) -> None:
        """The task's own error has been given to the reader."""
        self.task.cancel()
        await asyncio.wait([self.task])


class InProcessTransport(httpx.AsyncBaseTransport):
    """Sends each request to ``app`` in a task of its own; who leaves, or closes the response, cancels the task."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        gone = asyncio.Event()
        queue: asyncio.Queue[Message | BaseException | None] = asyncio.Queue()
        unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

        async def receive() -> Message:
            if unread:
                return unread.pop()
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            await queue.put(message)

        async def serve() -> None:
            try:
                await self.app(_scope(request), receive, send)
            except Exception as error:
                await queue.put(error)
                raise
            finally:
                gone.set()
                await queue.put(None)

        task = asyncio.create_task(serve())
        task.add_done_callback(_retrieve)
        try:
            start = await queue.get()
        except asyncio.CancelledError:
            task.cancel()
            raise
        if start is None or isinstance(start, BaseException):
            raise httpx.RemoteProtocolError("The application gave no response.") from start
        return httpx.Response(start["status"], headers=start["headers"], stream=_Body(queue, task))


class PostponedTransport(httpx.AsyncBaseTransport):
    """Sends requests to an application that ``make`` makes, in a thread, when the first of them comes."""

    def __init__(self, make: Callable[[], ASGIApp]) -> None:
        self._make = make
        self._made: InProcessTransport | None = None
        self._making = asyncio.Lock()
        self.there = asyncio.Event()

    async def made(self) -> InProcessTransport:
        """The transport to the application, which is there from now on; raises what ``make`` raises."""
        async with self._making:
            if self._made is None:
                self._made = InProcessTransport(await anyio.to_thread.run_sync(self._make))
                self.there.set()
            return self._made

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await (await self.made()).handle_async_request(request)


def _retrieve(task: "asyncio.Task[None]") -> None:
    """Mark the task's error as seen; its reader has been given it."""
    if not task.cancelled():
        task.exception()


def _scope(request: httpx.Request) -> Scope:
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": request.url.raw_path.split(b"?")[0],
        "query_string": request.url.query,
        "server": (request.url.host, request.url.port),
        "client": ("127.0.0.1", 0),
        "root_path": "",
    }
    return scope
