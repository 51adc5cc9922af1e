"""Conversations over HTTP: the actor's own."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel
from sqlalchemy import select
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.identity.http import CurrentActor
from ..platform.paging import PageCursor, id_of, link_next
from .conversations import own_conversation, own_conversations
from .forgetting import delete_conversations
from .tables import Conversation, Message

router = APIRouter(prefix="/conversations")


class ConversationView(BaseModel):
    """A conversation in a list."""

    id: uuid.UUID
    title: str
    created_at: datetime


class MessageView(BaseModel):
    """One turn of a conversation."""

    id: uuid.UUID
    run_id: uuid.UUID | None
    role: str
    content: str
    citations: list[dict[str, Any]]
    created_at: datetime


@router.get("", response_model=list[ConversationView])
async def list_conversations(
    actor: CurrentActor,
    request: Request,
    response: Response,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: PageCursor = None,
) -> Any:
    """The actor's own conversations, newest first."""
    actor.require("chat")
    query = select(Conversation).where(own_conversations(actor)).order_by(Conversation.id.desc()).limit(limit)
    if cursor is not None:
        query = query.where(Conversation.id < id_of(cursor))
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = list(await session.scalars(query))
    link_next(request, response, [str(each.id) for each in found], limit)
    return found


@router.get("/{conversation_id}/messages", response_model=list[MessageView])
async def list_messages(conversation_id: uuid.UUID, actor: CurrentActor, request: Request) -> Any:
    """The turns of one of the actor's conversations."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await own_conversation(session, actor, conversation_id)
        query = select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
        return list(await session.scalars(query))


@router.delete("/{conversation_id}", status_code=204)
async def delete_conversation(conversation_id: uuid.UUID, actor: CurrentActor, request: Request) -> Response:
    """Delete one of the actor's conversations with its messages and what its runs keep word for word.

    A run that waits for a person is given up; one that is under way ends without being kept.
    """
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await own_conversation(session, actor, conversation_id)
        await delete_conversations(session, [conversation_id])
    return Response(status_code=204)
