"""The start: a Qwen2 model that copies before any training, by built-in induction heads.

Layer 0 looks one, two and three tokens back; layer 1 finds where the last three tokens stood
before and fetches what followed. Embeddings of one word with and without a leading space or
capital start alike, so that matching is by word.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

SPREAD = 0.06
KEPT = 0.6
SCRATCH = 40
BACK = 3
FAST_PAIRS = 8
FIRST_SLOW_PAIR = 12
LOOK_BACK = 10.0
GAINS = (3.5, 3.0, 2.5)
FETCH = 3.0


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
        look_back(model)
        find_and_fetch(model)
    return model


def room(model: Qwen2ForCausalLM) -> int:
    """Dimensions of the token itself; the rest is scratch space for what came before."""
    return int(model.config.hidden_size) - BACK * SCRATCH


def orthonormal(rows: int, columns: int) -> torch.Tensor:
    """A (rows, columns) matrix with orthonormal rows."""
    return torch.linalg.qr(torch.randn(columns, columns))[0][:rows]


def embed(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
    weight = model.model.embed_tokens.weight
    own = room(model)
    weight.zero_()
    weight[:, :own] = torch.randn(weight.shape[0], own) * SPREAD
    words = {tokenizer.decode([i]): i for i in range(len(tokenizer))}
    for text, i in words.items():
        base = words.get(text.strip().lower())
        if base is not None and base != i:
            weight[i, :own] = math.sqrt(KEPT) * weight[base, :own] + math.sqrt(1 - KEPT) * weight[i, :own]


def quiet(model: Qwen2ForCausalLM) -> None:
    """Nothing but the built heads writes to the residual stream at first."""
    for layer in model.model.layers:
        layer.mlp.down_proj.weight.zero_()
        layer.self_attn.o_proj.weight.normal_(0, 0.002)


def look_back(model: Qwen2ForCausalLM) -> None:
    """Layer 0, heads 0 to 2: attend to the token 1, 2, 3 back and copy its projection to a scratch space."""
    attention = model.model.layers[0].self_attn
    own = room(model)
    scale = SPREAD * math.sqrt(own / model.config.hidden_size)
    projection = orthonormal(SCRATCH, own)
    for head in range(BACK):
        at = head * 64
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.weight[at : at + 64] = 0
            part.bias[at : at + 64] = 0
        for pair in range(FAST_PAIRS):
            angle = 1e8 ** (-pair / 32) * (head + 1)
            attention.q_proj.bias[at + pair] = LOOK_BACK
            attention.k_proj.bias[at + pair] = LOOK_BACK * math.cos(angle)
            attention.k_proj.bias[at + pair + 32] = LOOK_BACK * math.sin(angle)
        space = own + head * SCRATCH
        attention.v_proj.weight[at : at + SCRATCH, :own] = projection
        attention.o_proj.weight[:, at : at + 64] = 0
        attention.o_proj.weight[space : space + SCRATCH, at : at + SCRATCH] = torch.eye(SCRATCH) * scale


def find_and_fetch(model: Qwen2ForCausalLM) -> None:
    """Layer 1, heads 0 to 2: compare the last three tokens with what stood before each key, fetch the key.

    Head 3 compares the token with the key itself: where the same word stood before.
    """
    attention = model.model.layers[1].self_attn
    projection = model.model.layers[0].self_attn.v_proj.weight[:SCRATCH, : room(model)]
    own = room(model)
    groups = _slow_groups()
    basis = orthonormal(own, own)
    scale = FETCH * SPREAD
    third = -(-own // BACK)
    for head in range(BACK + 1):
        at = head * 64
        for part in (attention.q_proj, attention.k_proj):
            part.weight[at : at + 64] = 0
            part.bias[at : at + 64] = 0
    for head in range(BACK):
        at = head * 64
        for n, (rows, gain) in enumerate(zip(groups, GAINS, strict=True)):
            mix = orthonormal(len(rows), SCRATCH) * gain
            index = torch.tensor(rows) + at
            key = own + n * SCRATCH
            attention.k_proj.weight[index, key : key + SCRATCH] = mix
            if n == 0:
                attention.q_proj.weight[index, :own] = mix @ projection
            else:
                attention.q_proj.weight[index, key - SCRATCH : key] = mix
        rows_of = basis[head * third : (head + 1) * third]
        attention.v_proj.weight[at : at + 64] = 0
        attention.v_proj.bias[at : at + 64] = 0
        attention.v_proj.weight[at : at + len(rows_of), :own] = rows_of
        attention.o_proj.weight[:, at : at + 64] = 0
        attention.o_proj.weight[:own, at : at + len(rows_of)] = rows_of.T * scale
    same = orthonormal(40, own) * GAINS[0]
    index = torch.tensor([row for rows in groups for row in rows]) + BACK * 64
    attention.q_proj.weight[index, :own] = same
    attention.k_proj.weight[index, :own] = same


def _slow_groups() -> list[list[int]]:
    """Rows of a head of 64 whose rotation is slow, in three groups of whole pairs."""
    pairs = list(range(31, FIRST_SLOW_PAIR - 1, -1))
    cut = (0, 7, 13, 20)
    return [[row for p in pairs[a:b] for row in (p, p + 32)] for a, b in pairwise(cut)]
