"""Generated sentences with marked names: people, places, organisations, and words that are none."""

import random
import re
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from . import templates as t
from .draws import Draws, coined
from .lexicon import PEOPLES, TECHNICAL, prose
from .tongues import FRAMES, Tongues, drawn_messages
from .wordnet import WordNet, frames

_SLOT = re.compile(r"\{([a-z]+)\}")
# Kinds are indices into ``names.KINDS``.
_KINDS = {"person": 1, "first": 1, "last": 1, "place": 2, "street": 2, "address": 2, "org": 3, "user": 1}
_STYLES = ((t.GENERAL, 34), (t.CHAT, 22), (t.LETTERS, 16), (t.POSTS, 10), (t.PLAIN, 18))
# Weight of the frames from WordNet's examples among the styles', and of those of other languages.
_CARRIED, _FOREIGN = 30, 16
_JUNK = (
    "\u00e2\u20ac\u201c", "\u00e2\u20ac\u2122", "\u05d2\u20ac\u201c", "\u05d2\u20ac", "\u0432\u0402\u201d", "\u00c3\u00a9",
    "\u00ef\u00bf\u00bd", "\u2013", "\u2014", "\u2022", "\u2026", "\u00bb", "\u2192", "\u2713", "\u2605", "\u263a", "\u00a0",
    "\ufffd", "^M", "&amp;", "&nbsp;", "|", "*", "~", "e", "x", "b", "\u05d0", "\u03b1", "\u0436", "\u0e01", "\u0646", "\u30fb",
)  # fmt: skip
_GLUED = re.compile(r"(?<=\w)(?=[.,:;!?)'\"])|(?<=[(\"])(?=\w)")


class Marked(NamedTuple):
    """A text and its names: (start, end, kind), kind an index into ``names.KINDS``."""

    text: str
    names: list[tuple[int, int, int]]


class Sentences:
    """Draws marked sentences; the same seed draws the same.

    An eighth of the frames is only drawn where ``held_out`` is asked for, and then no other.
    """

    def __init__(self, seed: int, english: WordNet, *, held_out: bool = False) -> None:
        self.draws = Draws(seed, english.places)
        self.draw = self.draws.draw
        styles = [
            ([frame for frame in style if (crc32(frame.encode()) % 8 == 0) == held_out], weight)
            for style, weight in (*_STYLES, (frames(english.examples), _CARRIED), (FRAMES, _FOREIGN))
        ]
        self._styles = [style for style, _ in styles if style]
        self._weights = [weight for style, weight in styles if style]
        self._values: dict[str, Callable[[], str]] = {
            "person": self.draws.person, "first": self.draws.first, "last": self.draws.last,
            "place": self.draws.place, "street": self.draws.street, "address": self.draws.address,
            "org": self.draws.organisation, "other": self.draws.other,
            "year": lambda: str(self.draw.randint(1890, 2026)), "number": lambda: str(self.draw.randint(2, 9000)),
            "date": self._date, "phone": lambda: self._digits(("###-###-####", "(###) ### ####", "+## ### ######", "### ####")),
            "card": lambda: self._digits(("4### #### #### ####", "5###############")),
            "ssn": lambda: self._digits(("###-##-####",)),
            "iban": lambda: self._digits(("DE## #### #### #### #### ##", "GB##WEST##############")),
            "email": lambda: f"{self._handle()}@{self._handle()}.{self.draw.choice(('com', 'org', 'de', 'example'))}",
            "job": self.draws.job,
            "technical": lambda: self.draw.choice(TECHNICAL), "people": lambda: self.draw.choice(PEOPLES),
            "noun": lambda: self.draws.word().capitalize(),
            "handle": self._handle, "words": self.draws.words, "user": self.draws.user,
        }  # fmt: skip

    def sentence(self) -> Marked:
        """One to four frames with their slots filled, written as people write."""
        draw = self.draw
        parts = [self._frame() for _ in range(draw.choices((1, 2, 3, 4), (60, 25, 10, 5))[0])]
        joined = parts[0]
        for part in parts[1:]:
            joined = _join(joined, draw.choice((" ", " ", "\n", "  ")), part)
        if draw.random() < 0.1:
            plain = Marked(_capitals(draw, draw.choice(prose())), [])
            joined = _join(plain, " ", joined) if draw.random() < 0.5 else _join(joined, " ", plain)
        return self._style(joined if draw.random() > 0.05 else _garbled(draw, joined))

    def _frame(self) -> Marked:
        style = self.draw.choices(self._styles, self._weights)[0]
        return self._fill(self.draw.choice(style))

    def _fill(self, frame: str) -> Marked:
        while any(slot[1] in t.PHRASES for slot in _SLOT.finditer(frame)):
            frame = _SLOT.sub(
                lambda s: self.draw.choice(t.PHRASES[s[1]]) if s[1] in t.PHRASES else s[0], frame
            )
        text, marks, at = "", [], 0
        for slot in _SLOT.finditer(frame):
            text += frame[at : slot.start()]
            value = self._values[slot[1]]()
            if slot[1] in _KINDS:
                marks.append((len(text), len(text) + len(value), _KINDS[slot[1]]))
            text += value
            at = slot.end()
        return Marked(text + frame[at:], marks)

    def _style(self, marked: Marked) -> Marked:
        form, text = self.draw.random(), marked.text
        if form < 0.12 and len(text.lower()) == len(text):
            return Marked(text.lower(), marked.names)
        if form < 0.15 and len(text.upper()) == len(text):
            return Marked(text.upper(), marked.names)
        if form < 0.25:
            return _spaced(marked)
        if form < 0.32 and text[:1].islower():
            return Marked(text[:1].upper() + text[1:], marked.names)
        if form < 0.4 and text[-1:] == ".":
            return Marked(text[:-1], marked.names)
        return marked

    def _date(self) -> str:
        year, month, day = self.draw.randint(1930, 2026), self.draw.randint(1, 12), self.draw.randint(1, 28)
        name = self.draw.choice(("January", "Mar", "June", "Oct", "December", "May", "April", "Aug"))
        return self.draw.choice(
            (
                f"{year}-{month:02}-{day:02}",
                f"{day}/{month}/{year}",
                f"{day} {name} {year}",
                f"{name} {day}, {year}",
            )
        )

    def _digits(self, forms: tuple[str, ...]) -> str:
        return re.sub("#", lambda _: str(self.draw.randrange(10)), self.draw.choice(forms))

    def _handle(self) -> str:
        return coined(self.draw).lower() + self.draw.choice(("", "", "_", "92", "x"))


