"""Fit the weights of ``SentenceWeights`` on SQuAD development questions, with a cross-validation.

Run: python -m tests.bench.fit_highlight. Folds are by article, so that no text is on both sides.
"""

import asyncio
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from whorl.retrieval.collection import Collection, SearchRules, _candidate
from whorl.retrieval.embed.minilm import MiniLMEmbedder
from whorl.retrieval.highlight import sentence_features
from whorl.retrieval.store import MemoryStore

from .corpora import Asked, Corpus, filled, squad

FEATURES = ("maxsim", "centroid", "near", "chunk", "lexical", "dense")  # the last two of the chunk
INGREDIENTS = (
    ("lexical",),
    ("lexical", "dense"),
    ("lexical", "dense", "near", "chunk"),
    ("near", "chunk", "centroid"),
    ("near", "chunk", "maxsim"),
    ("near", "chunk", "centroid", "maxsim"),
    FEATURES,
)
RIDGE = 1e-3
FOLDS = 4
EVERY = 2  # of the questions, every second is enough


@dataclass(frozen=True)
class Case:
    """Features ``[sentences, 6]`` of a question's candidates, and which sentence answers."""

    group: str
    features: npt.NDArray[np.float64]
    answers: npt.NDArray[np.bool_]
    target: npt.NDArray[np.bool_]


async def cases(corpus: Corpus) -> list[Case]:
    collection, store = await filled(corpus, MiniLMEmbedder())
    return [await _case(collection, store, asked) for asked in corpus.questions[::EVERY]]


async def _case(collection: Collection, store: MemoryStore, asked: Asked) -> Case:
    rules = SearchRules()
    indexes = await collection._current()
    question = collection._question(indexes, asked.text)
    found = indexes.search(asked.text, question.vector, rules.depth, {})
    chunks = {chunk.row.id: chunk for chunk in await store.chunks([hit.id for hit in found])}
    features, answers, target = [], [], []
    for hit in found:
        chunk = chunks[hit.id]
        candidate = _candidate(hit, chunk)
        own = sentence_features(question, candidate, rules.words)
        chunk_scores = np.tile([candidate.lexical / question.weight, candidate.dense], (len(own), 1))
        features.append(np.hstack([own, chunk_scores]))
        for start, end in candidate.sentences.spans:
            holds = any(answer in candidate.text[start:end] for answer in asked.answers)
            answers.append(holds)
            target.append(holds and chunk.source in asked.gains)
    group = next(iter(asked.gains)).split("#")[0]
    right = np.array(target) if any(target) else np.array(answers)
    return Case(group, np.concatenate(features), np.array(answers), right)


def fit(train: list[Case], columns: list[int], scale: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Softmax over the sentences of a question, by the likelihood of those that answer."""
    usable = [case for case in train if case.target.any()]
    features = np.concatenate([case.features[:, columns] / scale[columns] for case in usable])
    target = np.concatenate([case.target for case in usable])
    starts = np.cumsum([0, *[len(case.target) for case in usable]])[:-1]
    member = np.repeat(np.arange(len(usable)), [len(case.target) for case in usable])

    def loss(weights: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scores = features @ weights
        scores -= np.maximum.reduceat(scores, starts)[member]
        mass = np.exp(scores)
        whole = np.add.reduceat(mass, starts)
        right = np.add.reduceat(mass * target, starts) + 1e-300
        gradient = features.T @ (mass / whole[member] - mass * target / right[member])
        value = float(np.log(whole / right).mean() + RIDGE * (weights**2).sum())
        return value, gradient / len(usable) + 2 * RIDGE * weights

    return minimize(loss, np.zeros(len(columns)), jac=True, method="L-BFGS-B").x / scale[columns]


def shares(test: list[Case], columns: list[int], weights: npt.NDArray[np.float64]) -> list[list[bool]]:
    hits: list[list[bool]] = []
    for case in test:
        order = np.argsort(-(case.features[:, columns] @ weights), kind="stable")
        hits.append([bool(case.answers[order[:n]].any()) for n in (1, 2, 4)])
    return hits


def main() -> None:
    everything = asyncio.run(cases(squad()))
    scale = np.concatenate([case.features for case in everything]).std(axis=0)
    groups = sorted({case.group for case in everything})
    fold = {group: number % FOLDS for number, group in enumerate(groups)}
    print("answerable", np.mean([case.answers.any() for case in everything]))
    for names in INGREDIENTS:
        columns = [FEATURES.index(name) for name in names]
        hits: list[list[bool]] = []
        for held in range(FOLDS):
            weights = fit([c for c in everything if fold[c.group] != held], columns, scale)
            hits += shares([c for c in everything if fold[c.group] == held], columns, weights)
        print(*(f"{share:.4f}" for share in np.mean(hits, axis=0)), ", ".join(names))
        final = fit(everything, columns, scale)
        print("   ", {name: round(float(w), 2) for name, w in zip(names, final, strict=True)})


if __name__ == "__main__":
    main()
