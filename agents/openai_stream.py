"""A run as OpenAI's chunks: server-sent events of growing text, calls, and the end."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, Literal

from ..platform.database.outage import AWAY, away
from ..platform.errors import WhorlError
from ..platform.problems import openai_fault, openai_status
from ..platform.serving.messages import thought_of
from .events import ReasoningDelta, RunEnded, RunEvent, RunStarted, TextDelta, TokenDelta, ToolStarted
from .openai_views import CompletionUsage

DONE = b"data: [DONE]\n\n"


async def following(
    first: RunEvent, events: AsyncGenerator[RunEvent, None]
) -> AsyncGenerator[RunEvent, None]:
    """The events of a run of which the first was taken already."""
    async with aclosing(events):
        yield first
        async for event in events:
            yield event


async def chunks(
    events: AsyncGenerator[RunEvent, None], started: RunStarted, head: dict[str, Any], *, usage: bool
) -> AsyncIterator[bytes]:
    """The events of a run that has started, as chunks of one completion; leaving early cancels the run.

    A run that came to no stored end ends with an error, as one that failed does.
    """
    head = {**head, "object": "chat.completion.chunk", "whorl": {"run_id": str(started.run_id)}}
    yield _chunk(head, {"role": "assistant", "content": ""})
    try:
        async with aclosing(_pieces(head, events, usage=usage)) as pieces:
            async for piece in pieces:
                yield piece
    except (WhorlError, *AWAY) as error:
        failure = error if isinstance(error, WhorlError) else away()
        yield _fault(failure.status, failure.public, failure.code)


async def _pieces(
    head: dict[str, Any], events: AsyncGenerator[RunEvent, None], *, usage: bool
) -> AsyncGenerator[bytes, None]:
    said = 0
    async with aclosing(events):
        async for event in events:
            if isinstance(event, ReasoningDelta):
                yield _chunk(head, thought_of(event.text))
            if isinstance(event, TextDelta):
                logprobs = logprobs_of(event.tokens) if isinstance(event, TokenDelta) else None
                yield _chunk(head, {"content": event.text}, logprobs=logprobs)
                said = event.step
            if isinstance(event, ToolStarted) and said == event.step:
                # What was said before a call does not run into the answer.
                yield _chunk(head, {"content": "\n\n"})
                said = 0
            if isinstance(event, RunEnded):
                for piece in _end(head, event, usage=usage):
                    yield piece


def _fault(status: int, message: str, code: str | None) -> bytes:
    return _data(openai_fault(openai_status(status), message, code=code).model_dump())


def _end(head: dict[str, Any], ended: RunEnded, *, usage: bool) -> list[bytes]:
    if ended.stop_reason == "error":
        return [_fault(ended.fault or 502, ended.error or "The run failed.", ended.code)]
    pieces = []
    if ended.tool_calls:
        calls = [{"index": index, **call} for index, call in enumerate(ended.tool_calls)]
        pieces.append(_chunk(head, {"tool_calls": calls}))
    pieces.append(_chunk(head, {}, finish_of(ended)))
    if usage:
        pieces.append(_data({**head, "choices": [], "usage": usage_of(ended).model_dump()}))
    return [*pieces, DONE]


def finish_of(ended: RunEnded) -> Literal["stop", "length", "tool_calls", "content_filter"]:
    """Why the reply ended; a run that came to a limit was cut, as a reply is."""
    if ended.tool_calls:
        return "tool_calls"
    if ended.finish_reason == "content_filter":
        return "content_filter"
    cut = ended.finish_reason == "length" or ended.status != "succeeded"
    return "length" if cut else "stop"


def usage_of(ended: RunEnded) -> CompletionUsage:
    """What a run used."""
    read, written = ended.input_tokens, ended.output_tokens
    return CompletionUsage(prompt_tokens=read, completion_tokens=written, total_tokens=read + written)


def logprobs_of(tokens: list[dict[str, Any]]) -> dict[str, Any]:
    """Tokens of a reply, with their log-probabilities, as OpenAI has them; ``tokens`` are as a model server tells them."""

    def entry(token: dict[str, Any]) -> dict[str, Any]:
        text = str(token.get("token", ""))
        # A part of a character is no text, and its bytes are its server's to tell.
        own = None if "\ufffd" in text else [*text.encode(errors="replace")]
        return {"token": text, "logprob": token.get("logprob"), "bytes": token.get("bytes") or own}

    content = [
        {**entry(token), "top_logprobs": [entry(top) for top in token.get("top_logprobs") or []]}
        for token in tokens
    ]
    return {"content": content, "refusal": None}


def _chunk(
    head: dict[str, Any],
    delta: dict[str, Any],
    finish: str | None = None,
    logprobs: dict[str, Any] | None = None,
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": logprobs}
    return _data({**head, "choices": [choice]})


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()
