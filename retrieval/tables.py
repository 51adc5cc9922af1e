"""The tables of retrieval: collections, their documents, and the chunks of those."""

import uuid
from datetime import datetime
from typing import Any

import numpy as np
from pgvector.sqlalchemy import VECTOR
from sqlalchemy import (
    BigInteger,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from ..platform.database.base import Base, TenantTable, new_id, now


class CollectionRow(TenantTable, Base):
    """``embedder`` is the name of the embedder whose vectors it holds; ``revision`` counts writes."""

    __tablename__ = "collections"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(Text)
    embedder: Mapped[str] = mapped_column(Text)
    revision: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    created_at: Mapped[datetime] = mapped_column(default=now, server_default=func.now())

    __table_args__ = (UniqueConstraint("tenant_id", "name"),)


class DocumentRow(TenantTable, Base):
    """``metadata`` is a name that SQLAlchemy keeps for itself, hence ``attributes``."""

    __tablename__ = "documents"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    collection_id: Mapped[uuid.UUID]
    source: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    markup: Mapped[str] = mapped_column(Text)
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    content_hash: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(default=now, server_default=func.now())

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "collection_id"],
            ["collections.tenant_id", "collections.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("tenant_id", "collection_id", "source"),
    )


class ChunkRow(TenantTable, Base):
    """``id`` is a hash of document, content and place, so a re-ingest of the same text keeps it.

    ``vector`` is pgvector's type without a fixed dimension: any embedder fits, and a partial index
    on a cast can search it in SQL. ``sentences`` is read for a few candidates at a time and never
    searched, so it stays bytes (see ``sentence_vectors``).
    """

    __tablename__ = "chunks"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    collection_id: Mapped[uuid.UUID]
    document_id: Mapped[uuid.UUID]
    ordinal: Mapped[int]
    start: Mapped[int]
    end: Mapped[int] = mapped_column("stop")  # END is a reserved word of SQL
    heading: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text)
    vector: Mapped[np.ndarray[Any, Any]] = mapped_column(VECTOR())
    sentences: Mapped[bytes] = mapped_column(LargeBinary)

    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "collection_id"],
            ["collections.tenant_id", "collections.id"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "document_id"],
            ["documents.tenant_id", "documents.id"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "collection_id"),
        Index(None, "tenant_id", "document_id"),
    )
