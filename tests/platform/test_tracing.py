"""The platform's own spans: what operators see of requests, statements and model calls, and that no content is in them."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind

from tests.conftest import Addresses, quote_first, test_settings
from tests.platform.test_api import Site
from whorl.platform import tracing
from whorl.platform.app import create_app
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
SECRET = "the tide of Halden"


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """What takes the spans, each as soon as it ends."""
    exporter = InMemorySpanExporter()
    monkeypatch.setattr(tracing, "BatchSpanProcessor", SimpleSpanProcessor)
    monkeypatch.setattr("whorl.platform.app.exporter_to", lambda url, headers: exporter)
    return exporter


@pytest_asyncio.fixture
async def traced_site(
    database: Addresses, tmp_path: Path, exporter: InMemorySpanExporter
) -> AsyncIterator[Site]:
    settings = test_settings(database, tmp_path, worker="external", tracing_url="http://collector/v1/traces")
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        made = await ensure_tenant(app.state.whorl.engine, "acme")
        yield Site(app, {"owner": str(made.key)})


async def test_a_request_is_a_trace_without_content(
    traced_site: Site, exporter: InMemorySpanExporter
) -> None:
    async with traced_site.client("owner") as client:
        asked = await client.post(
            "/api/runs?note=secret", json={"question": SECRET}, headers={"traceparent": CALLER}
        )
        run = (await client.get(f"/api/runs/{asked.json()['run_id']}")).json()
        await client.get("/healthz")
        missing = await client.get(f"/api/runs/{SECRET.replace(' ', '-')}")
    assert (asked.status_code, missing.status_code) == (200, 422)
    spans = exporter.get_finished_spans()
    served = [span for span in spans if span.kind is SpanKind.SERVER]
    names = {span.name for span in served}
    assert names == {"POST /api/runs", "GET /api/runs/{run_id}"}
    [created] = [span for span in served if span.name == "POST /api/runs"]
    attributes = dict(created.attributes or {})
    assert attributes["http.route"] == "/api/runs" and attributes["http.response.status_code"] == 200
    assert attributes["whorl.tenant"] and attributes["whorl.request_id"]
    assert f"{created.context.trace_id:032x}" == CALLER.split("-")[1]
    assert created.parent is not None and f"{created.parent.span_id:016x}" == CALLER.split("-")[2]
    below = [span for span in spans if span.context.trace_id == created.context.trace_id]
    kinds = {span.name.split()[0] for span in below}
    assert {"POST", "chat", "INSERT"} <= kinds
    # The run is the tenant's trace, which no caller names.
    assert run["trace_id"] not in {f"{span.context.trace_id:032x}" for span in spans}
    told = " ".join(span.to_json() for span in spans)
    assert "Halden" not in told and "secret" not in told


async def test_a_model_server_is_told_of_the_trace(
    exporter: InMemorySpanExporter,
) -> None:
    assert tracing.headers() == {}
    with tracing.traced(exporter), tracing.span("outer") as outer:
        assert outer is not None
        assert f"{outer.get_span_context().trace_id:032x}" in tracing.headers()["traceparent"]
        with pytest.raises(InputError), tracing.span("inner"):
            raise InputError(SECRET)
    inner, outside = exporter.get_finished_spans()
    assert inner.parent is not None and inner.parent.span_id == outside.context.span_id
    assert dict(inner.attributes or {}) == {"error.type": "InputError"} and "Halden" not in inner.to_json()
    assert not tracing.recording()
