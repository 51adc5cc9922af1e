"""Curves and diagnoses: the usual failures, on made-up curves, and none on a training that goes well."""

import doctest
import math
from collections.abc import Sequence
from typing import Any

import pytest

from whorl.flywheel.training import curves, validation
from whorl.flywheel.training.curves import MOST_POINTS, Curves, curves_of
from whorl.flywheel.training.diagnose import diagnose
from whorl.flywheel.training.recipe import Method
from whorl.flywheel.training.validation import set_aside
from whorl.platform.errors import InputError


def drawn(**values: Sequence[float | None]) -> Curves:
    return {name: [[step, value] for step, value in enumerate(v, 1)] for name, v in values.items()}


FALLING = [2.0 * 0.9**n for n in range(30)]
GOES_WELL: list[tuple[Method, Curves]] = [
    ("sft", drawn(loss=FALLING, evaluation_loss=[1.0, 0.8, 0.79, 0.8], entropy=FALLING)),
    ("dpo", drawn(loss=FALLING)),
    ("dpo", drawn(loss=FALLING, **{"rewards/chosen": [0.0] * 15 + [-0.4] * 15, "rewards/margins": [0.9] * 30})),
    ("simpo", drawn(loss=FALLING, **{"rewards/chosen": [-3.0] * 30, "rewards/margins": [0.9] * 30})),
    ("kto", drawn(loss=FALLING, kl=[0.0] * 15 + [5.0] * 15)),
    ("grpo", drawn(loss=[0.0] * 30, completion_length=[20.0] * 15 + [25.0] * 15, entropy=[2.0] * 15 + [1.0] * 15,
                   frac_reward_zero_std=[0.5] * 30, kl=[0.1] * 30)),
]  # fmt: skip
FAILURES: list[tuple[Method, str, str, Curves]] = [
    ("sft", "not_finite", "from step 3 on", drawn(loss=[2.0, 1.0, None])),
    ("dpo", "not_finite", "evaluation loss", drawn(loss=FALLING, evaluation_loss=[1.0, None])),
    ("sft", "growing", "from 1 to 2", drawn(loss=[1.0] * 10 + [2.0] * 10)),
    ("dpo", "flat", "stayed at 0.692", drawn(loss=[0.693, 0.692] * 10)),
    ("kto", "overfit", "from 0.5 at step 2 to 0.6", drawn(loss=FALLING, evaluation_loss=[1.0, 0.5, 0.55, 0.6])),
    ("dpo", "chosen_falls", "fell to -0.6",
     drawn(loss=FALLING, **{"rewards/chosen": [0.0] * 15 + [-0.6] * 15, "rewards/margins": [1.0] * 30})),
    ("grpo", "length_creep", "20 to 31 tokens", drawn(completion_length=[20.0] * 10 + [31.0] * 10)),
    ("grpo", "kl_high", "reached 1.5", drawn(kl=[0.1] * 10 + [1.5] * 10)),
    ("kto", "kl_high", "the bound is 20", drawn(loss=FALLING, kl=[1.0] * 10 + [25.0] * 10)),
    ("grpo", "entropy_collapse", "from 3 to 0.3", drawn(entropy=[3.0] * 10 + [0.3] * 10)),
    ("grpo", "no_signal", "In 75% of the groups", drawn(frac_reward_zero_std=[1.0, 0.5])),
]  # fmt: skip


@pytest.mark.parametrize(
    ("method", "made"), GOES_WELL, ids=[f"{method} {number}" for number, (method, _) in enumerate(GOES_WELL)]
)
def test_a_training_that_goes_well_is_not_warned_of(method: Method, made: Curves) -> None:
    assert diagnose(method, made) == []


@pytest.mark.parametrize(
    ("method", "name", "seen", "made"), FAILURES, ids=[f"{m} {name}" for m, name, _, _ in FAILURES]
)
def test_each_failure_is_recognised_and_no_other(method: Method, name: str, seen: str, made: Curves) -> None:
    [found] = diagnose(method, made)
    assert found["name"] == name and seen in found["seen"] and found["change"].endswith(".")


def test_pairs_that_teach_length() -> None:
    [found] = diagnose("dpo", drawn(loss=FALLING), {"chosen": 31.0, "rejected": 20.0})
    assert found["name"] == "chosen_longer" and "31 tokens" in found["seen"]
    assert diagnose("dpo", drawn(loss=FALLING), {"chosen": 30.0, "rejected": 20.0}) == []


def test_a_few_points_are_no_trend() -> None:
    assert diagnose("sft", drawn(loss=[1.0, 2.0, 3.0])) == []


def test_curves_are_bounded_and_keep_their_ends_and_what_broke() -> None:
    history: list[dict[str, Any]] = [{"step": n, "loss": 1 / n, "rewards/margins": n} for n in range(1, 1001)]
    history[500]["loss"] = math.inf
    found = curves_of([*history, {"step": 1000, "train_runtime": 3.0}])
    assert set(found) == {"loss", "rewards/margins"}
    assert len(found["loss"]) <= MOST_POINTS + 1 and len(found["rewards/margins"]) == MOST_POINTS
    assert found["loss"][0] == [1, 1.0] and found["loss"][-1] == [1000, 0.001]
    assert [501, None] in found["loss"]


def row(run: str, question: str) -> dict[str, Any]:
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": "x"}]
    return {"messages": said, "source": [run]}


def test_rows_are_set_aside_by_question_group() -> None:
    """Rows of one run, one question or one tagged group stay on one side."""
    rows = [row(f"r{n}", f"Question {n // 2}?") for n in range(40)]
    rows += [row("r0", "Another?"), row("tagged", "A paraphrase?")]
    learnt, aside = set_aside(rows, 0.2, 1, {"r0": "group:g", "tagged": "group:g"})
    assert len(aside) + len(learnt) == 42 and 6 <= len(aside) <= 12
    sides = [{(r["messages"][0]["content"], r["source"][0]) for r in side} for side in (learnt, aside)]
    together = {"Question 0?", "Another?", "A paraphrase?"}
    for side, other in (sides, sides[::-1]):
        assert not {question for question, _ in side} & {question for question, _ in other}
        assert not {run for _, run in side} & {run for _, run in other}
        assert together <= {q for q, _ in side} or not together & {q for q, _ in side}
    assert set_aside(rows, 0.2, 1, {}) == set_aside(rows, 0.2, 1, {})
    assert set_aside(rows, 0.2, 1, {})[1] != set_aside(rows, 0.2, 2, {})[1]


def test_one_group_is_always_set_aside_and_one_always_learnt() -> None:
    rows = [row("a", "A?"), row("b", "B?")]
    for share in (0.01, 0.99):
        learnt, aside = set_aside(rows, share, 0, {})
        assert len(learnt) == len(aside) == 1
    with pytest.raises(InputError, match="all of one question group"):
        set_aside([row("a", "A?"), row("b", "a")], 0.5, 0, {})


@pytest.mark.parametrize("module", [curves, validation])
def test_examples_of_the_docstrings(module: Any) -> None:
    assert doctest.testmod(module).failed == 0 and doctest.testmod(module).attempted > 0
