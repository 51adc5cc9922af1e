"""How far a judge of pairs can be believed: accuracy in both orders, bias of position and of length.

A bias is shown by votes, that is by single orders; accuracy counts pairs, and a pair on which the
orders differ is not right. Intervals are 95 % and by Wilson, see :mod:`..statistics`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ..statistics import Interval, mean_interval, wilson_interval
from .pairs import Judgement


@dataclass(frozen=True)
class Share:
    """``count`` of ``n``, with the interval of the proportion; ``share`` is None of nothing.

    ``by`` counts belong together, such as the two votes on a pair: the interval takes them for one.
    """

    count: int
    n: int
    by: int = 1

    @property
    def units(self) -> tuple[float, float]:
        """``count`` and ``n`` in units that are independent of each other."""
        return self.count / self.by, self.n / self.by

    @property
    def share(self) -> float | None:
        return self.count / self.n if self.n else None

    @property
    def interval(self) -> Interval:
        return wilson_interval(*self.units)

    def report(self) -> dict[str, Any]:
        """The share as JSON values."""
        low, high = self.interval
        share = None if self.share is None else round(self.share, 4)
        return {"count": self.count, "n": self.n, "share": share, "interval": [round(low, 4), round(high, 4)]}


@dataclass(frozen=True)
class Accuracy:
    """Labelled pairs by what both orders say: the same and right, the same and wrong, different, nothing.

    ``ties`` are pairs that both orders call one though a side is better. ``one_order`` is the accuracy
    of single votes, ``calibrated`` that of the mean probability of both orders.
    """

    right: Share
    wrong: Share
    ties: Share
    flipped: Share
    missing: Share
    one_order: Share
    calibrated: Share


@dataclass(frozen=True)
class Position:
    """``consistent``: pairs on which the orders agree, of those with both verdicts.

    ``first_of_flips``: where both orders name the same place, how often it is the first one; a half
    is no bias of position. ``first_votes`` are all votes for the first place, of those for a place.
    """

    consistent: Share
    first_of_flips: Share
    first_votes: Share


@dataclass(frozen=True)
class Length:
    """Votes by length, of labelled pairs whose answers differ in length.

    ``right_when_longer`` and ``right_when_shorter``: votes for the right answer where it is the longer
    or the shorter one. ``longer_balanced``: the share of votes for the longer answer if the right one
    were the longer in half of the pairs; a half is no bias of length, whatever the accuracy.
    ``longer_of_errors`` beside ``longer_of_wrong``: how often a wrong vote is for the longer answer,
    and how often the wrong answer is the longer one.
    """

    right_when_longer: Share
    right_when_shorter: Share
    longer_of_errors: Share
    longer_of_wrong: Share

    @property
    def longer_balanced(self) -> float | None:
        longer, shorter = self.right_when_longer.share, self.right_when_shorter.share
        return None if longer is None or shorter is None else (longer + 1 - shorter) / 2

    @property
    def interval(self) -> Interval:
        """Of ``longer_balanced``."""
        longer, shorter = self.right_when_longer, self.right_when_shorter
        count, n = shorter.units
        return mean_interval(longer.units, (n - count, n))


@dataclass(frozen=True)
class Measures:
    """What was measured on some pairs."""

    pairs: int
    labelled: int
    unparsable: Share
    refused: Share
    position: Position
    accuracy: Accuracy
    length: Length

    def report(self) -> dict[str, Any]:
        """The measures as JSON values."""
        parts: dict[str, Any] = {
            name: {key: Share(**value).report() for key, value in asdict(part).items()}
            for name, part in (
                ("position", self.position),
                ("accuracy", self.accuracy),
                ("length", self.length),
            )
        }
        balanced = self.length.longer_balanced
        parts["length"]["longer_balanced"] = {
            "share": None if balanced is None else round(balanced, 4),
            "interval": [round(bound, 4) for bound in self.length.interval],
        }
        return {
            "pairs": self.pairs, "labelled": self.labelled, "unparsable": self.unparsable.report(),
            "refused": self.refused.report(), **parts,
        }  # fmt: skip


def measure(judgements: Sequence[Judgement]) -> Measures:
    """The measures of a judge over pairs; those of accuracy and length over the labelled ones."""
    labelled = [each for each in judgements if each.pair.label in ("A", "B")]
    replies = [said for each in judgements for said in (each.forward, each.backward)]
    return Measures(
        len(judgements), len(labelled),
        Share(sum(said.trouble == "unparsable" for said in replies), len(replies), 2),
        Share(sum(said.trouble == "refused" for said in replies), len(replies), 2),
        position(judgements), accuracy(labelled), length(labelled),
    )  # fmt: skip


def position(judgements: Sequence[Judgement]) -> Position:
    """What the place of an answer does."""
    whole = [each for each in judgements if each.state in ("agreed", "flipped")]
    placed = [(each.forward.choice, each.backward.choice) for each in whole]
    stuck = [ahead for ahead, behind in placed if ahead == behind and ahead != "tie"]
    votes = [choice for pair in placed for choice in pair if choice != "tie"]
    return Position(
        Share(sum(each.state == "agreed" for each in whole), len(whole)),
        Share(stuck.count("first"), len(stuck)),
        Share(votes.count("first"), len(votes), 2),
    )


def accuracy(labelled: Sequence[Judgement]) -> Accuracy:
    """How often the judge is right, over pairs of which one side is better."""
    n = len(labelled)
    states = [each.state for each in labelled]
    agreed = [each for each in labelled if each.state == "agreed"]
    right = sum(each.verdict == each.pair.label for each in agreed)
    ties = sum(each.verdict == "tie" for each in agreed)
    flipped = states.count("flipped")
    known = [(each.probability, each.pair.label) for each in labelled if each.probability is not None]
    votes = [vote == each.pair.label for each in labelled for vote in each.votes]
    return Accuracy(
        Share(right, n), Share(len(agreed) - right - ties, n), Share(ties, n), Share(flipped, n),
        Share(n - len(agreed) - flipped, n), Share(sum(votes), len(votes), 2),
        Share(sum(p != 0.5 and (p > 0.5) == (label == "A") for p, label in known), len(known)),
    )  # fmt: skip


def length(labelled: Sequence[Judgement]) -> Length:
    """What the length of an answer does; votes for a tie or of no verdict are left out."""
    cast = [
        (each.pair, vote)
        for each in labelled
        if each.pair.longer != "tie"
        for vote in each.votes
        if vote in ("A", "B")
    ]
    longer = [vote == pair.label for pair, vote in cast if pair.longer == pair.label]
    shorter = [vote == pair.label for pair, vote in cast if pair.longer != pair.label]
    errors = [vote == pair.longer for pair, vote in cast if vote != pair.label]
    return Length(
        Share(sum(longer), len(longer), 2), Share(sum(shorter), len(shorter), 2),
        Share(sum(errors), len(errors), 2), Share(len(shorter), len(cast), 2),
    )  # fmt: skip
