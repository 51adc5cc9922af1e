"""The backend over transformers and PEFT: one model, many adapters, batched in one ``generate``."""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from ...errors import InputError, LimitError, NotFoundError, PrerequisiteError, UpstreamError
from ..base_model import base_hash
from ..messages import ChatMessage, ToolSpec
from .base import Generation, Token
from .rows import RowSampler, RowStop, RowStreamer

MAX_BATCH = 16
MAX_WAITING = 1024
_BASE = "__base__"
_log = logging.getLogger(__name__)


@dataclass
class _Request:
    generation: Generation
    loop: asyncio.AbstractEventLoop
    queue: asyncio.Queue[Token | BaseException | None] = field(default_factory=asyncio.Queue)
    cancelled: bool = False
    ended: bool = False

    def send(self, item: Token | BaseException | None) -> None:
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.queue.put_nowait, item)


class LocalBackend:
    """A Hugging Face causal model from a local folder, on the GPU where there is one.

    Requests that wait together, whatever their adapters, run as one padded batch.
    """

    def __init__(self, folder: Path, *, threads: int = 0) -> None:
        if not (folder / "config.json").is_file():
            raise PrerequisiteError(
                f"{folder} is not a model folder: it has no config.json. Set WHORL_MODEL_DIR to a "
                "Hugging Face folder, or unset it for the seed model."
            )
        if threads:
            torch.set_num_threads(threads)
        self.folder = folder
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        dtype = torch.bfloat16 if self.device == "cuda" else torch.float32
        base = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
        self.network: Any = base.to(self.device).eval()
        self.model = self.network.config.name_or_path and folder.name
        self.base_hash = base_hash(folder)
        self.context = int(self.network.config.max_position_embeddings)
        self.end_ids = frozenset(self._end_ids())
        self._loaded: dict[str, tuple[str, Path]] = {}
        self._keys = 0
        self._waiting: list[_Request] = []
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="whorl-model")
        self._busy = False

    def _end_ids(self) -> set[int]:
        configured = self.network.generation_config.eos_token_id
        ids = configured if isinstance(configured, list) else [configured]
        return {int(value) for value in [*ids, self.tokenizer.eos_token_id] if value is not None}

    def encode_chat(
        self, messages: list[ChatMessage], tools: list[ToolSpec], *, continued: bool = False
    ) -> list[int]:
        """Token ids of the chat by the tokenizer's own template."""
        ids = self.tokenizer.apply_chat_template(
            readable_calls(messages),
            tools=tools or None,
            add_generation_prompt=not continued,
            continue_final_message=continued,
            return_dict=False,
        )
        return [int(value) for value in ids]

    def decode(self, ids: list[int]) -> str:
        """Text of token ids without special tokens (the tool-call tags are ordinary tokens)."""
        return str(self.tokenizer.decode(ids, skip_special_tokens=True))

    def adapters(self) -> dict[str, Path]:
        """Loaded adapters and their folders."""
        return {name: folder for name, (_, folder) in self._loaded.items()}

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load between two batches; InputError for a folder that is no adapter of this model."""
        await self._in_worker(self._load, name, folder)

    async def unload_adapter(self, name: str) -> None:
        """Unload between two batches; requests that run with it have ended by then."""
        await self._in_worker(self._unload, name)

    async def _in_worker(self, function: Any, *arguments: Any) -> None:
        await asyncio.get_running_loop().run_in_executor(self._worker, function, *arguments)

    def _load(self, name: str, folder: Path) -> None:
        if name in self._loaded:
            raise InputError(f"The adapter {name!r} is loaded already; names are never used again.")
        check_adapter(folder, self.base_hash)
        self._keys += 1
        key = f"a{self._keys}"
        try:
            if isinstance(self.network, PeftModel):
                self.network.load_adapter(str(folder), adapter_name=key)
            else:
                self.network = PeftModel.from_pretrained(self.network, str(folder), adapter_name=key)
        except (RuntimeError, ValueError, KeyError) as error:
            raise InputError(
                f"The adapter in {folder} does not fit the model {self.model}: "
                f"{str(error).strip().splitlines()[0]}"
            ) from error
        self.network.eval()
        self._loaded[name] = (key, folder)

    def _unload(self, name: str) -> None:
        if name not in self._loaded:
            raise NotFoundError(f"The adapter {name!r} is not loaded.")
        key, _ = self._loaded.pop(name)
        self.network.delete_adapter(key)
        if not self._loaded:
            self.network = self.network.unload()

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        """Stream tokens; raises NotFoundError for an adapter that is not loaded."""
        if generation.adapter is not None and generation.adapter not in self._loaded:
            raise NotFoundError(f"The adapter {generation.adapter!r} is not loaded.")
        if len(self._waiting) >= MAX_WAITING:
            raise LimitError("The model's queue is full. Try again shortly.", retry_after=1.0)
        request = _Request(generation, asyncio.get_running_loop())
        self._waiting.append(request)
        self._pump()
        try:
            while (item := await request.queue.get()) is not None:
                if isinstance(item, BaseException):
                    raise UpstreamError(f"The model failed: {item}") from item
                yield item
        finally:
            request.cancelled = True

    def _pump(self) -> None:
        if self._busy or not self._waiting:
            return
        self._busy = True
        future = asyncio.get_running_loop().run_in_executor(self._worker, self._run_batch)
        future.add_done_callback(self._batch_ended)

    def _batch_ended(self, future: asyncio.Future[None]) -> None:
        self._busy = False
        if not future.cancelled() and (error := future.exception()) is not None:
            _log.error("A batch failed: %s", type(error).__name__)
        with contextlib.suppress(RuntimeError):
            self._pump()

    def _run_batch(self) -> None:
        batch = [request for request in self._waiting[:MAX_BATCH] if not request.cancelled]
        del self._waiting[:MAX_BATCH]
        if not batch:
            return
        try:
            self._generate(batch)
        except Exception as error:
            for request in batch:
                request.send(error)
            raise
        finally:
            for request in batch:
                if not request.ended:
                    request.send(None)

    def _generate(self, batch: list[_Request]) -> None:
        prompts = [request.generation.prompt_ids for request in batch]
        length = max(map(len, prompts))
        pad = self.tokenizer.pad_token_id
        pad = next(iter(self.end_ids)) if pad is None else pad
        ids = torch.tensor([[pad] * (length - len(p)) + p for p in prompts], device=self.device)
        mask = torch.tensor([[0] * (length - len(p)) + [1] * len(p) for p in prompts], device=self.device)
        samplings = [request.generation.sampling for request in batch]
        limits = [s.max_tokens or self.context for s in samplings]
        sampler = RowSampler(samplings)

        def receive(row: int, token: int, logprob: float, top: tuple[tuple[int, float], ...]) -> None:
            request = batch[row]
            if request.ended:
                return
            request.send(Token(token, logprob, top))
            if token in self.end_ids:
                request.ended = True
                request.send(None)

        options: dict[str, Any] = {}
        if isinstance(self.network, PeftModel):
            names = [request.generation.adapter for request in batch]
            options["adapter_names"] = [self._loaded[n][0] if n else _BASE for n in names]
        stop = RowStop(limits, [lambda r=r: r.cancelled or r.ended for r in batch], length)  # type: ignore[misc]
        with torch.inference_mode():
            self.network.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=max(limits),
                pad_token_id=pad,
                eos_token_id=sorted(self.end_ids),
                logits_processor=[sampler],
                stopping_criteria=[stop],
                streamer=RowStreamer(sampler, receive),
                **options,
            )


def readable_calls(messages: list[ChatMessage]) -> list[dict[str, Any]]:
    """Messages as chat templates want them: arguments as objects where they are JSON objects."""
    readable = []
    for message in messages:
        copy: dict[str, Any] = dict(message)
        copy["content"] = message.get("content") or ""
        if message.get("tool_calls"):
            copy["tool_calls"] = [
                {
                    "type": "function",
                    "function": {
                        "name": call["function"]["name"],
                        "arguments": _arguments(call["function"]["arguments"]),
                    },
                }
                for call in message["tool_calls"]
            ]
        readable.append(copy)
    return readable


def _arguments(text: str) -> Any:
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return value if isinstance(value, dict) else text


def check_adapter(folder: Path, model_hash: str) -> None:
    """Raise InputError unless ``folder`` is a LoRA adapter made for the base of ``model_hash``."""
    if not (folder / "adapter_config.json").is_file():
        raise InputError(f"{folder} is not an adapter: it has no adapter_config.json.")
    note = folder / "whorl.json"
    if not note.is_file():
        return
    made_for = json.loads(note.read_text(encoding="utf-8")).get("base_hash")
    if made_for != model_hash:
        raise InputError(
            f"The adapter in {folder} was trained on another base model ({str(made_for)[:12]}) than "
            f"the one that runs here ({model_hash[:12]}). Train it again on this one."
        )
