"""Evaluations that come as log events: of which run they are, what is answered, and what of other logs becomes."""

import asyncio
import gzip
import json
import socket
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from google.protobuf.json_format import Parse
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import SimpleLogRecordProcessor
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, set_span_in_context
from sqlalchemy import select, update

from tests.needles import in_files, in_tables
from tests.platform.otlp.conftest import Site
from tests.platform.otlp.spans import TRACE, a_chat, a_span, export, pairs
from tests.platform.otlp.test_ingest import EMAIL, NAME, outcomes, the_run
from whorl.agents.tables import Run
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.evaluations import Evaluations, forget_waiting
from whorl.flywheel.tables import Outcome, WaitingEvaluation
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp.joining import WAITS
from whorl.platform.telemetry.otlp.request import parse_request
from whorl.platform.telemetry.redaction.redactor import Redactor
from whorl.platform.telemetry.wal import WriteAheadLog

LOGS = "/v1/logs"
AT = "1700000000000000000"


def an_evaluation(
    name: str = "Relevance", value: float = 0.8, *, trace: str = TRACE, span: int | None = 1, **more: Any
) -> dict[str, Any]:
    """A log record; attributes of the conventions by their last words, all else is a field of the record."""
    names = {
        "label": c.EVALUATION_LABEL,
        "explanation": c.EVALUATION_EXPLANATION,
        "response": c.RESPONSE_ID,
    }
    said = {names[word]: more.pop(word) for word in list(more) if word in names}
    return {
        "eventName": c.EVALUATION_EVENT, "timeUnixNano": AT, "traceId": trace,
        **({} if span is None else {"spanId": f"{span:016x}"}),
        "attributes": pairs({c.EVALUATION_NAME: name, c.EVALUATION_VALUE: value, **said}),
        **more,
    }  # fmt: skip


def logs(*records: dict[str, Any]) -> dict[str, Any]:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": list(records)}]}]}


async def waiting(site: Site) -> Sequence[WaitingEvaluation]:
    await site.whorl.flush()
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        return (await session.scalars(select(WaitingEvaluation))).all()


def told(found: Sequence[Outcome]) -> dict[str, Any]:
    return {each.source: (each.kind, each.value, each.weight, each.text, each.span_id) for each in found}


@pytest.mark.parametrize("evaluated_first", [True, False])
async def test_an_evaluation_finds_its_run_whichever_comes_first(site: Site, evaluated_first: bool) -> None:
    spans = (export(a_span(1, attributes=a_chat()), a_span(2, parent=1)), "/v1/traces")
    events = (
        logs(
            an_evaluation(span=2, explanation=f"Says {EMAIL}"),
            an_evaluation("Fluency", 4.0, span=None),
            an_evaluation("Safety", 1.0, label="unsafe"),
        ),
        LOGS,
    )
    for body, to in (events, spans) if evaluated_first else (spans, events):
        answer = await site.send(body, to=to)
        assert (answer.status_code, answer.json()) == (200, {})
        await site.whorl.flush()
    run = await the_run(site)
    assert told(await outcomes(site, run["id"])) == {
        "evaluation:Relevance": ("score", 0.8, 0.25, "Says <EMAIL_ADDRESS_1>", f"{2:016x}"),
        "evaluation:Fluency": ("comment", 0.0, 0.0, "4", None),
        "evaluation:Safety": ("score", 0.0, 0.25, None, f"{1:016x}"),
    }
    assert len(await site.get(f"/api/runs/{run['id']}/spans")) == 2, "an evaluation is no span"
    assert await waiting(site) == []


async def test_a_replay_changes_nothing_also_once_the_run_has_come(site: Site) -> None:
    body = logs(an_evaluation(explanation="Good."), an_evaluation("Fluency", 0.5, timeUnixNano="0"))
    for _ in range(2):
        await site.send(body, to=LOGS)
        assert len(await waiting(site)) == 2
    await site.send(export(a_span(1, attributes=a_chat())))
    run = await the_run(site)
    first = [each.id for each in await outcomes(site, run["id"])]
    await site.send(body, to=LOGS)
    assert await waiting(site) == []
    assert [each.id for each in await outcomes(site, run["id"])] == first and len(first) == 2


