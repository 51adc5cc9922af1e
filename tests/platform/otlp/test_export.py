"""Stored spans on to a collector: redacted, in their order, again while it is away, and never back into Whorl."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from tests.conftest import Addresses, quote_first, test_settings
from tests.platform.otlp.conftest import Site
from tests.serving_app import served
from whorl.agents.runs import RunRequest
from whorl.platform.app import open_whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.audit import recent
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.telemetry.otlp import export as exporting
from whorl.platform.telemetry.otlp.export import Exporter, read_headers, request_of
from whorl.platform.telemetry.otlp.records import read_records
from whorl.platform.telemetry.record import SpanRecord

EMAIL = "ann.lee@planted.example"


class Collector:
    """An application that takes exports; its next answers are ``answers``, then 200."""

    def __init__(self, *answers: int) -> None:
        self.answers = list(answers)
        self.bodies: list[bytes] = []
        self.headers: dict[bytes, bytes] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while (message := await receive()).get("more_body"):
            body += message["body"]
        body += message.get("body", b"")
        status = self.answers.pop(0) if self.answers else 200
        self.headers = dict(scope["headers"])
        if status == 200:
            self.bodies.append(body)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    @property
    def spans(self) -> list[Any]:
        requests = map(ExportTraceServiceRequest.FromString, self.bodies)
        return [span for each in requests for span in each.resource_spans[0].scope_spans[0].spans]


def a_record(number: int) -> SpanRecord:
    return SpanRecord(
        "00000000-0000-0000-0000-000000000001", "0a" * 16, f"{number:016x}", None, None, f"chat {number}", "chat", number,
        number + 1, "ok", "", None, None, None, {"n": number, "deep": {"a": [1.5, True, None, "x"]}}, [],
    )  # fmt: skip


@asynccontextmanager
async def sending(collector: Collector) -> AsyncIterator[Exporter]:
    transport = httpx.ASGITransport(collector)
    async with httpx.AsyncClient(transport=transport, base_url="http://collector") as http:
        exporter = Exporter(http, "/v1/traces")
        task = asyncio.create_task(exporter.run())
        yield exporter
        task.cancel()


async def until(found: Any) -> None:
    async with asyncio.timeout(10):
        while not found():
            await asyncio.sleep(0.01)


async def test_a_collector_is_sent_what_is_stored_and_that_is_redacted(
    database: Addresses, tmp_path: Path
) -> None:
    collector = Collector()
    with served(collector) as url:
        settings = test_settings(
            database, tmp_path / "whorl", export_url=f"{url}/v1/traces", export_headers="x-key=a%20b"
        )
        async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
            actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
            ended = await whorl.agents.answer(actor, RunRequest(f"Who is {EMAIL}?", checkpoint=False))
            await whorl.flush()
            await until(lambda: len(collector.spans) >= 5)
    assert collector.headers[b"x-key"] == b"a b"
    assert not any(EMAIL.encode() in body for body in collector.bodies)
    assert any(b"<EMAIL" in body for body in collector.bodies)
    names = {span.name for span in collector.spans}
    assert {"invoke_agent default", "execute_tool search"} <= names
    tenants = {
        pair.value.string_value
        for s in collector.spans
        for pair in s.attributes
        if pair.key == "whorl.run.id"
    }
    assert tenants == {str(ended.run_id)}
    await expect_noted(database, tmp_path, f"{url}/v1/traces")


async def expect_noted(database: Addresses, tmp_path: Path, url: str) -> None:
    """That the log says once where spans go, whatever number of processes sends them there, and where else they go later."""
    for target in (url, "http://ann:secret@127.0.0.1:9/v1/traces?key=1"):
        settings = test_settings(database, tmp_path / "another", export_url=target)
        async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
            actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
            await whorl.agents.answer(actor, RunRequest("When?", checkpoint=False))
            await whorl.flush()
            async with tenant_session(whorl.engine, actor.tenant_id) as session:
                events = await recent(session)
    noted = [event.target for event in events if event.action == "spans.sent_to_collector"]
    assert noted == ["http://127.0.0.1:9/v1/traces", url]


async def test_spans_wait_for_a_collector_that_is_away_and_keep_their_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exporting, "FIRST_PAUSE", 0.01)
    collector = Collector(503, 429)
    async with sending(collector) as exporter:
        await exporter.follow([a_record(n) for n in (1, 2)])
        await exporter.follow([a_record(3)])
        await until(lambda: len(collector.spans) == 3)
    assert [span.name for span in collector.spans] == ["chat 1", "chat 2", "chat 3"]


async def test_what_is_refused_is_counted_and_holds_nothing_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 1)
    before = exporting.DROPPED._value.get()
    collector = Collector(400)
    async with sending(collector) as exporter:
        await exporter.follow([a_record(1), a_record(2)])
        await until(lambda: len(collector.spans) == 1)
    assert collector.spans[0].name == "chat 2"
    assert exporting.DROPPED._value.get() == before + 1


async def test_too_many_that_wait_cost_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_WAITING", 2)
    collector = Collector()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(collector), base_url="http://collector"
    ) as http:
        exporter = Exporter(http, "/v1/traces")
        await exporter.follow([a_record(n) for n in (1, 2, 3)])
        await exporter.at_end()
    assert [span.name for span in collector.spans] == ["chat 2", "chat 3"]


async def test_what_whorl_sent_is_not_taken_back(site: Site) -> None:
    body = request_of([a_record(1)]).SerializeToString()
    answer = await site.send(body, **{"Content-Type": "application/x-protobuf"})
    told = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert answer.status_code == 200 and told.rejected_spans == 1 and "itself" in told.error_message
    assert await site.get("/api/runs") == []


def test_values_survive_the_way_out_and_back() -> None:
    request = request_of([a_record(7)])
    request.resource_spans[0].resource.ClearField("attributes")
    [record] = read_records(request, UUID(int=1), 0).records
    assert record.attributes["n"] == 7
    assert record.attributes["deep"] == {"a": [1.5, True, "", "x"]}
    assert (record.trace_id, record.span_id, record.start_ns, record.status) == (
        "0a" * 16,
        f"{7:016x}",
        7,
        "ok",
    )


def test_a_header_without_a_value_is_refused() -> None:
    with pytest.raises(InputError, match="name=value"):
        read_headers("Authorization")


async def test_what_is_being_sent_when_a_process_ends_is_sent_at_its_end() -> None:
    sent, held = asyncio.Event(), asyncio.Event()
    collector = Collector()

    async def hangs_at_first(scope: Any, receive: Any, send: Any) -> None:
        if not sent.is_set():
            sent.set()
            await held.wait()
        await collector(scope, receive, send)

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(hangs_at_first), base_url="http://collector"
    ) as http:
        exporter = Exporter(http, "/v1/traces")
        task = asyncio.create_task(exporter.run())
        await exporter.follow([a_record(1)])
        await sent.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await exporter.at_end()
    assert [span.name for span in collector.spans] == ["chat 1"]


async def test_an_answer_that_cannot_be_read_does_not_end_the_sending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(exporting, "FIRST_PAUSE", 0.01)
    collector, garbled = Collector(), [{"Content-Encoding": "gzip", "Retry-After": "nan"}]

    async def garbles_at_first(request: httpx.Request) -> httpx.Response:
        if garbled:
            return httpx.Response(503, headers=garbled.pop(), stream=httpx.ByteStream(b"not gzip"))
        return await httpx.ASGITransport(collector).handle_async_request(request)

    async with httpx.AsyncClient(
        transport=httpx.MockTransport(garbles_at_first), base_url="http://collector"
    ) as http:
        exporter = Exporter(http, "/v1/traces")
        task = asyncio.create_task(exporter.run())
        await exporter.follow([a_record(1)])
        await until(lambda: len(collector.spans) == 1 or task.done())
        assert not task.done()
        task.cancel()
