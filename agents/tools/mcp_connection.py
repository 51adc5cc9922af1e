"""The connection to an MCP server, by the official SDK, made again where it was lost."""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, Self, cast

import anyio
import httpx2
from mcp import Client, MCPError
from mcp.client import Transport
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import MCP_SESSION_ID, streamable_http_client
from mcp.types import CONNECTION_CLOSED, CallToolResult
from mcp.types import Tool as ListedTool

from ...platform.errors import PrerequisiteError, UpstreamError
from .mcp_config import McpServer

_log = logging.getLogger(__name__)

CONNECT_SECONDS = 20.0
READ_SECONDS = 30.0
# Of an event stream a server may say nothing for long.
STREAM_SECONDS = 300.0
# Seconds before each attempt at a server that was lost, and within which one of them must succeed.
PAUSES = (0.0, 0.5, 1.0, 2.0, 4.0)
AGAIN_SECONDS = 15.0
# Of a call that never reached the server, or that may be made twice.
ATTEMPTS = 4
MOST_PAGES = 100
# What the SDK says where a connection ends, or one answer's stream alone.
_CLOSED, _STREAM_CUT = "Connection closed", "SSE stream"


class Connection:
    """A server for as long as Whorl runs. Where it was lost, the next call has it connected to again."""

    def __init__(self, name: str, server: McpServer) -> None:
        self.name, self._server = name, server
        self._line: _Line | None = None
        self._again: asyncio.Task[_Line] | None = None
        self._context: Context = copy_context()
        self._closed = False

    async def open(self) -> list[ListedTool]:
        """Connect for the first time, and list the server's tools; raises PrerequisiteError where it cannot be reached."""
        self._line = _Line(self.name, self._server)
        return await self._line.opened()

    async def close(self) -> None:
        """End the connection, and the process of a server that was started."""
        self._closed = True
        if self._again is not None:
            self._again.cancel()
            await asyncio.wait([self._again])
        if self._line is not None:
            await self._line.close()

    async def call(self, tool: str, arguments: dict[str, Any], *, repeatable: bool) -> CallToolResult:
        """Call a tool, once more where the connection broke and nothing can come of a second time.

        Raises UpstreamError where the server cannot be reached, answers with an error or with nonsense, and where the
        call of a tool that is not ``repeatable`` may have been carried out.
        """
        begun = 0
        for _ in range(ATTEMPTS):
            line = await self._connected()
            try:
                return await line.call(tool, arguments)
            except _Broken as broken:
                begun += not broken.unsent
                if begun and not repeatable:
                    raise UpstreamError(
                        f"The connection to the MCP server {self.name!r} broke during the call. The call may have been "
                        "carried out, and was not repeated."
                    ) from broken
                if begun > 1:
                    break
        raise UpstreamError(f"The connection to the MCP server {self.name!r} broke again and again.")

    async def _connected(self) -> "_Line":
        """The open line, a new one where it was lost; all calls wait for one attempt."""
        assert self._line is not None
        if self._line.live:
            return self._line
        if self._closed:
            raise UpstreamError(f"The connection to the MCP server {self.name!r} is being closed.")
        if self._again is None or self._again.done():
            # Of the call that happens to find the line broken, nothing may hang on to the new one.
            self._again = asyncio.create_task(self._reconnect(self._line), context=self._context.copy())
            self._again.add_done_callback(_retrieve)
        return await asyncio.shield(self._again)

    async def _reconnect(self, line: "_Line") -> "_Line":
        _log.warning("The MCP server %s was lost, and is connected to again", self.name)
        problem = f"The MCP server {self.name!r} did not answer within {AGAIN_SECONDS:.0f} seconds."
        with anyio.move_on_after(AGAIN_SECONDS):
            for pause in PAUSES:
                await line.close()
                await anyio.sleep(pause)
                self._line = line = _Line(self.name, self._server)
                try:
                    await line.opened()
                except PrerequisiteError as error:
                    problem = error.message
                else:
                    return line
        _log.warning("The MCP server %s cannot be reached", self.name)
        raise UpstreamError(problem)


class _Broken(Exception):
    """The connection broke before a call was answered; ``unsent``: the server cannot have begun with it."""

    def __init__(self, unsent: bool) -> None:
        super().__init__()
        self.unsent = unsent