def _join(first: Marked, gap: str, second: Marked) -> Marked:
    shift = len(first.text) + len(gap)
    moved = [(start + shift, end + shift, kind) for start, end, kind in second.names]
    return Marked(first.text + gap + second.text, first.names + moved)


def _garbled(draw: random.Random, marked: Marked) -> Marked:
    """The text with what a wrong encoding, a symbol or a stray letter leaves behind some word."""
    gaps = [match.start() for match in re.finditer(" ", marked.text)]
    outside = [gap for gap in gaps if not any(start <= gap < end for start, end, _ in marked.names)]
    if not outside:
        return marked
    at, junk = draw.choice(outside), " " + draw.choice(_JUNK)
    moved = [(s + len(junk), e + len(junk), k) if s >= at else (s, e, k) for s, e, k in marked.names]
    return Marked(marked.text[:at] + junk + marked.text[at:], moved)


def _spaced(marked: Marked) -> Marked:
    """The text as tokenised corpora have it: spaces around punctuation."""
    cuts = [match.start() for match in _GLUED.finditer(marked.text)]
    pieces = [marked.text[a:b] for a, b in zip([0, *cuts], [*cuts, len(marked.text)], strict=True)]
    moved = [
        (start + sum(cut <= start for cut in cuts), end + sum(cut < end for cut in cuts), kind)
        for start, end, kind in marked.names
    ]
    return Marked(" ".join(pieces), moved)


def sample_prose(draw: random.Random, count: int) -> list[Marked]:
    """Sentences without any name, some with capitals where defined terms and headlines have them."""
    found = prose()
    return [Marked(_capitals(draw, text), []) for text in draw.sample(found, min(count, len(found)))]


def sample_english(draw: random.Random, english: WordNet, count: int) -> list[Marked]:
    """Definitions and examples without any name, mostly written as sentences."""
    found, texts = [], english.definitions + english.examples
    for text in draw.sample(texts, min(count, len(texts))):
        form = draw.random()
        if form < 0.6:
            text = text[0].upper() + text[1:] + draw.choice((".", ".", ".", "", "!", "?"))
        elif form < 0.7:
            text = _capitals(draw, text)
        found.append(Marked(text, []))
    return found


def sample_tongues(draw: random.Random, tongues: Tongues, count: int) -> list[Marked]:
    """Texts of other languages without any name, some in lower case."""
    texts = drawn_messages(draw, tongues, count)
    return [Marked(text.lower() if draw.random() < 0.15 else text, []) for text in texts]


def _capitals(draw: random.Random, text: str) -> str:
    form, words = draw.random(), re.split(r"(\s+)", text)
    if form < 0.12:
        return "".join(word[:1].upper() + word[1:] for word in words)
    if form < 0.16:
        return text.upper()
    if form < 0.5:
        chosen = {2 * draw.randrange(len(words) // 2 + 1) + 2 * k for k in range(draw.choice((1, 1, 2, 3)))}
        return "".join(w[:1].upper() + w[1:] if i in chosen else w for i, w in enumerate(words))
    return text
