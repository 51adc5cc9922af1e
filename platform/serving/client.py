"""The one client of model servers: OpenAI-compatible HTTP plus vLLM's runtime adapter calls."""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
from opentelemetry.trace import SpanKind

from .. import tracing
from ..errors import UpstreamError
from ..storable import dump_json, load_json
from .messages import ChatCall, ChatMessage, ChatReply, Place, ToolCall, Usage
from .wire import HttpxWire, Wire, error_text, failure, refusal, silence

# What stands for the last line of a stream.
_DONE: dict[str, Any] = {}
# Seconds within which a server lists what it has.
LISTING_SECONDS = 10.0


class Delta(NamedTuple):
    """A piece of a streamed reply: new text; the last piece carries the whole reply.

    ``used`` is what the reply took so far, as far as the server has told; ``reasoning`` is new text of what the
    model thinks. ``tokens`` are the new tokens with their log-probabilities, as the server tells them; those without
    text come with the next piece that has some.
    """

    text: str
    reply: ChatReply | None = None
    used: Usage = Usage()
    reasoning: str = ""
    tokens: list[dict[str, Any]] = []

    @property
    def begun(self) -> bool:
        """Whether the reply can be seen to have begun."""
        return bool(self.text or self.reasoning) or self.reply is not None


class ServedModel(NamedTuple):
    """An entry of ``/v1/models``; ``parent`` is the base of an adapter."""

    name: str
    parent: str | None
    root: str | None


