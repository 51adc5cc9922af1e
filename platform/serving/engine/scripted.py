"""The scripted model: replies come from a function, so that agents can be tested without weights.

Its tokens are the words of the text; everything else is as with a real backend.
"""

import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from ...errors import InputError, NotFoundError
from ..messages import ChatMessage, ToolSpec
from .base import Generation, Token
from .hermes import CLOSE, OPEN

Script = Callable[[list[ChatMessage], list[ToolSpec], str | None], str]
_PIECES = re.compile(r"\s+|\w+|[^\w\s]")
_END = 0


class ScriptedBackend:
    """A backend that answers with ``script(messages, tools, adapter)``."""

    def __init__(self, script: Script, *, model: str = "scripted", context: int = 8192) -> None:
        self.script = script
        self.model = model
        self.context = context
        self.end_ids = frozenset({_END})
        self.base_hash = "scripted"
        self._pieces: list[str] = [""]
        self._ids: dict[str, int] = {}
        self._adapters: dict[str, Path] = {}
        self._chats: dict[tuple[int, ...], tuple[list[ChatMessage], list[ToolSpec]]] = {}

    def encode_chat(
        self, messages: list[ChatMessage], tools: list[ToolSpec], *, continued: bool = False
    ) -> list[int]:
        ids = self._encode(json.dumps([messages, tools]))
        self._chats[tuple(ids)] = (messages, tools)
        return ids

    def decode(self, ids: list[int]) -> str:
        return "".join(self._pieces[i] for i in ids)

    def adapters(self) -> dict[str, Path]:
        return dict(self._adapters)

    async def load_adapter(self, name: str, folder: Path) -> None:
        if name in self._adapters:
            raise InputError(f"The adapter {name!r} is loaded already; names are never used again.")
        if not (folder / "adapter_config.json").is_file():
            raise InputError(f"{folder} is not an adapter: it has no adapter_config.json.")
        self._adapters[name] = folder

    async def unload_adapter(self, name: str) -> None:
        if self._adapters.pop(name, None) is None:
            raise NotFoundError(f"The adapter {name!r} is not loaded.")

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        messages, tools = self._chats[tuple(generation.prompt_ids)]
        reply = self.script(messages, tools, generation.adapter)
        for token in [*self._encode(reply), _END][: generation.sampling.max_tokens]:
            yield Token(token, 0.0, ((token, 0.0),) if generation.sampling.top_logprobs else ())

    def _encode(self, text: str) -> list[int]:
        ids = []
        for piece in _PIECES.findall(text):
            if piece not in self._ids:
                self._ids[piece] = len(self._pieces)
                self._pieces.append(piece)
            ids.append(self._ids[piece])
        return ids


def call_text(name: str, **arguments: object) -> str:
    """The text with which a model calls a tool."""
    return f"{OPEN}\n{json.dumps({'name': name, 'arguments': arguments})}\n{CLOSE}"
