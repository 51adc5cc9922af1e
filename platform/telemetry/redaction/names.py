"""Names of people, places and organisations."""

from .base import Finding


class NameDetector:
    name = "names"

    def find(self, texts: list[str]) -> list[list[Finding]]:
        return [[] for _ in texts]
