"""The chat: the actor's conversations, and one of them with its answers."""

import uuid
from dataclasses import dataclass, field
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import RedirectResponse, Response

from ..agents.conversations import own_conversation, own_conversations
from ..agents.definitions import list_agents
from ..agents.names import DEFAULT_AGENT
from ..agents.tables import Conversation, Message, Run
from ..flywheel.tables import Outcome
from ..platform.database.session import tenant_session
from ..platform.identity.access import Actor
from ..platform.usage.quotas import quotas_of
from ..retrieval.tables import DocumentRow
from .frame import Context, PageActor, render

router = APIRouter()
SHOWN_CONVERSATIONS = 100
SAMPLES = 3


@dataclass
class Turn:
    """A question, and what became of it; ``thumb`` and ``edit`` are the actor's own feedback."""

    question: str
    run_id: uuid.UUID | None
    answer: str = ""
    citations: list[dict[str, Any]] = field(default_factory=list)
    status: str = ""
    agent: str = DEFAULT_AGENT
    thumb: float | None = None
    edit: str | None = None


@dataclass(frozen=True, kw_only=True)
class ChatContext(Context):
    """A conversation, or the beginning of one; ``agents`` may be asked, by name with their descriptions.

    ``agent`` is who answered last.
    """

    template: ClassVar[str] = "chat.html"
    section: ClassVar[str] = "chat"
    conversations: list[Conversation]
    conversation: Conversation | None = None
    turns: list[Turn] = field(default_factory=list)
    samples: list[str] = field(default_factory=list)
    documents: bool = True
    agents: dict[str, str]
    agent: str = DEFAULT_AGENT


@router.get("/")
async def new_chat(actor: PageActor, request: Request) -> Response:
    """An empty conversation; whoever may only read is led to what there is to read."""
    if not actor.may("chat") and actor.may("read"):
        return RedirectResponse("/admin", 303)
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        conversations = await _conversations(session, actor)
        agents = await _agents(session, actor)
        titles = list(
            await session.scalars(
                select(DocumentRow.title).order_by(DocumentRow.created_at.desc()).limit(SAMPLES)
            )
        )
    return render(
        ChatContext(
            title="New chat", actor=actor, conversations=conversations, documents=bool(titles), agents=agents,
            samples=[f"What does “{title}” say?" for title in titles] + ["What is 17 * 23?"],
        )
    )  # fmt: skip


@router.get("/conversations/{conversation_id}")
async def show_conversation(conversation_id: uuid.UUID, actor: PageActor, request: Request) -> Response:
    """One of the actor's own conversations."""
    actor.require("chat")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        conversation = await own_conversation(session, actor, conversation_id)
        conversations = await _conversations(session, actor)
        turns = await _turns(session, actor, conversation_id)
        agents = await _agents(session, actor)
    return render(
        ChatContext(
            title=conversation.title, actor=actor, conversations=conversations, conversation=conversation,
            turns=turns, agents=agents, agent=turns[-1].agent if turns else DEFAULT_AGENT,
        )
    )  # fmt: skip


async def _agents(session: AsyncSession, actor: Actor) -> dict[str, str]:
    """The agents that may be asked, the default one first."""
    agents = {DEFAULT_AGENT: "", **{row.name: row.description for row in await list_agents(session, actor)}}
    quotas = await quotas_of(session, actor.tenant_id)
    return {name: description for name, description in agents.items() if quotas.permit(agent=name)}


async def _conversations(session: AsyncSession, actor: Actor) -> list[Conversation]:
    query = (
        select(Conversation)
        .where(own_conversations(actor))
        .order_by(Conversation.id.desc())
        .limit(SHOWN_CONVERSATIONS)
    )
    return list(await session.scalars(query))


async def _turns(session: AsyncSession, actor: Actor, conversation_id: uuid.UUID) -> list[Turn]:
    messages = await session.scalars(
        select(Message).where(Message.conversation_id == conversation_id).order_by(Message.id)
    )
    turns: list[Turn] = []
    by_run: dict[uuid.UUID | None, Turn] = {}
    for message in messages:
        if message.role == "user":
            by_run[message.run_id] = Turn(message.content, message.run_id)
            turns.append(by_run[message.run_id])
        elif turn := by_run.get(message.run_id):
            turn.answer, turn.citations = message.content, message.citations
    runs = [run for run in by_run if run is not None]
    known = select(Run.id, Run.status, Run.agent).where(Run.id.in_(runs))
    for run_id, status, agent in await session.execute(known):
        by_run[run_id].status, by_run[run_id].agent = status, agent
    await _add_feedback(session, actor, by_run)
    return turns


async def _add_feedback(session: AsyncSession, actor: Actor, by_run: dict[uuid.UUID | None, Turn]) -> None:
    own = select(Outcome).where(
        Outcome.run_id.in_([run for run in by_run if run is not None]), Outcome.source == actor.label
    )
    for outcome in await session.scalars(own.order_by(Outcome.id)):
        turn = by_run[outcome.run_id]
        if outcome.kind == "thumb":
            turn.thumb = outcome.value
        if outcome.kind == "edit":
            turn.edit = outcome.text
