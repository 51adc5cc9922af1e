"""Tables of the agents: conversations (operational data, kept for the user) and runs."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..platform.database.base import Base, TenantTable, new_id, now


class Conversation(TenantTable, Base):
    """A user's thread of messages."""

    __tablename__ = "conversations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID | None]
    key_id: Mapped[uuid.UUID | None]
    title: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Run(TenantTable, Base):
    """One agent execution, which is one trace; content lives in messages and spans only.

    ``status`` is running, waiting (for a person), succeeded, failed or cancelled; ``error`` never carries
    content. ``resume`` says how a waiting run goes on, without content, ``resumed_at`` when it last did;
    ``cancel_at`` is when it was asked to stop; ``screened_at`` when what its tools returned was screened, None where spans
    have come since; ``forgotten_at`` when what it said was forgotten. Where no person asked for it but a key did, ``key_id``
    is the first of those that one took the place of another.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index(None, "tenant_id", "trace_id"),
        Index(None, "tenant_id", "started_at"),
        Index("ix_runs_running", "tenant_id", "started_at", postgresql_where=text("status = 'running'")),
        Index(
            "ix_runs_unscreened", "tenant_id", "started_at",
            postgresql_where=text("status = 'succeeded' AND screened_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
    key_id: Mapped[uuid.UUID | None]
    agent: Mapped[str]
    model: Mapped[str]
    adapter: Mapped[str | None]
    trace_id: Mapped[str]
    status: Mapped[str] = mapped_column(default="running")
    stop_reason: Mapped[str | None]
    error: Mapped[str | None]
    steps: Mapped[int] = mapped_column(default=0)
    input_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    output_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    cost: Mapped[Decimal | None] = mapped_column(Numeric(20, 9))
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
    tags: Mapped[list[Any]] = mapped_column(default=list)
    resume: Mapped[dict[str, Any] | None] = mapped_column(JSONB(none_as_null=True))
    resumed_at: Mapped[datetime | None]
    cancel_at: Mapped[datetime | None]
    screened_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]


class RunEventRow(TenantTable, Base):
    """What a run told, numbered from 1, for those who follow it later or from another process; kept for a day.

    Operational data like messages: never exported, gone with the run or its conversation.
    """

    __tablename__ = "run_events"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"),
        Index(None, "tenant_id", "created_at"),
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Approval(TenantTable, Base):
    """A tool call that waits for a person: ``state`` is pending, approved, denied, edited or withdrawn.

    ``arguments`` is JSON text as the model wrote it, ``edited`` what a person put in its place.
    """

    __tablename__ = "approvals"
    __table_args__ = (
        ForeignKeyConstraint(["tenant_id", "run_id"], ["runs.tenant_id", "runs.id"], ondelete="CASCADE"),
    )

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    call_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    arguments: Mapped[str]
    state: Mapped[str] = mapped_column(default="pending")
    edited: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
    decided_by: Mapped[str | None]
    asked_at: Mapped[datetime] = mapped_column(default=now)
    decided_at: Mapped[datetime | None]


class AgentRow(TenantTable, Base):
    """An agent that a tenant has defined, see ``definitions.py``; NULL is what every agent has."""

    __tablename__ = "agents"

    name: Mapped[str] = mapped_column(primary_key=True)
    description: Mapped[str] = mapped_column(default="")
    prompt: Mapped[str | None]
    tools: Mapped[list[Any] | None] = mapped_column(JSONB(none_as_null=True))
    collection: Mapped[str] = mapped_column(default="documents")
    approve: Mapped[str] = mapped_column(default="never")
    most_steps: Mapped[int | None]
    answer_tokens: Mapped[int | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    changed_at: Mapped[datetime] = mapped_column(default=now)


class RecalledTool(TenantTable, Base):
    """A tool that a workspace recalled as poisoned: its agents are not offered it until it is released."""

    __tablename__ = "recalled_tools"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    recalled_by: Mapped[str] = mapped_column(Text)
    recalled_at: Mapped[datetime] = mapped_column(default=now)


class Message(TenantTable, Base):
    """One turn of a conversation; ``citations`` are the passages an answer refers to."""

    __tablename__ = "messages"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "conversation_id"],
            ["conversations.tenant_id", "conversations.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "conversation_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[uuid.UUID]
    run_id: Mapped[uuid.UUID | None]
    role: Mapped[str]
    content: Mapped[str]
    citations: Mapped[list[Any]] = mapped_column(default=list)
    created_at: Mapped[datetime] = mapped_column(default=now)
