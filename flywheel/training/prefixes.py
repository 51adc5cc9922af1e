"""Beginnings that rows of a batch share are worked out once.

Both sides of a pair begin with one prompt, the members of a group with one question, and most rows of an agent with the
same instructions and tools. A causal model's states there are the same, so that of such rows a tree is made whose
branches see what they grew from and not each other (prefix sharing, Wang et al. 2024, arXiv 2410.20305).
"""

from collections.abc import Sequence
from functools import wraps
from itertools import pairwise
from math import ceil
from typing import Any, NamedTuple

# Tokens of a tree at most, but for rows that are longer: what attention costs grows with the square.
MOST = 768
# Trees are filled unevenly; of how much more than an even share one may have.
SLACK = 1.15
# Padding included, trees must have at most so many of the tokens of the rows to be worth their masks.
WORTH = 0.8


class Tree(NamedTuple):
    """Tokens that no other row of the tree has at their place, how deep each lies, and the path of each row, by number."""

    tokens: list[int]
    depths: list[int]
    paths: dict[int, list[int]]


def trees(rows: Sequence[Sequence[int]]) -> list[Tree]:
    """Rows of token ids as trees.

    >>> trees([[1, 2, 3], [1, 2, 4, 5]])
    [Tree(tokens=[1, 2, 3, 4, 5], depths=[0, 1, 2, 2, 3], paths={0: [0, 1, 2], 1: [0, 1, 3, 4]})]
    """
    order = sorted(range(len(rows)), key=lambda number: list(rows[number]))
    shared = [0, *(_common(rows[a], rows[b]) for a, b in pairwise(order))]
    alone = sum(len(rows[number]) - common for number, common in zip(order, shared, strict=True))
    most = max(max(map(len, rows)), SLACK * alone / ceil(alone / MOST))
    grown: list[Tree] = []
    path: list[int] = []
    for number, common in zip(order, shared, strict=True):
        row = rows[number]
        if not grown or len(grown[-1].tokens) + len(row) - common > most:
            grown.append(Tree([], [], {}))
            common = 0
        tree = grown[-1]
        first = len(tree.tokens)
        path = [*path[:common], *range(first, first + len(row) - common)]
        tree.tokens.extend(row[common:])
        tree.depths.extend(range(common, len(row)))
        tree.paths[number] = path
    return grown


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    same = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), None)
    return min(len(one), len(other)) if same is None else same


def share_prefixes(model: Any) -> bool:
    """Let the decoder of a causal model work shared beginnings out once; whether it can.

    It can where every layer attends to all that is before, by PyTorch's own attention, places are told by rotation, and
    experts are not balanced by what they are given.
    """
    decoder, config = model.base_model, model.config
    kinds = getattr(config, "layer_types", None)
    whole = set(kinds) == {"full_attention"} if kinds else getattr(config, "sliding_window", None) is None
    told = config._attn_implementation == "sdpa" and hasattr(decoder, "rotary_emb")
    if not (whole and told) or getattr(config, "output_router_logits", False):
        return False
    plain = decoder.forward

    @wraps(plain)
    def forward(
        input_ids: Any = None, attention_mask: Any = None, position_ids: Any = None, past_key_values: Any = None,
        inputs_embeds: Any = None, use_cache: bool | None = None, **named: Any,
    ) -> Any:  # fmt: skip
        rows = input_ids is not None and attention_mask is not None and attention_mask.dim() == 2
        anew = position_ids is None and past_key_values is None and not use_cache
        packed = _packed(input_ids, attention_mask) if rows and anew and len(input_ids) > 1 else None
        if packed is None:
            return plain(
                input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                past_key_values=past_key_values, inputs_embeds=inputs_embeds, use_cache=use_cache, **named,
            )  # fmt: skip
        ids, depths, seen, places = packed
        found = plain(input_ids=ids, attention_mask=seen, position_ids=depths, use_cache=False, **named)
        states = found.last_hidden_state
        states = states.reshape(-1, states.shape[-1]).index_select(0, places.flatten())
        found.last_hidden_state = states.view(*places.shape, -1)
        return found

    decoder.forward = forward
    return True


def _packed(input_ids: Any, attention_mask: Any) -> tuple[Any, Any, Any, Any] | None:
    """Tokens and depths, shape (trees, width); what each token sees, (trees, 1, width, width); where rows' tokens lie among all.

    None where little is shared.
    """
    import torch

    there = attention_mask.bool().cpu()
    rows = [row[kept].tolist() for row, kept in zip(input_ids.cpu(), there, strict=True)]
    if not all(rows):
        return None
    grown = trees(rows)
    width = max(len(tree.tokens) for tree in grown)
    if len(grown) * width > WORTH * input_ids.numel():
        return None
    ids, depths = torch.zeros((2, len(grown), width), dtype=input_ids.dtype)
    # Padding sees itself: of nothing there is no attention.
    seen = torch.eye(width, dtype=torch.bool).repeat(len(grown), 1, 1)
    places = torch.zeros(input_ids.shape, dtype=torch.long)
    for at, tree in enumerate(grown):
        ids[at, : len(tree.tokens)] = torch.tensor(tree.tokens)
        depths[at, : len(tree.tokens)] = torch.tensor(tree.depths)
        for number, path in tree.paths.items():
            way = torch.tensor(path)
            seen[at, way[:, None], way] = torch.ones(len(path), len(path), dtype=torch.bool).tril()
            places[number, there[number]] = way + at * width
    device = input_ids.device
    return ids.to(device), depths.to(device), seen[:, None].to(device), places.to(device)
