"""The start: a Qwen2 model that copies before any training, by built-in heads.

Layer 0 looks one, two and three tokens back and tells the turns apart. Layer 1 tells the segments
apart (whose turn, which numbered passage) and marks the words of the passages that the question
has. Layer 2 finds where the last three tokens stood before, in the segment that is being copied,
and fetches what followed; at a bracket the marked words vote for the number of a passage; and a
query to search begins where the question does. Layer 3 finds where an argument's value begins in
the question. Embeddings of one word with and without a leading
space or capital start alike, so that matching is by word.

The residual stream: the token's own dimensions, then one dimension for each mark, then the code
of the segment, then three scratch spaces for the tokens before.
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from itertools import pairwise

import torch
from transformers import PreTrainedTokenizerFast, Qwen2Config, Qwen2ForCausalLM

from ...agents.prompt import SOURCE
from .prose import STOP

SPREAD = 0.06
KEPT = 0.7
MARK_SIZE = 0.3
SCRATCH = 36
BACK = 3
FAST_PAIRS = 8
FIRST_SLOW_PAIR = 12
LOOK_BACK = 10.0
GAINS = (3.5, 3.0, 2.5)
GROUPS = (0, 6, 10, 13, 20)
SAME_SEGMENT = 2.2
PLACES = 4
CODE_SIZE = 0.35
FETCH = 3.0
LOGIT_SCALE = 2.5
VOTE = 0.5
# Rotary pair: the squared weight with which it prefers what is nearer, up to some 450 tokens.
NEARNESS = {8: 90.0, 9: 225.0, 10: 600.0, 11: 750.0, 12: 750.0, 13: 1500.0}
# How tokens end that an argument's value follows in a call.
VALUE_OPENERS = ('": "', '": ')
OPENERS = ("system", "user", "assistant", "<tool_response>", SOURCE)
SEGMENTS = (*OPENERS, *"123456789")
# What an assistant turn copies from, and how much: the question, a result, numbered passages.
SOURCES = {"user": 1.0, "<tool_response>": 1.0, **dict.fromkeys("123456789", 0.6)}


class Mark(IntEnum):
    """Dimensions of one bit each."""

    SPACE = 0
    RARE = 1
    OPENS = 2
    BRACKET = 3
    USER = 4
    SHOWN = 5
    ASKED = 6
    ASKED_PAIR = 7
    DIGIT = 8
    PLACE_0 = 9
    PLACE_1 = 10
    FIRST = 11
    AFTER_DIGIT = 12
    CAPITAL = 13
    AFTER_CAPITAL = 14
    VALUE = 15


VOTES = {Mark.SHOWN: 0.55, Mark.ASKED: 0.7, Mark.ASKED_PAIR: 0.3, Mark.RARE: 0.55}


# What the key of a value's first token is made of, and how much of the name's last piece is compared.
VALUE_STARTS = {
    Mark.USER: 2.5, Mark.DIGIT: 1.5, Mark.CAPITAL: 1.5, Mark.AFTER_DIGIT: -1.5, Mark.AFTER_CAPITAL: -1.5,
}  # fmt: skip
NAME_GAIN = 5.0


@dataclass(frozen=True)
class Shape:
    """The size of the model; heads are of 64."""

    width: int = 256
    layers: int = 6
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
    """The untrained model with its built-in heads."""
    torch.manual_seed(seed)
    model = Qwen2ForCausalLM(config(shape, tokenizer)).float()
    with torch.no_grad():
        Start(model, tokenizer).write()
    return model


def pins(model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> dict[str, torch.Tensor]:
    """By name of a parameter, a mask of the entries that training must leave as they are."""
    return Start(model, tokenizer).pins()


def orthonormal(rows: int, columns: int) -> torch.Tensor:
    """A (rows, columns) matrix with orthonormal rows."""
    return torch.linalg.qr(torch.randn(columns, columns))[0][:rows]


def slow_rows(group: int) -> torch.Tensor:
    """Rows of a head of 64 whose rotation is slow, as whole pairs: those of one of four groups."""
    pairs = list(range(31, FIRST_SLOW_PAIR - 1, -1))
    chosen = [pairs[a:b] for a, b in pairwise(GROUPS)][group]
    return torch.tensor([row for p in chosen for row in (p, p + 32)])


class Start:
    """Writes the built-in heads into a model."""

    def __init__(self, model: Qwen2ForCausalLM, tokenizer: PreTrainedTokenizerFast) -> None:
        self.model = model
        self.tokenizer = tokenizer
        self.layers = model.model.layers
        self.embedding = model.model.embed_tokens.weight
        width = int(model.config.hidden_size)
        # Dimensions of the token itself, of the marks, of the segment's code, and scratch space.
        self.own = width - BACK * SCRATCH - len(SEGMENTS) - len(Mark)
        self.code = slice(self.own + len(Mark), self.own + len(Mark) + len(SEGMENTS))
        self.scale = SPREAD * math.sqrt(self.own / width)
        self.projection = torch.zeros(SCRATCH, self.own)

    def write(self) -> None:
        self._embed()
        self._quiet()
        self.projection = self._blind_to("<|im_start|>")
        self._look_back()
        self._tell_turns()
        self._mark_places()
        self._tell_segments()
        self._mark_asked()
        self._find_and_fetch()
        self._vote()
        self._begin_query()
        self._begin_value()

    def pins(self) -> dict[str, torch.Tensor]:
        """The heads that match and copy, and what they read: nothing else may write there before they do.

        Where the heads look that vote and that begin a query or a value is left to training, what
        they fetch is not.
        """
        masks: dict[str, torch.Tensor] = {}
        parameters = dict(self.model.named_parameters())

        def pin(name: str, *index: slice) -> None:
            mask = masks.setdefault(name, torch.zeros_like(parameters[name], dtype=torch.bool))
            mask[index] = True

        everything, read = slice(None), slice(self.own, None)
        pin("model.embed_tokens.weight", everything, read)
        for layer, heads in ((0, 4), (1, 3), (2, 2)):
            prefix, built = f"model.layers.{layer}", slice(0, heads * 64)
            pin(f"{prefix}.input_layernorm.weight", everything)
            for part in "qkv":
                pin(f"{prefix}.self_attn.{part}_proj.weight", built)
                pin(f"{prefix}.self_attn.{part}_proj.bias", built)
            pin(f"{prefix}.self_attn.o_proj.weight", everything, built)
        for layer, fetching in ((2, slice(128, 256)), (3, slice(0, 128))):
            pin(f"model.layers.{layer}.self_attn.v_proj.weight", fetching)
            pin(f"model.layers.{layer}.self_attn.v_proj.bias", fetching)
            pin(f"model.layers.{layer}.self_attn.o_proj.weight", everything, fetching)
        for layer in (0, 1):
            pin(f"model.layers.{layer}.self_attn.o_proj.weight", read)
            pin(f"model.layers.{layer}.mlp.down_proj.weight", read)
        pin("model.layers.0.post_attention_layernorm.weight", everything)
        for part in ("gate", "up"):
            pin(f"model.layers.0.mlp.{part}_proj.weight", slice(0, PLACES))
        pin("model.layers.0.mlp.down_proj.weight", everything, slice(0, PLACES))
        return masks

    def mark(self, which: Mark) -> int:
        """The dimension of a mark."""
        return self.own + which

    def scratch(self, place: int) -> slice:
        """The dimensions that hold the token ``place + 1`` back."""
        first = self.code.stop + place * SCRATCH
        return slice(first, first + SCRATCH)

    def direction(self, token: str) -> torch.Tensor:
        """The unit vector of a token in its own dimensions."""
        vector = self.embedding[self.tokenizer.convert_tokens_to_ids(token), : self.own]
        return vector / vector.norm()

    def behind(self, token: str) -> torch.Tensor:
        """What a scratch space shows of a token, so that the product with it is 2 where it is ``token``."""
        seen = self.projection @ self.direction(token)
        return seen * 2 / seen.norm()

    def _clear(self, layer: int, head: int) -> int:
        """Set a head's weights to zero; gives its first row."""
        attention = self.layers[layer].self_attn
        at = head * 64
        for part in (attention.q_proj, attention.k_proj, attention.v_proj):
            part.weight[at : at + 64] = 0
            part.bias[at : at + 64] = 0
        attention.o_proj.weight[:, at : at + 64] = 0
        return at

    def _embed(self) -> None:
        weight, tokenizer = self.embedding, self.tokenizer
        weight.zero_()
        weight[:, : self.own] = torch.randn(weight.shape[0], self.own) * SPREAD
        texts = {tokenizer.decode([i]): i for i in range(len(tokenizer))}
        for text, i in texts.items():
            word = text.strip()
            weight[i, self.mark(Mark.SPACE)] = MARK_SIZE if text.startswith(" ") else -MARK_SIZE
            if word.isalnum() and word.lower() not in STOP:
                weight[i, self.mark(Mark.RARE)] = MARK_SIZE
            if word.isdigit():
                weight[i, self.mark(Mark.DIGIT)] = MARK_SIZE
            if word[:1].isupper():
                weight[i, self.mark(Mark.CAPITAL)] = MARK_SIZE
            if text.endswith(VALUE_OPENERS):
                weight[i, self.mark(Mark.VALUE)] = MARK_SIZE
            if word == "[":
                weight[i, self.mark(Mark.BRACKET)] = MARK_SIZE
            base = texts.get(word.lower())
            if base is not None and base != i:
                kept, own = math.sqrt(KEPT), math.sqrt(1 - KEPT)
                weight[i, : self.own] = kept * weight[base, : self.own] + own * weight[i, : self.own]
        for token in OPENERS:
            weight[tokenizer.convert_tokens_to_ids(token), self.mark(Mark.OPENS)] = MARK_SIZE

    def _quiet(self) -> None:
        """Nothing but the built heads writes to the residual stream at first; what they fetch is told apart well."""
        self.model.model.norm.weight.fill_(LOGIT_SCALE)
        for layer in self.layers:
            layer.mlp.down_proj.weight.zero_()
            layer.self_attn.o_proj.weight.normal_(0, 0.002)
        for layer in self.layers[:2]:
            layer.self_attn.o_proj.weight[self.own :] = 0

    def _blind_to(self, token: str) -> torch.Tensor:
        """A projection of a token's own dimensions to a scratch space, zero for ``token``.

        Every text begins with it, so that attending to the first token is doing nothing.
        """
        vector = self.direction(token)
        projection = orthonormal(SCRATCH, self.own)
        return projection - (projection @ vector).outer(vector)

    def _look_back(self) -> None:
        """Layer 0, heads 0 to 2: copy what is 1, 2, 3 back to a scratch space.

        The first also marks what follows a number or a capital.
        """
        attention = self.layers[0].self_attn
        for head in range(BACK):
            at = self._clear(0, head)
            for pair in range(FAST_PAIRS):
                angle = 1e8 ** (-pair / 32) * (head + 1)
                attention.q_proj.bias[at + pair] = LOOK_BACK
                attention.k_proj.bias[at + pair] = LOOK_BACK * math.cos(angle)
                attention.k_proj.bias[at + pair + 32] = LOOK_BACK * math.sin(angle)
            attention.v_proj.weight[at : at + SCRATCH, : self.own] = self.projection
            attention.o_proj.weight[self.scratch(head), at : at + SCRATCH] = torch.eye(SCRATCH) * self.scale
        carried = ((Mark.DIGIT, Mark.AFTER_DIGIT), (Mark.CAPITAL, Mark.AFTER_CAPITAL))
        for row, (before, after) in enumerate(carried, SCRATCH):
            attention.v_proj.weight[row, self.mark(before)] = 1.0
            attention.o_proj.weight[self.mark(after), row] = self.scale

    def _prefer_near(self, layer: int, head: int) -> None:
        """Of keys that score alike, the nearest: a sum of -sin(distance * angle) over slow pairs.

        The query's side is a bias; where it is to be conditional, weights do the same.
        """
        attention = self.layers[layer].self_attn
        for pair, squared in NEARNESS.items():
            attention.q_proj.bias[head * 64 + pair] = math.sqrt(squared)
            attention.k_proj.bias[head * 64 + pair + 32] = -math.sqrt(squared)

    def _find_opener(self, layer: int, head: int) -> int:
        """Attend to the last token that opens a turn or a segment; gives the head's first row."""
        attention = self.layers[layer].self_attn
        at = self._clear(layer, head)
        self._prefer_near(layer, head)
        attention.q_proj.bias[at + 31] = 40.0
        attention.k_proj.weight[at + 31, self.mark(Mark.OPENS)] = 4.2
        return at

    def _codes_of(self, tokens: tuple[str, ...]) -> torch.Tensor:
        """A (tokens, own) map that is 1 at a token's own place, and 0 for the others."""
        ids = [self.tokenizer.convert_tokens_to_ids(token) for token in tokens]
        return torch.linalg.pinv(self.embedding[ids, : self.own].T)

    def _tell_turns(self) -> None:
        """Layer 0, head 3: whether this is a question, or what a tool showed."""
        attention = self.layers[0].self_attn
        at = self._find_opener(0, 3)
        codes = self._codes_of(OPENERS)
        shown = (("user", Mark.USER), ("<tool_response>", Mark.SHOWN), (SOURCE, Mark.SHOWN))
        for row, (token, which) in enumerate(shown):
            attention.v_proj.weight[at + row, : self.own] = codes[OPENERS.index(token)]
            attention.o_proj.weight[self.mark(which), at + row] = MARK_SIZE * self.scale

    def _mark_places(self) -> None:
        """Layer 0, feed-forward: what a token is by the one before it.

        The first two places of an assistant turn, numbers in brackets, the first token.
        """
        mlp = self.layers[0].mlp
        rules = [
            ("assistant", 0, Mark.PLACE_0, 0.5), ("assistant", 1, Mark.PLACE_1, 0.5), ("[", 0, Mark.OPENS, 0.72),
        ]  # fmt: skip
        for unit, (token, back, which, size) in enumerate(rules):
            for part in (mlp.gate_proj, mlp.up_proj):
                part.weight[unit] = 0
                part.weight[unit, self.scratch(back)] = self.behind(token)
            mlp.down_proj.weight[:, unit] = 0
            mlp.down_proj.weight[self.mark(which), unit] = size / 150
        unit = len(rules)
        for part in (mlp.gate_proj, mlp.up_proj):
            part.weight[unit] = 0
            part.weight[unit, : self.own] = self.direction("<|im_start|>")
        mlp.up_proj.weight[unit, self.scratch(0)] = -2.0 * self.behind("\u010a")
        mlp.down_proj.weight[:, unit] = 0
        mlp.down_proj.weight[self.mark(Mark.FIRST), unit] = 0.5 / 130

    def _tell_segments(self) -> None:
        """Layer 1, head 0: the code of the last opener, a role or the number of a passage."""
        attention = self.layers[1].self_attn
        at = self._find_opener(1, 0)
        size = len(SEGMENTS)
        attention.v_proj.weight[at : at + size, : self.own] = self._codes_of(SEGMENTS)
        attention.o_proj.weight[self.code, at : at + size] = torch.eye(size) * CODE_SIZE * self.scale

    def _mark_asked(self) -> None:
        """Layer 1, heads 1 and 2: words that a question has, too; words that follow the same word there.

        A word that no question has matches itself best.
        """
        attention = self.layers[1].self_attn
        slow = torch.cat([slow_rows(group) for group in range(4)])
        for head, which, parts in (
            (1, Mark.ASKED, [(slice(0, self.own), SCRATCH)]),
            (2, Mark.ASKED_PAIR, [(slice(0, self.own), 20), (self.scratch(0), 20)]),
        ):
            at = self._clear(1, head)
            rows = slow + at
            for dimensions, count in parts:
                same = orthonormal(count, dimensions.stop - dimensions.start) * GAINS[0]
                index, rows = rows[:count], rows[count:]
                attention.q_proj.weight[index, dimensions] = same
                attention.k_proj.weight[index, dimensions] = same
            attention.q_proj.bias[at + 11] = 12.0
            attention.k_proj.weight[at + 11, self.mark(Mark.USER)] = 2.0
            attention.v_proj.weight[at, self.mark(Mark.USER)] = 1.0 / 6.5
            attention.o_proj.weight[self.mark(which), at] = 0.8

    def _find_and_fetch(self) -> None:
        """Layer 2, heads 0 and 1: compare the last three tokens, and the segment, with what stood before each key.

        Where a turn or an argument's value begins they attend to the first token and fetch nothing.
        """
        attention = self.layers[2].self_attn
        basis = orthonormal(self.own, self.own)
        half = -(-self.own // 2)
        first = self.direction("<|im_start|>")
        for head in range(2):
            at = self._clear(2, head)
            for n, gain in enumerate(GAINS):
                index = slow_rows(n) + at
                mix = orthonormal(len(index), SCRATCH) * gain
                attention.k_proj.weight[index, self.scratch(n)] = mix
                if n == 0:
                    attention.q_proj.weight[index, : self.own] = mix @ self.projection
                else:
                    attention.q_proj.weight[index, self.scratch(n - 1)] = mix
            index = slow_rows(3) + at
            attention.k_proj.weight[index, self.code] = torch.eye(len(SEGMENTS)) * SAME_SEGMENT
            attention.q_proj.weight[index, self.code] = self._sources() * SAME_SEGMENT
            for place in (Mark.PLACE_0, Mark.PLACE_1, Mark.VALUE):
                attention.q_proj.weight[at + 11, self.mark(place)] = 2.0
            attention.k_proj.weight[at + 11, self.mark(Mark.FIRST)] = 3.0
            part = basis[head * half : (head + 1) * half]
            value = part - (part @ first).outer(first)
            attention.v_proj.weight[at : at + len(part), : self.own] = value
            attention.o_proj.weight[: self.own, at : at + len(part)] = part.T * FETCH * SPREAD

    def _sources(self) -> torch.Tensor:
        """Which segments each segment copies from, (from, in): numbered passages from themselves."""
        wanted = torch.eye(len(SEGMENTS))
        wanted[:, SEGMENTS.index("assistant")] = torch.tensor([SOURCES.get(s, 0.0) for s in SEGMENTS])
        return wanted

    def _vote(self) -> None:
        """Layer 2, head 2: at a bracket, the asked words of the passages say their number."""
        attention = self.layers[2].self_attn
        at = self._clear(2, 2)
        attention.q_proj.bias[at + 30] = 1.8
        attention.k_proj.weight[at + 30, self.mark(Mark.FIRST)] = 5.0
        attention.q_proj.weight[at + 31, self.mark(Mark.BRACKET)] = 4.0
        for which, gain in VOTES.items():
            attention.k_proj.weight[at + 31, self.mark(which)] = gain
        digits = range(SEGMENTS.index("1"), len(SEGMENTS))
        for row, place in enumerate(digits):
            attention.v_proj.weight[at + row, self.code.start + place] = 1.0
            attention.o_proj.weight[: self.own, at + row] = self.direction(SEGMENTS[place]) * VOTE

    def _begin_query(self) -> None:
        """Layer 2, head 3: after the name of the argument ``query``, the first token of the last question."""
        attention = self.layers[2].self_attn
        at = self._clear(2, 3)
        asks = self.behind("query") / 2
        attention.q_proj.bias[at + 29] = 10.0
        attention.k_proj.weight[at + 29, self.mark(Mark.FIRST)] = 5.0
        attention.q_proj.weight[at + 31, self.scratch(0)] = asks * 20.0
        attention.k_proj.weight[at + 31, self.scratch(1)] = self.behind("user") / 2 * 6.0
        for pair, squared in NEARNESS.items():
            attention.q_proj.weight[at + pair, self.scratch(0)] = asks * math.sqrt(squared) / 6
            attention.k_proj.bias[at + pair + 32] = -math.sqrt(squared)
        part = orthonormal(64, self.own)
        first = self.direction("<|im_start|>")
        attention.v_proj.weight[at : at + 64, : self.own] = part - (part @ first).outer(first)
        attention.o_proj.weight[: self.own, at : at + 64] = part.T * FETCH * SPREAD

    def _begin_value(self) -> None:
        """Layer 3, heads 0 and 1: after the name of an argument, the first token of its value in the question.

        Values begin with a number or a capital; the right one stands after the words of the name,
        or after one or two further words.
        """
        attention = self.layers[3].self_attn
        basis = orthonormal(self.own, self.own)
        half = -(-self.own // 2)
        first = self.direction("<|im_start|>")
        for head in range(2):
            at = self._clear(3, head)
            attention.q_proj.bias[at + 29] = 10.0
            attention.k_proj.weight[at + 29, self.mark(Mark.FIRST)] = 1.0
            attention.q_proj.weight[at + 31, self.mark(Mark.VALUE)] = 10.0
            for mark, gain in VALUE_STARTS.items():
                attention.k_proj.weight[at + 31, self.mark(mark)] = gain
            attention.k_proj.weight[at + 31, self.scratch(1)] = -self.behind("user") / 2 * 6.0
            for place, group in enumerate((3, 0, 1)):
                index = slow_rows(group)[1:] + at if group == 3 else slow_rows(group) + at
                index = index[(index != at + 31) & (index != at + 29)]
                mix = orthonormal(len(index), SCRATCH)
                attention.q_proj.weight[index, self.scratch(0)] = mix * NAME_GAIN
                attention.k_proj.weight[index, self.scratch(place)] = mix * 2.0
            part = basis[head * half : (head + 1) * half]
            attention.v_proj.weight[at : at + len(part), : self.own] = part - (part @ first).outer(first)
            attention.o_proj.weight[: self.own, at : at + len(part)] = part.T * FETCH * SPREAD
