"""Runs: the loop, its limits, its errors, its events, adapters by route."""

import asyncio
import json
import sys
import uuid
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Actor, Settings, Whorl
from whorl.agents.endings import cited
from whorl.agents.events import RunEnded, RunStarted, TextDelta, ToolEnded, ToolStarted
from whorl.agents.graph import Limits, PlainCall
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.agents.tools.calculator import calculator, evaluate, render_number
from whorl.platform.app import open_whorl
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import (
    InputError,
    ModelSignal,
    NotFoundError,
    PermissionDeniedError,
    UpstreamError,
)
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.store import spans_of_run
from whorl.platform.usage.record import usage_by
from whorl.retrieval.load.base import LoadedDocument

TIDES = LoadedDocument(
    "tides.md", "Tides", "The tide turns twice a day. Spring tides are the highest.", "text/plain"
)


async def ingest(whorl: Whorl, actor: Actor, *documents: LoadedDocument) -> None:
    async for _ in whorl.library.ingest(actor.tenant_id, documents):
        pass


async def test_a_run_searches_answers_and_cites(whorl: Whorl, acme: Actor) -> None:
    await ingest(whorl, acme, TIDES)
    events = [event async for event in whorl.agents.stream(acme, RunRequest("How often does the tide turn?"))]
    assert isinstance(events[0], RunStarted)
    assert [type(e) for e in events if isinstance(e, ToolStarted | ToolEnded)] == [ToolStarted, ToolEnded]
    ended = events[-1]
    assert isinstance(ended, RunEnded)
    assert (ended.status, ended.stop_reason, ended.steps) == ("succeeded", "answered", 2)
    assert "twice a day" in ended.answer
    [citation] = ended.citations
    assert TIDES.text[citation["start"] : citation["end"]].startswith("The tide turns")


async def test_the_spans_of_a_run_form_one_tree(whorl: Whorl, acme: Actor) -> None:
    await ingest(whorl, acme, TIDES)
    ended = await whorl.agents.answer(acme, RunRequest("How often does the tide turn?"))
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        spans = await spans_of_run(session, ended.run_id)
    by_id = {span.span_id: span for span in spans}
    tree = sorted(
        (span.operation, by_id[span.parent_span_id].operation if span.parent_span_id else "")
        for span in spans
    )
    assert tree == [
        ("chat", "invoke_agent"), ("chat", "invoke_agent"), ("execute_tool", "invoke_agent"),
        ("invoke_agent", ""), ("retrieval", "execute_tool"),
    ]  # fmt: skip
    assert {span.run_id for span in spans} == {ended.run_id}
    assert len({span.trace_id for span in spans}) == 1


async def test_a_conversation_remembers_and_belongs_to_its_tenant(
    whorl: Whorl, acme: Actor, rival: Actor
) -> None:
    events = [event async for event in whorl.agents.stream(acme, RunRequest("Hello?"))]
    started = events[0]
    assert isinstance(started, RunStarted)
    again = RunRequest("And now?", conversation_id=started.conversation_id)
    assert (await whorl.agents.answer(acme, again)).status == "succeeded"
    with pytest.raises(NotFoundError, match="no conversation"):
        await whorl.agents.answer(rival, again)


async def test_finished_runs_leave_no_checkpoint(whorl: Whorl, acme: Actor) -> None:
    await whorl.agents.answer(acme, RunRequest("Hello?"))
    with psycopg.connect(whorl.addresses.admin) as connection:
        assert connection.execute("SELECT count(*) FROM checkpoints").fetchone() == (0,)


