"""The embedded engine: an ASGI application with the contract that vLLM serves.

``/v1/chat/completions`` (streaming, tools, log-probabilities), ``/v1/models``,
``/v1/load_lora_adapter``, ``/v1/unload_lora_adapter``, ``/health``.
"""

import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from ...errors import InputError, NotFoundError, UpstreamError, WhorlError
from ..messages import ToolCall, thought_of
from .base import Backend, Generation, Token
from .hermes import OPENING_TOKENS, Parsed, Parted, forced_opening, opened_thoughts, parse_reply, visible
from .wire import ChatRequest, ChosenTool, LoadAdapter, UnloadAdapter


@dataclass
class _Writing:
    """A reply while it grows."""

    backend: Backend
    stop: tuple[str, ...]
    limit: int
    opening: str = ""
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    tops: list[tuple[tuple[int, float], ...]] = field(default_factory=list)
    text: str = ""
    finish: str | None = None

    def add(self, token: Token) -> None:
        self.ids.append(token.id)
        self.logprobs.append(token.logprob)
        self.tops.append(token.top)
        if token.id in self.backend.end_ids:
            self.finish = "stop"
            return
        written = self.backend.decode([i for i in self.ids if i not in self.backend.end_ids])
        self.text = self.opening + written
        found = [at for stop in self.stop if (at := self.text.find(stop)) >= 0]
        if found:
            self.text, self.finish = self.text[: min(found)], "stop"
        elif len(self.ids) >= self.limit:
            self.finish = "length"

    @property
    def shown(self) -> Parted:
        """Thoughts and text that can be streamed now: no half character, no beginning of a tool call or stop."""
        reasoning, text = visible(self.text)
        if self.finish is None:
            reasoning, text = reasoning.rstrip("\ufffd"), text.rstrip("\ufffd")
            for stop in self.stop:
                for size in range(min(len(stop) - 1, len(text)), 0, -1):
                    if text.endswith(stop[:size]):
                        text = text[:-size]
                        break
        return Parted(reasoning, text)


def create_engine_app(backend: Backend) -> FastAPI:
    """The contract over one backend."""
    app = FastAPI(title="Whorl embedded engine", openapi_url=None)
    app.add_exception_handler(WhorlError, _whorl_error)
    app.add_exception_handler(RequestValidationError, _validation_error)

    @app.get("/health")
    async def health() -> Response:
        return PlainTextResponse("")

    @app.get("/v1/models")
    async def models() -> dict[str, Any]:
        base = {
            "id": backend.model,
            "object": "model",
            "owned_by": "whorl",
            "root": backend.model,
            "parent": None,
            "max_model_len": backend.context,
        }
        adapters = [
            {
                "id": name,
                "object": "model",
                "owned_by": "whorl",
                "root": str(folder),
                "parent": backend.model,
            }
            for name, folder in backend.adapters().items()
        ]
        return {"object": "list", "data": [base, *adapters]}

    @app.post("/v1/load_lora_adapter")
    async def load(body: LoadAdapter) -> Response:
        await backend.load_adapter(body.lora_name, body.lora_path)
        return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' added successfully.")

    @app.post("/v1/unload_lora_adapter")
    async def unload(body: UnloadAdapter) -> Response:
        await backend.unload_adapter(body.lora_name)
        return PlainTextResponse(f"Success: LoRA adapter '{body.lora_name}' removed successfully.")

    @app.post("/v1/chat/completions")
    async def chat(body: ChatRequest) -> Response:
        generation = await _generation(backend, body)
        if body.stream:
            return StreamingResponse(_events(backend, body, generation), media_type="text/event-stream")
        return JSONResponse(await _complete(backend, body, generation))

    return app


async def _generation(backend: Backend, body: ChatRequest) -> Generation:
    adapter = None if body.model == backend.model else body.model
    if adapter is not None and adapter not in backend.adapters():
        raise NotFoundError(f"The model {body.model!r} does not exist.")
    _check_possible(body)
    messages: Any = [message.plain() for message in body.messages]
    opening = _opening(body)
    if opening:
        messages.append({"role": "assistant", "content": opening})
    continued = body.continue_final_message or bool(opening)
    tools = body.offered_tools()
    # In a thread: a long chat takes seconds, in which others are answered.
    prompt = await to_thread.run_sync(lambda: backend.encode_chat(messages, tools, continued=continued))
    room = backend.context - len(prompt)
    if room < 1:
        raise InputError(
            f"The prompt has {len(prompt)} tokens; the model's context is {backend.context}. "
            "Shorten the messages."
        )
    return Generation(prompt, adapter, body.sampling(room))


def _check_possible(body: ChatRequest) -> None:
    """Raise InputError for what a server may be asked and this one cannot do.

    ``strict`` of a function is not: OpenAI's client sends it of its own accord, and servers take it as a wish.
    """
    wanted = [name for name in body.passed() if name != "parallel_tool_calls"]
    if wanted:
        raise InputError(
            f"The embedded model cannot do {wanted[0]}: leave it out, or let a vLLM server answer (WHORL_MODEL_URL).",
            wanted[0],
        )


def _calls(body: ChatRequest, reply: Parsed) -> list[ToolCall]:
    """The calls in a reply; the first alone where several at once are not wanted.

    Raises UpstreamError where a call was demanded and the model wrote none of the tools that it could be.
    """
    demanded = _demanded(body)
    if demanded and not (reply.calls and all(call["function"]["name"] in demanded for call in reply.calls)):
        raise UpstreamError(
            f"The model was to call {' or '.join(sorted(demanded))}, and wrote no such call. Ask in other words, or leave "
            "the choice to it (tool_choice auto)."
        )
    return reply.calls[:1] if body.parallel_tool_calls is False else reply.calls


