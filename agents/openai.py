"""The OpenAI-compatible face: an agent answers as if it were a model."""

import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from ..platform.errors import InputError, NotFoundError, UpstreamError, WhorlError
from ..platform.identity.http import CurrentActor
from ..platform.serving.engine.wire import ChatRequest
from ..platform.serving.messages import ChatMessage, Sampling
from .events import RunEnded, RunStarted, TextDelta, ToolStarted
from .runs import DEFAULT_AGENT, Agents, RunRequest

router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])
MODEL = "whorl"


@router.get("/models")
async def list_models(actor: CurrentActor, request: Request) -> dict[str, Any]:
    """What ``model`` may name: the agent."""
    actor.require("chat")
    return {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 0, "owned_by": "whorl"}]}


@router.post("/chat/completions")
async def chat_completions(body: ChatRequest, actor: CurrentActor, request: Request) -> Response:
    """Answer the last user message; earlier messages are the history. Tools run on the server."""
    agents: Agents = request.app.state.whorl.agents
    wanted = _run_request(body)
    identity = f"chatcmpl-{uuid.uuid4().hex}"
    head = {"id": identity, "created": int(time.time()), "model": MODEL}
    if body.stream:
        actor.require("chat")
        usage = bool(body.stream_options and body.stream_options.include_usage)
        return StreamingResponse(
            _chunks(agents, actor, wanted, {**head, "object": "chat.completion.chunk"}, usage),
            media_type="text/event-stream",
        )
    ended = await agents.answer(actor, wanted)
    if ended.status != "succeeded":
        raise UpstreamError(ended.error or "The run failed.")
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": ended.answer},
        "finish_reason": "stop",
        "logprobs": None,
    }
    reply = {**head, "object": "chat.completion", "choices": [choice], "usage": _usage(ended)}
    return JSONResponse({**reply, "whorl": {"run_id": str(ended.run_id), "citations": ended.citations}})


def _run_request(body: ChatRequest) -> RunRequest:
    if body.model not in (MODEL, DEFAULT_AGENT):
        raise NotFoundError(f"The model {body.model!r} does not exist. Use {MODEL!r}.")
    if body.messages[-1].role != "user":
        raise InputError("The last message must come from the user.")
    history: list[ChatMessage] = [
        {"role": message.role, "content": message.content or ""}
        for message in body.messages[:-1]
        if message.role in ("user", "assistant") and message.content
    ]
    sampling = Sampling(temperature=body.temperature if "temperature" in body.model_fields_set else 0.0,
                        top_p=body.top_p, seed=body.seed)  # fmt: skip
    return RunRequest(body.messages[-1].content or "", history=history, keep=False, sampling=sampling)


async def _chunks(
    agents: Agents, actor: CurrentActor, wanted: RunRequest, head: dict[str, Any], usage: bool
) -> AsyncIterator[bytes]:
    yield _chunk(head, {"role": "assistant", "content": ""})
    said = 0
    try:
        async with aclosing(agents.stream(actor, wanted)) as events:
            async for event in events:
                if isinstance(event, RunStarted):
                    head = {**head, "whorl": {"run_id": str(event.run_id)}}
                if isinstance(event, TextDelta):
                    yield _chunk(head, {"content": event.text})
                    said = event.step
                if isinstance(event, ToolStarted) and said == event.step:
                    # What was said before a call does not run into the answer.
                    yield _chunk(head, {"content": "\n\n"})
                    said = 0
                if isinstance(event, RunEnded):
                    if event.status != "succeeded":
                        yield _data({"error": {"message": event.error, "type": "run_failed", "code": 502}})
                        return
                    yield _chunk(head, {}, "stop")
                    if usage:
                        yield _data({**head, "choices": [], "usage": _usage(event)})
    except WhorlError as error:
        yield _data({"error": {"message": error.message, "type": error.title, "code": error.status}})
        return
    yield b"data: [DONE]\n\n"


def _chunk(head: dict[str, Any], delta: dict[str, Any], finish: str | None = None) -> bytes:
    return _data(
        {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}]}
    )


def _data(value: dict[str, Any]) -> bytes:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n".encode()


def _usage(ended: RunEnded) -> dict[str, int]:
    return {
        "prompt_tokens": ended.input_tokens,
        "completion_tokens": ended.output_tokens,
        "total_tokens": ended.input_tokens + ended.output_tokens,
    }
