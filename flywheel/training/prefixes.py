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
        packed = None
        if _anew(input_ids, attention_mask, position_ids, past_key_values, use_cache):
            packed = _packed(input_ids, attention_mask)
        if packed is None:
            return plain(
                input_ids=input_ids, attention_mask=attention_mask, position_ids=position_ids,
                past_key_values=past_key_values, inputs_embeds=inputs_embeds, use_cache=use_cache, **named,
            )  # fmt: skip
        own = None if past_key_values is None else type(past_key_values)()
        found = plain(
            input_ids=packed.ids, attention_mask=packed.seen, position_ids=packed.depths, past_key_values=own,
            use_cache=own is not None, **named,
        )  # fmt: skip
        found.last_hidden_state = packed.apart(found.last_hidden_state)
        if own is not None:
            for number, layer in enumerate(own.layers):
                keys, values = (packed.apart(each.transpose(1, 2)) for each in (layer.keys, layer.values))
                past_key_values.update(keys.transpose(1, 2), values.transpose(1, 2), number)
            found.past_key_values = past_key_values
        return found

    decoder.forward = forward
    return True


def _anew(ids: Any, mask: Any, positions: Any, cache: Any, use_cache: bool | None) -> bool:
    """Whether these are several rows from their beginnings, with nothing before them, at the places that follow from the mask.

    To generate, a model begins so with an empty cache; it is filled with what each row is to see.
    """
    from transformers import DynamicCache

    if ids is None or mask is None or mask.dim() != 2 or mask.shape != ids.shape or len(ids) < 2:
        return False
    if positions is not None:
        there = mask.bool()
        if positions.shape != ids.shape or not (positions == mask.cumsum(-1) - 1)[there].all():
            return False
    if cache is None:
        return not use_cache
    return type(cache) is DynamicCache and cache.get_seq_length() == 0


class _Packed(NamedTuple):
    """Rows as trees: ``ids`` and ``depths``, shape (trees, width); what each token sees, ``seen``, (trees, 1, width, width).

    ``places``, shape (rows, length), is where the rows' tokens lie among all of the trees; that of padding is 0.
    """

    ids: Any
    depths: Any
    seen: Any
    places: Any

    def apart(self, told: Any) -> Any:
        """What is ``told`` of the tokens of trees, shape (trees, width, ...), by rows: (rows, length, ...)."""
        flat = told.reshape(-1, *told.shape[2:]).index_select(0, self.places.flatten())
        return flat.view(*self.places.shape, *told.shape[2:])


def _packed(input_ids: Any, attention_mask: Any) -> _Packed | None:
    """Rows of ids, shape (rows, length), as trees; None where little is shared."""
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
    return _Packed(ids.to(device), depths.to(device), seen[:, None].to(device), places.to(device))