async def test_a_failed_run_leaves_no_checkpoint(settings: Settings) -> None:
    """Nobody goes on with it, and a checkpoint holds what was said as it was said."""

    def fail(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        if messages[-1]["role"] == "user":
            return call_text("calculator", expression="1 + 1")
        raise UpstreamError("The model is gone.")

    events = await scripted(settings, fail)
    assert events[-1].status == "failed"
    with psycopg.connect(settings.database_admin_url or "") as connection:
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes"):
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def scripted(
    settings: Settings, script: Any, limits: Limits | None = None, tools: list[Tool] | None = None
) -> Any:
    async with open_whorl(settings, backend=ScriptedBackend(script)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        whorl.agents.limits = limits or whorl.agents.limits
        if tools is not None:
            whorl.agents.toolbox = Toolbox(tools)
        events = [event async for event in whorl.agents.stream(actor, RunRequest("Go."))]
    return events


async def test_a_model_that_never_stops_is_stopped(settings: Settings) -> None:
    events = await scripted(
        settings, lambda m, t, a: call_text("calculator", expression="1 + 1"), Limits(steps=3)
    )
    assert (events[-1].status, events[-1].stop_reason, events[-1].steps) == ("failed", "max_steps", 3)


async def test_tokens_are_limited(settings: Settings) -> None:
    events = await scripted(
        settings, lambda m, t, a: call_text("calculator", expression="1 + 1"), Limits(tokens=300)
    )
    assert events[-1].stop_reason == "max_tokens"


async def test_time_is_limited(settings: Settings) -> None:
    async def sleep(arguments: dict[str, Any], context: ToolContext) -> Observation:
        await asyncio.sleep(60)
        return Observation("late")

    events = await scripted(
        settings, lambda m, t, a: call_text("sleep"), Limits(seconds=0.5), [Tool("sleep", "Sleep.", sleep)]
    )
    assert (events[-1].status, events[-1].stop_reason) == ("failed", "max_seconds")


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (call_text("nothing"), "There is no tool 'nothing'"),
        (call_text("calculator", expresion="1"), "do not fit"),
        (call_text("calculator", expression="import os"), "not an arithmetic expression"),
        (call_text("calculator", expression="1/0"), "Division by zero"),
    ],
)
async def test_what_the_model_does_wrong_is_told_to_it(settings: Settings, call: str, told: str) -> None:
    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        return call if messages[-1]["role"] == "user" else f"I was told: {messages[-1]['content']}"

    events = await scripted(settings, script)
    assert events[-1].status == "succeeded"
    assert told in events[-1].answer
    assert next(e for e in events if isinstance(e, ToolEnded)).is_error


async def test_a_tool_that_fails_unforeseen_is_told_to_the_model(settings: Settings) -> None:
    async def fail(arguments: dict[str, Any], context: ToolContext) -> Observation:
        raise KeyError("ann@acme.example")

    dangling = {"type": "object", "properties": {"x": {"$ref": "http://127.0.0.1:9/schema.json"}}}
    broken, misled = Tool("broken", "Break.", fail), Tool("misled", "Mislead.", fail, dangling)

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        results = [message["content"] for message in messages if message["role"] == "tool"]
        return [call_text("broken"), call_text("misled", x=1), " ".join(results)][len(results)]

    events = await scripted(settings, script, tools=[broken, misled])
    assert events[-1].status == "succeeded"
    assert events[-1].answer == "Error: The tool broken failed. Error: The tool misled failed."


