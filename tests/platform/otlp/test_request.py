"""Bodies: both encodings, bounded decompression, spans that cannot be stored, values that nothing can hold."""

import gzip
import json
import uuid
import zlib
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.platform.otlp.spans import TRACE, a_chat, a_span, export, protobuf
from whorl.platform.errors import BadRequestError, TooLargeError, UnsupportedMediaError
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp import records
from whorl.platform.telemetry.otlp.records import UNREAD, Accepted, read_records
from whorl.platform.telemetry.otlp.request import ContentType, content_type_of, decompress, parse_request
from whorl.platform.telemetry.store import dump_records, load_records

TENANT = uuid.UUID(int=7)


def accepted(body: Any) -> Accepted:
    return read_records(
        parse_request(json.dumps(body).encode(), "application/json", ExportTraceServiceRequest), TENANT, 5
    )


def test_json_and_protobuf_are_the_same_request() -> None:
    body = export(a_span(1, attributes=a_chat(), events=[("e", {"n": 1, "d": 0.5, "l": ["a", True]})]))
    one = read_records(
        parse_request(json.dumps(body).encode(), "application/json", ExportTraceServiceRequest), TENANT, 5
    )
    other = read_records(
        parse_request(protobuf(body), "application/x-protobuf", ExportTraceServiceRequest), TENANT, 5
    )
    assert one == other
    [record] = one.records
    assert (record.trace_id, record.span_id, record.parent_span_id) == (TRACE, f"{1:016x}", None)
    assert record.events[0]["attributes"] == {"n": 1, "d": 0.5, "l": ["a", True]}
    assert (record.attributes["service.name"], record.attributes["otel.scope.name"]) == ("shop", "tests")


def test_unknown_fields_are_passed_over() -> None:
    body = export(a_span(1, flags=257, isRemote=True))
    assert len(accepted({**body, "future": [1, {"a": None}]}).records) == 1


def test_gzip_and_deflate_are_unpacked_and_joined_members_too() -> None:
    for name in ("gzip", "x-gzip", "X-GZIP"):
        assert decompress(gzip.compress(b"a" * 9) + gzip.compress(b"b"), name, 10) == b"a" * 9 + b"b"
    assert decompress(zlib.compress(b"a"), "deflate", 10) == b"a"
    assert decompress(b"a", "identity", 10) == b"a"


@pytest.mark.parametrize(
    "body", [gzip.compress(bytes(10**7)), gzip.compress(b"a" * 6) * 2], ids=["zeros", "members"]
)
def test_no_more_than_the_limit_is_unpacked(body: bytes) -> None:
    with pytest.raises(TooLargeError):
        decompress(body, "gzip", 10)


@pytest.mark.timeout(60)
def test_a_body_of_nothing_but_empty_members_is_read_in_one_pass() -> None:
    """Whatever waits behind it waits for one thread: what is left of a body is not copied for each member."""
    assert decompress(gzip.compress(b"") * 400_000 + gzip.compress(b"a"), "gzip", 10) == b"a"


@pytest.mark.parametrize(
    "body",
    [b"plain", gzip.compress(b"abcdef" * 99)[:-9], gzip.compress(b"a") + b"rest"],
    ids=["plain", "cut", "more"],
)
def test_what_is_not_gzip_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        decompress(body, "gzip", 1000)


def test_other_encodings_and_types_are_refused() -> None:
    with pytest.raises(UnsupportedMediaError):
        decompress(b"", "br", 10)
    with pytest.raises(UnsupportedMediaError):
        content_type_of("text/plain")
    assert content_type_of("Application/JSON; charset=utf-8") == "application/json"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"nonsense",
        b'"x"',
        b"\xff\xfe",
        b'{"resourceSpans": 1}',
        b'{"resourceSpans": [1]}',
        b"[" * 100_000,
        b'{"a": NaN}',
        b'{"resourceSpans": ' + b"[" * 90 + b"]" * 90 + b"}",
        b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"-1"}]}]}]}',
    ],
)
def test_malformed_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_request(body, "application/json", ExportTraceServiceRequest)


def test_a_text_that_was_cut_within_a_character_costs_no_span() -> None:
    """A program that cuts texts at a length cuts some of them within an emoji: by UTF-16's halves, or by bytes."""
    body = export(
        a_span(1, attributes={"said": "cut X", "n": 7, "list": ["X", "whole \N{GRINNING FACE}"]}), a_span(2)
    )
    as_json, encoded = json.dumps(body).encode(), protobuf(body)
    cut: dict[str, tuple[bytes, ContentType]] = {
        "escape": (as_json.replace(b"X", rb"\ud83d"), "application/json"),
        "raw": (as_json.replace(b"X", b"\xf0"), "application/json"),
        "protobuf": (encoded.replace(b"X", b"\xf0"), "application/x-protobuf"),
    }
    for sent, content_type in cut.values():
        request = parse_request(sent, content_type, ExportTraceServiceRequest)
        first, second = read_records(request, TENANT, 5).records
        assert first.attributes["said"] == "cut \ufffd" and first.attributes["n"] == 7
        assert first.attributes["list"] == ["\ufffd", "whole \N{GRINNING FACE}"]
        assert (first.trace_id, first.span_id, second.span_id) == (TRACE, f"{1:016x}", f"{2:016x}")


