"""The store of one tenant's collection in PostgreSQL."""

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.session import tenant_session
from ..platform.portions import portions
from .embed.base import Float32
from .store import GoneError, IndexRow, Removed, StoredChunk, StoredDocument
from .tables import ChunkRow, CollectionRow, DocumentRow

_PAGE = 1000  # chunks read at a time when an index is filled
_PORTION = 100  # chunks written at a time: between two, other requests go on
# vector_send is the binary form of a vector: dimension, a spare word, then big-endian floats.
_BINARY_HEADER = 4


class PostgresStore:
    """Every statement runs under the tenant's row-level security, and names the tenant as well."""

    def __init__(self, engine: AsyncEngine, tenant_id: uuid.UUID, collection_id: uuid.UUID) -> None:
        self._engine = engine
        self._tenant_id = tenant_id
        self._collection_id = collection_id

    async def revision(self) -> int:
        async with tenant_session(self._engine, self._tenant_id) as session:
            found = await session.scalar(
                select(CollectionRow.revision).where(
                    CollectionRow.tenant_id == self._tenant_id,
                    CollectionRow.id == self._collection_id,
                )
            )
        if found is None:
            raise GoneError(f"The collection {self._collection_id} does not exist.")
        return found

    async def put(self, document: StoredDocument, chunks: Sequence[StoredChunk]) -> Removed:
        async with tenant_session(self._engine, self._tenant_id) as session:
            revision = await self._next_revision(session)
            gone = await self._delete_chunks(session, document.id)
            values = self._document_values(document)
            statement = insert(DocumentRow).values(values)
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=["tenant_id", "id"], set_={**values, "created_at": func.now()}
                )
            )
            for portion in portions(chunks, _PORTION):
                await session.execute(insert(ChunkRow), [self._chunk_values(c) for c in portion])
        return Removed(gone, revision)

    async def delete(self, document_id: uuid.UUID) -> Removed | None:
        async with tenant_session(self._engine, self._tenant_id) as session:
            revision = await self._next_revision(session)
            gone = await self._delete_chunks(session, document_id)
            deleted = await session.scalars(
                delete(DocumentRow)
                .where(*self._own(DocumentRow), DocumentRow.id == document_id)
                .returning(DocumentRow.id)
            )
            if deleted.first() is None:
                await session.rollback()
                return None
        return Removed(gone, revision)

    async def document(self, document_id: uuid.UUID) -> StoredDocument | None:
        statement = select(DocumentRow).where(*self._own(DocumentRow), DocumentRow.id == document_id)
        async with tenant_session(self._engine, self._tenant_id) as session:
            row = await session.scalar(statement)
        return None if row is None else _document(row)

    async def documents(self, after: str = "") -> AsyncIterator[StoredDocument]:
        while True:
            statement = (
                select(DocumentRow)
                .where(*self._own(DocumentRow), DocumentRow.source > after)
                .order_by(DocumentRow.source)
                .limit(100)
            )
            async with tenant_session(self._engine, self._tenant_id) as session:
                page = (await session.scalars(statement)).all()
            for row in page:
                yield _document(row)
            if not page:
                return
            after = page[-1].source

    async def rows(self) -> AsyncIterator[IndexRow]:
        after: int | None = None
        while True:
            statement = self._joined().order_by(ChunkRow.id).limit(_PAGE)
            if after is not None:
                statement = statement.where(ChunkRow.id > after)
            async with tenant_session(self._engine, self._tenant_id) as session:
                page = (await session.execute(statement)).all()
            for row in page:
                yield _index_row(row)
            if not page:
                return
            after = page[-1].id

    async def chunks(self, ids: Iterable[int]) -> list[StoredChunk]:
        statement = self._joined().where(ChunkRow.id.in_(list(ids)))
        statement = statement.add_columns(
            DocumentRow.source, ChunkRow.ordinal, ChunkRow.start, ChunkRow.end, ChunkRow.sentences
        )
        async with tenant_session(self._engine, self._tenant_id) as session:
            found = (await session.execute(statement)).all()
        return [
            StoredChunk(_index_row(row), row.source, row.ordinal, row.start, row.end, row.sentences)
            for row in found
        ]

    async def _next_revision(self, session: AsyncSession) -> int:
        """Raises the revision; the row lock it takes lets writers of a collection queue up."""
        revision = await session.scalar(
            update(CollectionRow)
            .where(CollectionRow.tenant_id == self._tenant_id, CollectionRow.id == self._collection_id)
            .values(revision=CollectionRow.revision + 1)
            .returning(CollectionRow.revision)
        )
        if revision is None:
            raise GoneError(f"The collection {self._collection_id} does not exist.")
        return int(revision)

    async def _delete_chunks(self, session: AsyncSession, document_id: uuid.UUID) -> list[int]:
        gone = await session.scalars(
            delete(ChunkRow)
            .where(*self._own(ChunkRow), ChunkRow.document_id == document_id)
            .returning(ChunkRow.id)
        )
        return list(gone)

    def _own(self, table: type[DocumentRow] | type[ChunkRow]) -> tuple[Any, Any]:
        return table.tenant_id == self._tenant_id, table.collection_id == self._collection_id

    def _joined(self) -> Select[Any]:
        return (
            select(
                ChunkRow.id,
                ChunkRow.document_id,
                DocumentRow.title,
                ChunkRow.heading,
                ChunkRow.text,
                DocumentRow.attributes,
                func.vector_send(ChunkRow.vector).label("binary"),
            )
            .join(
                DocumentRow,
                (DocumentRow.tenant_id == ChunkRow.tenant_id) & (DocumentRow.id == ChunkRow.document_id),
            )
            .where(*self._own(ChunkRow))
        )

    def _document_values(self, document: StoredDocument) -> dict[str, Any]:
        return {
            "tenant_id": self._tenant_id,
            "collection_id": self._collection_id,
            "id": document.id,
            "source": document.source,
            "title": document.title,
            "text": document.text,
            "media_type": document.media_type,
            "markup": document.markup,
            "attributes": dict(document.metadata),
            "content_hash": document.content_hash,
        }

    def _chunk_values(self, chunk: StoredChunk) -> dict[str, Any]:
        return {
            "tenant_id": self._tenant_id,
            "collection_id": self._collection_id,
            "id": chunk.row.id,
            "document_id": chunk.row.document_id,
            "ordinal": chunk.ordinal,
            "start": chunk.start,
            "end": chunk.end,
            "heading": chunk.row.heading,
            "text": chunk.row.text,
            "vector": chunk.row.vector,
            "sentences": chunk.sentences,
        }


def _document(row: DocumentRow) -> StoredDocument:
    return StoredDocument(
        id=row.id,
        source=row.source,
        title=row.title,
        text=row.text,
        media_type=row.media_type,
        markup="markdown" if row.markup == "markdown" else "plain",
        metadata=row.attributes,
        content_hash=row.content_hash,
    )


def _index_row(row: Any) -> IndexRow:
    vector: Float32 = np.frombuffer(row.binary, ">f4", offset=_BINARY_HEADER).astype(np.float32)
    return IndexRow(row.id, row.document_id, row.title, row.heading, row.text, row.attributes, vector)
