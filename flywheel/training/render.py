"""Rows as token ids and text, by the model's own chat template.

The template is the one that serving renders prompts with, so that a served prompt and a trained
one are the same tokens.
"""

import json
import re
from typing import Any, NamedTuple

from ...agents.prompt import SOURCE
from ...platform.errors import InputError
from ..rows import is_learnt

Row = dict[str, Any]
Rendered = dict[str, list[int]]
_GENERATION = re.compile(r"\{%[-+]?\s*generation\b")
_SILENT = "A row has no assistant's turn, so there is nothing to learn from it. Build the dataset of runs with an answer."
# Characters of a prompt's end that an error shows.
_SHOWN_END = 40
_SHOWN = re.compile(r"^\[(\d{1,3})\] (.*)$", re.M)


def render_text(tokenizer: Any, messages: list[Row], tools: list[Row], *, prompt: bool) -> str:
    """The chat as text; a ``prompt`` ends with the assistant's opening."""
    return str(
        tokenizer.apply_chat_template(
            objects(messages), tools=tools or None, tokenize=False, add_generation_prompt=prompt
        )
    )


def render_sft(tokenizer: Any, row: Row) -> list[Rendered]:
    """A chat as ``input_ids`` and ``assistant_masks``, 1 where there is a loss: one, or several by ``render_turns``.

    Raises InputError where nothing is said by the assistant, or what it says cannot be told from its prompts.
    """
    weighed = any(message.get("weight") == 0 for message in row["messages"])
    if weighed or not _GENERATION.search(tokenizer.get_chat_template(tools=row["tools"] or None)):
        return render_turns(tokenizer, row)
    rendered = tokenizer.apply_chat_template(
        objects(row["messages"]),
        tools=row["tools"] or None,
        return_dict=True,
        return_assistant_tokens_mask=True,
    )
    masks = [int(value) for value in rendered["assistant_masks"]]
    if not any(masks):
        raise InputError(_SILENT)
    return [{"input_ids": [int(value) for value in rendered["input_ids"]], "assistant_masks": masks}]


def render_turns(tokenizer: Any, row: Row) -> list[Rendered]:
    """A chat whose template does not mark what is learnt, or not all that it marks: it is what follows the prompt of each turn.

    Turns of which one's text begins the next one's make one chat. A template may write turns otherwise once more is
    said after them, without their reasoning for instance: then each chat is as it was when its turns were said, so
    that every prompt is the one that is served.
    """
    messages, tools = row["messages"], row["tools"]
    turns = [
        _turn(tokenizer, messages[: at + 1], tools)
        for at, message in enumerate(messages)
        if is_learnt(message)
    ]
    if not turns:
        raise InputError(_SILENT)
    chats: list[list[_Turn]] = []
    for turn in turns:
        if chats and turn.text.startswith(chats[-1][-1].text):
            chats[-1].append(turn)
            continue
        chats.append([turn])
    return [_masked(tokenizer, chat) for chat in chats]


class _Turn(NamedTuple):
    """A chat as text up to the end of an assistant's turn, whose first character is at ``start``."""

    text: str
    start: int


def _turn(tokenizer: Any, messages: list[Row], tools: list[Row]) -> _Turn:
    prompt = render_text(tokenizer, messages[:-1], tools, prompt=True)
    said = render_completion(tokenizer, messages[:-1], messages[-1:], tools)
    return _Turn(prompt + said, len(prompt))


def _masked(tokenizer: Any, turns: list[_Turn]) -> Rendered:
    encoded = tokenizer(turns[-1].text, add_special_tokens=False, return_offsets_mapping=True)
    masks = [
        int(any(turn.start <= start < len(turn.text) for turn in turns))
        for start, _ in encoded["offset_mapping"]
    ]
    return {"input_ids": list(encoded["input_ids"]), "assistant_masks": masks}


def render_completion(
    tokenizer: Any, prompt: list[Row], completion: list[Row], tools: list[Row], *, conversation: bool = False
) -> str:
    """The completion's text after the prompt's, up to the end of the turn.

    A ``conversation`` begins with somebody else than the assistant, whose turn is not opened.
    """
    opened = render_opening(tokenizer, prompt, tools, conversation=conversation)
    whole = render_text(tokenizer, [*prompt, *completion], tools, prompt=False)
    if not whole.startswith(opened):
        raise InputError(
            "The chat template writes a conversation otherwise than the prompt that it was served as, which ends with "
            f"{opened[-_SHOWN_END:]!r}, so that what the assistant says cannot be told from it. Serve and train with a "
            "template that renders a prompt as the beginning of its conversation, in the model's folder."
        )
    said, ended, _ = whole[len(opened) :].rpartition(str(tokenizer.eos_token))
    return said + ended or whole[len(opened) :].rstrip("\n")


def render_opening(tokenizer: Any, prompt: list[Row], tools: list[Row], *, conversation: bool) -> str:
    """The text before a completion: of a ``conversation`` that has nothing before it, none."""
    if conversation and not prompt:
        return ""
    return render_text(tokenizer, prompt, tools, prompt=not conversation)


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
    """Messages with tool arguments as objects, and without weights, as chat templates want them."""
    ready = []
    for message in messages:
        copy = {name: value for name, value in message.items() if name != "weight"}
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
