"""What pages make of values: the examples in the docstrings, and shapes that other programs may send."""

import doctest
from types import SimpleNamespace
from typing import Any

import pytest

from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.tables import Span
from whorl.ui import bubbles, chart, reference, signin, words
from whorl.ui.bubbles import Bubble, Call, bubbles_of
from whorl.ui.datasets import sample_row
from whorl.ui.spans import waterfall


@pytest.mark.parametrize("module", [words, bubbles, signin, chart, reference])
def test_examples(module: Any) -> None:
    result = doctest.testmod(module)
    assert result.attempted and not result.failed


@pytest.mark.parametrize(
    ("messages", "expected"),
    [
        (None, []),
        ("not json", [Bubble("", "not json")]),
        ('["only words"]', [Bubble("", "only words")]),
        ([{"role": "user", "content": "Hi"}], [Bubble("user", "Hi")]),
        (
            [{"role": "assistant", "content": None, "tool_calls": [{"function": {"name": "f", "arguments": "{x"}}]}],
            [Bubble("assistant", "", (Call("f", "{x"),))],
        ),
        ([{"role": "assistant", "content": "Hi", "tool_calls": ["f", {"function": "f"}]}], [Bubble("assistant", "Hi")]),
        ([{"role": "assistant", "content": "Hi", "tool_calls": {"f": 1}}], [Bubble("assistant", "Hi")]),
        (
            [{"role": "tool", "parts": [{"type": "tool_call_response", "response": {"a": 1}}]}],
            [Bubble("tool", '{"a": 1}')],
        ),
    ],
)  # fmt: skip
def test_messages_of_any_shape(messages: Any, expected: list[Bubble]) -> None:
    assert bubbles_of(messages) == expected


def span(id: str, parent: str | None, start: int, end: int, **attributes: Any) -> Span:
    made: Any = SimpleNamespace(
        span_id=id, parent_span_id=parent, name=id, operation="chat", start_ns=start, end_ns=end, status="ok",
        status_message="", attributes=attributes, events=[], redactions={}, content_dropped=False,
    )  # fmt: skip
    found: Span = made
    return found


def test_the_waterfall_is_a_tree_in_time() -> None:
    bars = waterfall(
        [
            span("late child", "root", 60, 100),
            span("root", None, 0, 100),
            span("grandchild", "child", 15, 16),
            span("child", "root", 10, 60),
            span("orphan", "not stored", 99, 100),
        ]
    )
    assert [(bar.name, bar.depth) for bar in bars] == [
        ("root", 0), ("child", 1), ("grandchild", 2), ("late child", 1), ("orphan", 0),
    ]  # fmt: skip
    assert [(bar.start, bar.width) for bar in bars[:4]] == [(0, 100), (10, 50), (15, 1), (60, 40)]
    assert all(bar.start + bar.width <= 100.001 for bar in bars)


def test_a_span_without_length_can_be_seen() -> None:
    (bar,) = waterfall([span("only", None, 5, 5)])
    assert bar.width > 0 and bar.start + bar.width <= 100


def test_token_ids_are_counted_not_listed() -> None:
    (bar,) = waterfall(
        [span("a", None, 0, 1, **{c.OUTPUT_TOKEN_IDS: [1, 2, 3], "other.attribute": '{"x": 1}'})]
    )
    assert ("Token ids of the reply", 3) in bar.facts
    assert ("other.attribute", {"x": 1}) in bar.facts


def test_rows_of_every_format_can_be_read() -> None:
    user, good, bad = ({"role": role, "content": role} for role in ("user", "assistant", "assistant"))
    dpo = sample_row(1, {"prompt": [user], "chosen": [good], "rejected": [bad], "tools": [], "source": ["a"]})
    assert [label for label, _ in dpo.parts] == ["Prompt", "Chosen answer", "Rejected answer"]
    kto = sample_row(2, {"prompt": [user], "completion": [good], "label": False, "source": []})
    assert ("Judged", "bad") in kto.facts
    grpo = sample_row(3, {"prompt": [user], "verifier": "v", "arguments": {"answers": ["x"]}, "replay": "r"})
    assert ("Verifier", "v") in grpo.facts and ("Arguments", {"answers": ["x"]}) in grpo.facts
