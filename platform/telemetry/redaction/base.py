"""Findings of personal data, and what finds them."""

from bisect import bisect_left, insort
from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple, Protocol


class Finding(NamedTuple):
    """A stretch ``text[start:end]`` of one ``kind``, with a confidence in [0, 1]."""

    start: int
    end: int
    kind: str
    score: float


class Detector(Protocol):
    """Finds personal data in texts."""

    name: str

    def find(self, texts: list[str]) -> list[list[Finding]]:
        """Findings of each text, in any order; they may overlap."""


def resolve(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Findings without overlaps, by position: the more certain wins, then the longer.

    What the winner leaves of the other is kept too, without blanks and punctuation at its ends, so
    that nothing found is lost.
    """
    found, kept = sorted(findings), list[Finding]()
    if len(found) < 2 or all(one.end <= other.start for one, other in pairwise(found)):
        return found
    for finding in sorted(found, key=lambda f: (-f.score, f.start - f.end, f.start)):
        for start, end in _left_over(finding, kept):
            while start < end and not text[start].isalnum() and (start, end) != finding[:2]:
                start += 1
            while start < end and not text[end - 1].isalnum() and (start, end) != finding[:2]:
                end -= 1
            if start < end:
                insort(kept, finding._replace(start=start, end=end))
    return kept


def _left_over(finding: Finding, kept: list[Finding]) -> list[tuple[int, int]]:
    """The stretches of a finding that none of the kept ones, which are sorted, covers."""
    stretches, start = [], finding.start
    at = max(0, bisect_left(kept, finding.start, key=lambda f: f.start) - 1)
    while at < len(kept) and kept[at].start < finding.end:
        if kept[at].end > start:
            stretches.append((start, kept[at].start))
            start = kept[at].end
        at += 1
    stretches.append((start, finding.end))
    return [(start, end) for start, end in stretches if start < end]
