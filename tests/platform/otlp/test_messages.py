"""Messages of model calls that come as log events: joined to the spans of their calls, whichever comes first."""

import asyncio
import itertools
import json
import socket
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import uvicorn
from opentelemetry._logs import LogRecord
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sqlalchemy import select, update

from tests.agents.test_captured import told
from tests.agents.test_reasoning import liked_row
from tests.conftest import Addresses, quote_first, test_settings
from tests.needles import in_files, in_tables
from tests.platform.otlp.conftest import Site
from tests.platform.otlp.spans import TRACE, a_chat, a_span, export, pairs, short, value
from tests.platform.otlp.test_ingest import EMAIL, NAME, the_run
from tests.platform.otlp.test_logs import AT, LOGS, an_evaluation, logs
from whorl.agents.captured import CapturedRuns
from whorl.flywheel.datasets import create_dataset
from whorl.flywheel.erasure import erase_subject
from whorl.platform.app import Whorl, open_whorl
from whorl.platform.database.base import now
from whorl.platform.database.reader import TenantReader
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp import joining
from whorl.platform.telemetry.otlp.joining import WAITS, forget_unjoined
from whorl.platform.telemetry.otlp.log_events import read_log_events
from whorl.platform.telemetry.otlp.request import parse_request
from whorl.platform.telemetry.record import SpanRecord
from whorl.platform.telemetry.redaction.redactor import Redactor
from whorl.platform.telemetry.store import store_records, stored_placeholders
from whorl.platform.telemetry.tables import Span, WaitingMessage
from whorl.ui.spans import waterfall

# A call as opentelemetry-instrumentation-openai-v2 tells it: its span has no content.
CALLED = {
    c.OPERATION: "chat", "gen_ai.system": "openai", c.REQUEST_MODEL: "gpt-9", c.INPUT_TOKENS: 10, c.OUTPUT_TOKENS: 5,
}  # fmt: skip
CALL = {"id": "c1", "type": "function", "function": {"name": "find", "arguments": '{"what": "tide"}'}}
ASKED: list[tuple[str, Any]] = [
    ("gen_ai.system.message", {"content": "Be kind."}),
    ("gen_ai.user.message", {"content": "When does the tide turn?"}),
    ("gen_ai.assistant.message", {"tool_calls": [CALL]}),
    ("gen_ai.tool.message", {"id": "c1", "content": "At noon."}),
]
SAID: tuple[str, Any] = (
    "gen_ai.choice",
    {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "It turns at noon."}},
)
GIVEN = [
    ("system", "Be kind."),
    ("user", "When does the tide turn?"),
    ("assistant", ("c1", "find", {"what": "tide"})),
    ("tool", ("c1", "At noon.")),
]


def any_value(given: Any) -> dict[str, Any]:
    """A value as OTLP's JSON has it, objects as lists of pairs."""
    if isinstance(given, dict):
        fields = [{"key": name, "value": any_value(one)} for name, one in given.items()]
        return {"kvlistValue": {"values": fields}}
    if isinstance(given, list):
        return {"arrayValue": {"values": [any_value(one) for one in given]}}
    return value(given)


def a_message(
    name: str, body: Any = None, number: int = 0, *, span: int = 1, trace: str = TRACE, **more: Any
) -> Any:
    return {
        "eventName": name, "timeUnixNano": str(int(AT) + number), "traceId": trace, "spanId": f"{span:016x}",
        "attributes": pairs({"gen_ai.system": "openai"}), **({} if body is None else {"body": any_value(body)}), **more,
    }  # fmt: skip


def messages(events: Sequence[tuple[str, Any]] = (*ASKED, SAID), **more: Any) -> list[Any]:
    return [a_message(name, body, number, **more) for number, (name, body) in enumerate(events)]


EVENTS = messages()


async def waiting(site: Site) -> Sequence[WaitingMessage]:
    await site.whorl.flush()
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        return (await session.scalars(select(WaitingMessage))).all()


async def spans_of(site: Site, actor: Actor | None = None) -> Sequence[Span]:
    """The stored spans of a workspace, the sender's or another."""
    await site.whorl.flush()
    async with tenant_session(site.whorl.engine, (actor or site.acme).tenant_id) as session:
        return (await session.scalars(select(Span))).all()


async def chat_of(site: Site) -> tuple[list[Any], list[Any]]:
    """What the span of the model call was given and said."""
    run = await the_run(site)
    [span] = [each for each in await site.get(f"/api/runs/{run['id']}/spans") if each["operation"] == "chat"]
    said = span["attributes"]
    return short(json.loads(said.get(c.INPUT_MESSAGES, "[]"))), short(
        json.loads(said.get(c.OUTPUT_MESSAGES, "[]"))
    )


