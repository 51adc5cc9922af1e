"""A collection over the memory store: ingest, search, filters, staleness."""

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from whorl.platform.errors import InputError, NotFoundError
from whorl.retrieval.chunk import ChunkRules
from whorl.retrieval.collection import Added, Collection
from whorl.retrieval.embed.hashing import HashingEmbedder
from whorl.retrieval.indexes import Indexes
from whorl.retrieval.load.base import LoadedDocument, MetadataValue
from whorl.retrieval.rerank.choose import choose_reranker
from whorl.retrieval.store import ChunkStore, MemoryStore
from whorl.retrieval.words import WordRules


def document(source: str, text: str, **metadata: MetadataValue) -> LoadedDocument:
    return LoadedDocument(source, source.title(), text, "text/plain", "plain", metadata)


DOCUMENTS = [
    document("tin", "Tin melts at 232 degrees. Cornwall had tin mines.", lang="en", year=1900),
    document("copper", "Copper conducts heat. The Romans mined copper on Cyprus.", lang="en"),
    document("zinn", "Zinn schmilzt bei 232 Grad.", lang="de", open=True),
]


def collection(store: ChunkStore | None = None, name: str = "late-interaction") -> Collection:
    return Collection(
        uuid.UUID(int=7),
        store or MemoryStore(),
        HashingEmbedder(),
        choose_reranker(name, WordRules()),
        ChunkRules(32, 8),
    )


async def add(to: Collection, *documents: LoadedDocument) -> list[Added]:
    return [added async for added in to.add(documents)]


async def sources(of: Collection, query: str, k: int = 10, **filters: MetadataValue) -> list[str]:
    return [passage.source for passage in await of.search(query, k, filters)]


async def test_a_passage_says_where_it_comes_from() -> None:
    metals = collection()
    await add(metals, *DOCUMENTS)
    best = (await metals.search("Who mined copper on Cyprus?", 2))[0]
    assert (best.source, best.title, best.trust) == ("copper", "Copper", "untrusted")
    assert DOCUMENTS[1].text[best.start : best.end] == best.text
    assert best.highlights[0].text == "The Romans mined copper on Cyprus."
    assert best.text[best.highlights[0].start : best.highlights[0].end] == best.highlights[0].text
    assert best.scores.lexical > 0 and best.scores.dense > 0 and best.scores.fused > 0


async def test_passages_fall_in_score() -> None:
    metals = collection()
    await add(metals, *DOCUMENTS)
    scores = [p.scores.reranked for p in await metals.search("tin mines melt copper", 3)]
    assert scores == sorted(scores, reverse=True) and len(scores) == 3


async def test_k_beyond_the_collection_gives_all() -> None:
    metals = collection()
    await add(metals, *DOCUMENTS)
    assert len(await metals.search("tin", 500)) == 3
    assert len(await metals.search("tin", 1)) == 1


async def test_an_empty_collection_finds_nothing() -> None:
    assert await collection().search("anything") == []


@pytest.mark.parametrize(("query", "k"), [("", 1), (" \n", 1), ("x" * 5000, 1), ("tin", 0), ("tin", 9999)])
async def test_a_bad_request_is_refused(query: str, k: int) -> None:
    with pytest.raises(InputError):
        await collection().search(query, k)


async def test_filters_hold_below_ranking() -> None:
    metals = collection()
    crowd = [document(f"en{n}", f"Tin tin tin melts, says {n}.", lang="en") for n in range(300)]
    await add(metals, *crowd, *DOCUMENTS)
    assert await sources(metals, "tin melts", 5, lang="de") == ["zinn"]
    assert await sources(metals, "tin melts", 5, lang="en", year=1900) == ["tin"]
    assert await sources(metals, "tin melts", 5, lang="fr") == []
    assert await sources(metals, "tin melts", 5, open=True) == ["zinn"]
    assert await sources(metals, "tin melts", 5, open=1) == []


async def test_ingest_again_changes_nothing() -> None:
    store = MemoryStore()
    metals = collection(store)
    first = await add(metals, *DOCUMENTS)
    revision = await store.revision()
    again = await add(metals, *DOCUMENTS)
    assert [added.status for added in first] == ["added"] * 3
    assert [added.status for added in again] == ["unchanged"] * 3
    assert [a.document_id for a in first] == [a.document_id for a in again]
    assert await store.revision() == revision


