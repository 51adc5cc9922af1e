"""The span store: rows that are redacted before they come here, and stay as they are but for messages that come later."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, func
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, now


class Span(TenantTable, Base):
    """One step of a run. Times are nanoseconds since the epoch.

    ``redactions`` counts the values replaced by kind; ``content_dropped`` is set where redaction
    failed and only the structure was kept. The table has a partition for each month of ``start_ns``, which for
    that is part of its key; they come from migration 0017 and ``months.py``.
    """

    __tablename__ = "spans"
    __table_args__ = (
        Index(None, "tenant_id", "run_id"),
        Index(None, "tenant_id", "start_ns"),
        {"postgresql_partition_by": "RANGE (start_ns)"},
    )

    trace_id: Mapped[str] = mapped_column(primary_key=True)
    span_id: Mapped[str] = mapped_column(primary_key=True)
    parent_span_id: Mapped[str | None]
    run_id: Mapped[uuid.UUID | None]
    name: Mapped[str]
    operation: Mapped[str]
    start_ns: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    end_ns: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str]
    status_message: Mapped[str] = mapped_column(default="")
    user_id: Mapped[uuid.UUID | None]
    agent: Mapped[str | None]
    adapter: Mapped[str | None]
    attributes: Mapped[dict[str, Any]]
    events: Mapped[list[Any]]
    redaction_policy: Mapped[str]
    redactions: Mapped[dict[str, Any]]
    content_dropped: Mapped[bool] = mapped_column(default=False)
    stored_at: Mapped[datetime] = mapped_column(default=now, server_default=func.now())


class ErasedRun(TenantTable, Base):
    """A run that was erased: spans of it that come later, out of a log or from its program, are not stored."""

    __tablename__ = "erased_runs"

    run_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class WaitingMessage(TenantTable, Base):
    """A message of a model call that came as a log event before the call's span did, redacted like a span.

    ``event`` is as those of spans are, with the ``id`` by which it is known when it comes again; None where its redaction
    failed.
    """

    __tablename__ = "waiting_messages"
    __table_args__ = (Index(None, "tenant_id", "run_id"), Index(None, "tenant_id", "trace_id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    run_id: Mapped[uuid.UUID]
    trace_id: Mapped[str]
    span_id: Mapped[str]
    event: Mapped[dict[str, Any] | None]
    redaction_policy: Mapped[str]
    redactions: Mapped[dict[str, Any]]
    content_dropped: Mapped[bool] = mapped_column(default=False)
    came_at: Mapped[datetime] = mapped_column(default=now)


class RedactionPolicyVersion(TenantTable, Base):
    """What a tenant wanted hidden from one change to the next; the newest version is in force.

    The key of the operator ``hash`` stays the same in all versions, so that hashes do too. It is ``sealed_hash_key``, or
    ``hash_key``, in the clear, where an earlier release made it and secrets were not rotated since; of versions that have
    neither it is that of the version before.
    """

    __tablename__ = "redaction_policies"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    policy: Mapped[dict[str, Any]]
    hash_key: Mapped[bytes | None]
    sealed_hash_key: Mapped[bytes | None]
    actor: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
