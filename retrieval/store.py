"""Where the documents and chunks of one collection are kept; memory and PostgreSQL implement it."""

import uuid
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from ..platform.errors import NotFoundError
from .blocks import Markup
from .embed.base import Float32
from .load.base import Metadata


@dataclass(frozen=True)
class StoredDocument:
    """``content_hash`` covers everything a chunk depends on: equal hashes need no new ingest."""

    id: uuid.UUID
    source: str
    title: str
    text: str
    media_type: str
    markup: Markup
    metadata: Metadata
    content_hash: str


@dataclass(frozen=True)
class IndexRow:
    """What the in-memory indexes hold of a chunk. ``vector`` is ``[d]``."""

    id: int
    document_id: uuid.UUID
    title: str
    heading: str
    text: str
    metadata: Metadata
    vector: Float32


@dataclass(frozen=True)
class StoredChunk:
    """``text`` is ``document.text[start:end]``; ``sentences`` are packed SentenceVectors."""

    row: IndexRow
    source: str
    ordinal: int
    start: int
    end: int
    sentences: bytes


class Removed(NamedTuple):
    """The chunks that a write took away, and the revision it led to."""

    chunk_ids: list[int]
    revision: int


class GoneError(NotFoundError):
    """The collection was deleted, by this process or another."""


class ChunkStore(Protocol):
    """One tenant's one collection. Each write is one transaction and raises the revision by one."""

    async def revision(self) -> int:
        """Grows with every write of any process, so that others know their indexes are stale."""
        ...

    async def put(self, document: StoredDocument, chunks: Sequence[StoredChunk]) -> Removed:
        """Write the document, in place of one with the same id."""
        ...

    async def delete(self, document_id: uuid.UUID) -> Removed | None:
        """Delete the document with its chunks; None where there is none."""
        ...

    async def document(self, document_id: uuid.UUID) -> StoredDocument | None: ...

    def documents(self, after: str = "") -> AsyncIterator[StoredDocument]:
        """All, by source; those after the source ``after``."""
        ...

    def rows(self) -> AsyncIterator[IndexRow]:
        """All chunks, in bounded memory, to fill an index from."""
        ...

    async def chunks(self, ids: Iterable[int]) -> list[StoredChunk]:
        """The chunks of ``ids`` that exist, in any order."""
        ...


class MemoryStore:
    """A store that lasts as long as its process; what tests use."""

    def __init__(self) -> None:
        self._documents: dict[uuid.UUID, StoredDocument] = {}
        self._chunks: dict[int, StoredChunk] = {}
        self._revision = 0

    async def revision(self) -> int:
        return self._revision

    async def put(self, document: StoredDocument, chunks: Sequence[StoredChunk]) -> Removed:
        gone = self._drop(document.id)
        self._documents[document.id] = document
        self._chunks.update({chunk.row.id: chunk for chunk in chunks})
        return self._written(gone)

    async def delete(self, document_id: uuid.UUID) -> Removed | None:
        if self._documents.pop(document_id, None) is None:
            return None
        return self._written(self._drop(document_id))

    async def document(self, document_id: uuid.UUID) -> StoredDocument | None:
        return self._documents.get(document_id)

    async def documents(self, after: str = "") -> AsyncIterator[StoredDocument]:
        for document in sorted(self._documents.values(), key=lambda document: document.source):
            if document.source > after:
                yield document

    async def rows(self) -> AsyncIterator[IndexRow]:
        for chunk in list(self._chunks.values()):
            yield chunk.row

    async def chunks(self, ids: Iterable[int]) -> list[StoredChunk]:
        return [self._chunks[identity] for identity in ids if identity in self._chunks]

    def _drop(self, document_id: uuid.UUID) -> list[int]:
        gone = [i for i, chunk in self._chunks.items() if chunk.row.document_id == document_id]
        for identity in gone:
            del self._chunks[identity]
        return gone

    def _written(self, gone: list[int]) -> Removed:
        self._revision += 1
        return Removed(gone, self._revision)