async def send_logs(site: Site, *records: Any, key: str = "exporter") -> None:
    answer = await site.send(logs(*records), key, LOGS)
    assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.parametrize(
    "order", [*itertools.permutations(["asked", "said", "span"]), ["both", "span"], ["span", "both"]]
)
@pytest.mark.parametrize("apart", [True, False], ids=["apart", "together"])
async def test_messages_find_their_span_in_any_order(
    site: Site, order: Sequence[str], apart: bool, tmp_path: Path
) -> None:
    pieces = {"asked": EVENTS[:-1], "said": EVENTS[-1:], "both": EVENTS}
    for piece in order:
        if piece == "span":
            spans = export(a_span(2, "GET /"), a_span(1, parent=2, attributes=CALLED))
            assert (await site.send(spans)).json() == {}
        else:
            await send_logs(site, *pieces[piece])
        if apart:
            await site.whorl.flush()
    assert await chat_of(site) == (GIVEN, [("assistant", "It turns at noon.")])
    assert await waiting(site) == []
    run = await the_run(site)
    assert (run["status"], run["steps"], run["model"]) == ("succeeded", 1, "gpt-9")
    assert (run["input_tokens"], run["output_tokens"]) == (10, 5)
    row = await liked_row(site.whorl, site.acme, run["id"], tmp_path / "data")
    assert [message["role"] for message in row["messages"]] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert row["messages"][-1]["content"] == "It turns at noon."


async def test_the_run_s_page_shows_them(site: Site) -> None:
    await site.send(export(a_span(1, attributes=CALLED)))
    await send_logs(site, *EVENTS)
    [bar] = waterfall(await spans_of(site))
    assert [bubble.text for bubble in bar.messages][:2] == ["Be kind.", "When does the tide turn?"]
    assert [bubble.text for bubble in bar.reply] == ["It turns at noon."]
    assert [event["name"] for event in bar.events] == [name for name, _ in (*ASKED, SAID)]


async def test_messages_may_come_in_many_requests_and_in_no_order(site: Site) -> None:
    await site.send(export(a_span(1, attributes=CALLED)))
    for event in reversed(EVENTS):
        await send_logs(site, event)
        await site.whorl.flush()
    assert await chat_of(site) == (GIVEN, [("assistant", "It turns at noon.")])


async def test_a_replay_changes_nothing(site: Site) -> None:
    for _ in range(2):
        await send_logs(site, *EVENTS)
        assert len(await waiting(site)) == len(EVENTS)
    body = export(a_span(1, attributes=CALLED))
    await site.send(body)
    [first] = await spans_of(site)
    await send_logs(site, *EVENTS)
    await site.send(body)
    assert await waiting(site) == []
    [again] = await spans_of(site)
    assert (again.events, again.attributes) == (first.events, first.attributes)
    assert len(first.events) == len(EVENTS)


async def test_messages_of_one_moment_are_told_apart_and_keep_their_order(site: Site) -> None:
    asked = [("gen_ai.user.message", {"content": text}) for text in ("One", "Two", "Two", "Three")]
    body = [a_message(name, said, 0) for name, said in asked]
    for _ in range(2):
        await send_logs(site, *body, a_message(*SAID, 1))
    await site.send(export(a_span(1, attributes=CALLED)))
    given, _ = await chat_of(site)
    assert given == [("user", "One"), ("user", "Two"), ("user", "Two"), ("user", "Three")]


async def test_an_event_with_all_of_a_call(site: Site) -> None:
    """The event of the conventions from 1.37 on, with structured values."""
    definition = {"type": "function", "name": "find", "parameters": {"type": "object", "properties": {}}}
    user = {"role": "user", "parts": [{"type": "text", "content": "Hi"}]}
    reply = {"role": "assistant", "parts": [{"type": "text", "content": "Yes?"}], "finish_reason": "stop"}
    details = {
        c.INPUT_MESSAGES: [user], c.OUTPUT_MESSAGES: [reply],
        c.SYSTEM_INSTRUCTIONS: [{"type": "text", "content": "Be kind."}], c.TOOL_DEFINITIONS: [definition],
        c.REQUEST_MODEL: "gpt-9",
    }  # fmt: skip
    attributes = [{"key": name, "value": any_value(given)} for name, given in details.items()]
    await send_logs(site, a_message(c.DETAILS_EVENT, attributes=attributes))
    await site.send(export(a_span(1, "chat", attributes={c.OPERATION: "chat"})))
    assert await chat_of(site) == ([("system", "Be kind."), ("user", "Hi")], [("assistant", "Yes?")])
    run = await the_run(site)
    assert run["model"] == "gpt-9"
    [span] = await site.get(f"/api/runs/{run['id']}/spans")
    assert json.loads(span["attributes"][c.TOOL_DEFINITIONS])[0]["function"]["name"] == "find"


