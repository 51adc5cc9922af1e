"""Tables of serving: a tenant's adapters, which of them answers, and which one is tried."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, new_id, now


class Adapter(TenantTable, Base):
    """A LoRA adapter; its name ``tenant-slug.vN`` is immutable and never used again.

    ``state`` moves as ``adapters.TRANSITIONS`` allows; ``card`` states base hash, data, policies,
    evaluation and approver.
    """

    __tablename__ = "adapters"
    __table_args__ = (UniqueConstraint("tenant_id", "version"),)

    name: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int]
    state: Mapped[str]
    method: Mapped[str]
    base_hash: Mapped[str]
    dataset_id: Mapped[uuid.UUID | None]
    folder: Mapped[str]
    card: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime] = mapped_column(default=now)


class Route(TenantTable, Base):
    """Which adapter answers for an agent; no row or NULL means the base model."""

    __tablename__ = "routes"

    agent: Mapped[str] = mapped_column(primary_key=True)
    adapter: Mapped[str | None]
    previous: Mapped[str | None]
    changed_at: Mapped[datetime] = mapped_column(default=now, onupdate=now)


class Trial(TenantTable, Base):
    """A candidate beside what answers for an agent: ``stage`` is shadow or canary, ``share`` of conversations.

    ``incumbent`` NULL is the base model. ``verdict`` is undecided, ready, worse, promoted or stopped;
    ``report`` is what the latest look at it found. One trial of a stage is open for an agent at a time.
    """

    __tablename__ = "trials"
    __table_args__ = (
        Index(
            "uq_trials_open", "tenant_id", "agent", "stage", unique=True,
            postgresql_where=text("ended_at IS NULL"),
        ),
    )  # fmt: skip

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    agent: Mapped[str]
    stage: Mapped[str]
    candidate: Mapped[str]
    incumbent: Mapped[str | None]
    share: Mapped[float]
    auto: Mapped[bool] = mapped_column(default=False)
    forced: Mapped[bool] = mapped_column(default=False)
    actor: Mapped[str]
    verdict: Mapped[str] = mapped_column(default="undecided")
    report: Mapped[dict[str, Any]] = mapped_column(default=dict)
    started_at: Mapped[datetime] = mapped_column(default=now)
    ended_at: Mapped[datetime | None]