class ModelClient:
    """A model server behind one base URL (without ``/v1``); ``wire`` is the way that chats go, by default httpx too.

    ``own``: the server is a part of Whorl, and may say in public what went wrong in it.
    """

    def __init__(
        self, http: httpx.AsyncClient, *, label: str = "", wire: Wire | None = None, own: bool = False
    ) -> None:
        self.http, self._own = http, own
        self.label = label or str(http.base_url)
        self.wire = wire or HttpxWire(http, self.label)

    async def close(self) -> None:
        """Close its connections."""
        await self.wire.close()
        await self.http.aclose()

    async def models(self) -> list[ServedModel]:
        """What the server has loaded, the base models first as it lists them.

        Raises UpstreamError where it does not say so within ``LISTING_SECONDS``.
        """
        try:
            with anyio.fail_after(LISTING_SECONDS):
                response = await self._send("GET", "/v1/models")
        except TimeoutError as error:
            raise silence(self.label, error) from error
        with self._understood("a list of models"):
            return [
                ServedModel(entry["id"], entry.get("parent"), entry.get("root"))
                for entry in response.json()["data"]
            ]

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load a LoRA folder under a name; InputError when the server cannot take it."""
        body = {"lora_name": name, "lora_path": str(folder)}
        await self._send("POST", "/v1/load_lora_adapter", body)

    async def unload_adapter(self, name: str) -> None:
        """Unload an adapter; NotFoundError when the server does not have it."""
        await self._send("POST", "/v1/unload_lora_adapter", {"lora_name": name})

    async def chat(self, call: ChatCall) -> ChatReply:
        """The complete reply to a call."""
        response = await self._send("POST", "/v1/chat/completions", _body(call))
        with self._understood("a reply"):
            value = load_json(response.text)
            choice = value["choices"][0]
            message, tokens = choice["message"], _tokens(choice)
            return ChatReply(
                content=message.get("content") or "",
                tool_calls=[_tool_call(entry) for entry in message.get("tool_calls") or []],
                finish_reason=choice["finish_reason"],
                model=value["model"],
                usage=_usage(value.get("usage")),
                prompt_token_ids=value.get("prompt_token_ids") or [],
                token_ids=choice.get("token_ids") or [],
                logprobs=_logprobs(tokens),
                places=_places(tokens),
                reasoning=_reasoning(message),
            )

    async def stream(self, call: ChatCall) -> AsyncIterator[Delta]:
        """The reply piece by piece, also where a piece has no text; the last piece has ``reply``.

        Raises UpstreamError for one that ends before its server has said that it is over.
        """
        body = {**_body(call), "stream": True, "stream_options": {"include_usage": True}}
        growing = _Growing(call.model)
        attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.request.model": call.model,
            "server.address": self.label,
        }
        span = tracing.begin(f"chat {call.model}", SpanKind.CLIENT, attributes)
        try:
            async with aclosing(self._told(dump_json(body))) as values:
                async for value in values:
                    if "error" in value:
                        raise self._broken_off(error_text(value))
                    text, thought = growing.add(value)
                    tokens = growing.take() if text or thought else []
                    yield Delta(text, used=growing.used, reasoning=thought, tokens=tokens)
            if not growing.finish:
                raise failure(self.label, f"{growing.lacking}.")
            yield Delta("", growing.reply(), growing.used, tokens=growing.take())
        except BaseException as error:
            tracing.fail(span, error)
            raise
        finally:
            if span is not None:
                span.end()

    def _broken_off(self, said: str) -> UpstreamError:
        """That the server says in the middle of its reply what is wrong."""
        error = UpstreamError(f"{self.label}: {said}")
        return error if self._own else error.told_as("The model server failed in the middle of its reply.")

    async def _told(self, body: bytes) -> AsyncGenerator[dict[str, Any], None]:
        """The values of a stream of events."""
        rest = b""
        async with aclosing(self.wire.post("/v1/chat/completions", body)) as pieces:
            async for piece in pieces:
                *lines, rest = (rest + piece).split(b"\n")
                for value in self._values(lines):
                    yield value
        for value in self._values([rest]):
            yield value

    def _values(self, lines: list[bytes]) -> Iterator[dict[str, Any]]:
        for line in lines:
            if not line.startswith(b"data:"):
                continue
            if line.rstrip().endswith(b"[DONE]"):
                yield _DONE
                continue
            try:
                value = load_json(line[5:])
            except ValueError as error:
                raise failure(self.label, "gave a reply that is not JSON.") from error
            if not isinstance(value, dict):
                raise failure(self.label, "gave a reply that is not made of JSON objects.")
            yield value

    async def healthy(self) -> bool:
        """Whether the server answers its health check."""
        try:
            return (await self.http.get("/health")).is_success
        except httpx.HTTPError:
            return False

    @contextmanager
    def _understood(self, what: str) -> Iterator[None]:
        """Raises UpstreamError for an answer that is not of the shape of ``what``."""
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise failure(
                self.label, f"answered what is not {what} in OpenAI's shape; see that its address is right."
            ) from error

    async def _send(self, method: str, path: str, body: Any = None) -> httpx.Response:
        try:
            response = await self.http.request(method, path, json=body)
        except httpx.TransportError as error:
            raise silence(self.label, error) from error
        if response.is_error:
            raise refusal(response.status_code, response.headers, response.content, self.label)
        return response


@dataclass
class _Growing:
    """A streamed reply as it is put together; ``untold`` are tokens that no piece had yet."""

    model: str
    content: str = ""
    reasoning: str = ""
    calls: dict[int, dict[str, str]] = field(default_factory=dict)
    finish: str = ""
    begun: bool = False
    usage: Usage | None = None
    prompt_ids: list[int] = field(default_factory=list)
    ids: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    untold: list[dict[str, Any]] = field(default_factory=list)

    @property
    def used(self) -> Usage:
        """What the server says that it took, which comes last; until then the ids that it told."""
        return self.usage or Usage(len(self.prompt_ids), len(self.ids))

    @property
    def lacking(self) -> str:
        """What is wrong with a reply whose end was not told."""
        if self.begun:
            return "broke its reply off"
        return "gave no reply where one is streamed; see that its address is right"

    def add(self, value: dict[str, Any]) -> tuple[str, str]:
        """New text of the reply, and of what the model thinks."""
        if value is _DONE:
            self.finish = self.finish or ("stop" if self.begun else "")
            return "", ""
        self.begun = True
        self.prompt_ids = value.get("prompt_token_ids") or self.prompt_ids
        if value.get("usage"):
            self.usage = _usage(value["usage"])
        if not value.get("choices"):
            return "", ""
        choice = value["choices"][0]
        self.finish = choice.get("finish_reason") or self.finish
        self.ids += choice.get("token_ids") or []
        tokens = _tokens(choice)
        self.logprobs += _logprobs(tokens)
        self.places += _places(tokens)
        self.untold += tokens
        delta = choice.get("delta") or {}
        for part in delta.get("tool_calls") or []:
            call = self.calls.setdefault(part["index"], {"id": "", "name": "", "arguments": ""})
            function = part.get("function") or {}
            call["id"] = part.get("id") or call["id"]
            call["name"] += function.get("name") or ""
            call["arguments"] += function.get("arguments") or ""
        text: str = delta.get("content") or ""
        self.content += text
        thought = _reasoning(delta)
        self.reasoning += thought
        return text, thought

    def take(self) -> list[dict[str, Any]]:
        """The tokens that no piece had yet."""
        tokens, self.untold = self.untold, []
        return tokens

    def reply(self) -> ChatReply:
        calls: list[ToolCall] = [
            {
                "id": call["id"],
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for _, call in sorted(self.calls.items())
        ]
        return ChatReply(
            self.content,
            calls,
            self.finish,
            self.model,
            self.used,
            self.prompt_ids,
            self.ids,
            self.logprobs,
            self.places,
            self.reasoning,
        )


def _reasoning(message: dict[str, Any]) -> str:
    """What a model thought, by the word of vLLM's parsers: ``reasoning``, ``reasoning_content`` in older releases.

    https://docs.vllm.ai/en/latest/features/reasoning_outputs/
    """
    return str(message.get("reasoning") or message.get("reasoning_content") or "")


def _given(message: ChatMessage) -> dict[str, Any]:
    """A message as it goes to a server, which reads thoughts by one of both words."""
    thought = message.get("reasoning_content")
    return {**message, "reasoning": thought} if thought else dict(message)


def _body(call: ChatCall) -> dict[str, Any]:
    sampling = call.sampling
    body: dict[str, Any] = {
        "model": call.model,
        "messages": [_given(message) for message in call.messages],
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "logprobs": True,
        "return_token_ids": True,
    }
    if sampling.max_tokens is not None:
        body["max_tokens"] = sampling.max_tokens
    if call.opening:
        body["messages"] = [*body["messages"], {"role": "assistant", "content": call.opening}]
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    if call.tools:
        body["tools"] = call.tools
        if call.tool_choice is not None:
            body["tool_choice"] = call.tool_choice
    body |= call.passed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.top_logprobs:
        body["top_logprobs"] = sampling.top_logprobs
    return body


def _usage(value: dict[str, Any] | None) -> Usage:
    value = value or {}
    return Usage(value.get("prompt_tokens") or 0, value.get("completion_tokens") or 0)


def _tool_call(entry: dict[str, Any]) -> ToolCall:
    function = entry["function"]
    return {
        "id": entry["id"],
        "type": "function",
        "function": {"name": function["name"], "arguments": function["arguments"]},
    }


def _tokens(choice: dict[str, Any]) -> list[dict[str, Any]]:
    """The tokens of a reply, or of a piece of one, with their log-probabilities."""
    return (choice.get("logprobs") or {}).get("content") or []


def _logprobs(tokens: list[dict[str, Any]]) -> list[float]:
    return [float(entry["logprob"]) for entry in tokens]


def _places(tokens: list[dict[str, Any]]) -> list[Place]:
    if not any(entry.get("top_logprobs") for entry in tokens):
        return []
    return [
        Place(
            entry["token"],
            tuple((top["token"], float(top["logprob"])) for top in entry.get("top_logprobs") or []),
        )
        for entry in tokens
    ]
