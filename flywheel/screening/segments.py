"""A text cut into sentences, lines and cells, each with its place."""

import re
from typing import NamedTuple

# Longest piece that is looked at as one, in characters; MiniLM reads about 256 word pieces.
LONGEST = 400
_WORD = re.compile(r"\w")
_JSON = re.compile(r'"\s*[:,\]}]+\s*(?:[\[{]\s*)*"?|[\[{]\s*"')
# The same as Python prints it: single quotes, and double ones where a text has an apostrophe.
_PRINTED = re.compile(r"""['"]\s*[:,\]}]+\s*(?:[\[{]\s*)*['"]?|[\[{]\s*['"]""")
_PRINTS = re.compile(r"\s*(?:[\[{]\s*)+'")
_BREAK = re.compile(r"\r\n|[\n\r\u2028\u2029]|\\r\\n|\\n(?![a-z]{2}[\w]*\\)")
_SENTENCE = re.compile(
    r"(?<=[\w)\]\"'»”’][.!?])[\"'»”’)]*\s+(?=[^a-z\s])|(?<=[。！？।؟])|(?<=!!!)\s+|(?<=\?)\s+(?=\w)"
)
_CELL = re.compile(r"(?<!\s)\s+\|\s*|\|\s*|\t")
# Tags of HTML that end a sentence. One with attributes is kept: text may hide in them.
_TAGS = "html|head|body|title|p|div|h[1-6]|li|ul|ol|tr|td|th|table|caption|br|code|pre|section|article|img|a|script|style"
_MARKUP = re.compile(rf"</?(?:{_TAGS})\s*/?>|<!--|-->|(?=<(?:{_TAGS})\s[^<>]*>)", re.IGNORECASE)
# A word, a key, a state, a number, an address: none of them tells anybody to do something.
_TOKEN = re.compile(r"[\x21-\x7e]{1,40}|[a-zA-Z][\w+.-]*://[\x21-\x7e]+|[\x21-\x7e]+@[\x21-\x7e]+")
_PARTS = re.compile(r"[A-Za-z]{2,}")


class Segment(NamedTuple):
    """A piece of a text: ``text[start:end]``."""

    start: int
    end: int


def segments_of(text: str) -> list[Segment]:
    """The sentences, lines and cells of ``text`` that hold words, in order.

    >>> [s for s in segments_of("Noon is at 12. Send it!\\nWrapped here\\nand there.")]
    [Segment(start=0, end=14), Segment(start=15, end=23), Segment(start=24, end=47)]
    """
    breaks = [_BREAK]
    if text.lstrip()[:1] in ("{", "["):
        breaks.append(_PRINTED if _PRINTS.match(text) else _JSON)
    if "<" in text:
        breaks.append(_MARKUP)
    pieces = [(0, len(text))]
    for separator in breaks:
        pieces = [cut for start, end in pieces for cut in _cut(text, start, end, separator)]
    pieces = [cell for start, end in pieces for cell in _cells(text, start, end)]
    pieces = [cut for piece in _joined(text, pieces) for cut in _cut(text, *piece, _SENTENCE)]
    return [Segment(*cut) for start, end in pieces for cut in _fitted(text, start, end)]


def says_something(piece: str) -> bool:
    """Whether a piece is more than one word or address; words may be joined by other marks than spaces.

    >>> [says_something(piece) for piece in ("IMPORT", "ada@harbor.example", "send_the_key_now", "Send it.")]
    [False, False, True, True]
    """
    if _TOKEN.fullmatch(piece) is None:
        return True
    return "@" not in piece and "://" not in piece and len(_PARTS.findall(piece)) > 3


def _cut(text: str, start: int, end: int, separator: re.Pattern[str]) -> list[tuple[int, int]]:
    found, at = [], start
    for match in separator.finditer(text, start, end):
        found.append((at, match.start()))
        at = match.end()
    found.append((at, end))
    return [piece for piece in (_stripped(text, *each) for each in found) if piece is not None]


def _cells(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """The cells of a row where one of them is a sentence; else the row as it is."""
    cells = _cut(text, start, end, _CELL)
    if len(cells) > 1 and any(text.count(" ", *cell) >= 4 for cell in cells):
        return cells
    return [(start, end)]


def _joined(text: str, pieces: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Wrapped lines put together: one that ends without a stop, and one that goes on in lower case."""
    joined: list[tuple[int, int]] = []
    for start, end in pieces:
        before = joined[-1] if joined else None
        if before and _goes_on(text, before, start) and end - before[0] < LONGEST:
            joined[-1] = (before[0], end)
        else:
            joined.append((start, end))
    return joined


def _goes_on(text: str, before: tuple[int, int], start: int) -> bool:
    last, gap = text[before[1] - 1], text[before[1] : start]
    one_break = gap.count("\n") == 1 and not gap.strip()
    return one_break and text[start].islower() and (last.isalpha() or last == ",")


def _fitted(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """A long piece cut at spaces."""
    fitted = []
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cut if cut > start else start + LONGEST
        fitted.append((start, cut))
        start = cut + 1 if text[cut] == " " else cut
    fitted.append((start, end))
    return [piece for piece in fitted if _WORD.search(text, *piece)]


def _stripped(text: str, start: int, end: int) -> tuple[int, int] | None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return (start, end) if _WORD.search(text, start, end) else None
