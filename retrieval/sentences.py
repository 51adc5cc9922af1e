"""Sentence spans with exact offsets: rules for prose, one span per list item and table row."""

import re
from typing import NamedTuple


class Span(NamedTuple):
    """Half-open character range: ``text[start:end]``."""

    start: int
    end: int


# A line that stands alone: list item, table row, heading, block quote.
_STANDALONE = re.compile(r"[ \t]*(?:[-*+•][ \t]|\d{1,3}[.)][ \t]|\||#{1,6}[ \t]|>)")
_BLANK = re.compile(r"[ \t\r]*\Z")
_STOP = re.compile(r"[.!?…]+(?:[\"'”’)\]]|\[\d+\])*(?=\s)|[。！？]+[」』”’]*")
_OPENER = re.compile(r"[\"'“‘(\[*_]*(?:[^\W\d_]|\d|[$€£#])")
_LAST_WORD = re.compile(r"[^\s(\[\"'“‘]+\Z")
_INITIAL = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]\Z")


def _words(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


_ABBREVIATIONS = _words(
    """
    mr mrs ms dr prof rev hon st ste sr jr gen col maj capt cmdr lt sgt cpl adm gov sen rep pres supt
    vs v al fig figs no nos vol vols ch sec eq eqs ref refs pp p ed eds trans cf e.g i.e viz approx ca
    c inc ltd co corp bros dept univ assn est min max avg jan feb mar apr jun jul aug sept sep oct nov
    dec mon tue tues wed thu thurs fri sat sun ave blvd rd hwy mt ft lb lbs oz kg km cm mm sq
    """
)
# After these, and after a single capital, a sentence ends only where a word follows that often
# opens one: "the U.S. Army", but "in the U.S. The army".
_MAY_CLOSE = _words("inc ltd co corp bros jr sr etc a.m p.m u.s u.k e.u u.n d.c b.c a.d ph.d")
_OFTEN_OPENS = re.compile(
    r"(?:The|This|That|These|Those|There|Then|They|He|She|It|Its|We|You|His|Her|Their|Our|In|On|At|"
    r"By|For|From|After|Before|During|When|While|Although|However|But|And|If|As|An|A|One|Some|Many|"
    r"Other|Another|Both|Since|With|Under|To)\b"
)
_BEFORE_NUMBER = _words("no nos p pp c ca fig figs vol ch sec eq mar sat sun max min ed mon fri")


def split_sentences(text: str) -> list[Span]:
    """Spans of the sentences of ``text`` in order, without surrounding white space.

    Abbreviations, decimals and initials do not end a sentence; blank lines, list items and table
    rows always do.

    >>> [("Dr. No paid $3.5. He left.")[s.start:s.end] for s in split_sentences("Dr. No paid $3.5. He left.")]
    ['Dr. No paid $3.5.', 'He left.']
    """
    spans: list[Span] = []
    for block in _blocks(text):
        spans.extend(_split_prose(text, block))
    return spans


def _blocks(text: str) -> list[Span]:
    """Runs of lines that one sentence may span."""
    blocks: list[Span] = []
    start: int | None = None
    position = 0
    for line in text.splitlines(keepends=True):
        begin, position = position, position + len(line)
        blank = _BLANK.match(line.rstrip("\n")) is not None
        if start is not None and (blank or _STANDALONE.match(line)):
            blocks.append(Span(start, begin))
            start = None
        if start is None and not blank:
            start = begin
    if start is not None:
        blocks.append(Span(start, len(text)))
    return blocks


def _split_prose(text: str, block: Span) -> list[Span]:
    spans: list[Span] = []
    start = block.start
    for stop in _STOP.finditer(text, block.start, block.end):
        if _ends_sentence(text, start, stop, block.end):
            spans.append(_trim(text, start, stop.end()))
            start = stop.end()
    spans.append(_trim(text, start, block.end))
    return [span for span in spans if span.end > span.start]


def _ends_sentence(text: str, start: int, stop: re.Match[str], end: int) -> bool:
    following = _next_visible(text, stop.end(), end)
    if following == end or not stop.group().startswith("."):
        return not text[following : following + 1].islower()
    if not _OPENER.match(text, following) or text[following].islower():
        return False
    if stop.group().startswith(".."):
        return True
    word = _LAST_WORD.search(text, start, stop.start())
    if word is None:
        return True
    opens = word.start() == start
    return not _is_abbreviation(word.group(), opens, text, following)


def _is_abbreviation(word: str, opens: bool, text: str, following: int) -> bool:
    lowered = word.lower()
    if lowered in _MAY_CLOSE or (_INITIAL.match(word) and word[-1].isupper() and word != "I"):
        return not _OFTEN_OPENS.match(text, following)
    if lowered in _BEFORE_NUMBER:
        return text[following].isdigit()
    return lowered in _ABBREVIATIONS or (opens and word.isdigit())  # "1. First"


def _next_visible(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Span(start, end)
