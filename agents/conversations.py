"""Whose runs and conversations an actor may see."""

import uuid

from sqlalchemy import ColumnElement, func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.errors import NotFoundError
from ..platform.identity.access import Actor, Scope
from .names import DIRECT
from .tables import Conversation, Run


async def find_run(session: AsyncSession, run_id: uuid.UUID, *, lock: bool = False) -> Run:
    """The tenant's run of that id, by choice locked against change; raises NotFoundError."""
    query = select(Run).where(Run.id == run_id)
    return _there(run_id, await session.scalar(query.with_for_update() if lock else query))


def _there(run_id: uuid.UUID, run: Run | None) -> Run:
    if run is None:
        raise NotFoundError(f"There is no run {run_id}.")
    return run


def visible_runs(actor: Actor) -> ColumnElement[bool]:
    """The condition of the runs that the actor may see: all of the tenant's, or those asked for by the actor."""
    return true() if actor.may("read") else _own_runs(actor)


def _own_runs(actor: Actor) -> ColumnElement[bool]:
    """The condition of the actor's own runs; a limited key has those of what it may ask."""
    actor.require("chat")
    return _own(Run, actor) & _in_scope(actor.scope)


def _own(table: type[Run] | type[Conversation], actor: Actor) -> ColumnElement[bool]:
    """The condition of what a person asked for, or a key of nobody's own, or one whose place it took."""
    if actor.user_id is not None:
        return table.user_id == actor.user_id
    return table.user_id.is_(None) & (table.key_id == actor.own_key)


def _in_scope(scope: Scope | None) -> ColumnElement[bool]:
    if scope is None:
        return true()
    asked = (Run.agent == DIRECT) & func.coalesce(Run.adapter, Run.model).in_(scope.models)
    return or_((Run.agent != DIRECT) & Run.agent.in_(scope.agents), asked)


async def visible_run(session: AsyncSession, actor: Actor, run_id: uuid.UUID) -> Run:
    """A run that the actor asked for or may read; raises NotFoundError for any other."""
    return _there(run_id, await session.scalar(select(Run).where(Run.id == run_id, visible_runs(actor))))


async def steered_run(session: AsyncSession, actor: Actor, run_id: uuid.UUID) -> Run:
    """A run that the actor may stop or decide about, locked: their own, or any with the permission to write."""
    actor.require("chat")
    steered = true() if actor.may("write") else _own_runs(actor)
    query = select(Run).where(Run.id == run_id, steered).with_for_update()
    return _there(run_id, await session.scalar(query))


def own_conversations(actor: Actor) -> ColumnElement[bool]:
    """The condition of the actor's own conversations.

    A limited key has those alone in which nothing else was asked than what it may ask.
    """
    own = _own(Conversation, actor)
    if actor.scope is None:
        return own
    runs = select(Run.id).where(Run.conversation_id == Conversation.id)
    return own & runs.where(_in_scope(actor.scope)).exists() & ~runs.where(~_in_scope(actor.scope)).exists()


async def own_conversation(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> Conversation:
    """A conversation of the actor's own; raises NotFoundError for anybody else's."""
    query = select(Conversation).where(Conversation.id == conversation_id, own_conversations(actor))
    found: Conversation | None = await session.scalar(query)
    if found is None:
        raise NotFoundError(f"There is no conversation {conversation_id}.")
    return found


async def keeps_words(session: AsyncSession, run_id: uuid.UUID) -> bool:
    """Whether what a run says may be kept: its conversation, where it has one, is there, and it was not forgotten.

    Both then stay so for as long as the transaction.
    """
    row = select(Run.conversation_id, Run.forgotten_at).where(Run.id == run_id).with_for_update(read=True)
    run = (await session.execute(row)).one_or_none()
    if run is None or run.forgotten_at is not None:
        return run is None
    if run.conversation_id is None:
        return True
    there = select(Conversation.id).where(Conversation.id == run.conversation_id)
    return await session.scalar(there.with_for_update(read=True, key_share=True)) is not None
