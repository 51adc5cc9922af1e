"""Diagnoses: the usual failures of a training, recognised in its curves, each with what to change."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any

from .curves import Curves
from .recipe import Method

# So many points at least make a trend; fewer are noise.
TREND = 10
FLAT, GROWN, OVERFIT, CREEP, COLLAPSED, SILENT = 0.02, 0.2, 0.05, 0.5, 0.2, 0.5
# In nats: GRPO's estimate is for a token, KTO's for an answer.
KL_BOUND: dict[str, float] = {"grpo": 1.0, "kto": 20.0}
LONGER = 1.5
# Of the margin between the sides' rewards, how much may come of better answers that got less likely; and what is noise.
FALLEN, HARDLY = 0.5, 0.1
# Methods whose rewards are likelihoods against those of the base.
AGAINST_BASE: tuple[Method, ...] = ("dpo", "kto")
# Of the methods that learn from pairs, SimPO weighs by length, and a reward model writes nothing.
TEACH_LENGTH: tuple[Method, ...] = ("dpo", "orpo")


@dataclass(frozen=True)
class Diagnosis:
    """What was seen, and what to change."""

    name: str
    seen: str
    change: str


def _values(curves: Curves, name: str) -> list[float]:
    return [value for _, value in curves.get(name, ()) if value is not None]


def _ends(curves: Curves, name: str) -> tuple[float, float] | None:
    """The mean of a curve's first fifth and of its last; None for fewer than ``TREND`` points."""
    values = _values(curves, name)
    if len(values) < TREND:
        return None
    fifth = len(values) // 5
    return fmean(values[:fifth]), fmean(values[-fifth:])


def not_finite(curves: Curves) -> Diagnosis | None:
    """A loss that is no number any more."""
    for name in ("loss", "evaluation_loss"):
        step = next((step for step, value in curves.get(name, ()) if value is None), None)
        if step is not None:
            return Diagnosis(
                "not_finite", f"The {name.replace('_', ' ')} is not finite from step {step} on.",
                "Halve the learning rate, or look for rows without an assistant's turn.",
            )  # fmt: skip
    return None


def growing(curves: Curves) -> Diagnosis | None:
    """A training loss that ends higher than it began."""
    ends = _ends(curves, "loss")
    if ends is None or ends[0] <= 0 or ends[1] < ends[0] * (1 + GROWN):
        return None
    return Diagnosis(
        "growing", f"The loss grew from {ends[0]:.3g} to {ends[1]:.3g}.", "Halve the learning rate."
    )


def flat(curves: Curves) -> Diagnosis | None:
    """A training loss that hardly moves."""
    ends = _ends(curves, "loss")
    if ends is None or abs(ends[1] - ends[0]) >= FLAT * abs(ends[0]):
        return None
    return Diagnosis(
        "flat", f"The loss stayed at {ends[0]:.3g}.",
        "Raise the learning rate or the rank; for pairs, look whether chosen and rejected differ.",
    )  # fmt: skip


def overfit(curves: Curves) -> Diagnosis | None:
    """An evaluation loss that rises again."""
    points = [(step, value) for step, value in curves.get("evaluation_loss", ()) if value is not None]
    if len(points) < 3:
        return None
    step, best = min(points, key=lambda point: point[1])
    last = points[-1][1]
    if last <= best + OVERFIT * abs(best):
        return None
    return Diagnosis(
        "overfit", f"The evaluation loss rose from {best:.3g} at step {step} to {last:.3g}.",
        "Set early_stop, take fewer epochs or a lower rank, or widen the selection.",
    )  # fmt: skip


def length_creep(curves: Curves) -> Diagnosis | None:
    """Answers that get longer and longer."""
    ends = _ends(curves, "completion_length")
    if ends is None or ends[1] <= ends[0] * (1 + CREEP):
        return None
    return Diagnosis(
        "length_creep", f"Answers grew from {ends[0]:.0f} to {ends[1]:.0f} tokens.",
        "Use the loss dr_grpo, raise beta, or let the verifier ask for a length (all_of with length).",
    )  # fmt: skip