@pytest.mark.parametrize(
    ("body", "given"),
    [
        ({"content": "Hi"}, "Hi"),
        (json.dumps({"content": "Hi"}), "Hi"),
        ("Hi", "Hi"),
        ('{"rows": 3}', '{"rows": 3}'),
        ({"content": [{"text": "Hi"}]}, "Hi"),
        ({"content": [{"type": "text", "text": "Hi"}]}, "Hi"),
    ],
)
async def test_a_body_in_any_form(site: Site, body: Any, given: str) -> None:
    await send_logs(site, a_message("gen_ai.user.message", body), a_message(*SAID, 1))
    await site.send(export(a_span(1, attributes=CALLED)))
    assert (await chat_of(site))[0] == [("user", given)]


async def test_the_name_of_an_event_may_be_an_attribute(site: Site) -> None:
    for event in EVENTS:
        named = {**event, "attributes": pairs({"event.name": event["eventName"]})}
        del named["eventName"]
        await send_logs(site, named)
    await site.send(export(a_span(1, attributes=CALLED)))
    assert await chat_of(site) == (GIVEN, [("assistant", "It turns at noon.")])


async def test_what_a_span_says_of_itself_goes_first(site: Site) -> None:
    await site.send(export(a_span(1, attributes=a_chat())))
    for event in EVENTS:
        await send_logs(site, event)
        await site.whorl.flush()
    assert await chat_of(site) == ([("user", "What is 3 × 4?")], [("assistant", "It is 12.")])


async def test_a_program_that_keeps_contents_to_itself_makes_no_rows(site: Site, tmp_path: Path) -> None:
    bare = [
        a_message("gen_ai.user.message"),
        a_message("gen_ai.choice", {"index": 0, "message": {"role": "assistant"}}, 1),
    ]
    await send_logs(site, *bare)
    await site.send(export(a_span(1, attributes=CALLED)))
    assert await chat_of(site) == ([], [])
    with pytest.raises(Exception, match="No run gives a row"):
        await create_dataset(site.whorl.engine, site.acme.tenant_id, tmp_path, "sft")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"traceId": ""}, "trace id"),
        ({"spanId": ""}, "span id"),
        ({"spanId": "0" * 16}, "span id"),
        ({"timeUnixNano": "0"}, "no time"),
        ({"timeUnixNano": str(2**64 - 1)}, "2262"),
    ],
)
async def test_a_message_of_no_call_is_rejected_alone(site: Site, fields: dict[str, Any], why: str) -> None:
    answer = await site.send(logs({**EVENTS[0], **fields}, EVENTS[1], an_evaluation()), to=LOGS)
    partial = answer.json()["partialSuccess"]
    assert (answer.status_code, partial["rejectedLogRecords"]) == (200, "1") and why in partial[
        "errorMessage"
    ]
    assert len(await waiting(site)) == 1


async def test_a_message_has_the_time_at_which_it_was_observed(site: Site) -> None:
    await send_logs(
        site,
        *({**event, "timeUnixNano": "0", "observedTimeUnixNano": event["timeUnixNano"]} for event in EVENTS),
    )
    await site.send(export(a_span(1, attributes=CALLED)))
    assert (await chat_of(site))[0] == GIVEN


async def test_another_workspace_s_messages_are_not_joined(site: Site) -> None:
    await site.send(export(a_span(1, attributes=CALLED)))
    await send_logs(site, *EVENTS, key="rival")
    await site.whorl.flush()
    assert await chat_of(site) == ([], [])
    await site.send(export(a_span(1, attributes=CALLED)), "rival")
    [span] = await spans_of(site, site.rival)
    assert len(span.events) == len(EVENTS)


