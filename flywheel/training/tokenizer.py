"""A base's tokenizer as training needs it: what the chat template writes, and nothing beside it."""

from pathlib import Path
from typing import Any

from ...platform.errors import InputError
from .render import Row, render_text

# What an assistant says so that the end of its turn is found after it.
_SAID = "whorl"


def load_tokenizer(folder: Path) -> Any:
    """The tokenizer of a model's folder, with padding, and with the end of the assistant's turn as its end.

    It adds no special tokens to a text: the chat template writes them, and serving adds none either.

    Raises InputError for a folder without a chat template, or whose tokenizer cannot say which characters a token is.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(folder)
    if not tokenizer.chat_template:
        raise InputError(
            f"The tokenizer in {folder} has no chat template, so no chat can be rendered as it is served. Put the "
            "chat_template.jinja that the model is served with into the folder."
        )
    if not tokenizer.is_fast:
        raise InputError(
            f"The tokenizer in {folder} cannot say which characters a token stands for. Save it as a fast tokenizer "
            "(tokenizer.json)."
        )
    return prepared(tokenizer)


def prepared(tokenizer: Any) -> Any:
    """A fast tokenizer, changed so that texts from its chat template become the tokens that are served."""
    from tokenizers.processors import Sequence

    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.eos_token = end_of_turn(tokenizer)
    if tokenizer("x")["input_ids"] != tokenizer("x", add_special_tokens=False)["input_ids"]:
        tokenizer.backend_tokenizer.post_processor = Sequence([])
    return tokenizer


def end_of_turn(tokenizer: Any) -> str:
    """The special token that the chat template ends the assistant's turn with.

    The tokenizer's own end where there is none, or where the template writes that one itself.
    """
    if "eos_token" in tokenizer.get_chat_template():
        return str(tokenizer.eos_token)
    chat: list[Row] = [{"role": "user", "content": "x"}, {"role": "assistant", "content": _SAID}]
    written = render_text(tokenizer, chat, [], prompt=False).rpartition(_SAID)[2].strip()
    tokens: list[str] = tokenizer.tokenize(written)
    return tokens[0] if tokens and tokens[0] in tokenizer.get_added_vocab() else str(tokenizer.eos_token)
