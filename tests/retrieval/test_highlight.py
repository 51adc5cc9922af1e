"""Sentences packed with their token vectors, ranked for a question; every reranker's contract."""

import numpy as np
import pytest

from whorl.retrieval.embed.base import Embedder
from whorl.retrieval.embed.choose import choose_embedder
from whorl.retrieval.embed.hashing import HashingEmbedder
from whorl.retrieval.highlight import highlights, sentence_features
from whorl.retrieval.question import Candidate, Question
from whorl.retrieval.rerank.base import Reranker
from whorl.retrieval.rerank.choose import choose_reranker
from whorl.retrieval.rerank.identity import IdentityReranker
from whorl.retrieval.sentence_vectors import SentenceVectors, group_by_sentence
from whorl.retrieval.words import WordRules

WORDS = WordRules()
TEXTS = [
    "Tin is a metal. It melts at 232 degrees Celsius. Miners in Cornwall dug it for centuries.",
    "Copper is red. Coins were struck from it. The Romans mined copper on Cyprus.",
]


def question(text: str, embedder: Embedder) -> Question:
    (tokens,) = embedder.embed_tokens([text])
    words = tuple(dict.fromkeys(WORDS(text)))
    return Question(text, tokens.pooled, tokens.vectors, words, np.ones(len(words)))


def candidates(embedder: Embedder) -> list[Candidate]:
    titles = ["Tin", "Copper"]
    found = embedder.embed_tokens([f"{a}\n{b}" for a, b in zip(titles, TEXTS, strict=True)])
    return [
        Candidate(n, title, text, 1.0, 0.5, 1 / (61 + n), group_by_sentence(text, tokens, len(title) + 1))
        for n, (title, text, tokens) in enumerate(zip(titles, TEXTS, found, strict=True))
    ]


def test_packing_keeps_everything() -> None:
    packed = candidates(HashingEmbedder(32))[0].sentences
    again = SentenceVectors.from_bytes(packed.to_bytes())
    assert (again.spans, again.counts) == (packed.spans, packed.counts)
    np.testing.assert_array_equal(again.vectors, packed.vectors)
    assert [TEXTS[0][a:b].split()[0] for a, b in again.spans] == ["Tin", "It", "Miners"]
    assert again.counts == (4, 6, 7)


def test_packed_rows_are_close_to_the_vectors() -> None:
    embedder = HashingEmbedder(32)
    (tokens,) = embedder.embed_tokens([TEXTS[0]])
    matrix = group_by_sentence(TEXTS[0], tokens, 0).matrix()
    assert ((matrix * tokens.vectors).sum(axis=1) > 0.999).all()


def test_a_sentence_beyond_the_embedders_window_gets_the_text_vector() -> None:
    embedder = HashingEmbedder(32)
    (tokens,) = embedder.embed_tokens(["Tin is a metal."])
    packed = group_by_sentence(TEXTS[0], tokens, 0)
    assert packed.counts == (4, 1, 1)
    assert packed.matrix()[-1] @ tokens.pooled > 0.999


def test_a_text_without_sentences_packs_to_nothing() -> None:
    (tokens,) = HashingEmbedder(8).embed_tokens([""])
    packed = SentenceVectors.from_bytes(group_by_sentence("", tokens, 0).to_bytes())
    assert packed.spans == () and packed.matrix().shape == (0, 8)


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("At how many degrees does tin melt?", "It melts at 232 degrees Celsius."),
        ("Where did the Romans mine copper?", "The Romans mined copper on Cyprus."),
        ("Who dug for tin in Cornwall?", "Miners in Cornwall dug it for centuries."),
    ],
)
@pytest.mark.parametrize("name", ["hashing", "minilm"])
def test_the_sentence_that_answers_comes_first(asked: str, answer: str, name: str) -> None:
    embedder = choose_embedder(name)
    ranked = highlights(question(asked, embedder), candidates(embedder), WORDS)
    assert ranked[0].text == answer
    assert len(ranked) == 6
    assert all(TEXTS[h.chunk_id][h.start : h.end] == h.text for h in ranked)
    assert [h.score for h in ranked] == sorted((h.score for h in ranked), reverse=True)


def test_maxsim_is_the_mean_of_the_nearest_tokens() -> None:
    embedder = HashingEmbedder(64)
    asked, candidate = question("tin melts", embedder), candidates(embedder)[0]
    features = sentence_features(asked, candidate, WORDS)
    matrix, at = candidate.sentences.matrix(), 0
    for row, count in zip(features, candidate.sentences.counts, strict=True):
        expected = (asked.tokens @ matrix[at : at + count].T).max(axis=1).mean()
        assert row[0] == pytest.approx(expected, abs=1e-6)
        at += count


def test_overlap_counts_the_title_and_the_sentence_before() -> None:
    embedder = HashingEmbedder(64)
    features = sentence_features(question("metal tin Cornwall", embedder), candidates(embedder)[0], WORDS)
    near, chunk = features[:, 2], features[:, 3]
    np.testing.assert_allclose(near, [2 / 3, 2 / 3, 2 / 3])
    np.testing.assert_allclose(chunk, 1)


def test_a_question_of_stop_words_is_answered_all_the_same() -> None:
    embedder = HashingEmbedder()
    ranked = highlights(question("what is it", embedder), candidates(embedder), WORDS)
    assert len(ranked) == 6 and np.isfinite([h.score for h in ranked]).all()


@pytest.fixture(params=["late-interaction", "identity"])
def reranker(request: pytest.FixtureRequest) -> Reranker:
    return choose_reranker(request.param, WORDS)


def test_a_reranker_scores_each_candidate(reranker: Reranker) -> None:
    embedder = HashingEmbedder()
    asked = question("The Romans mined copper", embedder)
    assert reranker.score(asked, candidates(embedder)).shape == (2,)
    assert reranker.score(asked, []).shape == (0,)
    assert reranker.name


def test_identity_keeps_the_fused_order_and_late_interaction_does_not() -> None:
    embedder = HashingEmbedder()
    asked = question("The Romans mined copper on Cyprus", embedder)
    kept = IdentityReranker().score(asked, candidates(embedder))
    changed = choose_reranker("late-interaction", WORDS).score(asked, candidates(embedder))
    assert kept[0] > kept[1] and changed[0] < changed[1]
