"""Names of people, places with addresses, and organisations, by a small network over words.

The network is trained by ``flywheel/recognizer`` on generated sentences.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator

import numpy as np

from .base import Finding
from .codes import is_code
from .tagger import Tagged, Tagger
from .words import bare_word

KINDS = ("", "PERSON", "LOCATION", "ORGANIZATION")
# Paragraphs whose findings are kept in memory: prompts and passages come again from run to run.
RECENT = 4096
_MIN_SCORE = 0.25
# The same for a text in lower case that would be a name as a whole: most are values of fields.
_MIN_ALONE = 0.98
# Shorter texts with a digit in them are no names, and nothing so short is one in the middle of a word, as of a link.
_MIN_NAMED = 4
# After these a word in lower case is any one of its kind, not somebody's name.
_INDEFINITE = (" a ", " an ", "\na ", "\nan ")
_INDEFINITE_LENGTH = max(map(len, _INDEFINITE))
# Words of one pass through the network; bounds its memory.
_AT_ONCE = 256
# Words that begin sentences with a capital and are no name by themselves.
_FUNCTION_WORDS = frozenset(
    "a an and are as at but by can could dear did do does for from had has have he hello her here hi his how i if in is it "
    "its let may me my no not of on one or our please she should so some such tell thank thanks that the their them then "
    "there these they this those to us was we were what when where which while who whom whose why will with would yes yet "
    "you your company team office customer order invoice account number mr mrs ms dr".split()
)
# It is no part of what an administrator allows or denies.
_ARTICLE = "the"
# "Don't", whose first word could be a man.
_NEGATIONS = ("'t", "\u2019t")
# "Soooo" and "YESSSS", which the network has never seen.
_DRAWN_OUT = re.compile(r"(?i)([a-z])\1{3}")
# The digits of a user's name, as in "annaberg17".
_OF_A_USER = re.compile(r"\d{1,4}(?!\w)")
# A number before an address that has another one, alone on its line as in "43 ul. Długa 112".
_HOUSE = re.compile(r"(?:^|\n)[ \t]*(\d{1,5})[ ,]+$")
_HOUSE_SPACE = 20
# Between the names of a list, and what may stand behind a comma without being another name.
_AND = " and "
_BETWEEN_NAMES = re.compile(r",\s+(?!(?:Jr|Sr|II|III|M\.?D|Ph\.?D|Esq)\b)(?:and )?| and ")
# Months that are women's names, too, where a day or a year follows.
_MONTHS = frozenset(("april", "may", "june", "august"))
_DAY = re.compile(r",?\s+\d")
# Where a name ends at the latest: quotes and brackets keep JSON and markup whole. Only an address
# goes on in the next line.
_MARKS = frozenset('"{}[]<>|;=\\')
_ENDS = tuple(_MARKS if kind == "LOCATION" else _MARKS | {"\n"} for kind in KINDS)


class NameDetector:
    """Finds names; see :class:`Detector`.

    ``threshold`` is the least probability of a name's word, ``recent`` the number of paragraphs whose
    findings are remembered.
    """

    name = "names"

    def __init__(
        self, tagger: Tagger | None = None, threshold: float = _MIN_SCORE, recent: int = RECENT
    ) -> None:
        self.tagger = tagger or Tagger()
        self.threshold, self.recent = threshold, recent
        self._recent: OrderedDict[str, list[Finding]] = OrderedDict()

    def find(self, texts: list[str]) -> list[list[Finding]]:
        """Findings of each text. Paragraphs that were seen lately are not looked at again."""
        pieces = [split_text(text) for text in texts]
        found = self._learn({piece for text in pieces for _, piece in text})
        return [
            [
                Finding(finding.start + start, finding.end + start, finding.kind, finding.score)
                for start, piece in text
                for finding in found[piece]
            ]
            for text in pieces
        ]

    def _learn(self, pieces: set[str]) -> dict[str, list[Finding]]:
        """Findings of every piece, from memory where it was seen lately."""
        found = {piece: self._recent[piece] for piece in pieces if piece in self._recent}
        unknown = sorted(pieces - found.keys(), key=len)
        for start in range(0, len(unknown), _AT_ONCE):
            batch = unknown[start : start + _AT_ONCE]
            found |= {piece: [] for piece in batch}
            for text, finding in self._decode(batch, self.tagger.tag(batch)):
                found[batch[text]].append(finding)
        for piece in pieces:
            self._recent[piece] = found[piece]
            self._recent.move_to_end(piece)
        while len(self._recent) > self.recent:
            self._recent.popitem(last=False)
        return found

    def _decode(self, texts: list[str], tagged: Tagged) -> Iterator[tuple[int, Finding]]:
        """Runs of words of one kind, each with the index of its text."""
        named = 1 - tagged.probabilities[:, 0]
        at = np.flatnonzero(named >= self.threshold)
        kinds = tagged.probabilities[at, 1:].argmax(axis=1) + 1
        raw = tagged.words.raw
        bare = {word: bare_word(raw[word]) for word in at.tolist()}
        chance = dict(zip(bare, named[at].tolist(), strict=True))
        ends = dict(zip(bare, tagged.words.ends[at].tolist(), strict=True))
        inside = [word not in _ENDS[kind] for word, kind in zip(bare.values(), kinds.tolist(), strict=True)]
        at, kinds = at[inside], kinds[inside]
        if not len(at):
            return
        cuts = np.flatnonzero((np.diff(at) > 1) | (np.diff(kinds) != 0)) + 1
        firsts, lasts = at[[0, *cuts]], at[[*(cuts - 1), -1]].tolist()
        owners = tagged.texts[firsts]
        runs = (
            firsts.tolist(),
            lasts,
            kinds[[0, *cuts]].tolist(),
            owners.tolist(),
            tagged.starts[owners].tolist(),
        )
        for first, last, kind, owner, offset in zip(*runs, strict=True):
            while first < last and (not bare[first].isalnum() or bare[first].lower() == _ARTICLE):
                first += 1
            while first < last and not bare[last].isalnum():
                last -= 1
            text = texts[owner]
            while first < last and _inside_a_word(text, ends[first] - offset, bare[first]):
                first += 1
            start, end = ends[first] - len(bare[first]) - offset, ends[last] - offset
            # The point of "J. R." and of "Jr." belongs to the name.
            if last > first and text[end : end + 1] == "." and len(bare[last]) <= 2:
                end += 1
            score = max(map(chance.__getitem__, range(first, last + 1)))
            if not _is_name(text, start, end, score, alone=first == last):
                continue
            if is_code(text, start, end, self.tagger):
                continue
            for one_start, one_end in _parts(text, start, end, KINDS[kind]):
                yield owner, Finding(one_start, one_end, KINDS[kind], score)


def _is_name(text: str, start: int, end: int, score: float, alone: bool) -> bool:
    """Whether what the network takes for a name may be one, for what it is and stands in; ``alone`` is one word."""
    value = text[start:end]
    small = value.lower()
    if small in _FUNCTION_WORDS or not (value.isalpha() or any(map(str.isalpha, value))):
        return False
    # Codes such as R2, also where their letter alone looks like a name.
    if (len(value) < _MIN_NAMED and any(map(str.isdigit, value))) or (
        len(value) == 1 and text[end : end + 1].isdigit()
    ):
        return False
    if value.islower() and (
        text[max(0, start - _INDEFINITE_LENGTH) : start].casefold().endswith(_INDEFINITE)
        or (len(value) == len(text.strip()) and score < _MIN_ALONE)
    ):
        return False
    if small in _MONTHS and _DAY.match(text, end):
        return False
    if not alone:
        return True
    return not (
        _inside_a_word(text, end, value) or text.startswith(_NEGATIONS, end) or _DRAWN_OUT.search(value)
    )


def _inside_a_word(text: str, end: int, word: str) -> bool:
    """Whether a word that ends at ``end`` is a bit of a longer one, as of a link, and not a name that was glued to it."""
    start = end - len(word)
    return start > 0 and text[start - 1].isalnum() and not (len(word) > _MIN_NAMED and word.isalpha())


def _parts(text: str, start: int, end: int, kind: str) -> Iterator[tuple[int, int]]:
    """Where the values of a run of words begin and end."""
    if kind == "PERSON":
        digits = _OF_A_USER.match(text, end)
        yield from _each_name(text, start, digits.end() if digits else end)
    elif kind == "LOCATION" and any(map(str.isdigit, text[start:end])):
        house = _HOUSE.search(text, max(0, start - _HOUSE_SPACE), start)
        yield (house.start(1) if house else start), end
    else:
        yield start, end


def _each_name(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The persons of a list such as "Lund, Berg and Dahl", so that each is one value; one person as it is.

    "Lund, Marta" is no list. Of organisations nobody can tell: "Lund, Berg and Dahl" may be a firm.
    """
    listed = "," in text[start:end] and (_AND in text[start:end] or text.startswith(_AND, end))
    for between in _BETWEEN_NAMES.finditer(text, start, end) if listed else ():
        yield start, between.start()
        start = between.end()
    yield start, end


def split_text(text: str, limit: int = 2000) -> list[tuple[int, str]]:
    """The paragraphs of a text with their offsets, long ones broken at sentence or word ends."""
    pieces, start = [], 0
    for paragraph in text.split("\n\n"):
        rest, at = paragraph, start
        while len(rest) > limit:
            cut = (
                max(rest.rfind(". ", 0, limit), rest.rfind("\n", 0, limit), rest.rfind(" ", 0, limit)) + 1
                or limit
            )
            pieces.append((at, rest[:cut]))
            at, rest = at + cut, rest[cut:]
        if rest:
            pieces.append((at, rest))
        start += len(paragraph) + 2
    return pieces
