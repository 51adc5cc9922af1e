"""Chunks point into their document, fit the limit and keep its structure."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whorl.platform.errors import InputError
from whorl.retrieval.chunk import ChunkRules, chunk_text
from whorl.retrieval.embed.hashing import HashingEmbedder

COUNT = HashingEmbedder().count_tokens
GUIDE = """Intro words here.

# Guide

## Install

Run the installer now.

- download it
- open it

```sh
make all

make install
```

## Use

| key | does |
| --- | --- |
| q | quits |

## Empty
"""

WORDS = st.sampled_from(
    ["whorl", "spin.", "Yarn", "3.5", "x" * 40, "# Head", "- item", "| a | b |", "```", "\n", "\n\n"]
)


@given(
    st.lists(WORDS, max_size=120).map(" ".join),
    st.integers(8, 40),
    st.sampled_from(["markdown", "plain"]),
)
@settings(max_examples=150, deadline=None)
def test_offsets_limits_and_coverage(text: str, limit: int, markup: str) -> None:
    rules = ChunkRules(limit, limit // 4)
    chunks = chunk_text(text, COUNT, rules, "markdown" if markup == "markdown" else "plain")
    covered = [False] * len(text)
    for ordinal, chunk in enumerate(chunks):
        assert chunk.ordinal == ordinal
        assert text[chunk.start : chunk.end] == chunk.text
        assert chunk.text.strip()
        assert COUNT([chunk.text])[0] <= limit
        covered[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    headings = " ".join(chunk.heading for chunk in chunks)
    lost = "".join(c for c, seen in zip(text, covered, strict=True) if not seen and not c.isspace())
    if markup == "plain":
        assert lost == ""
    assert headings or not lost


def test_chunks_keep_to_their_section_and_carry_its_headings() -> None:
    chunks = chunk_text(GUIDE, COUNT, ChunkRules(60, 10))
    assert [(chunk.heading, chunk.text.splitlines()[0]) for chunk in chunks] == [
        ("", "Intro words here."),
        ("Guide > Install", "Run the installer now."),
        ("Guide > Use", "| key | does |"),
        ("Guide", "## Empty"),
    ]
    assert chunks[1].text.endswith("make all\n\nmake install\n```")


def test_a_block_that_fits_is_not_cut() -> None:
    text = "One two three four five six.\n\n" + "\n".join(f"| {n} | row |" for n in range(4))
    chunks = chunk_text(text, COUNT, ChunkRules(24, 0))
    assert [chunk.text for chunk in chunks] == text.split("\n\n")


def test_a_long_paragraph_is_cut_between_sentences_with_overlap() -> None:
    sentences = [f"Sentence number {n} says so." for n in range(12)]
    chunks = chunk_text(" ".join(sentences), COUNT, ChunkRules(20, 6))
    assert len(chunks) > 3
    for before, after in pairwise(chunks):
        assert before.text.endswith("says so.")
        assert after.start < before.end
        assert after.text.split(".")[0] + "." in before.text


def test_without_overlap_no_character_is_in_two_chunks() -> None:
    text = " ".join(f"Sentence number {n} says so." for n in range(12))
    chunks = chunk_text(text, COUNT, ChunkRules(20, 0))
    assert all(a.end <= b.start for a, b in pairwise(chunks))


def test_a_run_without_spaces_is_cut_all_the_same() -> None:
    chunks = chunk_text("x" * 10_000, COUNT, ChunkRules(8, 0))
    assert "".join(chunk.text for chunk in chunks) == "x" * 10_000
    assert max(len(chunk.text) for chunk in chunks) <= 8 * 16


def test_plain_text_has_no_headings() -> None:
    (chunk,) = chunk_text("# include it\nint x;", COUNT, ChunkRules(), "plain")
    assert (chunk.heading, chunk.text) == ("", "# include it\nint x;")


@pytest.mark.parametrize(("limit", "overlap"), [(0, 0), (7, 0), (20, 11), (20, -1)])
def test_impossible_rules_are_refused(limit: int, overlap: int) -> None:
    with pytest.raises(InputError):
        ChunkRules(limit, overlap)
