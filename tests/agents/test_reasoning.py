"""What models think before they answer: told to clients, captured redacted, kept in datasets and trained on."""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager

from tests.conftest import Settings
from tests.platform.test_api import Site
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.platform.app import Whorl, create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.client import ModelClient
from whorl.platform.serving.engine.app import create_engine_app
from whorl.platform.serving.engine.hermes import parse_reply, visible
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.serving.messages import ChatCall, ChatMessage
from whorl.platform.serving.transport import InProcessTransport

CHAT = "/v1/chat/completions"
THOUGHT, SAID = "It was ada@example.org who asked.\nTwice, then.", "Twice a day."
QUESTION = "How often does the tide turn?"
BODY: dict[str, Any] = {"model": "scripted", "messages": [{"role": "user", "content": QUESTION}]}


def thinking(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    return f"<think>\n{THOUGHT}\n</think>\n\n{SAID}"


@asynccontextmanager
async def opened(settings: Settings, script: Any) -> AsyncIterator[tuple[Site, Whorl, Actor]]:
    app = create_app(settings, backend=ScriptedBackend(script))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        made = await ensure_tenant(whorl.engine, "acme")
        yield Site(app, {"owner": str(made.key)}), whorl, operator_of(made.tenant)


async def liked_row(whorl: Whorl, actor: Actor, run_id: str, folder: Path) -> dict[str, Any]:
    """The row of a dataset of one run, which was liked."""
    liked = Feedback("thumb", 1.0, "user:ann@acme.example")
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await record_outcome(session, actor.tenant_id, uuid.UUID(run_id), liked, whorl.redactor)
    dataset = await create_dataset(whorl.engine, actor.tenant_id, folder, "sft", Selection(), held_out=0.0)
    [line] = (Path(dataset.folder) / "train.jsonl").read_text().splitlines()
    return dict(json.loads(line))


async def test_thoughts_reach_the_client_the_spans_and_the_rows(settings: Settings, tmp_path: Path) -> None:
    async with opened(settings, thinking) as (site, whorl, actor), site.client("owner") as client:
        whole = (await client.post(CHAT, json=BODY)).json()
        message = whole["choices"][0]["message"]
        assert (message["content"], message["reasoning"], message["reasoning_content"]) == (
            SAID,
            THOUGHT,
            THOUGHT,
        )
        told = (await client.post(CHAT, json={**BODY, "stream": True})).text
        deltas = [
            json.loads(line[6:])["choices"][0]["delta"]
            for line in told.splitlines()
            if line.startswith("data: {")
        ]
        assert "".join(delta.get("reasoning_content", "") for delta in deltas) == THOUGHT
        assert "".join(delta.get("content", "") for delta in deltas) == SAID
        await whorl.flush()
        run_id = whole["whorl"]["run_id"]
        spans = (await client.get(f"/api/runs/{run_id}/spans")).json()
        parts = [
            part
            for span in spans
            for said in json.loads(span["attributes"].get("gen_ai.output.messages", "[]"))
            for part in said["parts"]
        ]
        thought = THOUGHT.replace("ada@example.org", "<EMAIL_ADDRESS_1>")
        assert {"type": "reasoning", "content": thought} in parts
        assert "ada@" not in json.dumps(spans)
        row = await liked_row(whorl, actor, run_id, tmp_path / "data")
    last = row["messages"][-1]
    assert last["content"] == SAID and last["reasoning_content"].endswith("\nTwice, then.")
    assert "ada@" not in last["reasoning_content"]


async def test_a_run_tells_its_thoughts_and_gives_them_back_with_the_calls_results(
    settings: Settings,
) -> None:
    given: list[Any] = []

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        given.append(messages)
        if messages[-1]["role"] == "user":
            return f"<think>\nI must look.\n</think>\n\n{call_text('search', query='tide')}"
        return thinking(messages, tools, adapter)

    async with opened(settings, script) as (site, _, _), site.client("owner") as client:
        text = (await client.post("/api/runs", json={"question": QUESTION, "stream": True})).text
    assert given[1][-2]["reasoning_content"] == "I must look."
    blocks = [block.split("\n") for block in text.split("\n\n") if "event: " in block]
    told = [
        (json.loads(line[6:])["step"], json.loads(line[6:])["text"])
        for block in blocks
        for line in block
        if "event: reasoning.delta" in block and line.startswith("data: ")
    ]
    assert "".join(text for step, text in told if step == 1) == "I must look."
    assert "".join(text for step, text in told if step == 2) == THOUGHT


@pytest.mark.parametrize("word", ["reasoning", "reasoning_content"])
async def test_either_word_of_a_server_is_read_and_both_are_sent(word: str) -> None:
    sent: list[Any] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        sent.append(body["messages"])
        if body.get("stream"):
            pieces = [{"delta": {word: "Hm"}}, {"delta": {word: "m."}}, {"delta": {"content": "Yes."}}]
            lines = [f"data: {json.dumps({'choices': [piece]})}\n\n" for piece in pieces]
            return httpx.Response(200, text="".join([*lines, "data: [DONE]\n\n"]))
        message = {"role": "assistant", "content": "Yes.", word: "Hmm."}
        return httpx.Response(
            200, json={"model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
        )

    async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="http://model") as http:
        client = ModelClient(http)
        history: list[ChatMessage] = [
            {"role": "user", "content": "Sure?"},
            {"role": "assistant", "content": "Yes.", "reasoning_content": "Hm."},
            {"role": "user", "content": "Really?"},
        ]
        call = ChatCall("m", history)
        reply = await client.chat(call)
        pieces = [delta async for delta in client.stream(call)]
    last = pieces[-1].reply
    assert last is not None and pieces[0].begun
    assert (reply.reasoning, last.reasoning, last.content) == ("Hmm.", "Hmm.", "Yes.")
    assert reply.message()["reasoning_content"] == "Hmm."
    assert sent[0][1]["reasoning"] == sent[0][1]["reasoning_content"] == "Hm."
    assert "reasoning" not in sent[0][0]


async def test_a_prompt_may_have_opened_the_thoughts() -> None:
    """As some chat templates do; then a reply has their end alone."""

    class Opening(ScriptedBackend):
        def decode(self, ids: list[int]) -> str:
            known = super().decode(ids)
            return f"{known}<think>\n" if known.endswith("]]") else known

    app = create_engine_app(Opening(lambda *_: f"{THOUGHT}\n</think>\n\n{SAID}"))
    async with httpx.AsyncClient(transport=InProcessTransport(app), base_url="http://model") as http:
        reply = await ModelClient(http).chat(ChatCall("scripted", [{"role": "user", "content": QUESTION}]))
    assert (reply.reasoning, reply.content) == (THOUGHT, SAID)


def test_thoughts_are_streamed_as_they_grow_and_never_taken_back() -> None:
    text = thinking([], [], None)
    before = ("", "")
    for size in range(len(text) + 1):
        now = visible(text[:size])
        assert now.reasoning.startswith(before[0]) and now.rest.startswith(before[1])
        before = now
    assert before == (THOUGHT, SAID)
    assert parse_reply("<think>\nWithout an end").reasoning == "Without an end"
    assert parse_reply("Of <think> nothing.").content == "Of <think> nothing."
