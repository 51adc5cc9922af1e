"""What a source never did before: a text far longer than any, or its first order."""

import math
from dataclasses import dataclass

from .base import Finding
from .remembered import REMEMBERED, Remembered
from .segments import Segment, segments_of
from .style import reads_as_order

# Texts that a source must have given before anything counts as unusual.
LEAST = 30
_SCORE = 0.6
# How many standard deviations of the logarithm of the length, and how many times the longest.
_DEVIATIONS, _TIMES = 4.0, 4.0


@dataclass
class History:
    """What one source gave so far; ``add`` after ``find``, so that a text is not its own history."""

    count: int = 0
    longest: int = 0
    ordered: bool = False
    mean: float = 0.0
    squares: float = 0.0

    def find(self, text: str) -> list[Finding]:
        """What is unusual about a text; nothing before the source has given ``LEAST`` texts."""
        if self.count < LEAST:
            return []
        found = []
        if (
            len(text) > _TIMES * self.longest
            and math.log1p(len(text)) > self.mean + _DEVIATIONS * self._deviation
        ):
            reason = f"{len(text)} characters from a source whose longest text had {self.longest}"
            found.append(Finding(0, len(text), _SCORE, "anomaly", reason))
        if not self.ordered and (orders := orders_in(text)):
            reason = f"the first instruction in {self.count + 1} texts of this source"
            found += [Finding(order.start, order.end, _SCORE, "anomaly", reason) for order in orders]
        return found

    def add(self, text: str) -> None:
        """Take a text into the history (mean and variance by Welford 1962)."""
        self.count += 1
        self.longest = max(self.longest, len(text))
        self.ordered = self.ordered or bool(orders_in(text))
        value = math.log1p(len(text))
        before = value - self.mean
        self.mean += before / self.count
        self.squares += before * (value - self.mean)

    @property
    def _deviation(self) -> float:
        return max(math.sqrt(self.squares / max(self.count - 1, 1)), 0.1)


def orders_in(text: str) -> list[Segment]:
    """The sentences of a text that tell somebody to do something; of the latest texts they are known."""
    return _known.of(
        text, lambda: [piece for piece in segments_of(text) if reads_as_order(text[piece.start : piece.end])]
    )


_known = Remembered[list[Segment]](REMEMBERED, lambda orders: 1 + len(orders))
