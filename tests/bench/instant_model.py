"""A model server that answers at once, always the same: what is left is what stands before it.

With ``BENCH_MODEL_SECONDS`` each answer takes so long. ``python -m uvicorn tests.bench.instant_model:app``
"""

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

MODEL = "instant"
ANSWER = "The tide turns at six in the evening, and the harbour master opens the gate an hour later."
_USAGE = {"prompt_tokens": 60, "completion_tokens": 20, "total_tokens": 80}
_COMPLETION = {
    "id": "chatcmpl-1", "object": "chat.completion", "created": 0, "model": MODEL, "usage": _USAGE,
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": ANSWER}}],
}  # fmt: skip
_CHUNK = {
    "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 0, "model": MODEL,
    "choices": [{"index": 0, "finish_reason": None, "delta": {"role": "assistant", "content": ANSWER}}],
}  # fmt: skip
_LAST = {**_CHUNK, "choices": [{"index": 0, "finish_reason": "stop", "delta": {}}], "usage": _USAGE}
_STREAM = (
    b"".join(b"data: %s\n\n" % json.dumps(chunk).encode() for chunk in (_CHUNK, _LAST)) + b"data: [DONE]\n\n"
)
_MODELS = json.dumps(
    {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "bench"}]}
).encode()
_WHOLE = json.dumps(_COMPLETION).encode()
_SECONDS = float(os.environ.get("BENCH_MODEL_SECONDS", "0"))
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def app(scope: dict[str, Any], receive: Callable[[], Awaitable[dict[str, Any]]], send: Send) -> None:
    """Lists its one model, and completes every chat alike, whole or streamed."""
    if scope["type"] != "http":
        return
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
    if not scope["path"].endswith("/chat/completions"):
        await _answer(send, _MODELS, b"application/json")
        return
    if _SECONDS:
        await asyncio.sleep(_SECONDS)
    if json.loads(body).get("stream"):
        await _answer(send, _STREAM, b"text/event-stream")
    else:
        await _answer(send, _WHOLE, b"application/json")


async def _answer(send: Send, body: bytes, kind: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
