"""Measure retrieval on the development corpora: ``python -m tests.bench.retrieval``.

Prints a table and writes ``build/bench/retrieval.json``. Speed is a ratio to rank-bm25 in the same
run, so that a slow machine slows both.
"""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from itertools import chain
from statistics import median

from rank_bm25 import BM25Okapi

from whorl.retrieval.collection import Collection
from whorl.retrieval.embed.minilm import MiniLMEmbedder
from whorl.retrieval.evaluate import average_precision, contains_answer, mean, ndcg, recall
from whorl.retrieval.lexical import LexicalIndex
from whorl.retrieval.store import MemoryStore

from .corpora import DATA, Asked, Corpus, filled, judged, squad
from .report import Row, bar, commit, show, write

STAGES = ("lexical", "dense", "fused", "reranked")
SPEED_CHUNKS = 50_000


async def measure(corpus: Corpus, embedder: MiniLMEmbedder) -> list[Row]:
    """One row a stage."""
    collection, store = await filled(corpus, embedder)
    rankings: dict[str, dict[str, list[str]]] = {stage: {} for stage in STAGES}
    shown: dict[str, list[str]] = {}
    seconds: list[float] = []
    k = 20 if corpus.name == "qa-squad" else 100
    for asked in corpus.questions:
        started = time.perf_counter()
        passages = await collection.search(asked.text, k)
        seconds.append(time.perf_counter() - started)
        for stage, ids in (await stages(collection, store, asked)).items():
            rankings[stage][asked.id] = ids
        rankings["reranked"][asked.id] = list(dict.fromkeys(p.source for p in passages))
        ranked = [highlight for passage in passages[:4] for highlight in passage.highlights]
        shown[asked.id] = [h.text for h in sorted(ranked, key=lambda h: -h.score)]
    rows = [row(corpus, stage, rankings[stage]) for stage in STAGES]
    rows[-1]["median_ms"] = round(1000 * median(seconds), 1)
    if corpus.name == "qa-squad":
        for n in (1, 2, 4):
            shares = [contains_answer(shown[q.id], q.answers, n) for q in corpus.questions]
            rows[-1][f"answer_in_top{n}_sentence"] = round(sum(shares) / len(shares), 4)
    return rows


async def stages(collection: Collection, store: MemoryStore, asked: Asked) -> dict[str, list[str]]:
    """The documents of the stages before reranking, best first, each once."""
    indexes = await collection._current()
    question = collection._question(indexes, asked.text)
    found = indexes.search(asked.text, question.vector, 100, {})
    lists = {
        "lexical": indexes.lexical.search(asked.text, 100).ids.tolist(),
        "dense": indexes.dense.search(question.vector, 100).ids.tolist(),
        "fused": [hit.id for hit in found],
    }
    source = {chunk.row.id: chunk.source for chunk in await store.chunks(chain(*lists.values()))}
    return {stage: list(dict.fromkeys(source[i] for i in ids)) for stage, ids in lists.items()}


def row(corpus: Corpus, stage: str, rankings: dict[str, list[str]]) -> Row:
    """The measures of one stage on one corpus."""
    gains = {asked.id: asked.gains for asked in corpus.questions}

    def over(measure: Callable[[str], float]) -> float:
        return round(mean(measure, gains), 4)

    return {
        "corpus": corpus.name,
        "stage": stage,
        "questions": len(gains),
        **{
            f"recall@{k}": over(lambda q, k=k: recall(rankings[q], set(gains[q]), k))  # type: ignore[misc]
            for k in (1, 5, 10, 100)
        },
        "ndcg@10": over(lambda q: ndcg(rankings[q], gains[q], 10)),
        "map": over(lambda q: average_precision(rankings[q], set(gains[q]))),
    }


def speed() -> Row:
    """Seconds of a BM25 query over SPEED_CHUNKS texts of a Zipf vocabulary, against rank-bm25."""
    source = random.Random(0)
    vocabulary = [f"w{n}" for n in range(20_000)]
    weights = [1 / (n + 10) for n in range(20_000)]
    texts = [" ".join(source.choices(vocabulary, weights, k=60)) for _ in range(SPEED_CHUNKS)]
    queries = [" ".join(source.choices(vocabulary, weights, k=6)) for _ in range(20)]
    index = LexicalIndex(str.split)
    index.add(range(SPEED_CHUNKS), texts)
    reference = BM25Okapi([text.split() for text in texts])
    index.search(queries[0], 10)  # works out what the adding left for later
    ours = timed(lambda query: index.search(query, 10), queries)
    theirs = timed(lambda query: reference.get_scores(query.split()), queries[:5])
    return {
        "corpus": f"zipf-{SPEED_CHUNKS}",
        "stage": "lexical",
        "query_ms": round(1000 * ours, 3),
        "rank_bm25_ms": round(1000 * theirs, 3),
        "times_faster": round(theirs / ours, 1),
    }


def timed(call: Callable[[str], object], queries: Sequence[str]) -> float:
    seconds: list[float] = []
    for query in queries:
        started = time.perf_counter()
        call(query)
        seconds.append(time.perf_counter() - started)
    return median(seconds)


def bars(rows: list[Row]) -> list[Row]:
    """What was asked of each number. The references are in the corpora's READMEs (BM25, Lucene)."""
    asked = [
        ("qa-squad", "reranked", "recall@1", 0.8164),
        ("qa-squad", "reranked", "recall@5", 0.9558),
        ("qa-squad", "reranked", "answer_in_top1_sentence", 0.55),
        ("qa-squad", "reranked", "answer_in_top2_sentence", 0.70),
        ("ir-cranfield", "reranked", "ndcg@10", 0.3695),
        ("ir-cisi", "reranked", "ndcg@10", 0.3957),
        (f"zipf-{SPEED_CHUNKS}", "lexical", "times_faster", 50.0),
    ]
    found = {(r["corpus"], r["stage"]): r for r in rows}
    return [
        bar(f"{corpus} {stage} {name}", least, found[corpus, stage][name])
        for corpus, stage, name, least in asked
        if (corpus, stage) in found
    ]


def main() -> None:
    began_at = commit()
    rows = [speed()]
    show(rows)
    embedder = MiniLMEmbedder()
    for name in ("qa-squad", "ir-cranfield", "ir-cisi"):
        if not (DATA / name).is_dir():
            print(f"{name}: not measured, {DATA / name} is missing.")
            continue
        corpus = squad() if name == "qa-squad" else judged(name)
        measured = asyncio.run(measure(corpus, embedder))
        show(measured)
        rows += measured
    write("retrieval", began_at, rows, bars(rows))


if __name__ == "__main__":
    main()
