"""Tools of MCP servers, over stdio or streamable HTTP."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from mcp.types import (
    BlobResourceContents,
    CallToolResult,
    ContentBlock,
    EmbeddedResource,
    ResourceLink,
    TextContent,
)
from mcp.types import Tool as ListedTool

from .base import Observation, Tool, ToolContext
from .mcp_config import McpConfig, McpServer
from .mcp_connection import Connection
from .mcp_names import named


@asynccontextmanager
async def mcp_tools(config: McpConfig, own: Sequence[Tool] = ()) -> AsyncIterator[list[Tool]]:
    """Connect to every server for as long as the context is open, and offer their tools beside Whorl's ``own``.

    Raises PrerequisiteError for a server that cannot be reached.
    """
    async with AsyncExitStack() as stack:
        listed: dict[str, list[Tool]] = {}
        for name, server in config.enabled().items():
            connection = Connection(name, server)
            stack.push_async_callback(connection.close)
            listed[name] = [_tool(connection, server, tool) for tool in await connection.open()]
        yield named(own, listed)


def _tool(connection: Connection, server: McpServer, listed: ListedTool) -> Tool:
    # A server's word that its tool changes nothing is enough to ask that server again, and for nothing else.
    repeatable = bool(listed.annotations and listed.annotations.read_only_hint)

    async def run(arguments: dict[str, Any], context: ToolContext) -> Observation:
        result = await connection.call(listed.name, arguments, repeatable=repeatable)
        return Observation(said(result), is_error=bool(result.is_error))

    tenants = None if server.tenants is None else frozenset(server.tenants)
    return Tool(listed.name, listed.description or "", run, listed.input_schema, tenants=tenants)


def said(result: CallToolResult) -> str:
    """A result as text: of what is no text a note, and its structured content where no text tells of it."""
    parts = [_part(part) for part in result.content]
    if result.structured_content is not None and not any(
        isinstance(part, TextContent) for part in result.content
    ):
        parts.append(json.dumps(result.structured_content, ensure_ascii=False))
    return "\n".join(parts)


def _part(part: ContentBlock) -> str:
    if isinstance(part, TextContent):
        return part.text
    if isinstance(part, ResourceLink):
        about = [part.title or part.name, part.description, part.mime_type]
        return f"[link to {part.uri}: {', '.join(each for each in about if each)}]"
    if not isinstance(part, EmbeddedResource):
        return f"[{part.type} content, {part.mime_type}]"
    if isinstance(part.resource, BlobResourceContents):
        kind = part.resource.mime_type or "binary"
        return f"[resource content, {kind}, of {part.resource.uri}]"
    return part.resource.text