async def test_nothing_personal_reaches_a_disk(site: Site) -> None:
    asked = ("gen_ai.user.message", {"content": f"I am {NAME}, {EMAIL}."})
    said = ("gen_ai.choice", {"index": 0, "message": {"role": "assistant", "content": f"Hello {EMAIL}!"}})
    await send_logs(site, *messages([asked, said]))
    needles = (EMAIL, NAME)
    assert in_files(site.whorl.settings.data_dir, needles) == []
    assert len(await waiting(site)) == 2
    assert in_tables(site.whorl.addresses.admin, needles) == []
    await site.send(export(a_span(1, name="chat m", attributes={**CALLED, "note": f"For {EMAIL}"})))
    given, answered = await chat_of(site)
    assert "<EMAIL_ADDRESS_1>" in given[0][1] and answered == [("assistant", "Hello <EMAIL_ADDRESS_1>!")]
    assert in_tables(site.whorl.addresses.admin, needles) == []
    [span] = await site.get(f"/api/runs/{(await the_run(site))['id']}/spans")
    assert span["attributes"]["note"] == "For <EMAIL_ADDRESS_1>"
    assert in_files(site.whorl.settings.data_dir, needles) == []


async def test_another_process_numbers_values_after_those_of_messages_that_wait(site: Site) -> None:
    await send_logs(site, *messages([("gen_ai.user.message", {"content": f"I am {EMAIL}"})]))
    assert len(await waiting(site)) == 1
    reader = TenantReader(site.whorl.addresses.app)
    found = await asyncio.to_thread(stored_placeholders, reader, str(site.acme.tenant_id), [TRACE])
    reader.close()
    assert found == {TRACE: ["<EMAIL_ADDRESS_1>"]}


