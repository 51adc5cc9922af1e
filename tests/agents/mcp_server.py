"""An MCP server to be run as a process, which tests restart: ``python mcp_server.py --help``."""

import argparse
import os
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.types import (
    AudioContent,
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ImageContent,
    ListToolsResult,
    ResourceLink,
    TextContent,
    TextResourceContents,
    Tool,
    ToolAnnotations,
)
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

TEXT = TextResourceContents(uri="file:///tide.txt", mime_type="text/plain", text="It turns twice a day.")
BLOB = BlobResourceContents(uri="file:///tide.bin", mime_type="application/zip", blob="QUJD")
PARTS: list[ContentBlock] = [
    TextContent(text="Here is all:"), EmbeddedResource(resource=TEXT), EmbeddedResource(resource=BLOB),
    ImageContent(data="QUJD", mime_type="image/png"), AudioContent(data="QUJD", mime_type="audio/wav"),
    ResourceLink(uri="file:///ebb.txt", name="ebb", mime_type="text/plain"),
]  # fmt: skip


class NotedTools:
    """Tools by name. Each call is noted in a file; ``die`` ends the process while it is called, ``die_once`` the first time."""

    def __init__(self, tools: list[str], calls: Path, page: int) -> None:
        self.tools, self.calls, self.page = tools, calls, page

    async def listed(self, _: Any, params: Any) -> ListToolsResult:
        """A page of tools."""
        first = int(params.cursor) if params is not None and params.cursor else 0
        after = first + self.page
        return ListToolsResult(
            tools=[self.described(name) for name in self.tools[first:after]],
            next_cursor=str(after) if after < len(self.tools) else None,
        )

    def described(self, name: str) -> Tool:
        """What the server says of a tool."""
        harmless = name in ("look", "die_once")
        return Tool(
            name=name, description=f"{name}.", input_schema={"type": "object", "properties": {}},
            annotations=ToolAnnotations(read_only_hint=harmless),
            output_schema={"type": "object"} if name == "wrong" else None,
        )  # fmt: skip

    async def called(self, _: Any, params: Any) -> CallToolResult:
        """What a tool answers: the process that it runs in, unless it is for something else."""
        with self.calls.open("a", encoding="utf-8") as file:
            file.write(f"{params.name}\n")
        before = self.calls.read_text(encoding="utf-8").splitlines().count("die_once")
        if params.name == "die" or (params.name == "die_once" and before == 1):
            os._exit(1)
        if params.name == "parts":
            return CallToolResult(content=PARTS)
        if params.name == "structured":
            return CallToolResult(content=[], structured_content={"tides": 2})
        return CallToolResult(content=[TextContent(text=f"{params.name} {os.getpid()}")])

    def server(self) -> Server[Any]:
        """The server of the SDK."""
        return Server("test", on_list_tools=self.listed, on_call_tool=self.called)


class Guarded:
    """Refuses requests without a token and, where the server is to be an old one, the protocol that has no sessions."""

    def __init__(self, app: ASGIApp, token: str, old: bool) -> None:
        self.app, self.token, self.old = app, token, old

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http":
            headers = Request(scope).headers
            if self.token and headers.get("authorization") != f"Bearer {self.token}":
                return await PlainTextResponse("Who are you?", 401)(scope, receive, send)
            if self.old and headers.get("mcp-protocol-version", "").startswith("2026"):
                return await PlainTextResponse("Too new.", 400)(scope, receive, send)
        return await self.app(scope, receive, send)


async def over_stdio(server: Server[Any]) -> None:
    """Serve whoever started the process."""
    async with stdio_server() as (read, write):
        await server.run(read, write, server.create_initialization_options())


def main() -> None:
    """Serve over stdio, or over HTTP on a port."""
    parser = argparse.ArgumentParser()
    parser.add_argument("calls", type=Path)
    parser.add_argument("--tools", nargs="+", default=["look", "write", "die", "die_once"])
    parser.add_argument("--page", type=int, default=100)
    parser.add_argument("--port", type=int)
    parser.add_argument("--token", default="")
    parser.add_argument("--old", action="store_true")
    given = parser.parse_args()
    server = NotedTools(given.tools, given.calls, given.page).server()
    if given.port is None:
        anyio.run(over_stdio, server)
    else:
        app = Guarded(server.streamable_http_app(), given.token, given.old)
        uvicorn.run(app, port=given.port, log_level="error")


if __name__ == "__main__":
    main()
