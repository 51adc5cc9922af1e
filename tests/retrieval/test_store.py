"""One contract for every store: memory and PostgreSQL."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace

import numpy as np
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import Addresses
from whorl.platform.database.base import new_id
from whorl.platform.database.session import create_engine, tenant_session
from whorl.platform.errors import NotFoundError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.retrieval.chunk import ChunkRules
from whorl.retrieval.collection import Collection
from whorl.retrieval.embed.hashing import HashingEmbedder
from whorl.retrieval.ingest import make_chunks, store_form
from whorl.retrieval.load.base import LoadedDocument
from whorl.retrieval.postgres import PostgresStore
from whorl.retrieval.rerank.identity import IdentityReranker
from whorl.retrieval.store import ChunkStore, MemoryStore, StoredChunk, StoredDocument
from whorl.retrieval.tables import CollectionRow

EMBEDDER = HashingEmbedder(24)
COLLECTION = uuid.UUID(int=5)


@pytest_asyncio.fixture(params=["memory", "postgres"])
async def store(request: pytest.FixtureRequest) -> AsyncIterator[ChunkStore]:
    if request.param == "memory":
        yield MemoryStore()
        return
    addresses: Addresses = request.getfixturevalue("database")
    engine = create_engine(addresses.app)
    tenant = (await ensure_tenant(engine, "acme")).tenant
    yield PostgresStore(engine, tenant.id, await new_collection(engine, tenant.id))
    await engine.dispose()


async def new_collection(engine: AsyncEngine, tenant_id: uuid.UUID) -> uuid.UUID:
    row = CollectionRow(tenant_id=tenant_id, id=new_id(), name="papers", embedder=EMBEDDER.name)
    async with tenant_session(engine, tenant_id) as session:
        session.add(row)
    return row.id


def stored(source: str, text: str) -> tuple[StoredDocument, list[StoredChunk]]:
    loaded = LoadedDocument(source, "Metals", text, "text/markdown", "markdown", {"year": 1900, "open": True})
    document = store_form(COLLECTION, loaded, EMBEDDER, ChunkRules(12, 4))
    return document, make_chunks(document, EMBEDDER, ChunkRules(12, 4))


LONG = "# Tin\n\n" + " ".join(f"Fact number {n} about tin." for n in range(8))


async def test_what_is_put_comes_back(store: ChunkStore) -> None:
    document, chunks = stored("tin.md", LONG)
    assert len(chunks) > 2
    removed = await store.put(document, chunks)
    assert removed.chunk_ids == []
    assert await store.document(document.id) == document
    assert [found async for found in store.documents()] == [document]
    found = sorted(await store.chunks([c.row.id for c in chunks] + [1]), key=lambda c: c.ordinal)
    for got, put in zip(found, chunks, strict=True):
        np.testing.assert_array_equal(got.row.vector, put.row.vector)
        blank = np.zeros(0, dtype=np.float32)
        assert replace(got, row=replace(got.row, vector=blank)) == replace(
            put, row=replace(put.row, vector=blank)
        )
    assert {row.id async for row in store.rows()} == {chunk.row.id for chunk in chunks}


async def test_a_put_takes_the_place_of_the_document(store: ChunkStore) -> None:
    first, old = stored("tin.md", LONG)
    second, new = stored("tin.md", "Tin is soft.")
    assert first.id == second.id
    before = await store.put(first, old)
    after = await store.put(second, new)
    assert sorted(after.chunk_ids) == sorted(chunk.row.id for chunk in old)
    assert after.revision == before.revision + 1 == await store.revision()
    assert [row.text async for row in store.rows()] == ["Tin is soft."]


async def test_delete(store: ChunkStore) -> None:
    document, chunks = stored("tin.md", LONG)
    other, others = stored("lead.md", "Lead is heavy.")
    await store.put(document, chunks)
    revision = (await store.put(other, others)).revision
    removed = await store.delete(document.id)
    assert removed is not None
    assert sorted(removed.chunk_ids) == sorted(chunk.row.id for chunk in chunks)
    assert await store.document(document.id) is None
    assert [row.text async for row in store.rows()] == ["Lead is heavy."]
    assert await store.delete(document.id) is None
    assert await store.revision() == removed.revision == revision + 1


async def test_documents_come_by_source(store: ChunkStore) -> None:
    for source in ("c", "a", "b"):
        await store.put(*stored(source, f"Text of {source}."))
    assert [document.source async for document in store.documents()] == ["a", "b", "c"]


async def test_a_collection_searches_over_the_store(store: ChunkStore) -> None:
    papers = Collection(COLLECTION, store, EMBEDDER, IdentityReranker())
    loaded = LoadedDocument(
        "tin.md", "Tin", "Tin melts at 232 degrees.", "text/plain", "plain", {"lang": "en"}
    )
    assert [added.status async for added in papers.add([loaded])] == ["added"]
    (passage,) = await papers.search("tin melts", 3, {"lang": "en"})
    assert passage.text == loaded.text
    assert await papers.search("tin melts", 3, {"lang": "de"}) == []
    await papers.delete(passage.document_id)
    assert await papers.search("tin melts", 3) == []


async def test_another_tenant_finds_no_collection_and_no_chunk(database: Addresses) -> None:
    engine = create_engine(database.app)
    owner = (await ensure_tenant(engine, "acme")).tenant.id
    stranger = (await ensure_tenant(engine, "rival")).tenant.id
    collection_id = await new_collection(engine, owner)
    document, chunks = stored("tin.md", LONG)
    await PostgresStore(engine, owner, collection_id).put(document, chunks)
    spy = PostgresStore(engine, stranger, collection_id)
    assert await spy.chunks([chunk.row.id for chunk in chunks]) == []
    assert [found async for found in spy.rows()] == []
    assert await spy.document(document.id) is None
    with pytest.raises(NotFoundError):
        await spy.put(document, chunks)
    with pytest.raises(NotFoundError):
        await spy.delete(document.id)
    await engine.dispose()
