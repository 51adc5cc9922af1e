"""Which spans show what a tool or retriever returned to a model; ``observations`` reads of them what."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import case, cast, false, func, select
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.conditions import one_of
from ..platform.telemetry import conventions as c
from ..platform.telemetry.tables import Span
from .observations import NAMES

_CALLS = '$[*].parts[*] ? (@.type == "tool_call")'
_GIVEN = Span.attributes[c.INPUT_MESSAGES].astext
# Of what a tool returned the model was given, a chat shows the call as well.
_ANSWERED = func.strpos(_GIVEN, '"tool_call_response"') > 0
_TOOL = Span.operation == "execute_tool"
# Whorl's own retriever is part of its search tool.
_RETRIEVER = (Span.operation == "retrieval") & Span.attributes.has_key(c.SOURCE)
_RETRIEVERS_NAME = func.coalesce(
    *(func.nullif(Span.attributes[name].astext, "") for name in NAMES), Span.name
)


def of_tool(name: str) -> Any:
    """The condition that a span shows what the tool or retriever of that name returned."""
    called = func.jsonb_path_exists(
        cast(_GIVEN, JSONB),
        cast(f"{_CALLS} ? (@.name == $name)", JSONPATH),
        cast({"name": name}, JSONB),
    )
    return (
        (_TOOL & (Span.attributes[c.TOOL_NAME].astext == name))
        | (_RETRIEVER & (name == _RETRIEVERS_NAME))
        | case((_ANSWERED, called), else_=false())
    )


async def tools_of(session: AsyncSession, runs: Sequence[uuid.UUID]) -> set[str]:
    """The names of the tools and retrievers that returned something to models in runs."""
    within = one_of(Span.run_id, runs)
    chats = case((_ANSWERED, cast(_GIVEN, JSONB)))
    names = func.jsonb_path_query(chats, cast(f"{_CALLS}.name", JSONPATH), type_=JSONB)
    queries = (
        select(Span.attributes[c.TOOL_NAME].astext).where(within, _TOOL),
        select(_RETRIEVERS_NAME).where(within, _RETRIEVER),
        select(names).where(within, _ANSWERED),
    )
    return {name for query in queries for name in await session.scalars(query.distinct()) if name}
