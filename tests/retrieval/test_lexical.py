"""BM25 scores equal rank-bm25's, whatever was added, replaced or removed before."""

import random
import re
import unicodedata
from collections.abc import Sequence

import numpy as np
import pytest
from rank_bm25 import BM25Okapi

from whorl.retrieval.lexical import LexicalIndex, Okapi
from whorl.retrieval.words import WordRules, plain_words

VOCABULARY = [f"w{number}" for number in range(60)]


def words(text: str) -> Sequence[str]:
    return text.split()


def text(source: random.Random) -> str:
    size = source.randint(1, 30)
    return " ".join(source.choices(VOCABULARY, weights=[1 / (n + 1) for n in range(60)], k=size))


def check(index: LexicalIndex, texts: dict[int, str], queries: list[str], okapi: Okapi) -> None:
    ids = list(texts)
    reference = BM25Okapi([words(texts[i]) for i in ids], k1=okapi.k1, b=okapi.b, epsilon=okapi.epsilon)
    for query in queries:
        expected = reference.get_scores(words(query))
        np.testing.assert_allclose(index.scores(query, ids), expected, rtol=0, atol=1e-9)
        hits = index.search(query, 10)
        order = np.argsort(-expected, kind="stable")[: len(hits.ids)]
        np.testing.assert_allclose(hits.scores, expected[order], rtol=0, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("okapi", [Okapi(), Okapi(1.2, 0.5, 0.1)])
def test_parity_with_rank_bm25(seed: int, okapi: Okapi) -> None:
    source = random.Random(seed)
    texts = {n * 7 + 1: text(source) for n in range(source.choice([3, 40, 200]))}
    index = LexicalIndex(words, okapi)
    index.add(list(texts), list(texts.values()))
    queries = [text(source) for _ in range(10)] + ["w0", "w0 w0 w1", "unknown"]
    check(index, texts, queries, okapi)


def test_a_word_of_most_texts_takes_the_epsilon_floor() -> None:
    texts = {1: "a b", 2: "a c", 3: "a d", 4: "e f"}
    index = LexicalIndex(words)
    index.add(list(texts), list(texts.values()))
    check(index, texts, ["a", "a b"], Okapi())
    assert (index.scores("a", [1, 2, 3]) > 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_parity_through_changes(seed: int) -> None:
    source = random.Random(seed)
    index, texts = LexicalIndex(words), dict[int, str]()
    for step in range(30):
        ids = source.sample(range(120), 15)
        if step % 3 == 2:
            index.remove(ids)
            texts = {identity: t for identity, t in texts.items() if identity not in ids}
        else:
            new = {identity: text(source) for identity in ids}
            index.add(list(new), list(new.values()))
            texts |= new
        check(index, texts, [text(source), "w0 w5"], Okapi())
    assert len(index) == len(texts)


def test_parity_after_reclaiming_removed_slots() -> None:
    source = random.Random(1)
    texts = {n: text(source) for n in range(2000)}
    index = LexicalIndex(words)
    index.add(list(texts), list(texts.values()))
    index.remove(range(1500))
    kept = {n: texts[n] for n in range(1500, 2000)}
    check(index, kept, [text(source) for _ in range(5)], Okapi())
    index.add([1], ["w1 w2"])
    check(index, {**kept, 1: "w1 w2"}, ["w1 w3"], Okapi())


def test_only_texts_that_hold_a_word_are_found() -> None:
    index = LexicalIndex(words)
    index.add([1, 2, 3], ["a b", "b c", "c d"])
    assert set(index.search("b", 10).ids.tolist()) == {1, 2}
    assert index.search("zzz", 10).ids.tolist() == []
    assert index.search("", 10).ids.tolist() == []


def test_only_allowed_ids_are_found() -> None:
    index = LexicalIndex(words)
    index.add([1, 2, 3], ["a b", "b c", "c d"])
    assert index.search("b", 10, np.array([2, 3, 99])).ids.tolist() == [2]


def test_an_empty_index_finds_nothing() -> None:
    index = LexicalIndex(words)
    assert index.search("a", 3).ids.tolist() == []
    index.add([1], [""])
    assert index.search("a", 3).ids.tolist() == []


def test_words_are_folded_and_stemmed() -> None:
    assert WordRules()("The Boiler’s VALVES were leaking 1,600 litres") == [
        "boiler",
        "valv",
        "leak",
        "1600",
        "litr",
    ]
    assert WordRules(frozenset(), "")("The valves") == ["the", "valves"]


@pytest.mark.parametrize(
    "said",
    [
        "Straße naïve café 1,600 3.5 x_1 ½ m² ①",
        "Ελληνικά и по-русски",
        "I ❤️ it 1️⃣ 👍🏽 ok",
        "ŁÓDŹ Ǆ ﬁ",
        "한국어 문장",
        "ab\u200dcd",
    ],
)
def test_words_of_scripts_that_part_them_are_as_they_were(said: str) -> None:
    folded = unicodedata.normalize("NFKC", said).lower()
    assert plain_words(said) == [w.replace(",", "") for w in re.findall(r"\d+(?:[.,]\d+)+|\w+", folded)]


def test_signs_that_combine_with_letters_are_parts_of_words() -> None:
    assert plain_words("दिन और दान") == ["दिन", "और", "दान"]
    assert plain_words("x\u0302 cafe\u0301") == ["x\u0302", "café"]


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("東京の天気は晴れです", "天気"),
        ("สภาพอากาศวันนี้ดี", "อากาศ"),
        ("请打开北京的门", "北京"),
        ("ホテルはカードキーで", "カード"),
    ],
)
def test_scripts_without_blanks_are_found_by_a_part(text: str, query: str) -> None:
    index = LexicalIndex(WordRules())
    index.add([1, 2, 3], [text, "猫と犬", "Nothing of it"])
    assert index.search(query, 3).ids.tolist() == [1]


def test_one_character_is_a_word() -> None:
    assert plain_words("門 a東b") == ["門", "a", "東", "b"] and plain_words("ラーメン") == [
        "ラー",
        "ーメ",
        "メン",
    ]
