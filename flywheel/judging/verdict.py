"""Verdicts read from what a model replied: in the strict form, or not at all."""

import math
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ...platform.serving.messages import ChatReply

_LONGEST_REASON = 1000
_WORD = re.compile(r"\W+")


class Reading(NamedTuple):
    """A verdict's word in lower case, and the words before it; an empty word where there is no verdict."""

    word: str
    reason: str


def read_verdict(reply: ChatReply, mark: str, words: str) -> Reading:
    """The word on the reply's last line where that is ``verdict-MARK: WORD``, and nothing follows.

    ``words`` is a regular expression of the words that are allowed. A reply that was cut off has no
    verdict, whatever stands at its end; nor has one with two lines in the form that differ.
    """
    form = re.compile(rf"verdict-{mark}: *({words})\.?", re.IGNORECASE)
    lines = [line.strip().strip("*`_ ") for line in reply.content.strip().splitlines()]
    found = [match[1].lower() for line in lines if (match := form.fullmatch(line))]
    reason = "\n".join(lines[:-1]).strip()[:_LONGEST_REASON]
    if reply.finish_reason != "stop":
        return Reading("", f"cut off ({reply.finish_reason})")
    if not found or not form.fullmatch(lines[-1]) or len(set(found)) > 1:
        return Reading("", f"no verdict in {reply.content.strip()[-200:]!r}")
    return Reading(found[-1], reason)


def shares(reply: ChatReply, mark: str, word: str, meanings: Mapping[str, str]) -> dict[str, float]:
    """The probability of each meaning at the token where the verdict's ``word`` begins, in all 1.

    ``meanings`` are by the words that a verdict may be; a token that is only a word's beginning
    counts for it. Empty where the server told no probabilities of that place.
    """
    at = _place(reply, mark, word)
    if at is None:
        return {}
    mass = dict.fromkeys(meanings.values(), 0.0)
    for text, logprob in reply.places[at].top:
        begun = _WORD.sub("", text).lower()
        meant = {meaning for known, meaning in meanings.items() if begun and known.startswith(begun)}
        if len(meant) == 1:
            mass[meant.pop()] += math.exp(logprob)
    total = sum(mass.values())
    return {meaning: value / total for meaning, value in mass.items()} if total > 0 else {}


def _place(reply: ChatReply, mark: str, word: str) -> int | None:
    """The number of the token that the last verdict's word begins in."""
    text = "".join(place.text for place in reply.places)
    matches = list(re.finditer(rf"verdict-{mark}:\s*({re.escape(word)})", text, re.IGNORECASE))
    if not matches:
        return None
    begins, end = matches[-1].start(1), 0
    for number, place in enumerate(reply.places):
        end += len(place.text)
        if begins < end:
            return number
    return None


def expected(distribution: Mapping[str, float], value: Callable[[str], float]) -> float | None:
    """The mean value under a distribution, or None where there is none.

    >>> expected({"4": 0.5, "5": 0.5}, lambda grade: (int(grade) - 1) / 4)
    0.875
    """
    return sum(share * value(word) for word, share in distribution.items()) if distribution else None
