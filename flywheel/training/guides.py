"""Guides: what people corrected, for questions that a group gets nothing for.

Where every member of a group earns the same there is nothing to learn, and what the policy would hardly do, such as
calling a tool that it does not know, no member ever does. There one member gives way to a correction (off-policy
guidance, Yan et al. 2025, arXiv 2504.14945), which alone is learnt from. A correction says of one turn what it
should have been: an episode that takes that turn has earned its reward, since nothing was recorded of what would
have come after it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...platform.serving.messages import ToolCall
from ..recordings import canonical
from .render import Row, render_completion, render_text


class Guide(NamedTuple):
    """A corrected conversation as tokens after its prompt; ``own`` marks those of the corrected turn (1)."""

    said: list[int]
    own: list[int]
    messages: list[Row]


def guides_of(tokenizer: Any, row: Row) -> list[Guide]:
    """The corrections of a row, each as the chat template writes it after the row's prompt."""
    return [_guide(tokenizer, row, messages) for messages in row.get("corrected", ())]


def _guide(tokenizer: Any, row: Row, messages: list[Row]) -> Guide:
    before = [*row["prompt"], *messages[:-1]]
    opened = render_text(tokenizer, row["prompt"], row["tools"], prompt=True)
    context = render_text(tokenizer, before, row["tools"], prompt=True)[len(opened) :]
    turn = render_completion(tokenizer, before, messages[-1:], row["tools"])
    given, said = (tokenizer(text, add_special_tokens=False)["input_ids"] for text in (context, turn))
    return Guide([*given, *said], [0] * len(given) + [1] * len(said), [*row["prompt"], *messages])


def is_corrected_turn(row: Row, turn: int, calls: Sequence[ToolCall]) -> bool:
    """Whether a turn (from 0) makes the one call that a correction of that turn makes, and no other."""
    if len(calls) != 1:
        return False
    said = _called(calls[0]["function"])
    return any(
        sum(message["role"] == "assistant" for message in messages[:-1]) == turn
        and [_called(call["function"]) for call in messages[-1].get("tool_calls", ())] == [said]
        for messages in row.get("corrected", ())
    )


def _called(function: Any) -> tuple[str, str]:
    return function["name"], canonical(function["arguments"])
