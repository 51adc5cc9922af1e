"""What programs call their things: hashes, drawn ids, resources, regions, files. No name is meant in them.

A user's id may hold a name (``omar_davis_3817``), and so may an address: such are no codes.
"""

import re
from itertools import pairwise
from typing import Protocol

# Digits and letters of a hash or of a drawn id in hexadecimal, whole, in groups or behind a word such as "vpc". A letter
# follows a digit: "ada1985" is somebody, and so is "emma-1a2b3c4d", whose word is a name.
_HEXADECIMAL = re.compile(
    r"(?i)(?:[a-z]{1,6}-)?(?=.*\d-?[a-f])(?=(?:.*\d){2})"
    r"(?:[0-9a-f]{7,128}(?:-[0-9a-f]{3,12})*|[0-9a-f]{3,12}(?:-[0-9a-f]{3,12}){2,})"
)
# Long ones of capitals and digits, and the names of hashes.
_CAPITALS = re.compile(r"(?=.*\d[A-Z])(?=(?:.*\d){2})[A-Z0-9]{8,}|(?i:sha-?\d{1,3}(?:[A-Z]\w*)?|md[245])")
_DRAWN = re.compile(r"[A-Za-z0-9+/_-]{10,}={0,2}")
# Changes between capitals, small letters and digits, of all characters: words and names change less often.
_CHANGES = 0.4
_RESOURCE = re.compile(r"arn:[\w-]*:[\w-]*:[\w-]*:\d*:(?:[\w-]*(?=[/:]))?")
_PLACE = re.compile(r"[a-z]{2}(?:-[a-z]{3,4})?-(?:north|south|east|west|central)(?:east|west)?-?\d[a-z]?")
_SIZE = re.compile(r"(?:[a-z]+\.)?[a-z]{1,4}\d[\w-]*\.(?:nano|micro|small|medium|large|\d*xlarge|metal)")
# Named as fields are: of capitalised parts, one of which says what sort of thing it is.
_FIELD_PARTS = re.compile(r"[A-Z][a-z]+|[A-Z]+(?![a-z])|\d+")
_SORTS = frozenset(
    "access account action address arn attribute attributes call class code config configuration count created data date "
    "description enabled end endpoint error event file filter flag format group groups id ids index info instance instances "
    "interval item items key keys length level limit list location message method metrics mode modified name names node nodes "
    "number option options owner page parameters path policy port properties property record records region request resource "
    "response result results role rule rules set settings size source start state states status string tag tags target task "
    "text time timestamp token total type types update updated url user value values version zone".split()
)
_ENDING = re.compile(
    r"\.(?:c|cfg|cpp|cs|css|csv|docx?|gif|gz|html?|ini|jar|java|jpe?g|js|json|log|md|mp[34]|pdf|php|png|pptx?|ps1|py|rb|rs|rst|"
    r"sh|sql|svg|tar|tf|toml|ts|tsv|txt|wav|xlsx?|xml|ya?ml|zip)"
)
# Words of paths and addresses that are places or family names, too.
_NAMESAKES = frozenset("base bucket cache east forks master north port repo small south west".split())
# What tokens, and their bits, end at.
_OUTSIDE = frozenset(" \t\n\r\u00a0\"'`<>(){}[],;|")
_BETWEEN = _OUTSIDE | frozenset(":/=&?#@%")
_APART = re.compile(r"[-_]")
_JOINED = re.compile(r"[/:-]")
_WORD = re.compile(r"[a-z]+")


class Known(Protocol):
    """What is known of words in small letters."""

    def is_ordinary(self, word: str) -> bool:
        """Whether a word is known, and no name of a person or place."""

    def is_persons(self, word: str) -> bool:
        """Whether a word is a first name or a family name."""

    def is_word(self, word: str) -> bool:
        """Whether a word is one of the language, whatever names it is, too."""


def is_code(text: str, start: int, end: int, known: Known) -> bool:
    """Whether what stands at ``start`` to ``end``, which looks like a name, is in a code of a program."""
    value = text[start:end]
    if " " in value or (value[1:].islower() and value.isalpha() and _stands_free(text, start, end)):
        return False
    first, last = _reach(text, start, end, _BETWEEN)
    bit = text[first:last].rstrip(".")
    if any(pattern.fullmatch(bit) for pattern in (_CAPITALS, _PLACE, _SIZE)):
        return True
    if is_field(bit):
        return not _names_somebody(_FIELD_PARTS.findall(bit), known)
    if _is_drawn(bit) or _HEXADECIMAL.fullmatch(bit):
        return not _names_somebody(_APART.split(bit), known)
    if _ENDING.fullmatch(text, max(0, start - 1), end) and not text[end : end + 1].isalnum():
        return True
    first, last = _reach(text, start, end, _OUTSIDE)
    if any(found.start() <= start and end <= found.end() for found in _RESOURCE.finditer(text, first, last)):
        return True
    joined = last - first > len(value) and _JOINED.search(text, first, last) and "@" not in text[first:last]
    return (
        bool(joined)
        and value.islower()
        and all(word in _NAMESAKES or known.is_ordinary(word) for word in _WORD.findall(value))
    )


def is_field(word: str) -> bool:
    """Whether a word is made as the fields of programs are, of which one part says what sort of thing it is.

    >>> [is_field(word) for word in ("VpcId", "CreationDate", "JohnSmith", "Status")]
    [True, True, False, False]
    """
    parts = _FIELD_PARTS.findall(word)
    whole = len(parts) > 1 and "".join(parts) == word
    return whole and any(part.lower() in _SORTS for part in parts)


def _names_somebody(parts: list[str], known: Known) -> bool:
    return any(
        len(part) > 2 and part.isalpha() and part.lower() not in _SORTS and known.is_persons(part.lower())
        for part in parts
    )


def _is_drawn(bit: str) -> bool:
    """Whether it looks drawn at random, or as bytes written in letters."""
    if _DRAWN.fullmatch(bit) is None or not any(map(str.isdigit, bit)):
        return False
    kinds = [0 if c.isdigit() else 1 if c.isupper() else 2 for c in bit if c.isalnum()]
    return sum(a != b for a, b in pairwise(kinds)) >= _CHANGES * len(kinds)


def _stands_free(text: str, start: int, end: int) -> bool:
    """Whether nothing is joined to what stands there; a full stop ends a sentence."""
    before, after = text[start - 1 : start], text[end : end + 2]
    return (not before or before in _OUTSIDE) and (not after.strip(".") or after.lstrip(".")[0] in _OUTSIDE)


def _reach(text: str, start: int, end: int, outside: frozenset[str]) -> tuple[int, int]:
    """Where the run of characters that are not ``outside``, and that holds the place, begins and ends."""
    while start > 0 and text[start - 1] not in outside:
        start -= 1
    while end < len(text) and text[end] not in outside:
        end += 1
    return start, end
