"""The start: a Qwen2 model that copies before any training, by built-in induction heads.

Layer 0 looks one, two and three tokens back; layer 1 finds where the last three tokens stood
before and fetches what followed. Embeddings of one word with and without a leading space or
capital start alike, so that matching is by word. From four layers on, ``choose`` adds heads that
point at the sentence to copy.

The residual stream: the token's own dimensions, then one dimension for each mark, then three
scratch spaces for the tokens before.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

SPREAD = 0.06
KEPT = 0.7
SPACE_SIZE = 0.3
WORD_SIZE = 0.3
SCRATCH = 40
BACK = 3
FAST_PAIRS = 8
FIRST_SLOW_PAIR = 12
LOOK_BACK = 10.0
GAINS = (3.5, 3.0, 2.5)
FETCH = 3.0
OPENERS = ("]", ":", ".")
NEAR_PAIRS = range(3, 10)
NEAR = 5.0
BEGIN = 0.3
VOTE = 1.5


class Mark(IntEnum):
    """Dimensions of one bit each."""

    SPACE = 0
    WORD = 1
    SHOWN = 2
    ASKED = 3
    PLACE_0 = 4
    PLACE_1 = 5
    START = 6
    FIRST = 7
    NEW = 8


VOTES = {Mark.SHOWN: 5.0, Mark.ASKED: 1.55, Mark.WORD: 3.6, Mark.NEW: -6.0}


@dataclass(frozen=True)
class Shape:
    """The size of the model; heads are of 64."""

    width: int = 256
    layers: int = 5
    inner: int = 512
    context: int = 4096


def config(shape: Shape, tokenizer: PreTrainedTokenizerFast) -> Qwen2Config:
    heads = shape.width // 64
    return Qwen2Config(
        vocab_size=len(tokenizer),
        hidden_size=shape.width,
        intermediate_size=shape.inner,
        num_hidden_layers=shape.layers,
        num_attention_heads=heads,
        num_key_value_heads=heads,
        max_position_embeddings=shape.context,
        rope_parameters={"rope_type": "default", "rope_theta": 1e8},
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def build(shape: Shape, tokenizer: PreTrainedTokenizerFast, seed: int) -> Qwen2ForCausalLM:
    """The untrained model with its induction heads."""
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(config(shape, tokenizer)).float()
    with torch.no_grad():
        embed(model, tokenizer)
        quiet(model)
        first = tokenizer.convert_tokens_to_ids("<|im_start|>")
        look_back(model, first)
        find_and_fetch(model)
        if shape.layers >= 4:
            choose(model, tokenizer)
    return model


def room(model: Qwen2ForCausalLM) -> int:
    """Dimensions of the token itself; the rest is marks and scratch space for what came before."""
    return int(model.config.hidden_size) - BACK * SCRATCH - len(Mark)


def mark(model: Qwen2ForCausalLM, which: Mark) -> int:
    """The dimension of a mark."""
    return room(model) + which


def scratch(model: Qwen2ForCausalLM, place: int) -> slice:
    """The dimensions that hold the token ``place + 1`` back."""
    first = room(model) + len(Mark) + place * SCRATCH
    return slice(first, first + SCRATCH)


def clear(model: Qwen2ForCausalLM, layer: int, head: int) -> int:
    """Set a head's weights to zero; gives its first row."""
    attention = model.model.layers[layer].self_attn
    at = head * 64
    for part in (attention.q_proj, attention.k_proj, attention.v_proj):
        part.weight[at : at + 64] = 0
        part.bias[at : at + 64] = 0
    attention.o_proj.weight[:, at : at + 64] = 0
    return at


def orthonormal(rows: int, columns: int) -> torch.Tensor:
    """A (rows, columns) matrix with orthonormal rows."""
    return torch.linalg.qr(torch.randn(columns, columns))[0][:rows]


