"""The declarative base, and the mixin that makes a table belong to tenants."""

import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import DateTime, ForeignKey, MetaData, Table, Uuid
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from uuid_utils.compat import uuid7

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_id() -> uuid.UUID:
    """A time-ordered UUID (version 7, RFC 9562), so that new rows land at the end of an index."""
    return uuid7()


def now() -> datetime:
    """The present moment, with its time zone (UTC)."""
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Every table of Whorl."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        uuid.UUID: Uuid(as_uuid=True),
        datetime: DateTime(timezone=True),
        dict[str, Any]: JSONB,
        list[Any]: JSONB,
    }


class TenantTable:
    """A table whose rows belong to one tenant: ``tenant_id`` first in the primary key.

    Migrations give each such table forced row-level security (see ``rls.py``).
    """

    tenant_id: Mapped[uuid.UUID] = mapped_column(
        Uuid(as_uuid=True),
        ForeignKey("tenants.id", ondelete="CASCADE"),
        primary_key=True,
        sort_order=-100,
    )


def tenant_tables() -> list[Table]:
    """Every mapped table that carries ``tenant_id``, in dependency order."""
    return [table for table in Base.metadata.sorted_tables if "tenant_id" in table.columns]