async def test_two_evaluations_of_one_step_are_two(site: Site) -> None:
    await site.send(export(a_span(1, attributes=a_chat())))
    later = an_evaluation(timeUnixNano="1700000000000000001")
    await site.send(logs(an_evaluation(), later, an_evaluation("Other")), to=LOGS)
    assert len(await outcomes(site, (await the_run(site))["id"])) == 3


async def test_a_run_of_whorls_own_is_evaluated_by_its_trace(site: Site) -> None:
    async with site.client("owner") as client:
        asked = {"question": "When does the tide turn?"}
        run = (await client.post("/api/runs", json=asked)).raise_for_status().json()
    trace = (await the_run(site))["trace_id"]
    spans = await site.get(f"/api/runs/{run['run_id']}/spans")
    of_step = {**an_evaluation(trace=trace), "spanId": spans[0]["span_id"]}
    await site.send(logs(of_step, an_evaluation("Whole", trace=trace, span=None)), to=LOGS)
    await site.whorl.flush()
    found = {each.source: each.span_id for each in await outcomes(site, run["run_id"])}
    assert found == {"evaluation:Relevance": spans[0]["span_id"], "evaluation:Whole": None}
    assert len(await site.get(f"/api/runs/{run['run_id']}/spans")) == len(spans)
    assert len(await site.get("/api/runs")) == 1


async def test_a_model_asked_directly_is_evaluated_before_its_spans_are_stored(site: Site) -> None:
    async with site.client("owner") as client:
        asked = {"model": "whorl", "messages": [{"role": "user", "content": "When does the tide turn?"}]}
        (await client.post("/v1/chat/completions", json=asked)).raise_for_status()
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        [run] = await session.scalars(select(Run))
    await site.send(logs(an_evaluation(trace=run.trace_id, span=None)), to=LOGS)
    await site.whorl.flush()
    assert [each.source for each in await outcomes(site, str(run.id))] == ["evaluation:Relevance"]


async def test_the_reply_that_an_evaluation_names_is_its_step(site: Site) -> None:
    answered = {**a_chat(), c.RESPONSE_ID: "resp-7"}
    await site.send(export(a_span(1), a_span(2, parent=1, attributes=answered)))
    by_reply = (an_evaluation(span=None, response="resp-7"), an_evaluation("Other", span=None, response="?"))
    await site.send(logs(*by_reply), to=LOGS)
    found = {each.source: each.span_id for each in await outcomes(site, (await the_run(site))["id"])}
    assert found == {"evaluation:Relevance": f"{2:016x}", "evaluation:Other": None}


async def test_the_name_of_an_event_may_be_an_attribute(site: Site) -> None:
    record = an_evaluation()
    del record["eventName"]
    record["attributes"] += pairs({"event.name": c.EVALUATION_EVENT})
    assert (await site.send(logs(record), to=LOGS)).json() == {}
    assert len(await waiting(site)) == 1


async def test_other_logs_are_dropped_and_not_sent_again(site: Site) -> None:
    """The answer is a success, so that a pipeline of mixed logs goes on; it says once what has become of them."""
    other = {"timeUnixNano": AT, "body": {"stringValue": "a line"}, "traceId": TRACE}
    event = {**other, "eventName": "gen_ai.client.operation.exception"}
    answer = await site.send(logs(other, an_evaluation(), *[event] * 9), to=LOGS)
    partial = answer.json()["partialSuccess"]
    assert (answer.status_code, partial["rejectedLogRecords"]) == (200, "10")
    assert "keeps no logs" in partial["errorMessage"] and "10 records" in partial["errorMessage"]
    assert len(await waiting(site)) == 1


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"traceId": ""}, "trace id"),
        ({"traceId": "0" * 32}, "trace id"),
        ({"traceId": "zz"}, "trace id"),
        ({"spanId": "xyz"}, "span id"),
        ({"attributes": []}, c.EVALUATION_NAME),
        ({"attributes": pairs({c.EVALUATION_NAME: " "})}, c.EVALUATION_NAME),
        ({"timeUnixNano": str(2**64 - 1)}, "2262"),
    ],
)
async def test_an_evaluation_of_nothing_is_rejected_alone(
    site: Site, fields: dict[str, Any], why: str
) -> None:
    answer = await site.send(logs({**an_evaluation(), **fields}, an_evaluation()), to=LOGS)
    partial = answer.json()["partialSuccess"]
    assert (answer.status_code, partial["rejectedLogRecords"]) == (200, "1") and why in partial[
        "errorMessage"
    ]
    assert len(await waiting(site)) == 1


