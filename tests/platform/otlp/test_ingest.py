"""Spans of other programs from their request to a run: who may send them, what is answered, what is kept."""

import asyncio
import gzip
import json
import re
import socket
import time
import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

from tests.agents.test_reasoning import liked_row
from tests.conftest import ROOT
from tests.needles import in_files, in_tables
from tests.platform.otlp.conftest import Site
from tests.platform.otlp.spans import a_chat, a_span, export, protobuf
from whorl.agents.captured import close_silent
from whorl.agents.tables import Run
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.outcomes import outcomes_of
from whorl.flywheel.tables import Outcome
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import LimitError, NotFoundError
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp.records import read_records
from whorl.platform.telemetry.otlp.request import parse_request
from whorl.platform.telemetry.store import store_records
from whorl.platform.usage.record import usage_by

EMAIL, NAME = "zuzanna.kowalczyk@planted.example", "Zuzanna Kowalczyk"


async def the_run(site: Site, key: str = "owner") -> dict[str, Any]:
    [run] = await site.get("/api/runs", key)
    return dict(run)


async def outcomes(site: Site, run_id: str) -> list[Outcome]:
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        return (await outcomes_of(session, [uuid.UUID(run_id)]))[uuid.UUID(run_id)]


@pytest.mark.parametrize("compression", [Compression.Gzip, Compression.NoCompression])
async def test_the_opentelemetry_exporter_sends_a_run(site: Site, compression: Compression) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(site.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}/v1/traces"
        trace_id = await asyncio.to_thread(export_agent, endpoint, site.keys["exporter"], compression)
        server.should_exit = True
        await serving
    run = await the_run(site)
    assert (run["trace_id"], run["status"], run["agent"], run["model"]) == (
        trace_id,
        "succeeded",
        "travel",
        "gpt-9",
    )
    assert (run["steps"], run["input_tokens"], run["output_tokens"]) == (1, 10, 5)
    assert run["tags"] == ["captured", "captured:otlp", "service:shop"]
    spans = await site.get(f"/api/runs/{run['id']}/spans")
    assert [span["operation"] for span in spans] == ["invoke_agent", "chat", "execute_tool"]
    assert spans[2]["attributes"][c.TOOL_RESULT] == "12" and spans[2]["attributes"][c.TRUST] == "untrusted"


def export_agent(endpoint: str, key: str, compression: Compression) -> str:
    """A program with OpenTelemetry's SDK: an agent's run with a model call and a tool's."""
    exporter = OTLPSpanExporter(endpoint, headers={"Authorization": f"Bearer {key}"}, compression=compression)
    provider = TracerProvider(resource=Resource.create({"service.name": "shop"}), shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer = provider.get_tracer("shop")
    agent = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "travel"}
    tool = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "times",
        "gen_ai.tool.call.result": "12",
    }
    with tracer.start_as_current_span("invoke_agent travel", attributes=agent) as root:
        with tracer.start_as_current_span("chat gpt-9", attributes=a_chat()):
            pass
        with tracer.start_as_current_span("execute_tool times", attributes=tool):
            pass
    assert provider.force_flush()
    provider.shutdown()
    return f"{root.get_span_context().trace_id:032x}"


