"""Tables of the agents: conversations (operational data, kept for the user) and runs."""

import uuid
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from ..platform.database.base import Base, TenantTable, new_id, now


class Conversation(TenantTable, Base):
    """A user's thread of messages."""

    __tablename__ = "conversations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID | None]
    title: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime] = mapped_column(default=now)


class Run(TenantTable, Base):
    """One agent execution, which is one trace; content lives in messages and spans only.

    ``status`` is running, succeeded, failed or cancelled; ``error`` never carries content.
    """

    __tablename__ = "runs"
    __table_args__ = (Index(None, "tenant_id", "trace_id"), Index(None, "tenant_id", "started_at"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    conversation_id: Mapped[uuid.UUID | None]
    user_id: Mapped[uuid.UUID | None]
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
