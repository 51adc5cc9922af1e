"""Conditions on runs: what they mean, and what they say of what they do not understand."""

import random
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Actor, Whorl
from tests.flywheel.test_datasets import collect
from whorl.flywheel.datasets import Selection, create_dataset, rebuild
from whorl.flywheel.trajectory import Judged, Trajectory
from whorl.flywheel.where import FIELDS, parse_where
from whorl.platform.errors import InputError

from .manifests import manifest_of


def a_run(reward: float | None = 1.0, **given: Any) -> Trajectory:
    outcomes = () if reward is None else (Judged("score", reward, 1.0, None, source="user:ann"),)
    call = {"type": "function", "id": "c", "function": {"name": "search", "arguments": {"query": "tide"}}}
    values: dict[str, Any] = {
        "run_id": uuid.uuid4(), "user_id": None, "agent": "support", "adapter": None, "tags": ("vip", "it's"),
        "messages": [
            {"role": "user", "content": "When is the TIDE?"}, {"role": "assistant", "content": "", "tool_calls": [call]},
            {"role": "tool", "content": "[1] At noon."}, {"role": "assistant", "content": "At noon. [1]"},
        ],
        "tools": [], "template_hash": "t", "policies": frozenset({"p"}), "outcomes": outcomes, "model": "whorl-seed",
        "steps": 2, "input_tokens": 120, "output_tokens": 9, "seconds": 1.5,
        "started_at": datetime(2026, 3, 1, 12, tzinfo=UTC),
    }  # fmt: skip
    return Trajectory(**{**values, **given})


@pytest.mark.parametrize(("text", "holds"), [
    ("reward >= 0.8", True), ("reward < 0.8", False), ("agent = 'support'", True), ("agent != 'support'", False),
    ("agent <> 'sales' AND tool_calls = 1", True), ("'search' in tools", True), ("'search' not in tools", False),
    ("'vip' IN tags and 'it''s' in tags", True), ("question like '%TIDE%'", True), ("question like '%tide%'", False),
    ("question ilike 'when%tide_'", True), ("question not ilike '%moon%'", True), ("answer = 'At noon. [1]'", True),
    ("agent in ('a', 'support')", True), ("agent not in ('a', 'b')", True), ("steps between 2 and 3", True),
    ("steps not between 2 and 3", False), ("started_at >= '2026-03-01'", True), ("started_at < '2026-03-01T13:00'", True),
    ("started_at > '2026-03-01T13:00+02:00'", True), ("adapter is null", True), ("adapter is not null", False),
    ("edited", False), ("not edited", True), ("edited = false", True), ("people = 1 and outcomes = 1", True),
    ("reward = 1 or agent = 'x' and steps = 9", True), ("(reward = 1 or agent = 'x') and steps = 9", False),
    ("turns = 1 and input_tokens > 100 and output_tokens < 10 and seconds < 2", True), ("not not reward = 1", True),
    ("model = 'whorl-seed'", True), ("reward >= -1", True), ("'score' in kinds and 'user:ann' in sources", True),
    ("'judge' in kinds", False), ("user is null", True), ("user = 'x'", False),
])  # fmt: skip
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert parse_where(text)(a_run()) is holds


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("adapter = 'a'", False), ("not adapter = 'a'", False), ("adapter != 'a'", False), ("reward > 0", False),
        ("not reward > 0", False), ("reward > 0 or agent = 'support'", True), ("reward > 0 and agent = 'x'", False),
        ("not (reward > 0 and agent = 'x')", True), ("reward is null", True),
    ],
)  # fmt: skip
def test_what_is_missing_is_neither_true_nor_false(text: str, holds: bool) -> None:
    """As SQL has it: unknown is not selected, nor is its opposite."""
    assert parse_where(text)(a_run(None)) is holds


@pytest.mark.parametrize(("text", "said"), [
    ("", "'the end' is not a field"),
    ("reward", "'the end' stands where a comparison"), ("salary > 3", "'salary > 3' is not a field"),
    ("reward > 'x'", r"character 10: \"'x'\" is not a number"), ("agent = 3", "is not a text"), ("agent > 'a'", "compares sizes"),
    ("reward >= 0.8 agent = 'x'", "comes after the end"), ("(reward > 1", r"where '\)' is expected"),
    ("reward > 1)", "after the end"),
    ("started_at > 'soon'", "is not a time"), ("reward like '1'", "is for texts"),
    ("'x' in agent", "is not a field of several texts"),
    ("reward > 1; drop table runs", "character 11: '; drop table runs' is not understood"), ("agent = 'x", "is not understood"),
    ("agent not = 'x'", "stands where 'in', 'like' or 'between'"), ("question like '%a%a%a%a%a%'", "more than 4 %"),
    ("(" * 60 + "reward = 1" + ")" * 60, "nested more than 50 deep"), ("not " * 60 + "edited", "nested more than 50"),
    ("edited = 'x'", "is not a truth"), ("steps in ()", "is not a number"),
])  # fmt: skip
def test_what_is_not_understood_is_said_with_its_place(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said) as caught:
        parse_where(text)
    assert all(field in caught.value.message for field in FIELDS)


def test_generated_conditions_mean_what_they_do_in_python() -> None:
    """Random trees of and, or, not over comparisons, against Python's own evaluation."""
    draw = random.Random(5)
    runs = [
        a_run(draw.choice([0.0, 0.5, 1.0]), steps=draw.randrange(4), agent=draw.choice("abc"))
        for _ in range(30)
    ]

    def tree(depth: int) -> tuple[str, str]:
        if depth == 0:
            sign = draw.choice(["=", "!=", "<", "<=", ">", ">="])
            python = {"=": "=="}.get(sign, sign)
            number = draw.randrange(4)
            leaf = draw.randrange(3)
            if leaf == 0:
                return f"steps {sign} {number}", f"run.steps {python} {number}"
            if leaf == 1:
                return f"reward {sign} 0.5", f"run.reward {python} 0.5"
            letter = draw.choice("abc")
            return f"agent = '{letter}'", f"run.agent == '{letter}'"
        (left, left_python), (right, right_python) = tree(depth - 1), tree(depth - 1)
        word = draw.choice(["and", "or"])
        denied = draw.choice(["", "not "])
        return f"{denied}({left} {word} {right})", f"{denied}({left_python} {word} {right_python})"

    for _ in range(200):
        text, python = tree(3)
        code = compile(python, "condition", "eval")
        condition = parse_where(text)
        assert [condition(run) for run in runs] == [eval(code, {"run": run}) for run in runs], text


async def test_a_dataset_of_a_condition_is_rebuilt_to_the_same_bytes(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    await collect(whorl, acme, 4)
    selection = Selection(where="reward >= 0.8 and steps >= 1")
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", selection, held_out=0.0)
    everything = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    assert dataset.manifest["selection"]["where"] == selection.where
    assert dataset.rows + dataset.manifest["left_out"].get("where", 0) >= everything.rows > 0
    again = await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))
    assert again.written.content_hash == dataset.content_hash
    with pytest.raises(InputError, match=r"No run gives a row for kto \(4 runs selected; where: 4\)"):
        await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", Selection(where="reward > 1"))
    with pytest.raises(InputError, match="is not a field"):
        await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", Selection(where="salary > 1"))