class _Line:
    """A connection until it breaks, in a task of its own, as the SDK's cancel scopes need."""

    def __init__(self, name: str, server: McpServer) -> None:
        self._name, self._server = name, server
        self._scope = anyio.CancelScope(deadline=anyio.current_time() + CONNECT_SECONDS)
        self._open: asyncio.Future[Client] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._http: _Http | None = None
        self._tools: list[ListedTool] = []
        self._task = asyncio.create_task(self._hold())
        self._task.add_done_callback(_retrieve)

    @property
    def live(self) -> bool:
        """Whether calls can be made."""
        return self._open.done() and not self._over.is_set() and not self._task.done()

    async def opened(self) -> list[ListedTool]:
        """The tools that the server lists, once it is connected to; raises PrerequisiteError where it cannot be."""
        either: list[asyncio.Future[Any]] = [self._open, self._task]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if self._open.done():
            return self._tools
        error = None if self._task.cancelled() else self._task.exception()
        if isinstance(error, PrerequisiteError):
            raise error
        if error is None:
            raise PrerequisiteError(
                f"The MCP server {self._name!r} did not answer within {CONNECT_SECONDS:.0f} seconds."
            )
        refusal = self._http.refusal if self._http is not None else None
        raise PrerequisiteError(
            f"The MCP server {self._name!r} cannot be reached: {refusal or _reason(error)}."
        ) from error

    async def close(self) -> None:
        """End it, also while it is being opened."""
        self._over.set()
        if not self._open.done():
            self._scope.cancel()
        await asyncio.wait([self._task])

    async def call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        """Call a tool; raises UpstreamError for what the server says or answers wrongly, and _Broken."""
        if not self.live:
            raise _Broken(unsent=True)
        sent = _Sent()
        token = _SENT.set(sent)
        try:
            return await self._open.result().call_tool(tool, arguments)
        except MCPError as error:
            forgotten = sent.forgotten(error)
            if not forgotten and not self._cut(error):
                raise UpstreamError(f"The MCP server {self._name!r}: {error}") from error
            if forgotten or not error.message.startswith(_STREAM_CUT):
                self._over.set()
            raise _Broken(unsent=forgotten or sent.unreached) from error
        except (RuntimeError, ValueError) as error:
            raise UpstreamError(
                f"The MCP server {self._name!r} answered what cannot be read: {_reason(error)}"
            ) from error
        finally:
            _SENT.reset(token)

    def _cut(self, error: MCPError) -> bool:
        """Whether no answer can come; servers use the same code for errors of their own."""
        return error.code == CONNECTION_CLOSED and (
            not self.live or error.message.startswith((_CLOSED, _STREAM_CUT))
        )

    async def _hold(self) -> None:
        with self._scope:
            async with Client(cast(Transport, self._streams()), read_timeout_seconds=READ_SECONDS) as client:
                self._tools = await _listed(client, self._name)
                self._scope.deadline = math.inf
                self._open.set_result(client)
                await self._over.wait()

    @asynccontextmanager
    async def _streams(self) -> AsyncIterator[Any]:
        server = self._server
        async with AsyncExitStack() as stack:
            if server.url is not None:
                timeout = httpx2.Timeout(READ_SECONDS, read=STREAM_SECONDS)
                self._http = await stack.enter_async_context(_Http(headers=server.headers, timeout=timeout))
                transport: Any = streamable_http_client(server.url, http_client=self._http)
            else:
                assert server.command is not None
                transport = stdio_client(
                    StdioServerParameters(
                        command=server.command, args=server.args, env=server.env, cwd=server.cwd
                    )
                )
            read, write = await stack.enter_async_context(transport)
            yield _Watched(read, self._over.set), write


class _Watched:
    """A stream of messages that says when it is over; the SDK's client tells nobody but whoever calls next."""

    def __init__(self, stream: Any, over: Callable[[], None]) -> None:
        self._stream, self._over = stream, over

    @property
    def last_context(self) -> Context | None:
        """The context that the last message came with, where the stream keeps it."""
        context: Context | None = getattr(self._stream, "last_context", None)
        return context

    async def receive(self) -> Any:
        """The next message."""
        try:
            return await self._stream.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
            self._over()
            raise

    async def aclose(self) -> None:
        """Close it."""
        await self._stream.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


@dataclass
class _Sent:
    """What HTTP tells of a call: whether the server was reached, and the status of an answer within a session."""

    unreached: bool = False
    status: int | None = None

    def forgotten(self, error: MCPError) -> bool:
        """Whether the server knows the session no more: by the specification, or as servers of the TypeScript SDK say it."""
        return self.status == 404 or (self.status == 400 and error.code == CONNECTION_CLOSED)


# The call that a request is made for; the SDK hands contexts on to the task that sends.
_SENT: ContextVar[_Sent | None] = ContextVar("mcp_call", default=None)


class _Http(httpx2.AsyncClient):
    """HTTP that notes what became of a call's request; ``refusal`` is the status that the last one was refused with."""

    refusal: str | None = None

    async def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send a request."""
        sent = _SENT.get() or _Sent()
        try:
            response = await super().send(request, **options)
        except (httpx2.ConnectError, httpx2.ConnectTimeout):
            sent.unreached = True
            raise
        status = response.status_code
        self.refusal = f"it answered {status} {response.reason_phrase}".strip() if status >= 400 else None
        sent.status = status if MCP_SESSION_ID in request.headers else None
        return response


async def _listed(client: Client, name: str) -> list[ListedTool]:
    """The tools on all pages of the list."""
    tools: list[ListedTool] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        tools += page.tools
        cursor = page.next_cursor
        if not cursor:
            return tools
    raise PrerequisiteError(f"The MCP server {name!r} lists its tools on more than {MOST_PAGES} pages.")


def _retrieve(task: "asyncio.Task[Any]") -> None:
    """What a task failed with is known to whoever waited for it; nobody else need be told."""
    if not task.cancelled():
        task.exception()


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
