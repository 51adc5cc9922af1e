"""One tenant's one collection: documents in, passages out."""

import uuid
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from anyio import Lock, to_thread

from ..platform.errors import InputError, NotFoundError
from .chunk import ChunkRules
from .embed.base import Embedder
from .highlight import Highlight, SentenceWeights, highlights
from .indexes import Found, Indexes
from .ingest import context, document_id, make_chunks, store_form
from .load.base import LoadedDocument, MetadataValue
from .passage import Passage, StageScores
from .question import Candidate, Question
from .rerank.base import Reranker
from .sentence_vectors import SentenceVectors
from .store import ChunkStore, IndexRow, Removed, StoredChunk, StoredDocument
from .words import WordRules

_PAGE = 1000  # rows indexed at a time when the indexes are filled


@dataclass(frozen=True)
class SearchRules:
    """``depth`` chunks are reranked; ``sentences`` are shown of each passage.

    BM25 counts twice as much as the vectors in fusion: chosen on SQuAD, Cranfield and CISI.
    """

    words: WordRules = field(default_factory=WordRules)
    fusion: Mapping[str, float] = field(default_factory=lambda: {"lexical": 1.0, "dense": 0.5})
    depth: int = 20
    sentences: int = 2
    sentence_weights: SentenceWeights = field(default_factory=SentenceWeights)
    longest_query: int = 4000
    most_passages: int = 1000


class Added(NamedTuple):
    """What became of one document."""

    document_id: uuid.UUID
    source: str
    chunks: int
    status: Literal["added", "replaced", "unchanged", "removed"]