async def test_success_is_answered_in_the_encoding_of_the_request(site: Site) -> None:
    answer = await site.send(export(a_span(1)))
    assert (answer.status_code, answer.headers["content-type"], answer.json()) == (
        200,
        "application/json",
        {},
    )
    answer = await site.send(protobuf(export(a_span(2))), **{"Content-Type": "application/x-protobuf"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    assert not ExportTraceServiceResponse.FromString(answer.content).HasField("partial_success")


@pytest.mark.parametrize("at_once", [True, False])
async def test_the_example_without_times_counts_once_however_often_it_comes(
    site: Site, at_once: bool
) -> None:
    """Stored together, or long after it was stored: its time is that of its first arrival."""
    [example] = re.findall(
        r"/v1/traces\"[^\n]* --data '(.*?)'", (ROOT / "docs" / "api.md").read_text(), re.DOTALL
    )
    for _ in range(3):
        assert (await site.send(json.loads(example))).status_code == 200
        if not at_once:
            await site.whorl.flush()
    run = await the_run(site)
    [span] = await site.get(f"/api/runs/{run['id']}/spans")
    assert span["attributes"][c.UNDATED] is True and run["steps"] == 1
    body = export({**a_span(1), "traceId": run["trace_id"]})
    body["resourceSpans"] += json.loads(example)["resourceSpans"]
    assert (await site.send(body)).status_code == 200
    assert len(await site.get(f"/api/runs/{run['id']}/spans")) == 2, "what comes beside it is stored"


async def test_two_processes_store_a_span_without_times_once(site: Site) -> None:
    bare = {name: value for name, value in a_span(1).items() if not name.endswith("UnixNano")}
    request = parse_request(json.dumps(export(bare)).encode(), "application/json", ExportTraceServiceRequest)
    records = [read_records(request, site.acme.tenant_id, received).records for received in range(1, 9)]
    connections = site.whorl.drain.connections
    assert sum(await asyncio.gather(*(store_records(connections, some) for some in records))) == 1


async def test_part_of_a_request_is_rejected_and_the_rest_kept(site: Site) -> None:
    answer = await site.send(export({**a_span(1), "traceId": "0" * 32}, a_span(2)))
    partial = answer.json()["partialSuccess"]
    assert (answer.status_code, partial["rejectedSpans"]) == (200, "1") and "trace id" in partial[
        "errorMessage"
    ]
    assert len(await site.get(f"/api/runs/{(await the_run(site))['id']}/spans")) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"nonsense", {}, 400, 3),
        (b"\x0a\xff", {"Content-Type": "application/x-protobuf"}, 400, 3),
        (b"plain", {"Content-Encoding": "gzip"}, 400, 3),
        (b"{}", {"Content-Encoding": "br"}, 415, 3),
        (b"{}", {"Content-Type": "text/plain"}, 415, 3),
        (b" " * (2**20 + 1), {}, 413, 8),
        (gzip.compress(b" " * 10**8), {"Content-Encoding": "gzip"}, 413, 8),
    ],
)
async def test_a_body_that_cannot_be_read_is_answered_with_a_status(
    site: Site, body: bytes, headers: dict[str, str], status: int, code: int
) -> None:
    answer = await site.send(body, **headers)
    assert answer.status_code == status
    if headers.get("Content-Type") == "application/x-protobuf":
        assert answer.headers["content-type"] == "application/x-protobuf"
        assert Status.FromString(answer.content).code == code
    else:
        assert Parse(answer.content, Status()).code == code


async def test_who_may_send_and_what_an_exporter_may_not(site: Site) -> None:
    body = export(a_span(1))
    assert (await site.send(body, "owner")).status_code == 200
    for key, status, code in ((None, 401, 16), ("viewer", 403, 7), ("member", 403, 7)):
        answer = await site.send(body, key)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    async with site.client("exporter") as client:
        for path in ("/api/runs", "/api/documents", "/api/keys"):
            assert (await client.get(path)).status_code == 403, path
        assert (await client.post("/api/runs", json={"question": "Hi"})).status_code == 403


async def test_a_full_queue_says_when_to_come_back(site: Site) -> None:
    ingest = site.whorl.ingest
    ingest.limits = replace(ingest.limits, backlog=10)
    answer = await site.send(export(a_span(1)))
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (429, "5", 8)
    ingest.limits = replace(ingest.limits, backlog=10**6)
    assert (await site.send(export(a_span(1)))).status_code == 200


async def test_bodies_that_are_still_being_sent_take_room(site: Site) -> None:
    ingest = site.whorl.ingest
    ingest.limits = replace(ingest.limits, backlog=10**6)
    body = export(a_span(1))
    with ingest.room(site.acme.tenant_id) as ask:
        for _ in range(4):
            ask(250_000)
        assert (await site.send(body)).status_code == 429
        with pytest.raises(LimitError, match="1000000 bytes of spans"):
            ask(1)
    assert (await site.send(body)).status_code == 200


