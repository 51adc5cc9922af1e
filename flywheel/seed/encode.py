"""Dialogues as token ids with a mark on what the model is to say, in batches of one length."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from .dialogue import Dialogue, Message

LENGTHS = tuple(range(64, 1025, 32))
# How tokens end that a value follows: a quotation mark, a colon, an operator (\u0120 is the space).
OPENS = ('"', '":\u0120', "\u0120+\u0120", "\u0120-\u0120", "\u0120*\u0120", "\u0120/\u0120", "(")
OPENING = 3
OPENING_WEIGHT = 4.0


@dataclass(frozen=True)
class Batch:
    """``ids`` and ``weight``: (rows, length); the weight of a position is that of the next token, its target."""

    ids: NDArray[np.uint16]
    weight: NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """Token ids, and for each whether the model says it and whether it opens a value."""

    ids: list[int]
    said: list[bool]
    opens: list[bool]


def render(dialogue: Dialogue) -> tuple[str, list[tuple[int, int]]]:
    """The text of the chat template, and the spans (characters) that the assistant says and learns from."""
    parts: list[str] = []
    spans: list[tuple[int, int]] = []
    messages = dialogue.messages
    system = messages[0]["content"] if messages[0]["role"] == "system" else ""
    if system or dialogue.tools:
        listed = "".join("\n" + json.dumps(tool, ensure_ascii=False) for tool in dialogue.tools)
        offered = f"\n<tools>{listed}\n</tools>" if listed else ""
        parts.append(f"<|im_start|>system\n{system}{offered}<|im_end|>\n")
    at = len(parts[0]) if parts else 0
    for message in messages[1:] if messages[0]["role"] == "system" else messages:
        before, text, after = _turn(message)
        parts += [before, text, after]
        if message["role"] == "assistant" and not message.get("past"):
            spans.append((at + len(before), at + len(before) + len(text)))
        at += len(before) + len(text) + len(after)
    return "".join(parts), spans


def _turn(message: Message) -> tuple[str, str, str]:
    if message["role"] == "assistant":
        calls = "\n".join(_call(c["function"]) for c in message.get("tool_calls", ()))
        said = "\n".join(part for part in (message["content"], calls) if part)
        return "<|im_start|>assistant\n", f"{said}<|im_end|>", "\n"
    if message["role"] == "tool":
        return "<|im_start|>user\n<tool_response>\n", message["content"], "\n</tool_response><|im_end|>\n"
    return f"<|im_start|>{message['role']}\n", message["content"], "<|im_end|>\n"


def _call(function: Message) -> str:
    arguments = json.dumps(function["arguments"], ensure_ascii=False)
    return f'<tool_call>\n{{"name": "{function["name"]}", "arguments": {arguments}}}\n</tool_call>'


def encode(dialogues: list[Dialogue], tokenizer: Tokenizer) -> list[Encoded]:
    rendered = [render(d) for d in dialogues]
    encodings = tokenizer.encode_batch([text for text, _ in rendered])
    out = []
    for encoding, (_, spans) in zip(encodings, rendered, strict=True):
        said = [any(start <= a and b <= end for start, end in spans) for a, b in encoding.offsets]
        out.append(Encoded(encoding.ids, said, [t.endswith(OPENS) for t in encoding.tokens]))
    return out


def batches(rows: list[Encoded], rng: Random, tokens: int, pad: int, longest: int) -> Iterator[Batch]:
    """Rows of about one length together, ``tokens`` to a batch, in random order.

    Rows over ``longest`` tokens, and what does not fill a batch, are left out.
    """
    plan: list[list[Encoded]] = []
    for low, length in zip((0, *LENGTHS), LENGTHS, strict=False):
        group = [row for row in rows if low < len(row.ids) <= length and len(row.ids) <= longest]
        rng.shuffle(group)
        size = max(1, tokens // length)
        plan += [group[i : i + size] for i in range(0, len(group) - size + 1, size)]
    rng.shuffle(plan)
    for group in plan:
        length = next(n for n in LENGTHS if n >= max(len(row.ids) for row in group))
        yield _batch(group, length, pad)


def _batch(group: list[Encoded], length: int, pad: int) -> Batch:
    ids = np.full((len(group), length), pad, dtype=np.uint16)
    weight = np.zeros((len(group), length), dtype=np.float32)
    for i, row in enumerate(group):
        ids[i, : len(row.ids)] = row.ids
        weight[i, : len(row.ids) - 1] = weights(row.said, row.opens)[1:]
    return Batch(ids, weight)


def weights(said: list[bool], opens: list[bool]) -> list[float]:
    """The weight of each token: nothing where the model does not speak, more where something begins.

    What to say is settled in the first tokens of a turn and of a value (after a token that
    ``opens`` one); the rest is mostly copying.

    >>> weights([False, True, True, True, True, True, False], [False] * 4 + [True, False, False])
    [0.0, 4.0, 4.0, 4.0, 1.0, 4.0, 0.0]
    """
    out = []
    since = 0
    for at, flag in enumerate(said):
        since = since + 1 if flag else 0
        begins = since <= OPENING or (at > 0 and opens[at - 1])
        out.append(0.0 if not flag else OPENING_WEIGHT if begins else 1.0)
    return out
