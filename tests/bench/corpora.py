"""The development corpora as documents, questions and judgements."""

import gzip
import json
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whorl.retrieval.collection import Collection
from whorl.retrieval.embed.base import Embedder
from whorl.retrieval.load.base import LoadedDocument
from whorl.retrieval.rerank.late_interaction import LateInteractionReranker
from whorl.retrieval.store import MemoryStore
from whorl.retrieval.words import WordRules

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Asked:
    """``gains`` by document id; ``answers`` are empty where the corpus has none."""

    id: str
    text: str
    gains: Mapping[str, float]
    answers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Corpus:
    name: str
    documents: tuple[LoadedDocument, ...]
    questions: tuple[Asked, ...]


def squad() -> Corpus:
    folder = DATA / "qa-squad"
    questions = tuple(
        Asked(row["id"], row["question"], {row["passage_id"]: 1.0}, tuple(dict.fromkeys(row["answers"])))
        for row in _rows(folder / "questions-v1.1.jsonl")
    )
    return Corpus("qa-squad", tuple(_documents(_rows(folder / "passages.jsonl"))), questions)


def judged(name: str) -> Corpus:
    """Cranfield or CISI: gains above 0, queries that have any."""
    folder = DATA / name
    gains: dict[str, dict[str, float]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        query, document, gain = line.split("\t")
        if float(gain) > 0:
            gains.setdefault(query, {})[document] = float(gain)
    questions = tuple(
        Asked(row["_id"], row["text"], gains[row["_id"]])
        for row in _rows(folder / "queries.jsonl")
        if row["_id"] in gains
    )
    return Corpus(name, tuple(_documents(_rows(folder / "corpus.jsonl.gz"))), questions)


async def filled(corpus: Corpus, embedder: Embedder) -> tuple[Collection, MemoryStore]:
    """A collection in memory with all of the corpus in it."""
    store = MemoryStore()
    words = WordRules()
    collection = Collection(uuid.UUID(int=1), store, embedder, LateInteractionReranker(words))
    async for _ in collection.add(corpus.documents):
        pass
    return collection, store


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(path, "rt") if path.suffix == ".gz" else path.open() as handle:
        for line in handle:
            yield json.loads(line)


def _documents(rows: Iterable[dict[str, Any]]) -> Iterator[LoadedDocument]:
    """Cranfield has two documents without any text; nothing can be indexed of them."""
    for row in rows:
        if row["text"].strip():
            source = str(row.get("id", row.get("_id")))
            yield LoadedDocument(source, row.get("title", ""), row["text"], "text/plain")
