"""Token ids of OpenAI's vocabulary are read as the text that they stand for."""

import threading
from typing import Any

import pytest
import tiktoken

from whorl.platform.errors import InputError, PrerequisiteError
from whorl.retrieval import token_ids
from whorl.retrieval.openai import MOST_CHARACTERS, EmbeddingRequest

TEXT = "Die Flut kommt um 18:40 – zweimal täglich. 🌊"


def ids_of(text: str) -> list[int]:
    return tiktoken.get_encoding(token_ids.VOCABULARY).encode(text)


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        (TEXT, [TEXT]),
        ([TEXT, "b"], [TEXT, "b"]),
        (ids_of(TEXT), [TEXT]),
        ([ids_of(TEXT), ids_of("b")], [TEXT, "b"]),
    ],
    ids=["text", "texts", "ids", "several ids"],
)
async def test_a_request_has_the_texts_that_it_means(given: Any, texts: list[str]) -> None:
    assert await EmbeddingRequest(model="any", input=given).texts() == texts


@pytest.mark.parametrize("given", [[100_300], [[5], [2**31 - 1]]])
async def test_ids_that_mean_nothing_are_refused(given: Any) -> None:
    with pytest.raises(InputError, match="cl100k_base"):
        await EmbeddingRequest(model="any", input=given).texts()


@pytest.mark.parametrize("given", [[], [[]], [-1], [True], [1.5], [1, "a"], [[1], "a"], [2**31]])
def test_what_is_neither_texts_nor_ids_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match="input"):
        EmbeddingRequest(model="any", input=given)


async def test_few_ids_may_be_a_long_text() -> None:
    [longest] = ids_of(" " * 80)
    with pytest.raises(InputError, match=str(MOST_CHARACTERS)):
        await EmbeddingRequest(model="any", input=[longest] * (MOST_CHARACTERS // 80 + 1)).texts()


async def test_without_the_vocabulary_the_answer_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(name: str) -> tiktoken.Encoding:
        raise ConnectionError(name)

    monkeypatch.setattr(tiktoken, "get_encoding", away)
    with pytest.raises(PrerequisiteError, match="TIKTOKEN_CACHE_DIR"):
        await token_ids.texts_of([[5]])
    known, there = tiktoken.Encoding, threading.Event()

    def slow(name: str) -> tiktoken.Encoding:
        there.wait(10)
        return known("slow", pat_str="a", mergeable_ranks={b"a": 5}, special_tokens={})

    monkeypatch.setattr(tiktoken, "get_encoding", slow)
    monkeypatch.setattr(token_ids, "PATIENCE", 0.05)
    for _ in range(3):
        with pytest.raises(PrerequisiteError, match="could not be had"):
            await token_ids.texts_of([[5]])
    there.set()
    monkeypatch.setattr(token_ids, "PATIENCE", 10.0)
    assert await token_ids.texts_of([[5]]) == ["a"]
