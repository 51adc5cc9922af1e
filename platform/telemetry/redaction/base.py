"""Findings of personal data, and what finds them."""

from collections.abc import Iterable
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


def resolve(findings: Iterable[Finding]) -> list[Finding]:
    """Findings without overlaps, by position: the more certain wins, then the longer."""
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (-f.score, f.start - f.end, f.start)):
        if all(finding.end <= other.start or finding.start >= other.end for other in kept):
            kept.append(finding)
    return sorted(kept)
