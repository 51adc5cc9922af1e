"""What the embedded engine asks of a backend: encode a chat, generate tokens, hold adapters."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

from ..messages import ChatMessage, Sampling, ToolSpec


@dataclass(frozen=True)
class Generation:
    """One prompt to continue, by the base model or by a loaded adapter."""

    prompt_ids: list[int]
    adapter: str | None
    sampling: Sampling


class Token(NamedTuple):
    """One generated token with the natural logarithm of its probability before any filter.

    ``top``: the most probable tokens at its place, as many as were asked for, the likeliest first.
    """

    id: int
    logprob: float
    top: tuple[tuple[int, float], ...] = ()


class Backend(Protocol):
    """A language model in this process."""

    model: str
    context: int
    end_ids: frozenset[int]

    def encode_chat(
        self, messages: list[ChatMessage], tools: list[ToolSpec], *, continued: bool = False
    ) -> list[int]:
        """Token ids of the rendered chat, the assistant's opening included.

        ``continued``: the last message is the assistant's and stays open, so that the model goes on from it.
        """

    def decode(self, ids: list[int]) -> str:
        """The text of token ids, without the model's control tokens."""

    def adapters(self) -> dict[str, Path]:
        """Loaded adapters and their folders."""

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load a LoRA folder under a name; raises InputError when it does not fit this model."""

    async def unload_adapter(self, name: str) -> None:
        """Forget an adapter; raises NotFoundError."""

    def generate(self, generation: Generation) -> AsyncIterator[Token]:
        """Stream tokens, the end token included; closing the iterator cancels the request."""