def chosen_longer(lengths: dict[str, float]) -> Diagnosis | None:
    """Pairs that teach length: nothing is generated while they are trained on, so the rows must tell."""
    if not lengths or lengths["chosen"] <= LONGER * lengths["rejected"]:
        return None
    return Diagnosis(
        "chosen_longer",
        f"Chosen answers have {lengths['chosen']:.0f} tokens on average, rejected ones {lengths['rejected']:.0f}.",
        "Expect longer answers: use simpo or the loss ipo, raise beta, or balance the pairs.",
    )


def chosen_falls(curves: Curves) -> Diagnosis | None:
    """Better answers that get less likely than they were: what is learnt is to say neither of the two."""
    ends, apart = _ends(curves, "rewards/chosen"), _ends(curves, "rewards/margins")
    if ends is None or apart is None or -ends[1] <= max(HARDLY, FALLEN * apart[1]):
        return None
    return Diagnosis(
        "chosen_falls", f"The reward of chosen answers fell to {ends[1]:.3g}: they are less likely than before.",
        "Give the better answer a likelihood term (nll), raise beta or anchor, or lower the learning rate.",
    )  # fmt: skip


def kl_high(curves: Curves, bound: float) -> Diagnosis | None:
    """A model that has gone far from its base."""
    ends = _ends(curves, "kl")
    if ends is None or ends[1] <= bound:
        return None
    return Diagnosis(
        "kl_high", f"The distance to the base model (KL) reached {ends[1]:.3g}; the bound is {bound:g}.",
        "Set beta above 0 or raise it, or lower the learning rate.",
    )  # fmt: skip


def entropy_collapse(curves: Curves) -> Diagnosis | None:
    """A model that says one thing whatever it is asked."""
    ends = _ends(curves, "entropy")
    if ends is None or ends[1] >= COLLAPSED * ends[0]:
        return None
    return Diagnosis(
        "entropy_collapse", f"The entropy fell from {ends[0]:.3g} to {ends[1]:.3g}.",
        "Raise beta above 0, lower the learning rate, or take fewer steps.",
    )  # fmt: skip


def no_signal(curves: Curves) -> Diagnosis | None:
    """Groups whose answers all earn the same, which teaches nothing."""
    shares = _values(curves, "frac_reward_zero_std")
    if not shares or fmean(shares) <= SILENT:
        return None
    return Diagnosis(
        "no_signal", f"In {fmean(shares):.0%} of the groups all answers earned the same.",
        "Raise the temperature, ask for more generations, correct runs of questions that it never gets right, or choose "
        "questions that it gets right at times.",
    )  # fmt: skip


def left_out(count: int, max_length: int) -> list[dict[str, Any]]:
    """Rows that were left out for their length, as JSON values."""
    if not count:
        return []
    seen = f"{count} rows of more than {max_length} tokens were left out."
    return [asdict(Diagnosis("too_long", seen, "Raise max_length (whorl train --max-length)."))]


def diagnose(method: Method, curves: Curves, lengths: dict[str, float] | None = None) -> list[dict[str, Any]]:
    """Every failure that the curves of a training by ``method`` show, as JSON values.

    The loss of GRPO lies around zero and its answers alone have lengths; of the entropy of the
    other methods it is expected that it falls. ``lengths`` has the mean tokens of preference pairs' sides.
    """
    checks: list[Callable[[Curves], Diagnosis | None]] = [not_finite]
    checks += [length_creep, entropy_collapse, no_signal] if method == "grpo" else [growing, flat, overfit]
    found = [check(curves) for check in checks]
    found += [kl_high(curves, KL_BOUND[method])] if method in KL_BOUND else []
    found += [chosen_falls(curves)] if method in AGAINST_BASE else []
    found += [chosen_longer(lengths)] if lengths and method in TEACH_LENGTH else []
    return [asdict(diagnosis) for diagnosis in found if diagnosis is not None]
