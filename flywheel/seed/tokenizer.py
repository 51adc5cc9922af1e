"""The tokenizer: byte-level BPE, numbers in groups of three digits, JSON punctuation in runs."""

from collections.abc import Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from ...agents.prompt import SOURCE

END, TURN, TURN_END = "<|endoftext|>", "<|im_start|>", "<|im_end|>"
MARKS = ("<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<tools>", "</tools>")
# What every schema, call and passage repeats; one token each keeps prompts short.
SKELETON = (
    '{"type": "function", "function": {"name": "',
    '", "parameters": {"type": "object", "properties": {"',
    '", "description": "',
    '": {"type": "',
    '"}}, "required": ["',
    '"]}}}',
    '{"name": "',
    '", "arguments": {"',
    SOURCE,
)
# A space before a capital, a number or an address belongs to the piece before it, so that a name is the
# same tokens in a question, in a passage and after a quotation mark; numbers are cut in threes from the right.
_SPACED = r"(?: (?=[\p{Lu}\p{N}]|[\p{Ll}\p{N}.]+@))?"
PIECES = (
    r"'(?:[sdmt]|ll|ve|re)\b" + _SPACED + r"|\p{N}{1,3}(?=(?:\p{N}{3})*(?!\p{N}))"
    r"|\p{Lu}+[\p{Ll}\p{M}]*" + _SPACED + r"|[\p{Ll}\p{N}.]+(?=@)"
    r"| ?[\p{Ll}\p{Lo}\p{Lm}\p{M}]+" + _SPACED + r'| ?[{\["}\]]+(?:[:,] [{\["]*)?' + _SPACED + r"|\n"
    r'| ?[^\s\p{L}\p{N}"{}\[\]]+' + _SPACED + r"| +(?! ?\S)"
    r"|\s"
)
TEMPLATE = Path(__file__).parent.parent.parent / "platform" / "serving" / "chat_template.jinja"


def train(texts: Iterable[str], size: int) -> PreTrainedTokenizerFast:
    """A tokenizer of ``size`` tokens in all, learned from ``texts``."""
    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    backend.decoder = decoders.ByteLevel()
    added = [AddedToken(t, special=False, normalized=False) for t in (*MARKS, *SKELETON)]
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(added),
        special_tokens=[END, TURN, TURN_END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    backend.train_from_iterator(chain(map(_plain, texts), _numbers()), trainer)
    backend.add_tokens(added)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token=TURN_END,
        pad_token=END,
        chat_template=TEMPLATE.read_text(encoding="utf-8"),
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def _numbers() -> Iterator[str]:
    """Every group of up to three digits, often enough that each becomes a token."""
    groups = [f"{n:0{width}}" for width in (1, 2, 3) for n in range(10**width)]
    return chain.from_iterable(repeat(groups, 300))


def _plain(text: str) -> str:
    """``text`` without what has a token of its own."""
    for token in (*SKELETON, *MARKS):
        text = text.replace(token, "\n")
    return text
