"""The body of an export: bounded decompression, and both encodings of the protocol.

https://opentelemetry.io/docs/specs/otlp/#otlphttp
"""

import base64
import json
import re
import zlib
from contextlib import suppress
from typing import Any, Literal, TypeVar, get_args

from google.protobuf.json_format import ParseDict, ParseError
from google.protobuf.message import DecodeError, Message

from ...errors import BadRequestError, TooLargeError, UnsupportedMediaError
from ...storable import storable
from .repair import with_texts_repaired

Exported = TypeVar("Exported", bound=Message)
ContentType = Literal["application/x-protobuf", "application/json"]
CONTENT_TYPES: tuple[ContentType, ...] = get_args(ContentType)
# zlib reads the header of either kind: 32 finds gzip and zlib out by itself, 15 is the largest window.
_WINDOW = 32 + 15
# Bytes that are unpacked at a time: what is left of them behind the end of a member is copied.
_GIVEN = 4096
_IDS = {"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"}
_MOST_NESTED = 64
# A half of a surrogate pair as JSON writes it.
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")


def content_type_of(header: str) -> ContentType:
    """The encoding that a Content-Type header names; raises UnsupportedMediaError."""
    given = header.partition(";")[0].strip().lower()
    for known in CONTENT_TYPES:
        if given == known:
            return known
    raise UnsupportedMediaError(
        f"The content type is {given[:60]!r}. What OpenTelemetry sends comes as {' or '.join(CONTENT_TYPES)}."
    )


def decompress(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was before compression, at most ``limit`` bytes.

    Raises UnsupportedMediaError for an encoding other than gzip and deflate, BadRequestError for a body that is not
    in it, TooLargeError when there is more; no more than the limit is ever unpacked.
    """
    encoding = encoding.strip().lower()
    if encoding in ("", "identity"):
        return body
    # The other name of gzip: https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1.3
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise UnsupportedMediaError(f"The content encoding is {encoding[:60]!r}. Known are gzip and deflate.")
    pieces: list[bytes] = []
    left, at, unpacker = limit, 0, zlib.decompressobj(_WINDOW)
    while at < len(body):
        if unpacker.eof:
            unpacker = zlib.decompressobj(_WINDOW)
        given = body[at : at + _GIVEN]
        try:
            piece = unpacker.decompress(given, left + 1)
        except zlib.error as error:
            raise BadRequestError(f"The body is not {encoding}: {error}.") from error
        left -= len(piece)
        if left < 0:
            raise too_large(limit)
        pieces.append(piece)
        at += len(given) - len(unpacker.unused_data)
    if body and not unpacker.eof:
        raise BadRequestError(f"The {encoding} body ends too early.")
    return b"".join(pieces)


def too_large(limit: int) -> TooLargeError:
    """The error for a body above ``limit`` bytes."""
    return TooLargeError(
        f"The body has more than {limit} bytes. Send smaller batches, or raise WHORL_INGEST_BODY_MB."
    )


def parse_request(body: bytes, content_type: ContentType, kind: type[Exported]) -> Exported:
    """The request, a message of ``kind``; raises BadRequestError for a body that is none.

    In its texts U+FFFD stands for what is no UTF-8 and for halves of surrogate pairs, which cut texts end with.
    """
    if content_type == "application/json":
        return _parse_json(body, kind)
    request: Exported = kind()
    with suppress(DecodeError):
        request.ParseFromString(body)
        return request
    try:
        request.ParseFromString(with_texts_repaired(body, kind))
    except DecodeError as error:
        raise BadRequestError(f"The body is not an {kind.__name__} in protobuf.") from error
    return request


def _parse_json(body: bytes, kind: type[Exported]) -> Exported:
    request: Exported = kind()
    try:
        value = _loaded(body)
        if not isinstance(value, dict):
            raise ValueError("it is not an object")
        if _HALF.search(body):
            value = storable(value)
        ParseDict(_with_ids(value, 0), request, ignore_unknown_fields=True)
    except (ValueError, TypeError, AttributeError, RecursionError, ParseError) as error:
        reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise BadRequestError(f"The body is not an {kind.__name__} in JSON: {reason}.") from error
    return request


def _loaded(body: bytes) -> Any:
    with suppress(UnicodeDecodeError):
        return json.loads(body, parse_constant=_no_constant)
    return json.loads(body.decode(errors="replace"), parse_constant=_no_constant)


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _with_ids(value: Any, depth: int) -> Any:
    """A request in which ids are base64, as protobuf's JSON has bytes; OTLP's has hexadecimal digits."""
    if depth > _MOST_NESTED:
        raise ValueError(f"it is nested deeper than {_MOST_NESTED}")
    if isinstance(value, list):
        return [_with_ids(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        name: _base64(item) if name in _IDS and isinstance(item, str) else _with_ids(item, depth + 1)
        for name, item in value.items()
    }


def _base64(text: str) -> str:
    """Hexadecimal digits as base64; what is none becomes no id, which rejects what has it."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError:
        return base64.b64encode(b"?").decode() if text else ""
