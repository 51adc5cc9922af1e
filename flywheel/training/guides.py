"""Guides: what people corrected, for questions that a group gets nothing for.

Where every member of a group earns the same there is nothing to learn, and what the policy would hardly do, such as
calling a tool that it does not know, no member ever does. There one member gives way to a correction (off-policy
guidance, Yan et al. 2025, arXiv 2504.14945), which alone is learnt from. A correction says of one turn what it
should have been: an episode that takes that turn has earned its reward, since nothing was recorded of what would
have come after it.

What no member would do is then learnt of the questions of one step alone. With a weight (``nll``) the likelihood of
corrections is learnt beside the reward at every step, of all that the dataset has (CHORD, Zhang et al. 2025,
arXiv 2508.11408).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from ...platform.errors import InputError
from ...platform.serving.messages import ToolCall
from ..recordings import canonical
from .beside import Batch, beside, by_length, spoken
from .recipe import Recipe
from .render import Rendered, Row, render_completion, render_text


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


def likely(trainer: Any, tokenizer: Any, rows: Sequence[Row], recipe: Recipe) -> Any:
    """A TRL trainer that adds ``recipe.nll`` times the negative log-likelihood of corrected turns, mean over their tokens.

    Raises InputError where no row has a correction of at most ``recipe.max_length`` tokens.
    """
    every = [rendered for row in rows for rendered in _rendered(tokenizer, row)]
    pool = by_length(every, recipe.max_length)
    if not pool:
        told = (
            f"is shorter than {recipe.max_length} tokens. Raise max_length"
            if every
            else "is there. Correct runs"
        )
        raise InputError(
            f"The likelihood of corrections is asked for, and none {told}, or train with --nll 0."
        )
    return beside(trainer, "nll", [pool], tokenizer.pad_token_id, recipe.nll, recipe.seed, _unlikely)


def _rendered(tokenizer: Any, row: Row) -> list[Rendered]:
    """The corrections of a row as whole conversations, with a loss on the corrected turns."""
    opened = render_text(tokenizer, row["prompt"], row["tools"], prompt=True)
    prompt = list(tokenizer(opened, add_special_tokens=False)["input_ids"])
    return [
        {"input_ids": [*prompt, *guide.said], "assistant_masks": [0] * len(prompt) + guide.own}
        for guide in guides_of(tokenizer, row)
    ]


def _unlikely(model: Any, network: Any, batch: Batch) -> Any:
    return -spoken(model, network, batch).gather(-1, batch.targets[:, None]).mean()


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