async def test_a_message_whose_redaction_fails_makes_no_row(
    site: Site, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await site.send(export(a_span(1, attributes=CALLED)))
    await site.whorl.flush()

    def fails(*given: Any) -> None:
        raise ValueError

    monkeypatch.setattr(Redactor, "redact_run", fails)
    await send_logs(site, *EVENTS)
    monkeypatch.undo()
    assert await waiting(site) == []
    [span] = await spans_of(site)
    assert span.content_dropped and span.events == []
    with pytest.raises(Exception, match="No run gives a row"):
        await create_dataset(site.whorl.engine, site.acme.tenant_id, tmp_path, "sft")


async def test_what_is_acknowledged_is_joined_after_a_crash(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that died between storing messages and joining them: another goes on from its log."""
    await site.send(export(a_span(1, attributes=CALLED)))
    await site.whorl.flush()

    async def dies(*given: Any) -> None:
        raise OSError("died")

    monkeypatch.setattr("whorl.agents.captured.join_messages", dies)
    await send_logs(site, *EVENTS)
    with pytest.raises(OSError, match="died"):
        await site.whorl.flush()
    monkeypatch.undo()
    assert (await chat_of(site))[0] == GIVEN


async def test_messages_of_an_erased_run_are_not_kept(site: Site) -> None:
    await site.send(export(a_span(2, attributes={**CALLED, "user.id": "u-17"})))
    await send_logs(site, *EVENTS)
    assert len(await waiting(site)) == len(EVENTS)
    receipt = await erase_subject(site.whorl.engine, site.whorl.servers, site.acme, "u-17")
    assert receipt.counts["waiting_messages"] == len(EVENTS)
    assert await waiting(site) == []
    await send_logs(site, *EVENTS, key="owner")
    assert await waiting(site) == []


async def test_messages_whose_span_does_not_come_are_forgotten(site: Site) -> None:
    await send_logs(site, EVENTS[0], a_message(*SAID, trace="f" * 32))
    assert len(await waiting(site)) == 2
    old = update(WaitingMessage).where(WaitingMessage.trace_id == TRACE)
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        await session.execute(old.values(came_at=now() - WAITS - timedelta(hours=1)))
    await forget_unjoined(site.whorl.engine)
    assert [each.trace_id for each in await waiting(site)] == ["f" * 32]


async def test_a_span_has_room_for_so_many_messages(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "_MOST", 3)
    before = joining.UNJOINED._value.get()
    await send_logs(site, *EVENTS)
    await site.send(export(a_span(1, attributes=CALLED)))
    assert (await chat_of(site))[0] == GIVEN[:3]
    assert joining.UNJOINED._value.get() - before == len(EVENTS) - 3


def told_of(acme: Actor, *events: Any) -> list[SpanRecord]:
    """Records of log events as ingest reads them."""
    request = parse_request(json.dumps(logs(*events)).encode(), "application/json", ExportLogsServiceRequest)
    return read_log_events(request, acme.tenant_id, int(AT)).records


async def test_two_processes_that_store_a_span_and_its_messages_at_once(whorl: Whorl, acme: Actor) -> None:
    connections = whorl.drain.connections
    traces = [f"{number:032x}" for number in range(1, 41)]

    async def store_span(trace: str) -> None:
        records = told(acme, a_span(1, trace=trace, attributes=CALLED))
        await store_records(connections, records)
        await CapturedRuns(connections, whorl.prices).follow(records)

    async def store_messages(trace: str, events: Sequence[Any]) -> None:
        await CapturedRuns(connections, whorl.prices).take(told_of(acme, *events))

    pieces = [(trace, messages(trace=trace)) for trace in traces]
    await asyncio.gather(
        *(store_span(trace) for trace in traces),
        *(store_messages(trace, events[:2]) for trace, events in pieces),
        *(store_messages(trace, events[2:]) for trace, events in pieces),
    )
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert (await session.scalars(select(WaitingMessage))).all() == []
        found = (await session.scalars(select(Span).where(Span.trace_id.in_(traces)))).all()
    assert len(found) == len(traces)
    for span in found:
        assert short(json.loads(span.attributes[c.INPUT_MESSAGES])) == GIVEN
        assert short(json.loads(span.attributes[c.OUTPUT_MESSAGES])) == [("assistant", "It turns at noon.")]


async def test_a_replica_joins_what_another_took(site: Site, database: Addresses, tmp_path: Path) -> None:
    """The messages lie in the log of a process that died; one that begins brings them to the span."""
    await site.send(export(a_span(1, attributes=CALLED)))
    await site.whorl.flush()
    settings = test_settings(database, tmp_path / "another")
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as another:
        records = told_of(site.acme, *EVENTS)
        await asyncio.to_thread(another.capture.write_runs, [records])
        await another.flush()
    assert (await chat_of(site))[0] == GIVEN


async def test_spans_are_changed_in_no_other_way(site: Site) -> None:
    """Not by a statement, not in another workspace, and none of Whorl's own."""
    async with site.client("owner") as client:
        (await client.post("/api/runs", json={"question": "When does the tide turn?"})).raise_for_status()
    await site.send(export(a_span(1, attributes=CALLED)), "rival")
    await site.whorl.flush()
    rows = """SELECT jsonb_agg(to_jsonb(s) || '{"operation": "changed"}') FROM spans s"""
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        [[every]] = connection.execute(rows).fetchall()
    assert len(every) > 2
    with psycopg.connect(site.whorl.addresses.app, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("UPDATE spans SET operation = 'changed'")
        connection.execute("SELECT join_messages(%s::jsonb)", [json.dumps(every)])
        with connection.transaction():
            connection.execute("SELECT set_config('whorl.tenant_id', %s, true)", [str(site.acme.tenant_id)])
            connection.execute("SELECT join_messages(%s::jsonb)", [json.dumps(every)])
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        assert connection.execute("SELECT count(*) FROM spans WHERE operation = 'changed'").fetchone() == (0,)


async def test_messages_of_whorl_s_own_spans_are_not_joined(site: Site) -> None:
    async with site.client("owner") as client:
        (await client.post("/api/runs", json={"question": "When does the tide turn?"})).raise_for_status()
    run = await the_run(site)
    spans = await site.get(f"/api/runs/{run['id']}/spans")
    [called] = [span for span in spans if span["operation"] == "chat"][:1]
    await send_logs(
        site, *({**event, "spanId": called["span_id"]} for event in messages(trace=run["trace_id"]))
    )
    await site.whorl.flush()
    assert await site.get(f"/api/runs/{run['id']}/spans") == spans
    assert len(await site.get("/api/runs")) == 1


async def test_opentelemetry_s_own_exporters_send_a_call(site: Site) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(site.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        base = f"http://127.0.0.1:{listening.getsockname()[1]}"
        await asyncio.to_thread(call_a_model, base, site.keys["exporter"])
        server.should_exit = True
        await serving
    assert await chat_of(site) == (GIVEN, [("assistant", "It turns at noon.")])


def call_a_model(base: str, key: str) -> None:
    """A program with OpenTelemetry's SDK whose instrumentation tells messages as events of the call's span."""
    headers = {"Authorization": f"Bearer {key}"}
    tracing, logging = TracerProvider(shutdown_on_exit=False), LoggerProvider(shutdown_on_exit=False)
    tracing.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(f"{base}/v1/traces", headers=headers)))
    logging.add_log_record_processor(
        BatchLogRecordProcessor(OTLPLogExporter(f"{base}{LOGS}", headers=headers))
    )
    logger = logging.get_logger("tests")
    with tracing.get_tracer("tests").start_as_current_span("chat gpt-9", attributes=CALLED):
        for name, body in (*ASKED, SAID):
            logger.emit(LogRecord(event_name=name, body=body, attributes={"gen_ai.system": "openai"}))
    for provider in (logging, tracing):
        assert provider.force_flush()
        provider.shutdown()