def _demanded(body: ChatRequest) -> frozenset[str]:
    """The tools of which the request demands a call; none where it demands none."""
    if isinstance(body.tool_choice, ChosenTool):
        return frozenset({body.tool_choice.function.name})
    offered = frozenset(tool.function.name for tool in body.tools or ())
    return offered if body.tool_choice == "required" else frozenset()


def _opening(body: ChatRequest) -> str:
    """The beginning of a call that the request demands, which the model goes on from; else empty."""
    demanded = _demanded(body)
    if not demanded:
        return ""
    [name] = demanded if len(demanded) == 1 else [None]
    tool = next((tool.function for tool in body.tools or () if tool.function.name == name), None)
    return forced_opening(name, arguments=tool is None or bool((tool.parameters or {}).get("properties")))


async def _write(backend: Backend, body: ChatRequest, generation: Generation) -> AsyncIterator[_Writing]:
    sampling = generation.sampling
    opening = _opening(body) or opened_thoughts(backend.decode(generation.prompt_ids[-OPENING_TOKENS:]))
    writing = _Writing(backend, sampling.stop, sampling.max_tokens or backend.context, opening)
    async with aclosing(backend.generate(generation)) as tokens:  # type: ignore[type-var]
        async for token in tokens:
            writing.add(token)
            yield writing
            if writing.finish:
                return
    writing.finish = "length"
    yield writing


async def _complete(backend: Backend, body: ChatRequest, generation: Generation) -> dict[str, Any]:
    writing = [growing async for growing in _write(backend, body, generation)][-1]
    parsed = parse_reply(writing.text)
    calls = _calls(body, parsed)
    message: dict[str, Any] = {"role": "assistant", "content": parsed.content}
    if parsed.reasoning:
        message |= thought_of(parsed.reasoning)
    if calls:
        message["tool_calls"] = calls
    choice: dict[str, Any] = {
        "index": 0,
        "message": message,
        "finish_reason": "tool_calls" if calls else writing.finish,
        "logprobs": _logprobs(backend, writing, 0) if body.logprobs else None,
    }
    reply = {
        **_head(body, "chat.completion"),
        "choices": [choice],
        "usage": _usage(generation, writing),
    }
    if body.return_token_ids:
        choice["token_ids"] = writing.ids
        reply["prompt_token_ids"] = generation.prompt_ids
    return reply


async def _events(backend: Backend, body: ChatRequest, generation: Generation) -> AsyncIterator[bytes]:
    head = _head(body, "chat.completion.chunk")

    def chunk(delta: dict[str, Any], finish: str | None = None, **extra: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None, **extra}
        return _event({**head, "choices": [choice]})

    opening = {
        **head,
        "choices": [
            {
                "index": 0,
                "delta": {"role": "assistant", "content": ""},
                "finish_reason": None,
                "logprobs": None,
            }
        ],
    }
    if body.return_token_ids:
        opening["prompt_token_ids"] = generation.prompt_ids
    yield _event(opening)
    thought = sent = tokens = 0
    writing = None
    try:
        async for writing in _write(backend, body, generation):
            reasoning, shown = writing.shown
            extra: dict[str, Any] = {}
            if body.logprobs:
                extra["logprobs"] = _logprobs(backend, writing, tokens)
            if body.return_token_ids:
                extra["token_ids"] = writing.ids[tokens:]
            delta = thought_of(reasoning[thought:]) if len(reasoning) > thought else {}
            if len(shown) > sent:
                delta["content"] = shown[sent:]
            if delta or extra:
                yield chunk(delta, None, **extra)
            thought, sent, tokens = (
                max(thought, len(reasoning)),
                max(sent, len(shown)),
                len(writing.ids),
            )
        assert writing is not None
        calls = _calls(body, parse_reply(writing.text))
    except WhorlError as error:
        yield _event({"error": _error_body(error)})
        return
    if calls:
        yield chunk({"tool_calls": [{"index": i, **call} for i, call in enumerate(calls)]})
    yield chunk({}, "tool_calls" if calls else writing.finish)
    if body.stream_options and body.stream_options.include_usage:
        yield _event({**head, "choices": [], "usage": _usage(generation, writing)})
    yield b"data: [DONE]\n\n"


def _head(body: ChatRequest, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{uuid.uuid4().hex}",
        "object": kind,
        "created": int(time.time()),
        "model": body.model,
    }


def _usage(generation: Generation, writing: _Writing) -> dict[str, int]:
    read, written = len(generation.prompt_ids), len(writing.ids)
    return {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}


def _logprobs(backend: Backend, writing: _Writing, start: int) -> dict[str, Any]:
    def entry(token: int, logprob: float) -> dict[str, Any]:
        return {"token": backend.decode([token]), "logprob": logprob, "bytes": None}

    written = zip(writing.ids[start:], writing.logprobs[start:], writing.tops[start:], strict=True)
    return {
        "content": [
            {**entry(token, logprob), "top_logprobs": [entry(*other) for other in top]}
            for token, logprob, top in written
        ]
    }


def _event(value: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def _error_body(error: WhorlError) -> dict[str, Any]:
    return {
        "message": error.message,
        "type": type(error).__name__,
        "param": error.field,
        "code": error.status,
    }


async def _whorl_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, WhorlError)
    status = 400 if isinstance(error, InputError) else error.status
    return JSONResponse({"error": _error_body(error)}, status)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    body = {
        "message": f"{where}: {first['msg']}",
        "type": "BadRequestError",
        "param": where,
        "code": 400,
    }
    return JSONResponse({"error": body}, 400)
