"""Tables of serving: a tenant's adapters and which of them answers."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from ..database.base import Base, TenantTable, now


class Adapter(TenantTable, Base):
    """A LoRA adapter; its name ``tenant-slug.vN`` is immutable and never used again.

    ``state`` goes trained, evaluated, serving, retired, or to rejected; ``card`` states base hash,
    data, policies, evaluation and approver.
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
