"""Sentence spans: where they end, and that they point into the text."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whorl.retrieval.sentences import split_sentences


def parts(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "text",
    [
        "Dr. No met Mr. Bond.",
        "It costs $3.50 per kg.",
        "J. R. R. Tolkien wrote it.",
        "The U.S. Army left.",
        "See Fig. 3 for details.",
        "It was No. 5 of the set.",
        "Tools, e.g. hammers, i.e. things, are here.",
        "Version 2.0.1 is out.",
        'He said "stop" and left.',
        "Yahoo! was founded in 1994.",
        "They met in St. Louis, Mo., at 5 p.m. on Sunday.",
        "Costa v. ENEL decided it.",
    ],
)
def test_one_sentence(text: str) -> None:
    assert parts(text) == [text]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rained. We left.", ["It rained.", "We left."]),
        ("Is it? Yes! Good.", ["Is it?", "Yes!", "Good."]),
        ('He said "go." She went.', ['He said "go."', "She went."]),
        ("It grew in 1994. Then it fell.", ["It grew in 1994.", "Then it fell."]),
        ("He works at Acme Inc. The firm is old.", ["He works at Acme Inc.", "The firm is old."]),
        ("He flew a Saturn V. The rocket rose.", ["He flew a Saturn V.", "The rocket rose."]),
        ("It was cited.[3] Others agreed.", ["It was cited.[3]", "Others agreed."]),
        ("- one thing\n- another", ["- one thing", "- another"]),
        ("1. First. Then.\n2. Second.", ["1. First.", "Then.", "2. Second."]),
        ("| a | b |\n| 1 | 2 |", ["| a | b |", "| 1 | 2 |"]),
        ("A line\nthat wraps.\n\nNext", ["A line\nthat wraps.", "Next"]),
        ("これは文。次の文。", ["これは文。", "次の文。"]),
        ("Wait... Really?", ["Wait...", "Really?"]),
        ("", []),
        (" \n\t\n", []),
    ],
)
def test_boundaries(text: str, expected: list[str]) -> None:
    assert parts(text) == expected


@given(st.text(alphabet=st.sampled_from("aB3 .!?\n|-\"')。\r\u2028é"), max_size=80))
def test_spans_cover_every_visible_character_once(text: str) -> None:
    spans = split_sentences(text)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert "".join("".join(part.split()) for part in parts(text)) == "".join(text.split())
    assert all(part == part.strip() for part in parts(text))
