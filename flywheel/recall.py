"""Recall of a poisoned source: it is served no more, and what came of it is taken back."""

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.forgetting import forget_words
from ..agents.tables import Message, RecalledTool, Run
from ..agents.waiting import give_up
from ..platform.database.base import now
from ..platform.database.conditions import one_of
from ..platform.database.session import count_of, tenant_session
from ..platform.errors import InputError, NotFoundError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.serving.servers import ModelServers
from ..retrieval.library import Library
from .erasure import leave_receipt
from .lineage import Node, descendants, find_node
from .screening.histories import forget_history
from .screening.recalled import confirm_recalled
from .sources import take_turn
from .tables import Receipt
from .withdrawal import withdraw

RECALLED = ("document", "tool", "run")


async def recall_source(
    engine: AsyncEngine, servers: ModelServers, library: Library, actor: Actor, source: str
) -> Receipt:
    """Take back what came of a poisoned document, tool or run.

    The document leaves the library and its indexes, the tool is offered to the workspace's agents no more until it is
    released. Runs stay for review, their redacted spans alone, in confirmed quarantine.

    Raises NotFoundError for a source that had part in nothing, InputError for another kind of thing.
    """
    actor.require("administer")
    async with tenant_session(engine, actor.tenant_id) as session:
        node = await find_node(session, source)
        if node.kind not in RECALLED:
            raise InputError(f"A {node.kind} is no source. Recall a {', '.join(RECALLED[:-1])} or run.")
    # First nothing more is made of it.
    gone = {"documents": await _withhold(engine, library, actor, node)}
    async with tenant_session(engine, actor.tenant_id) as session:
        await take_turn(session, actor.tenant_id)
        descent = await descendants(session, node)
        runs = [uuid.UUID(run) for run in descent.runs]
        gone["runs"] = await confirm_recalled(session, actor, runs, _named(node))
        gone |= await _forget(session, runs)
    undone = await withdraw(engine, servers, actor, descent, f"{_named(node)} was recalled")
    async with tenant_session(engine, actor.tenant_id) as session:
        return leave_receipt(session, actor, "recall", _named(node), gone, undone)


async def release_tool(engine: AsyncEngine, actor: Actor, source: str) -> None:
    """Offer a recalled tool (``tool:NAME``) again; what was taken back stays so.

    Raises NotFoundError for one that is not recalled.
    """
    actor.require("administer")
    name = source.removeprefix("tool:")
    async with tenant_session(engine, actor.tenant_id) as session:
        if not await count_of(session, delete(RecalledTool).where(RecalledTool.name == name)):
            raise NotFoundError(f"The tool {name!r} is not recalled.")
        record(session, actor, "recall.released", f"tool:{name}")


async def _withhold(engine: AsyncEngine, library: Library, actor: Actor, node: Node) -> int:
    """Let a document or tool be served no more; how many documents went."""
    if node.kind == "document":
        return int(await library.remove(actor.tenant_id, uuid.UUID(node.id)))
    if node.kind == "tool":
        known = {
            "tenant_id": actor.tenant_id,
            "name": node.id,
            "recalled_by": actor.label,
            "recalled_at": now(),
        }
        async with tenant_session(engine, actor.tenant_id) as session:
            await session.execute(insert(RecalledTool).values(known).on_conflict_do_nothing())
            await forget_history(session, node.id)
    return 0


async def _forget(session: AsyncSession, runs: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete what recalled runs said, so that no conversation goes on from it; how many rows of each table went."""
    waiting = select(Run).where(one_of(Run.id, runs), Run.status == "waiting").order_by(Run.id)
    for run in list(await session.scalars(waiting.with_for_update())):
        await give_up(session, run)
    counts = await forget_words(session, runs)
    said: Any = delete(Message).where(one_of(Message.run_id, runs), Message.role == "assistant")
    return {**counts, "messages": await count_of(session, said)}


def _named(node: Node) -> str:
    return f"{node.kind}:{node.id}"