def test_texts_of_any_field_are_repaired_and_bytes_are_not() -> None:
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    resource.schema_url = "X"
    span = resource.scope_spans.add().spans.add(name="X", trace_id=b"\xf0" * 16, trace_state="X")
    span.attributes.add(key="X").value.kvlist_value.values.add(key="k").value.bytes_value = b"\xf0"
    sent = request.SerializeToString().replace(b"X", b"\xf0")
    found = parse_request(sent, "application/x-protobuf", ExportTraceServiceRequest)
    for name in ("schema_url", "name", "trace_state", "key"):
        assert sent != found.SerializeToString() and "\ufffd" in str(getattr(resource_of(found, name), name))
    read = found.resource_spans[0].scope_spans[0].spans[0]
    assert read.trace_id == b"\xf0" * 16
    assert read.attributes[0].value.kvlist_value.values[0].value.bytes_value == b"\xf0"


def resource_of(request: ExportTraceServiceRequest, name: str) -> Any:
    """What of a request with one span has a field of that name."""
    resource = request.resource_spans[0]
    span = resource.scope_spans[0].spans[0]
    return {"schema_url": resource, "key": span.attributes[0]}.get(name, span)


@pytest.mark.parametrize(
    "name", ["output", "langfuse.observation.output", "traceloop.entity.output", "mlflow.spanOutputs"]
)
def test_records_whose_type_is_no_word_are_read(name: str) -> None:
    issue = json.dumps([{"id": 1, "type": {"name": "Bug"}}, {"type": [{"text": "visit"}]}])
    kinds = {"langfuse.observation.type": "span", "traceloop.span.kind": "workflow"}
    found = accepted(export(a_span(1, attributes={**kinds, name: issue}), a_span(2)))
    assert (len(found.records), found.rejected) == (2, 0)
    assert found.records[0].attributes[name] == issue


def test_a_span_that_a_reader_fails_on_is_stored_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(span: Any) -> Any:
        raise TypeError("unhashable type: 'dict'")

    before = UNREAD._value.get()
    monkeypatch.setattr(records, "read_span", failing)
    found = accepted(export(a_span(1, attributes={"input": "Moon?", "whorl.a": 1})))
    [record] = found.records
    assert record.attributes["input"] == "Moon?" and record.attributes[c.SOURCE] == "otlp"
    assert (found.rejected, UNREAD._value.get() - before) == (0, 1)


@pytest.mark.parametrize("body", [b"nonsense", b"\x0a\xff\xff", b"\x0a\x05abc"])
def test_malformed_protobuf_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_request(body, "application/x-protobuf", ExportTraceServiceRequest)


@pytest.mark.parametrize(
    "fields",
    [
        {"traceId": "0" * 32},
        {"traceId": ""},
        {"traceId": "zz"},
        {"traceId": "ab"},
        {"spanId": "0" * 16},
        {"spanId": "xyz"},
        {"parentSpanId": "ab"},
        {"parentSpanId": f"{1:016x}"},
        {"endTimeUnixNano": str(2**64 - 1)},
    ],
)
def test_a_span_that_cannot_be_stored_is_rejected_alone(fields: dict[str, Any]) -> None:
    found = accepted(export({**a_span(1), **fields}, a_span(2)))
    assert (found.rejected, len(found.reasons)) == (1, 1)
    assert [record.span_id for record in found.records] == [f"{2:016x}"]


def test_a_span_without_times_gets_that_of_its_arrival() -> None:
    bare = {k: v for k, v in a_span(1).items() if not k.endswith("UnixNano")}
    [record] = accepted(export(bare)).records
    assert (record.start_ns, record.end_ns) == (5, 5)
    [record] = accepted(export({**a_span(1), "startTimeUnixNano": "9", "endTimeUnixNano": "3"})).records
    assert (record.start_ns, record.end_ns) == (9, 9)


def test_values_that_a_database_refuses_are_written_otherwise() -> None:
    attributes = {"a\0b": "x\0y", "n": 2**62}
    body = export(a_span(1, "na\0me", attributes=attributes, events=[("e\0", {"k": "\0"})]))
    spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans[0]["attributes"] += [{"key": "nan", "value": {"doubleValue": "NaN"}}, {"key": "none"}]
    spans[0]["attributes"] += [
        {"key": "gen_ai.prompt", "value": {"stringValue": '[{"role":"user","content":"\\ud800\\u0000"}]'}}
    ]
    [record] = accepted(body).records
    [stored] = load_records(dump_records([record]))
    text = json.dumps([stored.name, stored.attributes, stored.events])
    assert "\\u0000" not in text.replace("\\\\", "") and "\\ud800" not in text.replace("\\\\", "")
    assert stored.attributes["nan"] == "nan" and stored.attributes["none"] is None


def test_a_program_cannot_speak_in_whorls_name() -> None:
    forged = {
        c.TENANT: str(uuid.UUID(int=9)),
        c.VERIFIER: "{}",
        c.OUTPUT_TOKEN_IDS: [1],
        c.SOURCE: "own",
        c.ADAPTER: "x",
    }
    [record] = accepted(export(a_span(1, attributes=forged))).records
    assert record.tenant_id == str(TENANT) and record.adapter is None
    assert record.attributes[c.SOURCE] == "otlp"
    assert not {c.TENANT, c.VERIFIER, c.OUTPUT_TOKEN_IDS} & record.attributes.keys()


def test_what_cannot_be_read_as_messages_does_not_stand_where_messages_are() -> None:
    [record] = accepted(
        export(
            a_span(
                1, attributes={c.INPUT_MESSAGES: "[1]", c.RETRIEVAL_DOCUMENTS: '"x"', c.TOOL_DEFINITIONS: "{"}
            )
        )
    ).records
    assert {record.attributes[n] for n in (c.INPUT_MESSAGES, c.RETRIEVAL_DOCUMENTS, c.TOOL_DEFINITIONS)} == {
        "[]"
    }
    assert record.attributes[f"unread.{c.INPUT_MESSAGES}"] == "[1]"
