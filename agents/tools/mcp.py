"""Tools of MCP servers, by the official SDK, over stdio or streamable HTTP."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, MCPError
from mcp.client.stdio import StdioServerParameters
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ...platform.errors import InputError, PrerequisiteError, UpstreamError
from ...platform.validation import first_fault
from .base import Observation, Tool, ToolContext

CONNECT_SECONDS = 20.0


class McpServer(BaseModel):
    """One entry of ``mcpServers``: a command to start, or the URL of a running server.

    ``tenants`` are the workspaces that have its tools, by slug; all where it is not given.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    command: str | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] | None = None
    cwd: str | None = None
    url: str | None = None
    tenants: list[str] | None = None

    @model_validator(mode="after")
    def _one_way_in(self) -> "McpServer":
        if (self.command is None) == (self.url is None):
            raise ValueError("give either command or url")
        return self

    def target(self) -> StdioServerParameters | str:
        """What the SDK's client connects to."""
        if self.url is not None:
            return self.url
        assert self.command is not None
        return StdioServerParameters(command=self.command, args=self.args, env=self.env, cwd=self.cwd)


class McpConfig(BaseModel):
    """The file that WHORL_MCP_CONFIG names, in the form other MCP clients use."""

    mcpServers: dict[str, McpServer] = Field(default_factory=dict)


def load_mcp_config(path: Path) -> McpConfig:
    """Read and check the file; raises InputError that names what is wrong."""
    try:
        return McpConfig.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(f"WHORL_MCP_CONFIG names {path}, which does not exist.") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not JSON: {error}.") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_fault(error)}.") from error


@asynccontextmanager
async def mcp_tools(config: McpConfig) -> AsyncIterator[list[Tool]]:
    """Connect to every server for as long as the context is open, and offer their tools.

    Each connection lives in a task of its own, as the SDK's cancel scopes need. Raises
    PrerequisiteError for a server that cannot be reached.
    """
    async with AsyncExitStack() as stack:
        tools: list[Tool] = []
        for name, server in config.mcpServers.items():
            connection = _Connection(name, server)
            await connection.open()
            stack.push_async_callback(connection.close)
            tools += connection.tools
        yield tools


class _Connection:
    def __init__(self, name: str, server: McpServer) -> None:
        self.name, self.server = name, server
        self.tools: list[Tool] = []
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._over = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        self._task = asyncio.create_task(self._hold())
        try:
            with anyio.fail_after(CONNECT_SECONDS):
                await asyncio.shield(self._ready)
        except TimeoutError as error:
            self._task.cancel()
            raise PrerequisiteError(
                f"The MCP server {self.name!r} did not answer within {CONNECT_SECONDS:.0f} seconds."
            ) from error

    async def close(self) -> None:
        self._over.set()
        if self._task is not None:
            await self._task

    async def _hold(self) -> None:
        try:
            async with Client(self.server.target(), read_timeout_seconds=30) as client:
                listed = await client.list_tools()
                self.tools = [self._tool(client, tool) for tool in listed.tools]
                self._ready.set_result(None)
                await self._over.wait()
        except Exception as error:
            if self._ready.done():
                raise
            problem = PrerequisiteError(f"The MCP server {self.name!r} cannot be reached: {_reason(error)}.")
            problem.__cause__ = error
            self._ready.set_exception(problem)

    def _tool(self, client: Client, tool: Any) -> Tool:
        async def run(arguments: dict[str, Any], context: ToolContext) -> Observation:
            try:
                result = await client.call_tool(tool.name, arguments)
            except MCPError as error:
                raise UpstreamError(f"The MCP server {self.name!r}: {error}") from error
            text = "\n".join(
                part.text if part.type == "text" else f"[{part.type} content]" for part in result.content
            )
            return Observation(text, is_error=bool(result.is_error))

        tenants = None if self.server.tenants is None else frozenset(self.server.tenants)
        return Tool(tool.name, tool.description or "", run, tool.input_schema, tenants=tenants)


def _reason(error: BaseException) -> str:
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
