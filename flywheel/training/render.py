"""Rows as token ids and text, by the model's own chat template.

The template is the one that serving renders prompts with, so that a served prompt and a trained
one are the same tokens.
"""

import json
import re
from typing import Any

from ...agents.prompt import SOURCE
from ...platform.errors import InputError

Row = dict[str, Any]
_SHOWN = re.compile(r"^\[(\d{1,3})\] (.*)$", re.M)


def render_text(tokenizer: Any, messages: list[Row], tools: list[Row], *, prompt: bool) -> str:
    """The chat as text; a ``prompt`` ends with the assistant's opening."""
    return str(
        tokenizer.apply_chat_template(
            objects(messages), tools=tools or None, tokenize=False, add_generation_prompt=prompt
        )
    )


def render_sft(tokenizer: Any, row: Row) -> dict[str, list[int]]:
    """``input_ids`` and ``assistant_masks`` (1 where there is a loss) of a chat.

    Raises InputError when the chat template does not mark what the assistant generates.
    """
    rendered = tokenizer.apply_chat_template(
        objects(row["messages"]),
        tools=row["tools"] or None,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    masks = [int(value) for value in rendered["assistant_masks"]]
    if not any(masks):
        raise InputError(
            "The chat template of the model has no {% generation %} mark, so that the loss cannot be kept to "
            "the assistant's turns. Use a template with the mark."
        )
    return {"input_ids": [int(value) for value in rendered["input_ids"]], "assistant_masks": masks}


def render_completion(
    tokenizer: Any, prompt: list[Row], completion: list[Row], tools: list[Row], *, conversation: bool = False
) -> str:
    """The completion's text after the prompt's, up to the end of the turn.

    A ``conversation`` begins with somebody else than the assistant, whose turn is not opened.
    """
    opened = (
        render_text(tokenizer, prompt, tools, prompt=not conversation) if prompt or not conversation else ""
    )
    whole = render_text(tokenizer, [*prompt, *completion], tools, prompt=False)
    if not whole.startswith(opened):
        raise InputError("The chat template does not render a prompt as the beginning of its conversation.")
    return whole[len(opened) :].rstrip("\n")


def seen(prompt: list[Row]) -> tuple[str, dict[int, str]]:
    """The last question of a prompt, and the passages that its searches showed by number."""
    question = next((str(m["content"]) for m in reversed(prompt) if m["role"] == "user"), "")
    shown = "\n".join(str(m["content"]) for m in prompt if m["role"] == "tool")
    return question, {int(number): text.split(SOURCE)[0] for number, text in _SHOWN.findall(shown)}


def mean_lengths(tokenizer: Any, rows: list[Row], most: int = 200) -> dict[str, float]:
    """Mean tokens of both sides of the first ``most`` preference pairs; empty for rows of another format."""
    pairs = [row for row in rows[:most] if "chosen" in row]
    if not pairs:
        return {}
    return {
        side: sum(
            len(tokenizer(str(message["content"]))["input_ids"])
            for row in pairs
            for message in row[side]
            if message["role"] == "assistant"
        )
        / len(pairs)
        for side in ("chosen", "rejected")
    }


def objects(messages: list[Row]) -> list[Row]:
    """Messages with tool arguments as objects, as chat templates want them."""
    ready = []
    for message in messages:
        copy = dict(message)
        if copy.get("tool_calls"):
            copy["tool_calls"] = [
                {"type": "function", "function": {**call["function"], "arguments": _object(call)}}
                for call in copy["tool_calls"]
            ]
        ready.append(copy)
    return ready


def _object(call: Row) -> Any:
    arguments = call["function"]["arguments"]
    if not isinstance(arguments, str):
        return arguments
    try:
        return json.loads(arguments)
    except json.JSONDecodeError:
        return arguments
