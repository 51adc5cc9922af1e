"""What every embedder keeps, and what the real model adds."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.conftest import Settings, Whorl
from whorl.platform.errors import PrerequisiteError
from whorl.retrieval.embed.base import Embedder
from whorl.retrieval.embed.choose import choose_embedder
from whorl.retrieval.embed.hashing import HashingEmbedder
from whorl.retrieval.library import open_library

TEXTS = ["A spindle turns.", "", "The king was crowned in 1066 at Westminster.", "Schöne Grüße!"]


@pytest.fixture(scope="module", params=["hashing", "minilm"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return choose_embedder(request.param)


def test_text_vectors_are_unit_rows(embedder: Embedder) -> None:
    vectors = embedder.embed_texts(TEXTS)
    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    lengths = np.linalg.norm(vectors[[0, 2, 3]], axis=1)
    np.testing.assert_allclose(lengths, 1.0, atol=1e-5)


def test_nothing_in_nothing_out(embedder: Embedder) -> None:
    assert embedder.embed_texts([]).shape == (0, embedder.dimension)
    assert embedder.embed_tokens([]) == []
    assert embedder.count_tokens([]) == []


def test_a_vector_does_not_depend_on_its_neighbours(embedder: Embedder) -> None:
    together = embedder.embed_texts(TEXTS)
    for text, vector in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(embedder.embed_texts([text])[0], vector, atol=1e-5)


def test_tokens_are_unit_rows_with_their_places(embedder: Embedder) -> None:
    for text, tokens in zip(TEXTS, embedder.embed_tokens(TEXTS), strict=True):
        assert tokens.vectors.shape == (len(tokens.spans), embedder.dimension)
        np.testing.assert_allclose(np.linalg.norm(tokens.vectors, axis=1), 1.0, atol=1e-5)
        np.testing.assert_allclose(tokens.pooled, embedder.embed_texts([text])[0], atol=1e-5)
        assert "".join(text[a:b] for a, b in tokens.spans if text[a].isalnum()) == "".join(
            filter(str.isalnum, text)
        )


def test_the_end_of_a_long_text_counts() -> None:
    minilm = choose_embedder("minilm")
    tides, kings = "The tide turns twice a day. " * 60, "The king was crowned in London. " * 60
    [first], [other] = minilm.embed_texts([tides]), minilm.embed_texts([kings])
    long, turned, short = minilm.embed_texts([tides + kings, kings + tides, "The tide turns."])
    alike = [float(first @ long), float(other @ long), float(long @ turned)]
    assert min(alike) > 0.6 and abs(alike[0] - alike[1]) < 0.1 and alike[2] > 0.95
    np.testing.assert_allclose(np.linalg.norm([long, turned, short], axis=1), 1.0, atol=1e-5)
    np.testing.assert_allclose(short, minilm.embed_texts(["The tide turns."])[0], atol=1e-5)


def test_count_tokens(embedder: Embedder) -> None:
    one, none, many = embedder.count_tokens(["spindle", "", "a spindle turns and turns"])
    assert none == 0 < one < many


def test_threads_get_the_same_vectors(embedder: Embedder) -> None:
    expected = embedder.embed_texts(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: embedder.embed_texts(TEXTS), range(8)):
            np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_hashing_is_the_same_on_every_machine() -> None:
    (vector,) = HashingEmbedder(8).embed_texts(["whorl"])
    (again,) = HashingEmbedder(8).embed_texts(["WHORL"])
    assert vector.tolist() == again.tolist()
    assert int(np.count_nonzero(vector)) in range(1, 5)


def test_hashing_brings_shared_words_near() -> None:
    near, far, query = HashingEmbedder().embed_texts(
        ["the king was crowned", "boilers leak steam", "who crowned the king"]
    )
    assert near @ query > 0.5 > 0.3 > far @ query


def test_minilm_knows_meaning() -> None:
    query, near, far = choose_embedder("minilm").embed_texts(
        ["How do I reset my password?", "Recover access to your account.", "Boilers make steam."]
    )
    assert query @ near > query @ far + 0.2


async def test_a_model_that_is_not_there_says_what_to_do(whorl: Whorl, settings: Settings) -> None:
    """Whoever uses it first is told, and whoever opens a library with it."""
    missing = choose_embedder("/no/such/folder")
    with pytest.raises(PrerequisiteError, match="cannot be loaded"):
        missing.embed_texts(["tides"])
    named = settings.model_copy(update={"embedder": "/no/such/folder"})
    with pytest.raises(PrerequisiteError, match="cannot be loaded"):
        await open_library(whorl.engine, named, loaded=True)