def embed(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    weight = model.model.embed_tokens.weight
    own = room(model)
    weight.zero_()
    weight[:, :own] = torch.randn(weight.shape[0], own) * SPREAD
    space = room(model) + Mark.SPACE
    words = {tokenizer.decode([i]): i for i in range(len(tokenizer))}
    for text, i in words.items():
        weight[i, space] = SPACE_SIZE if text.startswith(" ") else -SPACE_SIZE
        weight[i, space + Mark.WORD] = WORD_SIZE if text.strip().isalnum() else 0.0
        base = words.get(text.strip().lower())
        if base is not None and base != i:
            weight[i, :own] = math.sqrt(KEPT) * weight[base, :own] + math.sqrt(1 - KEPT) * weight[i, :own]


def quiet(model: Qwen2ForCausalLM) -> None:
    """Nothing but the built heads writes to the residual stream at first."""
    for layer in model.model.layers:
        layer.mlp.down_proj.weight.zero_()
        layer.self_attn.o_proj.weight.normal_(0, 0.002)


def blind_to(model: Qwen2ForCausalLM, token: int) -> torch.Tensor:
    """A projection of a token's own dimensions to a scratch space, zero for ``token``."""
    vector = model.model.embed_tokens.weight[token, : room(model)]
    vector = vector / vector.norm()
    projection = orthonormal(SCRATCH, room(model))
    return projection - (projection @ vector).outer(vector)


def look_back(model: Qwen2ForCausalLM, first: int) -> None:
    """Layer 0, heads 0 to 2: attend to the token 1, 2, 3 back and copy its projection to a scratch space.

    ``first`` is the token that every text begins with; nothing is copied of it, so that attending
    to it is doing nothing.
    """
    attention = model.model.layers[0].self_attn
    own = room(model)
    scale = SPREAD * math.sqrt(own / model.config.hidden_size)
    projection = blind_to(model, first)
    for head in range(BACK):
        at = clear(model, 0, head)
        for pair in range(FAST_PAIRS):
            angle = 1e8 ** (-pair / 32) * (head + 1)
            attention.q_proj.bias[at + pair] = LOOK_BACK
            attention.k_proj.bias[at + pair] = LOOK_BACK * math.cos(angle)
            attention.k_proj.bias[at + pair + 32] = LOOK_BACK * math.sin(angle)
        attention.v_proj.weight[at : at + SCRATCH, :own] = projection
        attention.o_proj.weight[scratch(model, head), at : at + SCRATCH] = torch.eye(SCRATCH) * scale


def find_and_fetch(model: Qwen2ForCausalLM) -> None:
    """Layer 1, heads 0 and 1: compare the last three tokens with what stood before each key, fetch the key."""
    attention = model.model.layers[1].self_attn
    own = room(model)
    projection = model.model.layers[0].self_attn.v_proj.weight[:SCRATCH, :own]
    groups = slow_groups()
    basis = orthonormal(own, own)
    scale = FETCH * SPREAD
    half = -(-own // 2)
    for head in range(2):
        at = clear(model, 1, head)
        for n, (rows, gain) in enumerate(zip(groups, GAINS, strict=True)):
            mix = orthonormal(len(rows), SCRATCH) * gain
            index = torch.tensor(rows) + at
            attention.k_proj.weight[index, scratch(model, n)] = mix
            if n == 0:
                attention.q_proj.weight[index, :own] = mix @ projection
            else:
                attention.q_proj.weight[index, scratch(model, n - 1)] = mix
        part = basis[head * half : (head + 1) * half]
        attention.v_proj.weight[at : at + len(part), :own] = part
        attention.o_proj.weight[:own, at : at + len(part)] = part.T * scale


def slow_groups() -> list[list[int]]:
    """Rows of a head of 64 whose rotation is slow, in three groups of whole pairs."""
    pairs = list(range(31, FIRST_SLOW_PAIR - 1, -1))
    cut = (0, 7, 13, 20)
    return [[row for p in pairs[a:b] for row in (p, p + 32)] for a, b in pairwise(cut)]


def choose(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """The heads that point at the sentence which shares most words with the question.

    Passages are marked as shown, their words that the question has as asked; every word learns
    how its sentence begins, and the asked words vote for how the answer does.
    """
    mark_shown(model, tokenizer)
    mark_places_and_starts(model, tokenizer)
    mark_asked(model)
    hold_fetching(model, tokenizer)
    vote(model, begin_of_sentence(model))


def direction(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast, token: str) -> torch.Tensor:
    """The unit vector of a token in its own dimensions."""
    vector = model.model.embed_tokens.weight[tokenizer.convert_tokens_to_ids(token), : room(model)]
    return vector / vector.norm()


def mark_shown(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Layer 0, head 3: what comes after the passages begin."""
    attention = model.model.layers[0].self_attn
    at = clear(model, 0, 3)
    begin = direction(model, tokenizer, "<tool_response>")
    attention.q_proj.bias[at + 31] = 40.0
    attention.k_proj.weight[at + 31, : room(model)] = begin * 0.75
    attention.v_proj.weight[at, : room(model)] = begin / 16
    attention.o_proj.weight[mark(model, Mark.SHOWN), at] = 0.4


def mark_places_and_starts(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Layer 0, feed-forward: the first two places of an assistant turn, the third of a sentence, the first token."""
    layer = model.model.layers[0]
    own = room(model)
    projection = layer.self_attn.v_proj.weight[:SCRATCH, :own]
    rules = [
        ("assistant", 0, Mark.PLACE_0),
        ("assistant", 1, Mark.PLACE_1),
        *((t, 2, Mark.START) for t in OPENERS),
    ]
    rules += [(token, back, Mark.NEW) for token in OPENERS for back in (0, 1)]
    for unit, (token, back, which) in enumerate(rules):
        seen = projection @ direction(model, tokenizer, token)
        for part in (layer.mlp.gate_proj, layer.mlp.up_proj):
            part.weight[unit] = 0
            part.weight[unit, scratch(model, back)] = seen * 2 / seen.norm()
        layer.mlp.down_proj.weight[:, unit] = 0
        layer.mlp.down_proj.weight[mark(model, which), unit] = 0.5 / 150
    layer.mlp.down_proj.weight[mark(model, Mark.SPACE), 0] = -2.0 / 150
    unit = len(rules)
    first = direction(model, tokenizer, "<|im_start|>")
    line = projection @ direction(model, tokenizer, "\u010a")
    for part in (layer.mlp.gate_proj, layer.mlp.up_proj):
        part.weight[unit] = 0
        part.weight[unit, :own] = first
    layer.mlp.up_proj.weight[unit, scratch(model, 0)] = -4.0 * line / line.norm()
    layer.mlp.down_proj.weight[:, unit] = 0
    layer.mlp.down_proj.weight[mark(model, Mark.FIRST), unit] = 0.5 / 130


def mark_asked(model: Qwen2ForCausalLM) -> None:
    """Layer 1, head 3: words of the passages that stood before the passages, too."""
    attention = model.model.layers[1].self_attn
    at = clear(model, 1, 3)
    own, shown = room(model), mark(model, Mark.SHOWN)
    index = torch.tensor([row for rows in slow_groups() for row in rows]) + at
    same = orthonormal(SCRATCH, own) * GAINS[0]
    attention.q_proj.weight[index, :own] = same
    attention.k_proj.weight[index, :own] = same
    attention.q_proj.bias[at + 11] = 12.0
    attention.k_proj.weight[at + 11, shown] = -3.0
    attention.v_proj.bias[at] = 1.0
    attention.v_proj.weight[at, shown] = -1.0 / 6.5
    attention.o_proj.weight[mark(model, Mark.ASKED), at] = 0.8


def hold_fetching(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    """Layer 1, heads 0 and 1: where a turn begins, attend to the first token and fetch nothing."""
    attention = model.model.layers[1].self_attn
    own = room(model)
    first = direction(model, tokenizer, "<|im_start|>")
    for at in (0, 64):
        for place in (Mark.PLACE_0, Mark.PLACE_1):
            attention.q_proj.weight[at + 11, mark(model, place)] = 2.0
        attention.k_proj.weight[at + 11, mark(model, Mark.FIRST)] = 3.0
        value = attention.v_proj.weight[at : at + 64, :own]
        value -= (value @ first).outer(first)


def begin_of_sentence(model: Qwen2ForCausalLM) -> torch.Tensor:
    """Layer 1, head 2: the first and second word of the sentence, read where its third stands.

    They are written to the first two scratch spaces; gives the (32, 40) projection they go through.
    """
    attention = model.model.layers[1].self_attn
    at = clear(model, 1, 2)
    for pair in NEAR_PAIRS:
        attention.q_proj.bias[at + pair] = NEAR
        attention.k_proj.bias[at + pair] = NEAR
    attention.q_proj.bias[at + 31] = 10.0
    attention.k_proj.weight[at + 31, mark(model, Mark.START)] = 3.0
    narrow = orthonormal(32, SCRATCH)
    for word in range(2):
        rows = slice(at + word * 32, at + word * 32 + 32)
        attention.v_proj.weight[rows, scratch(model, 1 - word)] = narrow
        attention.o_proj.weight[scratch(model, word), rows] = narrow.T * BEGIN
    return narrow


def vote(model: Qwen2ForCausalLM, narrow: torch.Tensor) -> None:
    """Layer 2, heads 0 and 1: at the first places of a turn, the asked words say how to begin."""
    attention = model.model.layers[2].self_attn
    own = room(model)
    projection = model.model.layers[0].self_attn.v_proj.weight[:SCRATCH, :own]
    for head in range(2):
        at = clear(model, 2, head)
        attention.q_proj.bias[at + 30] = 1.8
        attention.k_proj.weight[at + 30, mark(model, Mark.FIRST)] = 5.0
        attention.q_proj.weight[at + 31, mark(model, Mark.PLACE_0) + head] = 4.0
        for which, gain in VOTES.items():
            attention.k_proj.weight[at + 31, mark(model, which)] = gain
        attention.v_proj.weight[at : at + 32, scratch(model, head)] = narrow
        attention.o_proj.weight[:own, at : at + 32] = (narrow @ projection).T * VOTE