async def test_a_run_that_fails_unforeseen_is_not_told_as_stopped(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(call: Any) -> Any:
        raise AttributeError("ann@acme.example")

    monkeypatch.setattr(whorl.servers, "stream", fail)
    ended = await whorl.agents.answer(acme, RunRequest("Moon?"))
    assert (ended.status, ended.stop_reason) == ("failed", "error")
    assert "fault of the server's" in str(ended.error) and "ann@" not in str(ended.error)
    assert "A run failed" in caplog.messages


async def test_leaving_a_run_cancels_it(whorl: Whorl, acme: Actor) -> None:
    run_id = None
    async with aclosing(whorl.agents.stream(acme, RunRequest("Hello?"))) as events:
        async for event in events:
            if isinstance(event, RunStarted):
                run_id = event.run_id
                continue
            break
    with psycopg.connect(whorl.addresses.admin) as connection:
        assert connection.execute("SELECT status FROM runs WHERE id = %s", [run_id]).fetchone() == (
            "cancelled",
        )


class Hanging(ScriptedBackend):
    """A scripted model that sums where it is asked to, and goes silent after the first token of all else."""

    def __init__(self) -> None:
        super().__init__(
            lambda m, t, a: call_text("calculator", expression="1 + 1") if sums(m) else "It is 2."
        )

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        messages, _ = self._chats[tuple(generation.prompt_ids)]
        async for token in super().generate(generation):
            yield token
            if not sums(messages):
                await asyncio.Event().wait()


def sums(messages: list[Any]) -> bool:
    return "sum" in messages[-1]["content"]


PLAIN = RunRequest(
    "", keep=False, checkpoint=False, plain=PlainCall([{"role": "user", "content": "Go."}], [])
)


@pytest.mark.parametrize(
    ("request_", "answered", "reason", "seconds"),
    [
        (RunRequest("What is the sum?"), 1, "cancelled", 60.0),
        (RunRequest("What is the sum?"), 1, "max_seconds", 0.5),
        (PLAIN, 0, "cancelled", 60.0),
        (PLAIN, 0, "max_seconds", 0.5),
    ],
)
async def test_a_run_that_is_cut_off_counts_what_it_used(
    settings: Settings, request_: RunRequest, answered: int, reason: str, seconds: float
) -> None:
    async with open_whorl(settings, backend=Hanging()) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        whorl.agents.limits = Limits(seconds=seconds)
        started = None
        async with aclosing(whorl.agents.stream(actor, request_)) as events:
            async for event in events:
                started = event if isinstance(event, RunStarted) else started
                if isinstance(event, TextDelta) and reason == "cancelled":
                    break
        assert started is not None
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            run = await session.get_one(Run, (actor.tenant_id, started.run_id))
            spans = await spans_of_run(session, started.run_id)
            [day] = await usage_by(session, "day", now().date(), now().date())

    def counts(operation: str) -> list[tuple[int, int]]:
        said = [span.attributes for span in spans if span.operation == operation]
        return [(each[c.INPUT_TOKENS], each[c.OUTPUT_TOKENS]) for each in said]

    [root], calls = counts("invoke_agent"), counts("chat")
    assert len(calls) == answered + 1 and calls[-1][1] == 1 and all(read > 0 for read, _ in calls)
    assert (run.stop_reason, run.steps) == (reason, answered)
    used = tuple(sum(column) for column in zip(*calls, strict=True))
    assert (run.input_tokens, run.output_tokens) == root == used
    assert (day["runs"], day["input_tokens"], day["output_tokens"]) == (1, *used)


async def test_nobody_answers_with_anothers_adapter(whorl: Whorl, acme: Actor) -> None:
    for name in ("rival.v1", "acme.v7", "scripted"):
        with pytest.raises(NotFoundError):
            await whorl.agents.answer(acme, RunRequest("Hello?", adapter=name))


async def test_questions_that_cannot_be_run(whorl: Whorl, acme: Actor) -> None:
    with pytest.raises(InputError, match="empty"):
        await whorl.agents.answer(acme, RunRequest("  "))
    with pytest.raises(NotFoundError):
        await whorl.agents.answer(acme, RunRequest("Hi", conversation_id=uuid.uuid4()))
    with pytest.raises(PermissionDeniedError):
        await whorl.agents.answer(replace(acme, role="viewer"), RunRequest("Hi"))


@pytest.mark.parametrize(
    ("expression", "value"),
    [("480 * 12.5 / 100", "60"), ("-(2 + 3) ** 2", "-25"), ("7 // 2 + 7 % 2", "4"), ("0.1 + 0.2", "0.3"),
     ("round(7 / 3)", "2"), ("max(3, 4) × 2", "8"), ("sqrt(16)", "4"), ("2 / 3", "0.6666666667"),
     ("round(2.346, 2)", "2.35"), ("round(1234, -2)", "1200"), ("min(3, abs(-2))", "2"),
     ("(10 ** 60) ** 6 / 7", f"{round(Fraction(10**360, 7))}")],
)  # fmt: skip
def test_arithmetic(expression: str, value: str) -> None:
    assert render_number(evaluate(expression)) == value


@pytest.mark.parametrize(
    "expression",
    ["2 ** 9999", "().__class__", "a + 1", "1 if 1 else 2", "'x' * 3", "9" * 600, "", "abs(1, 2)", "max(1)", "round(1, 2, 3)",
     "round(1.5, 2.5)", "round(1, 10 ** 9)", "((((9**64)**64)**64)**64)**64", "(1 / 9**64) ** -64", "*".join(["9**64"] * 70)],
)  # fmt: skip
def test_what_is_not_arithmetic_is_refused(expression: str) -> None:
    with pytest.raises(ModelSignal):
        evaluate(expression)


async def test_tools_of_an_mcp_server_over_stdio(settings: Settings, tmp_path: Path) -> None:
    config = tmp_path / "mcp.json"
    server = {"command": sys.executable, "args": ["-m", "whorl.flywheel.demo.inventory"]}
    config.write_text(json.dumps({"mcpServers": {"stock": server}}))

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        if messages[-1]["role"] == "user":
            return call_text("stock_level", product="Tern 40 tide gauge", city="Cork", ledger="F1")
        return f"There are {messages[-1]['content']}."

    changed = settings.model_copy(update={"mcp_config": config})
    async with open_whorl(changed, backend=ScriptedBackend(script)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        ended = await whorl.agents.answer(actor, RunRequest("How many?"))
        bad = await whorl.agents.toolbox.call(
            {
                "id": "1",
                "type": "function",
                "function": {"name": "stock_level", "arguments": '{"product": 3}'},
            },
            ToolContext(actor.tenant_id),
        )
    from whorl.flywheel.demo.stock import units

    assert ended.answer == f"There are {units('Tern 40 tide gauge', 'Cork', 'F1')}."
    assert bad.is_error


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match="Two tools"):
        Toolbox([calculator, calculator])


def test_citations_are_those_that_the_answer_names() -> None:
    passages: list[Any] = [{"number": n} for n in (1, 2, 3)]
    assert [c["number"] for c in cited("A [3]. B [1] [9].", passages)] == [1, 3]
