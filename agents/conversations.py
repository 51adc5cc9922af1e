"""Whose runs and conversations an actor may see."""

import uuid

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.errors import NotFoundError
from ..platform.identity.access import Actor
from .tables import Conversation, Run


async def find_run(session: AsyncSession, run_id: uuid.UUID, *, lock: bool = False) -> Run:
    """The tenant's run of that id, by choice locked against change; raises NotFoundError."""
    query = select(Run).where(Run.id == run_id)
    run: Run | None = await session.scalar(query.with_for_update() if lock else query)
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return run


def visible_runs(actor: Actor) -> ColumnElement[bool]:
    """The condition of the runs that the actor may see: all of the tenant's, or those asked for by the actor."""
    if actor.may("read"):
        return true()
    actor.require("chat")
    return Run.user_id.is_(None) if actor.user_id is None else Run.user_id == actor.user_id


async def visible_run(session: AsyncSession, actor: Actor, run_id: uuid.UUID) -> Run:
    """A run that the actor asked for or may read; raises NotFoundError for any other."""
    run = await find_run(session, run_id)
    if not actor.may("read") and not _own(actor, run.user_id):
        raise NotFoundError(f"There is no run {run_id}.")
    return run


async def steered_run(session: AsyncSession, actor: Actor, run_id: uuid.UUID) -> Run:
    """A run that the actor may stop or decide about, locked: their own, or any with the permission to write."""
    actor.require("chat")
    run = await find_run(session, run_id, lock=True)
    if not actor.may("write") and not _own(actor, run.user_id):
        raise NotFoundError(f"There is no run {run_id}.")
    return run


def own_conversations(actor: Actor) -> ColumnElement[bool]:
    """The condition of the actor's own conversations; a key without a user has those of such keys."""
    if actor.user_id is None:
        return Conversation.user_id.is_(None)
    return Conversation.user_id == actor.user_id


async def own_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation:
    """A conversation of the actor's own; raises NotFoundError for anybody else's."""
    query = select(Conversation).where(Conversation.id == conversation_id, own_conversations(actor))
    found: Conversation | None = await session.scalar(query)
    if found is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return found


async def has_conversation(session: AsyncSession, run_id: uuid.UUID) -> bool:
    """Whether a run's conversation, where it has one, is there; it then stays for as long as the transaction."""
    conversation_id = await session.scalar(select(Run.conversation_id).where(Run.id == run_id))
    if conversation_id is None:
        return True
    there = select(Conversation.id).where(Conversation.id == conversation_id)
    return await session.scalar(there.with_for_update(read=True, key_share=True)) is not None


def _own(actor: Actor, user_id: uuid.UUID | None) -> bool:
    return user_id == actor.user_id
