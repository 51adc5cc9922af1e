"""The library: every tenant's collections, opened when first asked for."""

import uuid
from collections import OrderedDict, defaultdict
from collections.abc import AsyncIterator, Container, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from anyio import Lock, to_thread
from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ..platform.database.base import new_id
from ..platform.database.session import tenant_session
from ..platform.errors import InputError, NotFoundError
from ..platform.settings import Settings
from .collection import Added, Collection, SearchRules
from .embed.base import Embedder
from .embed.choose import choose_embedder
from .load.base import LoadedDocument
from .passage import Passage
from .postgres import PostgresStore
from .rerank.base import Reranker
from .rerank.choose import choose_reranker
from .store import GoneError
from .tables import CollectionRow, DocumentRow

DOCUMENTS = "documents"
OPEN_COLLECTIONS = 64
# Passages whose sentences compete for what is shown.
CANDIDATES = 8


@dataclass(frozen=True)
class Quote:
    """What is shown of a passage: its best sentences, ``document.text[start:end]`` around them."""

    document_id: uuid.UUID
    chunk_id: int
    title: str
    text: str
    start: int
    end: int


class Shelf(NamedTuple):
    """A collection, and how many documents are in it."""

    name: str
    created_at: datetime
    documents: int


class Library:
    """Collections by tenant and name; the least recently used ones leave memory."""

    def __init__(
        self,
        engine: AsyncEngine,
        embedder: Embedder,
        reranker: Reranker,
        passages: int = 4,
        sentences: int = 2,
    ) -> None:
        self._engine, self.embedder, self._reranker = engine, embedder, reranker
        self._passages, self._sentences = passages, sentences
        self._open: OrderedDict[tuple[uuid.UUID, str], Collection] = OrderedDict()
        self._lock = Lock()

    async def find(self, tenant_id: uuid.UUID, name: str = DOCUMENTS) -> Collection:
        """The tenant's collection of that name; raises NotFoundError, but for the first one, which is always there."""
        if await self._leave_gone(tenant_id, name) is None and name != DOCUMENTS:
            raise NotFoundError(f"There is no collection {name!r}.")
        return await self.collection(tenant_id, name)

    async def _leave_gone(self, tenant_id: uuid.UUID, name: str) -> uuid.UUID | None:
        """The id of a collection, None where there is none; an open one that another process deleted is let go of."""
        async with tenant_session(self._engine, tenant_id) as session:
            found = await session.scalar(select(CollectionRow.id).where(CollectionRow.name == name))
        known = self._open.get((tenant_id, name))
        if known is not None and known.id != found:
            del self._open[tenant_id, name]
        return found

    async def holder(self, tenant_id: uuid.UUID, document_id: uuid.UUID) -> Collection:
        """The collection that has a document; raises NotFoundError."""
        async with tenant_session(self._engine, tenant_id) as session:
            name = await session.scalar(
                select(CollectionRow.name)
                .join(DocumentRow, DocumentRow.collection_id == CollectionRow.id)
                .where(DocumentRow.id == document_id)
            )
        if name is None:
            raise NotFoundError(f"The document {document_id} does not exist.")
        return await self.find(tenant_id, name)

    async def collections(self, tenant_id: uuid.UUID) -> list[Shelf]:
        """The tenant's collections by name, with the numbers of their documents."""
        async with tenant_session(self._engine, tenant_id) as session:
            counted = (
                select(CollectionRow.name, CollectionRow.created_at, func.count(DocumentRow.id))
                .outerjoin(DocumentRow, DocumentRow.collection_id == CollectionRow.id)
                .group_by(CollectionRow.name, CollectionRow.created_at)
                .order_by(CollectionRow.name)
            )
            return [Shelf(*row) for row in await session.execute(counted)]

    async def collection(self, tenant_id: uuid.UUID, name: str = DOCUMENTS) -> Collection:
        """The tenant's collection of that name, made where there is none.

        Raises InputError for a collection whose vectors come from another embedder.
        """
        async with self._lock:
            key = (tenant_id, name)
            if key not in self._open:
                self._open[key] = await self._find_or_make(tenant_id, name)
            self._open.move_to_end(key)
            while len(self._open) > OPEN_COLLECTIONS:
                self._open.popitem(last=False)
            return self._open[key]

    async def ingest(
        self,
        tenant_id: uuid.UUID,
        documents: Iterable[LoadedDocument],
        name: str = DOCUMENTS,
        unread: Container[str] = (),
    ) -> AsyncIterator[Added]:
        """Store documents one by one; each is searchable and durable when its result is given.

        Of a file with several documents those that it has no more are removed in the end, unless it is among
        ``unread`` then: files that could not be read to their ends.
        """
        await self._leave_gone(tenant_id, name)
        collection = await self.collection(tenant_id, name)
        files: defaultdict[str, set[str]] = defaultdict(set)

        def noted() -> Iterator[LoadedDocument]:
            for document in documents:
                if document.file:
                    files[document.file].add(document.source)
                yield document

        async for added in collection.add(noted()):
            yield added
        for file, kept in files.items():
            if file in unread:
                continue
            for document_id, source in await self._documents_of(tenant_id, collection.id, file):
                if source not in kept and await self.remove(tenant_id, document_id):
                    yield Added(document_id, source, 0, "removed")

    async def _documents_of(
        self, tenant_id: uuid.UUID, collection_id: uuid.UUID, file: str
    ) -> list[tuple[uuid.UUID, str]]:
        """Ids and sources of what is stored of a file with several documents."""
        own = (
            DocumentRow.collection_id == collection_id,
            DocumentRow.source.startswith(f"{file}#", autoescape=True),
        )
        async with tenant_session(self._engine, tenant_id) as session:
            rows = await session.execute(select(DocumentRow.id, DocumentRow.source).where(*own))
            return [(document_id, source) for document_id, source in rows]

    async def search(
        self, tenant_id: uuid.UUID, query: str, k: int = CANDIDATES, name: str = DOCUMENTS
    ) -> list[Passage]:
        """The ``k`` best passages; raises NotFoundError for a collection that does not exist."""
        known = self._open.get((tenant_id, name))
        if known is not None:
            self._open.move_to_end((tenant_id, name))
            with suppress(GoneError):
                return await known.search(query, k)
        return await (await self.find(tenant_id, name)).search(query, k)

    async def quotes(self, tenant_id: uuid.UUID, query: str, name: str = DOCUMENTS) -> list[Quote]:
        """What a search shows the model: the passages with the best sentences first.

        With ``sentences`` 0 whole passages are shown, in the order of the reranker.
        """
        passages = await self.search(tenant_id, query, max(CANDIDATES, self._passages), name)
        if self._sentences == 0:
            return [_whole(passage) for passage in passages[: self._passages]]
        ranked = sorted(
            (passage for passage in passages if passage.highlights),
            key=lambda passage: -passage.highlights[0].score,
        )
        return [self._quote(passage) for passage in ranked[: self._passages]]

    async def drop(self, tenant_id: uuid.UUID, name: str) -> None:
        """Delete a collection with everything in it; one that does not exist is as good as deleted."""
        async with self._lock:
            self._open.pop((tenant_id, name), None)
            async with tenant_session(self._engine, tenant_id) as session:
                await session.execute(delete(CollectionRow).where(CollectionRow.name == name))

    async def remove(self, tenant_id: uuid.UUID, document_id: uuid.UUID) -> bool:
        """Delete a document of whichever collection has it, from the store and the indexes; whether there was one."""
        async with tenant_session(self._engine, tenant_id) as session:
            row = await session.scalar(
                select(CollectionRow).join(DocumentRow, DocumentRow.collection_id == CollectionRow.id)
                .where(DocumentRow.id == document_id)
            )  # fmt: skip
        if row is None:
            return False
        async with self._lock:
            known = self._open.get((tenant_id, row.name))
        if known is None or known.id != row.id:  # Indexes of other processes follow the store.
            return await PostgresStore(self._engine, tenant_id, row.id).delete(document_id) is not None
        try:
            await known.delete(document_id)
        except NotFoundError:
            return False
        return True

    def _quote(self, passage: Passage) -> Quote:
        best = sorted(passage.highlights[: self._sentences], key=lambda highlight: highlight.start)
        return replace(
            _whole(passage),
            text=" ".join(highlight.text for highlight in best),
            start=passage.start + best[0].start,
            end=passage.start + best[-1].end,
        )

    async def _find_or_make(self, tenant_id: uuid.UUID, name: str) -> Collection:
        async with tenant_session(self._engine, tenant_id) as session:
            await session.execute(
                insert(CollectionRow)
                .values(tenant_id=tenant_id, id=new_id(), name=name, embedder=self.embedder.name)
                .on_conflict_do_nothing()
            )
            row = (await session.scalars(select(CollectionRow).where(CollectionRow.name == name))).one()
        if row.embedder != self.embedder.name:
            raise InputError(
                f"The collection {name!r} was made with the embedder {row.embedder}, WHORL_EMBEDDER is "
                f"{self.embedder.name}. Set it back, or ingest into a new workspace."
            )
        store = PostgresStore(self._engine, tenant_id, row.id)
        rules = SearchRules(sentences=max(1, self._sentences))
        return Collection(row.id, store, self.embedder, self._reranker, search_rules=rules)


def _whole(passage: Passage) -> Quote:
    title = passage.title
    return Quote(passage.document_id, passage.chunk_id, title, passage.text, passage.start, passage.end)


async def open_library(engine: AsyncEngine, settings: Settings, *, loaded: bool = False) -> Library:
    """The library with the embedder and reranker that the settings name; ``loaded``: the embedder waits for nothing."""
    embedder = await to_thread.run_sync(choose_embedder, settings.embedder)
    if loaded:
        await to_thread.run_sync(lambda: embedder.dimension)
    reranker = await to_thread.run_sync(choose_reranker, settings.reranker, SearchRules().words)
    return Library(engine, embedder, reranker, settings.shown_passages, settings.shown_sentences)
