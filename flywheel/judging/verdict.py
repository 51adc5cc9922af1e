"""Verdicts read from what a model replied: in the strict form, or not at all."""

import math
import re
from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from ...platform.serving.messages import ChatReply, Place

_LONGEST_REASON = 1000
_WORD = re.compile(r"\W+")


class Reading(NamedTuple):
    """A verdict's word in lower case, and the words before it; an empty word where there is no verdict."""

    word: str
    reason: str


def read_verdict(reply: ChatReply, mark: str, words: Collection[str]) -> Reading:
    """The word on the reply's last line where that is ``verdict-MARK: WORD``, one of ``words``, and nothing follows.

    A reply that was cut off has no verdict, whatever stands at its end; nor has one with two lines
    in the form that differ.
    """
    form = re.compile(rf"verdict-{mark}: *({'|'.join(words)})\.?", re.IGNORECASE)
    lines = [line.strip().strip("*`_ ") for line in reply.content.strip().splitlines()]
    found = [match[1].lower() for line in lines if (match := form.fullmatch(line))]
    reason = "\n".join(lines[:-1]).strip()[:_LONGEST_REASON]
    if reply.finish_reason != "stop":
        return Reading("", f"cut off ({reply.finish_reason})")
    if not found or not form.fullmatch(lines[-1]) or len(set(found)) > 1:
        return Reading("", f"no verdict in {reply.content.strip()[-200:]!r}")
    return Reading(found[-1], reason)


def shares(reply: ChatReply, mark: str, word: str, words: Collection[str]) -> dict[str, float]:
    """The probability of each of ``words`` at the token where the verdict's ``word`` begins, in all 1.

    Empty where the server told no probabilities of that place.
    """
    at = _place(reply, mark, word)
    return {} if at is None else shares_at(reply.places[at], words)


def shares_at(place: Place, words: Collection[str]) -> dict[str, float]:
    """The probability of each of ``words`` at a place, in all 1; empty where none of the words is likely there.

    A token that is only a word's beginning counts for it.
    """
    mass = dict.fromkeys(words, 0.0)
    for text, logprob in place.top:
        begun = _WORD.sub("", text).lower()
        meant = [word for word in words if begun and word.startswith(begun)]
        if len(meant) == 1:
            mass[meant[0]] += math.exp(logprob)
    total = sum(mass.values())
    return {word: value / total for word, value in mass.items()} if total > 0 else {}


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