async def test_a_flood_of_one_workspace_leaves_room_and_turns_to_another(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = site.whorl.ingest
    ingest.limits = replace(ingest.limits, body=10_000, backlog=10**6)
    with ingest.room(site.acme.tenant_id) as ask:
        ask(500_000)
        refused = await site.send(export(a_span(1)))
        assert refused.status_code == 429 and "this workspace's" in refused.json()["message"]
        assert (await site.send(export(a_span(1)), "rival")).status_code == 200
    logged: list[uuid.UUID] = []
    write = ingest._log

    def slow(signal: Any, tenant_id: uuid.UUID, *rest: Any) -> Any:
        logged.append(tenant_id)
        time.sleep(0.05)
        return write(signal, tenant_id, *rest)

    monkeypatch.setattr(ingest, "_log", slow)
    flood = [site.send(export(a_span(number))) for number in range(2, 12)]
    sent = asyncio.gather(*flood)
    while not logged:
        await asyncio.sleep(0)
    quiet = await site.send(export(a_span(1)), "rival")
    assert quiet.status_code == 200 and {answer.status_code for answer in await sent} == {200}
    assert logged.index(site.rival.tenant_id) <= 3 and len(logged) == 11


async def test_what_is_acknowledged_is_in_the_log(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(log: Any, batch: int = 500) -> int:
        return 0

    monkeypatch.setattr(site.whorl.drain, "log", unreachable)
    assert (await site.send(export(a_span(1, attributes=a_chat(said="It is twelve."))))).status_code == 200
    logged = b"".join(entry.payload for entry in site.whorl.capture.log.read())
    assert b"It is twelve." in logged
    monkeypatch.undo()
    assert (await the_run(site))["status"] == "succeeded"


async def test_a_replay_changes_nothing(site: Site) -> None:
    evaluated = {c.EVALUATION_NAME: "Correctness", c.EVALUATION_VALUE: 0.9}
    body = export(
        a_span(1, attributes=a_chat(), events=[(c.EVALUATION_EVENT, evaluated)]), a_span(2, parent=1)
    )
    for _ in range(2):
        await site.send(body)
        before = await the_run(site)
    assert await the_run(site) == before
    assert len(await site.get(f"/api/runs/{before['id']}/spans")) == 2
    assert len(await outcomes(site, before["id"])) == 1


async def test_a_trace_may_come_in_any_order_and_number_of_requests(site: Site) -> None:
    await site.send(export(a_span(3, "chat b", parent=2, attributes=a_chat(said="Later."))))
    run = await the_run(site)
    assert (run["status"], run["steps"]) == ("running", 1)
    await site.send(export(a_span(2, "chat a", parent=1, attributes=a_chat(said="First."))))
    failed = a_span(
        1,
        "invoke_agent shop",
        attributes={"gen_ai.agent.name": "shop-agent", "session.id": "s1", "user.id": "u1"},
    )
    await site.send(export({**failed, "status": {"code": 2, "message": "out of stock"}}))
    run = await the_run(site)
    assert (run["status"], run["steps"], run["agent"], run["input_tokens"]) == ("failed", 2, "shop-agent", 20)
    assert run["conversation_id"] is not None


async def test_a_trace_whose_root_never_comes_ends_when_it_is_silent(site: Site) -> None:
    old = a_span(2, parent=1, attributes=a_chat())
    await site.send(
        export({**old, "startTimeUnixNano": "1700000000000000000", "endTimeUnixNano": "1700000001000000000"})
    )
    assert (await the_run(site))["status"] == "succeeded"
    await site.send(export(a_span(3, parent=1, attributes=a_chat())))
    assert (await the_run(site))["status"] == "running"
    await close_silent(site.whorl.engine, site.whorl.drain.connections, site.whorl.prices)
    assert (await the_run(site))["status"] == "running"


@pytest.mark.parametrize(
    ("models", "cost"),
    [
        ([("gpt", None), ("gpt", "gpt-2")], Decimal("0.000008")),
        ([("gpt-2", None), ("gpt", "gpt-of-may")], Decimal("0.0000065")),
        ([("gpt", None), ("unheard-of", None)], None),
    ],
)
async def test_a_run_from_outside_costs_what_its_models_do(
    site: Site, models: list[tuple[str, str | None]], cost: Decimal | None
) -> None:
    """By the version that answered, else by the name asked for; the workspace has used none of it."""
    spans = [a_span(1, "invoke_agent shop", attributes={"gen_ai.agent.name": "shop"})]
    for number, (asked, answered) in enumerate(models, 2):
        tokens = (
            {c.INPUT_TOKENS: 4, c.OUTPUT_TOKENS: 1}
            if number == 2
            else {c.INPUT_TOKENS: 1, c.OUTPUT_TOKENS: 1}
        )
        named = {c.REQUEST_MODEL: asked, **({c.RESPONSE_MODEL: answered} if answered else {})}
        spans.append(a_span(number, parent=1, attributes={**a_chat(), **named, **tokens}))
    await site.send(export(*spans))
    run = await the_run(site)
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        assert (await session.get_one(Run, (site.acme.tenant_id, uuid.UUID(run["id"])))).cost == cost
        assert await usage_by(session, "day", now().date(), now().date()) == []


async def test_the_rest_of_a_deployment_sees_none_of_it(site: Site) -> None:
    body = export(a_span(1, attributes=a_chat()))
    await site.send(body)
    run = await the_run(site)
    assert await site.get("/api/runs", "rival") == []
    await site.send(body, "rival")
    theirs = await the_run(site, "rival")
    assert theirs["trace_id"] == run["trace_id"] and theirs["id"] != run["id"]
    async with site.client("rival") as client:
        assert (await client.get(f"/api/runs/{run['id']}/spans")).status_code == 404


async def test_nothing_personal_reaches_a_disk(site: Site) -> None:
    said = f"I am {NAME}, {EMAIL}."
    personal = {
        **a_chat(asked=said),
        f"note {EMAIL}": "x",
        "user.id": EMAIL,
        "gen_ai.agent.name": f"Agent of {EMAIL}",
        "tool": json.dumps({EMAIL: NAME}),
        "list": [EMAIL],
        "gen_ai.prompt.0.content": said,
    }
    events = [("gen_ai.user.message", {"content": said, EMAIL: "x"})]
    answer = await site.send(
        export(
            {
                **a_span(1, f"chat with {EMAIL}", attributes=personal, events=events),
                "status": {"code": 2, "message": said},
            },
            service=EMAIL,
        )
    )
    assert answer.status_code == 200
    needles = (EMAIL, NAME)
    assert in_files(site.whorl.settings.data_dir, needles) == []
    run = await the_run(site)
    assert in_tables(site.whorl.addresses.admin, needles) == []
    [span] = await site.get(f"/api/runs/{run['id']}/spans")
    assert "<EMAIL_ADDRESS_1>" in json.dumps(span) and "<EMAIL_ADDRESS_2>" not in json.dumps(span)


async def test_a_value_has_one_placeholder_in_all_requests_of_a_trace(site: Site) -> None:
    other = "bob.builder@planted.example"
    await site.send(export(a_span(2, parent=1, attributes=a_chat(asked=f"I am {EMAIL}"))))
    await site.send(export(a_span(3, parent=1, attributes=a_chat(asked=f"Write to {other} and {EMAIL}"))))
    await site.whorl.flush()
    site.whorl.ingest._memories._runs.clear()
    await site.send(export(a_span(1, attributes={"question": "Or to eve@planted.example?"})))
    spans = await site.get(f"/api/runs/{(await the_run(site))['id']}/spans")
    texts = {span["span_id"][-1]: json.dumps(span["attributes"]) for span in spans}
    assert "I am <EMAIL_ADDRESS_1>" in texts["2"]
    assert "Write to <EMAIL_ADDRESS_2> and <EMAIL_ADDRESS_1>" in texts["3"]
    assert "Or to <EMAIL_ADDRESS_3>?" in texts["1"], "a forgotten trace gets no number again"


async def test_the_longest_history_becomes_a_row(site: Site, tmp_path: Any) -> None:
    history = [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Weather in Oslo?"},
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": "c1",
                    "type": "function",
                    "function": {"name": "find", "arguments": '{"city": "Oslo"}'},
                }
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Rain."},
    ]
    first = a_chat(asked="Weather in Oslo?")
    second = {
        **a_chat(said="It rains."),
        "gen_ai.input.messages": json.dumps(history),
        "gen_ai.tool.definitions": json.dumps(
            [{"type": "function", "name": "find", "description": "Finds.", "parameters": {"type": "object"}}]
        ),
    }
    title = a_chat(asked="A title for: Weather in Oslo?", said="Oslo's weather")
    good = [
        (
            c.EVALUATION_EVENT,
            {c.EVALUATION_NAME: "Helpful", c.EVALUATION_LABEL: "pass", c.EVALUATION_EXPLANATION: "It helps."},
        )
    ]
    await site.send(
        export(
            a_span(1, "invoke_agent", attributes={"gen_ai.operation.name": "invoke_agent"}, events=good),
            a_span(2, parent=1, attributes=first),
            a_span(3, parent=1, attributes=second),
            a_span(4, parent=1, attributes=title),
        )
    )
    run = await the_run(site)
    dataset = await create_dataset(
        site.whorl.engine, site.acme.tenant_id, tmp_path, "sft", Selection(tag="captured"), held_out=0.0
    )
    [row] = [
        json.loads(line)
        for line in (tmp_path / str(site.acme.tenant_id) / str(dataset.id) / "train.jsonl")
        .read_text()
        .splitlines()
    ]
    assert [m["role"] for m in row["messages"]] == ["system", "user", "assistant", "tool", "assistant"]
    assert row["messages"][-1]["content"] == "It rains." and row["source"] == [run["id"]]
    assert row["tools"][0]["function"]["name"] == "find"


async def test_evaluations_become_light_outcomes_of_their_step(site: Site) -> None:
    events = [
        (
            c.EVALUATION_EVENT,
            {
                c.EVALUATION_NAME: "Relevance",
                c.EVALUATION_VALUE: 0.8,
                c.EVALUATION_EXPLANATION: f"Says {EMAIL}",
            },
        ),
        (c.EVALUATION_EVENT, {c.EVALUATION_NAME: "Fluency", c.EVALUATION_VALUE: 4.0}),
        (
            c.EVALUATION_EVENT,
            {c.EVALUATION_NAME: "Safety", c.EVALUATION_VALUE: 1.0, c.EVALUATION_LABEL: "unsafe"},
        ),
        (c.EVALUATION_EVENT, {c.EVALUATION_VALUE: 1.0}),
    ]
    await site.send(export(a_span(1, attributes=a_chat(), events=events)))
    run = await the_run(site)
    found = await outcomes(site, run["id"])
    told = {outcome.source: (outcome.kind, outcome.value, outcome.weight, outcome.text) for outcome in found}
    assert told == {
        "evaluation:Relevance": ("score", 0.8, 0.25, "Says <EMAIL_ADDRESS_1>"),
        "evaluation:Fluency": ("comment", 0.0, 0.0, "4"),
        "evaluation:Safety": ("score", 0.0, 0.25, None),
    }
    assert {outcome.span_id for outcome in found} == {f"{1:016x}"}


async def test_hostile_spans_are_stored_and_break_nothing(site: Site, tmp_path: Any) -> None:
    deep = "[" * 5000 + "]" * 5000
    hostile = {
        **a_chat(),
        "nul": "a\0b",
        "deep": deep,
        "gen_ai.tool.definitions": deep,
        "gen_ai.usage.input_tokens": "9" * 400,
        "surrogate": '{"a": "\\ud800 zuzanna.kowalczyk@planted.example"}',
        "big": 2**62,
        "": "empty",
        "__proto__": "x",
        "gen_ai.retrieval.documents": '[{"id": {"a": 1}}]',
        "gen_ai.operation.name": "x" * 10_000,
        "gen_ai.agent.name": "a" * 10_000,
        "llm.input_messages.99999999999.message.role": "user",
    }
    assert (await site.send(export(a_span(1, "n" * 100_000, attributes=hostile)))).status_code == 200
    run = await the_run(site)
    assert run["status"] == "succeeded"
    async with site.client("owner") as client:
        assert (await client.get(f"/api/runs/{run['id']}/spans")).status_code == 200
        assert (await client.get(f"/api/lineage/run:{run['id']}")).status_code in (200, 404)
    with pytest.raises(Exception, match="No run gives a row"):
        await create_dataset(site.whorl.engine, site.acme.tenant_id, tmp_path, "sft")


async def test_a_user_of_a_program_can_be_erased(site: Site) -> None:
    await site.send(export(a_span(1, attributes={**a_chat(), "user.id": "u-17"})))
    await site.send(export(a_span(1, trace="f" * 32, attributes={**a_chat(), "user.id": "u-18"})))
    assert len(await site.get("/api/runs")) == 2
    receipt = await erase_subject(site.whorl.engine, site.whorl.servers, site.acme, "u-17")
    assert (receipt.counts["runs"], receipt.counts["spans"]) == (1, 1)
    assert (await the_run(site))["trace_id"] == "f" * 32
    with pytest.raises(NotFoundError):
        await erase_subject(site.whorl.engine, site.whorl.servers, site.acme, "u-17")


PARTED = [
    {"role": "assistant", "parts": [
        {"type": "reasoning", "content": "Three times four."}, {"type": "text", "content": "It is 12."},
    ], "finish_reason": "stop"},
]  # fmt: skip
APART = [
    {"type": "reasoning", "summary": [{"type": "summary_text", "text": "Three times four."}]},
    {"role": "assistant", "content": [{"type": "output_text", "text": "It is 12."}]},
]
WORDED = [{"role": "assistant", "content": "It is 12.", "reasoning_content": "Three times four."}]


@pytest.mark.parametrize("said", [PARTED, APART, WORDED])
async def test_thoughts_of_other_programs_are_in_their_rows(
    said: list[Any],
    site: Site,
    tmp_path: Path,
) -> None:
    await site.send(export(a_span(1, attributes=a_chat(**{"gen_ai.output.messages": json.dumps(said)}))))
    [run] = await site.get("/api/runs")
    row = await liked_row(site.whorl, site.acme, run["id"], tmp_path / "data")
    assert row["messages"][1:] == [
        {"role": "assistant", "content": "It is 12.", "reasoning_content": "Three times four."}
    ]
