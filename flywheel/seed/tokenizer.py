"""The tokenizer: byte-level BPE, digits one by one, JSON punctuation in runs."""

from collections.abc import Iterable
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
PIECES = (
    r"'(?:[sdmt]|ll|ve|re)\b"
    r"| ?\p{N}"
    r"| ?\p{L}+"
    r'| ?[{\["}\]]+(?:[:,] [{\["]*)?'
    r'| ?[^\s\p{L}\p{N}"{}\[\]]+'
    r"|\n"
    r"| +(?! ?\S)"
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
    backend.train_from_iterator((_plain(text) for text in texts), trainer)
    backend.add_tokens(added)
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        eos_token=TURN_END,
        pad_token=END,
        chat_template=TEMPLATE.read_text(encoding="utf-8"),
        clean_up_tokenization_spaces=False,
        model_max_length=4096,
    )


def _plain(text: str) -> str:
    """``text`` without what has a token of its own."""
    for token in (*SKELETON, *MARKS):
        text = text.replace(token, "\n")
    return text