async def test_protobuf_is_answered_in_protobuf(site: Site) -> None:
    body = json.dumps(logs(an_evaluation(), {"body": {"stringValue": "a line"}})).encode()
    packed = parse_request(body, "application/json", ExportLogsServiceRequest).SerializeToString()
    answer = await site.send(packed, to=LOGS, **{"Content-Type": "application/x-protobuf"})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/x-protobuf")
    partial = ExportLogsServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_log_records == 1
    await site.send(json.loads(body), to=LOGS)
    assert len(await waiting(site)) == 1, "the same evaluation in either encoding"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"nonsense", {}, 400, 3),
        (b"\x0a\xff", {"Content-Type": "application/x-protobuf"}, 400, 3),
        (b'{"resourceLogs": 1}', {}, 400, 3),
        (b"{}", {"Content-Encoding": "br"}, 415, 3),
        (b"{}", {"Content-Type": "text/plain"}, 415, 3),
        (gzip.compress(b" " * 10**8), {"Content-Encoding": "gzip"}, 413, 8),
    ],
)
async def test_a_body_that_cannot_be_read_is_answered_with_a_status(
    site: Site, body: bytes, headers: dict[str, str], status: int, code: int
) -> None:
    answer = await site.send(body, to=LOGS, **headers)
    as_json = headers.get("Content-Type") != "application/x-protobuf"
    said = Parse(answer.content, Status()) if as_json else Status.FromString(answer.content)
    assert (answer.status_code, said.code) == (status, code)