async def test_a_changed_source_replaces_its_document() -> None:
    metals = collection()
    await add(metals, *DOCUMENTS)
    assert "tin" in await sources(metals, "Cornwall", 1)
    (changed,) = await add(metals, document("tin", "Tin is soft."))
    assert changed.status == "replaced"
    texts = [passage.text for passage in await metals.search("Cornwall tin soft", 10)]
    assert "Tin is soft." in texts
    assert not any("Cornwall" in text for text in texts)


async def test_replace_needs_the_document() -> None:
    metals = collection()
    with pytest.raises(NotFoundError, match="'tin'"):
        await metals.replace(DOCUMENTS[0])
    await add(metals, DOCUMENTS[0])
    assert (await metals.replace(document("tin", "New."))).status == "replaced"


@pytest.mark.parametrize("warm", [True, False])
async def test_delete(warm: bool) -> None:
    metals = collection()
    added = await add(metals, *DOCUMENTS)
    if warm:
        await metals.search("tin")
    await metals.delete(added[0].document_id)
    assert "tin" not in await sources(metals, "tin Cornwall mines")
    assert [d.source async for d in metals.documents()] == ["copper", "zinn"]
    with pytest.raises(NotFoundError):
        await metals.delete(added[0].document_id)


async def test_indexes_come_back_from_the_store() -> None:
    store = MemoryStore()
    first = collection(store)
    await add(first, *DOCUMENTS)
    expected = await first.search("tin melts at degrees", 3)
    assert await collection(store).search("tin melts at degrees", 3) == expected


async def test_growing_indexes_equal_those_filled_at_once() -> None:
    store = MemoryStore()
    grown = collection(store)
    for loaded in DOCUMENTS:
        await add(grown, loaded)
        await grown.search("tin")
    await add(grown, document("tin", "Tin bends and cries."))
    assert await grown.search("tin cries", 3) == await collection(store).search("tin cries", 3)


async def test_writes_of_another_replica_are_seen() -> None:
    store = MemoryStore()
    here, there = collection(store), collection(store)
    (added, *_) = await add(here, *DOCUMENTS)
    assert len(await here.search("tin", 9)) == len(await there.search("tin", 9)) == 3
    await add(there, document("lead", "Lead is heavy."))
    assert (await here.search("heavy lead", 1))[0].source == "lead"
    await there.delete(added.document_id)
    await add(here, document("iron", "Iron rusts."))
    assert set(await sources(here, "tin iron rusts")) == {"copper", "zinn", "lead", "iron"}


async def test_nothing_is_indexed_on_the_thread_that_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def on_thread(method: Callable[..., None]) -> Callable[..., None]:
        def noting(*given: Any) -> None:
            threads.append(threading.current_thread())
            method(*given)

        return noting

    for name in ("__init__", "add", "remove"):
        monkeypatch.setattr(Indexes, name, on_thread(getattr(Indexes, name)))
    metals = collection()
    await add(metals, *DOCUMENTS)
    await metals.search("Cornwall", 1)
    await add(metals, document("tin", "Tin is soft."))
    assert len(threads) >= 4 and threading.main_thread() not in threads


async def test_documents_without_text_are_refused() -> None:
    with pytest.raises(InputError, match="has no text"):
        await add(collection(), document("void", " \n "))


async def test_headings_and_titles_can_be_searched() -> None:
    guide = LoadedDocument(
        "g", "Handbook", "# Boiler\n\nOpen it.\n\n# Pump\n\nShut it.", "text/markdown", "markdown"
    )
    manual = collection()
    await add(manual, guide)
    best = (await manual.search("pump", 1))[0]
    assert (best.heading, best.text) == ("Pump", "Shut it.")
    assert len(await manual.search("handbook", 5)) == 2


async def test_identity_reranking_keeps_the_fused_order() -> None:
    metals = collection(name="identity")
    await add(metals, *DOCUMENTS)
    passages = await metals.search("tin mines in Cornwall", 3)
    assert [p.scores.reranked for p in passages] == [p.scores.fused for p in passages]
