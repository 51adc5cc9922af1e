"""Where a reply states its answer: "The answer is 5.", "**Final Answer:** (B)", "A: 5"."""

import re
from bisect import bisect_right
from typing import NamedTuple

from .text import HEDGES

_STATED = re.compile(
    r"(?:\b(?:answer|ans)\b(?:\s+to\s+(?:the|this|that|your)(?:\s+\w+){1,3}?)?|^[\s*_#>]*(?P<letter>A)(?=[*_]*:))"
    r"[*_ \t]*(?:\bis\b(?:\s+(?:therefore|thus|simply|just|exactly|equal\s+to)\b)?|\bequals\b|(?P<label>[:=]|$(?=\n)))",
    re.I | re.M,
)
_END = re.compile(r"[.!?][*_)\]\"'}$`]*(?=\s|$)|\n")
_OPENS = re.compile(r"(?:[\s*_:=#>`]|\\[\[(])*")
# Words that may lead to "answer" in its clause.
_LEADS = frozenset(
    "a an and as believe conclude conclusion correct final finally find follows get have hence here i in is it means my now "
    "numeric numerical our result right see short so summary that the then therefore think this thus to us we which".split()
)
_CLAUSE = re.compile(r"(.*[;,:])?([^;,:]*)", re.S)
# A sentence whose last one has no full stop: "That is 5 in all The answer is".
_BEGINS = re.compile(r"(.*\s)((?:The|So|Therefore|Thus|Hence)\b.*)", re.S)
_WORD = re.compile(r"\w+(?:'\w+)?")
# What takes back, before or behind it, an answer that is stated.
_DOUBTED = re.compile(
    r"\b(?:false|wrong|incorrect|untrue|never|unless|except|maybe|perhaps|possibly|whether|doubts?|den(?:y|ies)|nobody)\b",
    re.I,
)
_TURNED = re.compile(
    r"\b(?:wait|actually|mistake|kidding|joking|rather|instead|correction|sorry|no|mean)\b", re.I
)
_NEGATED = re.compile(r"\s*(?:not|neither|never)\b", re.I)
_FEW = 12
# Characters before the word "answer" that are looked at.
_LEAD = 400


def changes(text: str) -> bool:
    """Whether a text takes back what was said before it."""
    return bool(_DOUBTED.search(text) or _TURNED.search(text))


class Statement(NamedTuple):
    """``said`` is what is stated to be the answer, up to the end of its sentence; ``after`` is what stands behind.

    ``label`` is for "Answer: …", and ``letter`` for "A: …", which only counts where a reply ends with it.
    """

    said: str
    after: str
    label: bool
    letter: bool

    @property
    def last(self) -> bool:
        """Whether nothing stands behind but a few words that change nothing."""
        after = self.after
        turned = HEDGES.search(after) or _TURNED.search(after) or re.search(r"\d", after)
        return not turned and len(after.split()) <= _FEW

    @property
    def denied(self) -> bool:
        """Whether it says what is not the answer."""
        return bool(_NEGATED.match(self.said))


def statements(reply: str) -> list[Statement]:
    """All statements of an answer, in their order; of two in one sentence ("Answer: the answer is 5") the last.

    >>> [each.said for each in statements("It is not 4; the answer is 5. I hope it is right.")]
    ['5.']
    >>> [each.said for each in statements("Some say the answer is 4.\\n**Final Answer:** 5 apples")]
    ['5 apples']
    """
    found: list[Statement] = []
    ends, previous = [match.end() for match in _END.finditer(reply)], -1
    for match in _STATED.finditer(reply):
        at = bisect_right(ends, match.start())
        began = max(ends[at - 1] if at else 0, match.start() - _LEAD)
        if not _leads(reply[began : match.start()]):
            continue
        start = _OPENS.match(reply, match.end()).end()  # type: ignore[union-attr]
        at = bisect_right(ends, start)
        end = ends[at] if at < len(ends) else len(reply)
        if found and began < previous:
            found.pop()
        label, letter = (match[name] is not None for name in ("label", "letter"))
        found.append(Statement(reply[start:end].strip(), reply[end:].strip(), label, letter))
        previous = end
    letters_last = bool(found) and found[-1].letter
    return [each for each in found if letters_last or not each.letter]


def _leads(lead: str) -> bool:
    """Whether a clause up to the word "answer" only leads to it, and nothing before takes it back."""
    before, clause = _CLAUSE.fullmatch(lead.rsplit(";", 1)[-1]).groups(default="")  # type: ignore[union-attr]
    if begins := _BEGINS.fullmatch(clause):
        before, clause = before + begins[1], begins[2]
    words = _WORD.findall(clause.lower())
    return all(word in _LEADS for word in words) and not _DOUBTED.search(before)