async def test_who_may_send(site: Site) -> None:
    assert (await site.send(logs(an_evaluation()), "owner", LOGS)).status_code == 200
    for key, status, code in ((None, 401, 16), ("viewer", 403, 7), ("member", 403, 7)):
        answer = await site.send(logs(an_evaluation()), key, LOGS)
        assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_a_full_queue_and_a_full_disk_say_when_to_come_back(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    ingest = site.whorl.ingest
    ingest.limits = replace(ingest.limits, backlog=10)
    answer = await site.send(logs(an_evaluation()), to=LOGS)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (429, "5", 8)
    ingest.limits = replace(ingest.limits, backlog=10**6)

    def full(log: WriteAheadLog, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(WriteAheadLog, "_append", full)
    answer = await site.send(logs(an_evaluation()), to=LOGS)
    assert (answer.status_code, answer.headers["retry-after"], answer.json()["code"]) == (503, "30", 14)
    monkeypatch.undo()
    assert (await site.send(logs(an_evaluation()), to=LOGS)).status_code == 200


async def test_what_is_acknowledged_is_in_the_log(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(log: Any, batch: int = 500) -> int:
        return 0

    monkeypatch.setattr(site.whorl.drain, "log", unreachable)
    assert (await site.send(logs(an_evaluation(explanation="It is so.")), to=LOGS)).status_code == 200
    assert b"It is so." in b"".join(entry.payload for entry in site.whorl.capture.log.read())
    monkeypatch.undo()
    assert len(await waiting(site)) == 1


async def test_an_evaluation_is_stored_again_where_its_run_came_between(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As by a process that died after it had stored the evaluation: another one goes on from the log."""
    settle = Evaluations._settle

    async def dies(*given: Any) -> None:
        raise OSError("died")

    monkeypatch.setattr(Evaluations, "_settle", dies)
    await site.send(logs(an_evaluation()), to=LOGS)
    with pytest.raises(OSError, match="died"):
        await site.whorl.flush()
    monkeypatch.setattr(Evaluations, "_settle", settle)
    await site.send(export(a_span(1, attributes=a_chat())))
    assert len(await outcomes(site, (await the_run(site))["id"])) == 1
    assert await waiting(site) == []


async def test_a_workspace_whose_redaction_fails_holds_up_nobodys_spans(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What an evaluation says was redacted before it was logged; an expression of the workspace may time out later."""
    said = {c.EVALUATION_NAME: "Manners", c.EVALUATION_VALUE: 1.0, c.EVALUATION_EXPLANATION: f"Says {EMAIL}"}
    await site.send(export(a_span(1, attributes=a_chat(), events=[(c.EVALUATION_EVENT, said)])))
    await site.send(logs(an_evaluation(explanation="Good.")), to=LOGS)

    def times_out(*given: Any, **named: Any) -> str:
        raise TimeoutError

    monkeypatch.setattr(Redactor, "redact_text", times_out)
    found = told(await outcomes(site, (await the_run(site))["id"]))
    assert {source: each[3] for source, each in found.items()} == {
        "evaluation:Manners": "Says <EMAIL_ADDRESS_1>",
        "evaluation:Relevance": "Good.",
    }


async def test_nothing_personal_reaches_a_disk(site: Site) -> None:
    said = f"Rude to {NAME}, {EMAIL}."
    record = an_evaluation(EMAIL, explanation=said, label=said, response=EMAIL)
    assert (await site.send(logs(record), to=LOGS)).status_code == 200
    needles = (EMAIL, NAME)
    assert in_files(site.whorl.settings.data_dir, needles) == []
    assert len(await waiting(site)) == 1
    assert in_tables(site.whorl.addresses.admin, needles) == []
    await site.send(export(a_span(1, attributes=a_chat(asked=f"I am {EMAIL}"))))
    [outcome] = await outcomes(site, (await the_run(site))["id"])
    assert in_tables(site.whorl.addresses.admin, needles) == []
    assert outcome.text is not None and "<EMAIL_ADDRESS_1>" in outcome.text


async def test_another_workspace_evaluates_none_of_these_runs(site: Site) -> None:
    await site.send(export(a_span(1, attributes=a_chat())))
    run = await the_run(site)
    await site.send(logs(an_evaluation()), "rival", LOGS)
    await site.whorl.flush()
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        assert (await session.scalars(select(Outcome))).all() == []
    await site.send(logs(an_evaluation("Own")), to=LOGS)
    assert await waiting(site) == []
    assert set(told(await outcomes(site, run["id"]))) == {"evaluation:Own"}


async def test_an_evaluation_whose_run_does_not_come_is_forgotten(site: Site) -> None:
    await site.send(logs(an_evaluation(), an_evaluation(trace="f" * 32)), to=LOGS)
    old = (
        update(WaitingEvaluation)
        .where(WaitingEvaluation.trace_id == TRACE)
        .values(came_at=now() - WAITS - timedelta(hours=1))
    )
    assert len(await waiting(site)) == 2
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        await session.execute(old)
    await forget_waiting(site.whorl.engine)
    assert [each.trace_id for each in await waiting(site)] == ["f" * 32]


async def test_an_evaluation_of_an_erased_run_is_not_kept(site: Site) -> None:
    await site.send(export(a_span(1, attributes={**a_chat(), "user.id": "u-17"})))
    await the_run(site)
    await erase_subject(site.whorl.engine, site.whorl.servers, site.acme, "u-17")
    await site.send(logs(an_evaluation()), to=LOGS)
    assert await waiting(site) == []


async def test_opentelemetrys_own_exporter_sends_it(site: Site) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        server = uvicorn.Server(uvicorn.Config(site.app, log_level="error", lifespan="off"))
        serving = asyncio.create_task(server.serve([listening]))
        endpoint = f"http://127.0.0.1:{listening.getsockname()[1]}{LOGS}"
        await asyncio.to_thread(export_evaluation, endpoint, site.keys["exporter"])
        server.should_exit = True
        await serving
    [kept] = await waiting(site)
    assert (kept.trace_id, kept.span_id) == (TRACE, f"{5:016x}")
    assert kept.attributes[c.EVALUATION_LABEL] == "pass"


def export_evaluation(endpoint: str, key: str) -> None:
    """A program with OpenTelemetry's SDK, which says of a span that it knows by its ids how good it was."""
    exporter = OTLPLogExporter(endpoint, headers={"Authorization": f"Bearer {key}"})
    provider = LoggerProvider(shutdown_on_exit=False)
    provider.add_log_record_processor(SimpleLogRecordProcessor(exporter))
    span = SpanContext(int(TRACE, 16), 5, is_remote=True, trace_flags=TraceFlags(1))
    provider.get_logger("judge").emit(
        context=set_span_in_context(NonRecordingSpan(span)), event_name=c.EVALUATION_EVENT,
        attributes={c.EVALUATION_NAME: "Relevance", c.EVALUATION_LABEL: "pass"},
    )  # fmt: skip
    assert provider.force_flush()
    provider.shutdown()
