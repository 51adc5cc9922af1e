"""Requests and traces recorded of real programs: all are accepted, and read as the reference reads them."""

import json
import uuid
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.bench.corpora import DATA
from tests.platform.otlp.conftest import Site
from whorl.flywheel.datasets import create_dataset
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp.records import Accepted, read_records
from whorl.platform.telemetry.otlp.request import parse_request

REQUESTS, TRACES = DATA / "otel-otlp-requests", DATA / "otel-langfuse-traces"
pytestmark = pytest.mark.skipif(not REQUESTS.is_dir(), reason="the development data is not here")
REFERENCES = sorted(TRACES.glob("*.chatml.json"))
# The reference leaves out the instructions that these attributes state as the first message.
INSTRUCTED = {"openai-agents-2025-09-30"}


def read(body: bytes) -> Accepted:
    return read_records(
        parse_request(body, "application/json", ExportTraceServiceRequest), uuid.UUID(int=7), 1
    )


def bodies() -> list[Any]:
    if not REQUESTS.is_dir():
        return []
    lines = [json.loads(line) for line in (REQUESTS / "requests.jsonl").read_text().splitlines()]
    known = [pytest.param(line["request"], id=line["id"]) for line in lines]
    return [
        *known,
        *(
            pytest.param(json.loads(p.read_text()), id=p.stem)
            for p in sorted((REQUESTS / "reconstructed").iterdir())
        ),
    ]


@pytest.mark.parametrize("body", bodies())
def test_every_span_is_accepted_with_its_parent(body: dict[str, Any]) -> None:
    sent = {
        span["spanId"]: span.get("parentSpanId") or None
        for resource in body["resourceSpans"]
        for scope in resource["scopeSpans"]
        for span in scope["spans"]
    }
    found = read(json.dumps(body).encode())
    assert found.rejected == 0
    assert {record.span_id: record.parent_span_id for record in found.records} == sent


@pytest.mark.parametrize("file", REFERENCES, ids=lambda file: file.name.partition(".")[0])
def test_messages_are_those_of_the_reference(file: Path) -> None:
    name = file.name.removesuffix(".chatml.json")
    records = {r.span_id: r for r in read((REQUESTS / "reconstructed" / f"{name}.json").read_bytes()).records}
    for span_id, sides in json.loads(file.read_text()).items():
        wanted = {side: reference(each["data"]) for side, each in sides.items() if each["success"]}
        if not any(wanted.values()):
            continue
        attributes = records[span_id].attributes
        have = {
            side: ours(attributes.get(attribute))
            for side, attribute in (("input", c.INPUT_MESSAGES), ("output", c.OUTPUT_MESSAGES))
        }
        said = [message for side in ("input", "output") if side in wanted for message in wanted[side]]
        known = [
            message
            for side in ("input", "output")
            if side in wanted or "input" not in sides
            for message in have[side]
        ]
        if name in INSTRUCTED:
            assert known.pop(0)[0] == "system"
        assert known == said, f"{name} {span_id}"


def ours(text: str | None) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    for message in json.loads(text or "[]"):
        parts = message["parts"]
        if message["role"] == "tool":
            found += [("tool", value(part["response"]), [], part["id"]) for part in parts]
            continue
        words = "".join(part["content"] for part in parts if part["type"] == "text")
        calls = [
            (part["id"], part["name"], part["arguments"]) for part in parts if part["type"] == "tool_call"
        ]
        found.append((message["role"], value(words), calls, ""))
    return found


def reference(messages: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    """The reference's messages; what has no role is not read as a message there, but a choice holds one."""
    found = []
    for given in messages:
        message = given if "role" in given else (given.get("json") or {}).get("message") or {}
        if "role" in message:
            calls = [
                (call["id"], call["name"], json.loads(call["arguments"]))
                for call in message.get("tool_calls", [])
            ]
            role = "assistant" if message["role"] == "model" else message["role"]
            found.append((role, value(message.get("content") or ""), calls, message.get("tool_call_id", "")))
    return found


def value(content: Any) -> Any:
    """Content by what it says: JSON text as its value."""
    if not isinstance(content, str):
        return content
    try:
        return json.loads(content)
    except ValueError:
        return content


@pytest.mark.parametrize("body", bodies())
def test_messages_are_valid_by_the_conventions(body: dict[str, Any]) -> None:
    schemas = DATA / "otel-semconv" / "docs" / "gen-ai"
    for record in read(json.dumps(body).encode()).records:
        for name in (c.INPUT_MESSAGES, c.OUTPUT_MESSAGES):
            if name in record.attributes:
                schema = json.loads(
                    (schemas / f"{name.replace('_', '-').replace('.', '-')}.json").read_text()
                )
                jsonschema.validate(with_reasons(json.loads(record.attributes[name])), schema)


def with_reasons(values: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The conventions want a reason on each reply, which not every program tells."""
    return [{"finish_reason": "stop", **each} if "role" in each else each for each in values]


async def test_a_site_takes_them_all_and_builds_on(site: Site, tmp_path: Path) -> None:
    for parameter in bodies():
        assert (await site.send(parameter.values[0])).json() == {}, parameter.id
    runs = await site.get("/api/runs?limit=200")
    assert len(runs) == len({trace for parameter in bodies() for trace in traces(parameter.values[0])})
    async with site.client("owner") as client:
        for run in runs:
            thumb = await client.post(f"/api/runs/{run['id']}/feedback", json={"kind": "thumb", "value": 1})
            assert thumb.status_code < 300, thumb.text
            assert (await client.get(f"/api/lineage/{run['id']}")).status_code == 200
    dataset = await create_dataset(site.whorl.engine, site.acme.tenant_id, tmp_path, "sft", held_out=0.0)
    assert dataset.rows >= 8, dataset.manifest["left_out"]


def traces(body: dict[str, Any]) -> list[str]:
    return [s["traceId"] for r in body["resourceSpans"] for p in r["scopeSpans"] for s in p["spans"]]