class Collection:
    """The store is the truth; the indexes are filled from it at first use and after others' writes."""

    def __init__(
        self,
        collection_id: uuid.UUID,
        store: ChunkStore,
        embedder: Embedder,
        reranker: Reranker,
        chunk_rules: ChunkRules = ChunkRules(),
        search_rules: SearchRules = SearchRules(),
    ) -> None:
        self.id = collection_id
        self._store = store
        self._embedder = embedder
        self._reranker = reranker
        self._chunk_rules = chunk_rules
        self._rules = search_rules
        self._indexes: Indexes | None = None
        self._revision = -1
        self._lock = Lock()

    async def add(self, documents: Iterable[LoadedDocument]) -> AsyncIterator[Added]:
        """Ingest one by one, as consumed. A source that is there is replaced, or left if unchanged."""
        for loaded in documents:
            yield await self._add(loaded)

    async def replace(self, document: LoadedDocument) -> Added:
        """Like ``add`` of one document that must be there already."""
        if await self._store.document(document_id(self.id, document.source)) is None:
            raise NotFoundError(f"There is no document {document.source!r} to replace.")
        return await self._add(document)

    async def delete(self, document: uuid.UUID) -> None:
        """Delete a document with its chunks."""
        async with self._lock:
            removed = await self._store.delete(document)
            if removed is None:
                raise NotFoundError(f"There is no document {document}.")
            await self._apply(removed, [])

    def documents(self, after: str = "") -> AsyncIterator[StoredDocument]:
        """All documents, by source; those after the source ``after``."""
        return self._store.documents(after)

    async def document(self, document: uuid.UUID) -> StoredDocument:
        """One document; raises NotFoundError."""
        found = await self._store.document(document)
        if found is None:
            raise NotFoundError(f"There is no document {document}.")
        return found

    async def search(
        self, query: str, k: int = 4, filters: Mapping[str, MetadataValue] | None = None
    ) -> list[Passage]:
        """The ``k`` best passages, best first; ``filters`` are metadata that must be equal."""
        self._check(query, k)
        indexes = await self._current()
        question = await to_thread.run_sync(self._question, indexes, query)
        depth = max(k, self._rules.depth)
        found = await to_thread.run_sync(indexes.search, query, question.vector, depth, filters or {})
        chunks = await self._store.chunks([hit.id for hit in found])
        return await to_thread.run_sync(self._rank, question, found, chunks, k)

    async def _add(self, loaded: LoadedDocument) -> Added:
        if not loaded.text.strip():
            raise InputError(f"{loaded.source} has no text.")
        document = store_form(self.id, loaded, self._embedder, self._chunk_rules)
        before = await self._store.document(document.id)
        if before is not None and before.content_hash == document.content_hash:
            return Added(document.id, document.source, 0, "unchanged")
        chunks = await to_thread.run_sync(make_chunks, document, self._embedder, self._chunk_rules)
        async with self._lock:
            removed = await self._store.put(document, chunks)
            await self._apply(removed, [chunk.row for chunk in chunks])
        status: Literal["added", "replaced"] = "added" if before is None else "replaced"
        return Added(document.id, document.source, len(chunks), status)

    async def _apply(self, removed: Removed, rows: list[IndexRow]) -> None:
        """Carry a write over to the indexes, or leave them stale if another write came between."""
        if self._indexes is None or removed.revision != self._revision + 1:
            return
        await to_thread.run_sync(self._indexes.replace, removed.chunk_ids, rows)
        self._revision = removed.revision

    async def _current(self) -> Indexes:
        """The indexes, filled anew where the store is ahead of them."""
        if self._indexes is not None and await self._store.revision() == self._revision:
            return self._indexes
        async with self._lock:
            revision = await self._store.revision()
            if self._indexes is None or revision != self._revision:
                self._indexes = await self._fill()
                self._revision = revision
            return self._indexes

    async def _fill(self) -> Indexes:
        # The first ones of a process import faiss, which takes a quarter of a second.
        indexes = await to_thread.run_sync(
            Indexes, self._embedder.dimension, self._rules.words, self._rules.fusion
        )
        page: list[IndexRow] = []
        async for row in self._store.rows():
            page.append(row)
            if len(page) == _PAGE:
                await to_thread.run_sync(indexes.add, page)
                page = []
        await to_thread.run_sync(indexes.add, page)
        return indexes

    def _check(self, query: str, k: int) -> None:
        if not query.strip():
            raise InputError("The query is empty.")
        if len(query) > self._rules.longest_query:
            raise InputError(
                f"The query has {len(query):,} characters; at most {self._rules.longest_query:,} are allowed."
            )
        if not 1 <= k <= self._rules.most_passages:
            raise InputError(f"k is {k}; use 1 to {self._rules.most_passages}.")

    def _question(self, indexes: Indexes, query: str) -> Question:
        (tokens,) = self._embedder.embed_tokens([query])
        words = tuple(dict.fromkeys(self._rules.words(query)))
        return Question(query, tokens.pooled, tokens.vectors, words, indexes.lexical.rarity(words))

    def _rank(
        self, question: Question, found: list[Found], chunks: list[StoredChunk], k: int
    ) -> list[Passage]:
        stored = {chunk.row.id: chunk for chunk in chunks}
        # A chunk deleted since the index answered is in the one and no more in the other.
        present = [hit for hit in found if hit.id in stored]
        candidates = [_candidate(hit, stored[hit.id]) for hit in present]
        scores = self._reranker.score(question, candidates).tolist()
        order = sorted(range(len(present)), key=lambda index: -scores[index])[:k]
        best = self._highlights(question, [candidates[index] for index in order])
        return [
            _passage(stored[hit.id], StageScores(hit.lexical, hit.dense, hit.fused, score), best)
            for hit, score in ((present[index], scores[index]) for index in order)
        ]

    def _highlights(self, question: Question, candidates: list[Candidate]) -> dict[int, list[Highlight]]:
        best: dict[int, list[Highlight]] = {}
        ranked = highlights(question, candidates, self._rules.words, self._rules.sentence_weights)
        for highlight in ranked:
            own = best.setdefault(highlight.chunk_id, [])
            if len(own) < self._rules.sentences:
                own.append(highlight)
        return best


def _candidate(hit: Found, chunk: StoredChunk) -> Candidate:
    return Candidate(
        chunk_id=hit.id,
        title=context(chunk.row.title, chunk.row.heading).strip(),
        text=chunk.row.text,
        lexical=hit.lexical,
        dense=hit.dense,
        fused=hit.fused,
        sentences=SentenceVectors.from_bytes(chunk.sentences),
    )


def _passage(chunk: StoredChunk, scores: StageScores, best: Mapping[int, list[Highlight]]) -> Passage:
    return Passage(
        document_id=chunk.row.document_id,
        chunk_id=chunk.row.id,
        source=chunk.source,
        title=chunk.row.title,
        heading=chunk.row.heading,
        text=chunk.row.text,
        start=chunk.start,
        end=chunk.end,
        metadata=chunk.row.metadata,
        scores=scores,
        highlights=tuple(best.get(chunk.row.id, ())),
    )
