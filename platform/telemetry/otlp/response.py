"""Answers in the encoding of the request: what was taken, or ``google.rpc.Status``.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-response
"""

from google.protobuf.json_format import MessageToJson
from google.protobuf.message import Message
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from starlette.responses import Response

from .request import ContentType

_CODES = {
    400: Code.INVALID_ARGUMENT, 401: Code.UNAUTHENTICATED, 403: Code.PERMISSION_DENIED,
    413: Code.RESOURCE_EXHAUSTED, 415: Code.INVALID_ARGUMENT, 422: Code.INVALID_ARGUMENT,
    429: Code.RESOURCE_EXHAUSTED, 503: Code.UNAVAILABLE,
}  # fmt: skip


def export_response(message: Message, content_type: ContentType) -> Response:
    """Success, whole or partial, as ``message`` has it."""
    return _response(message, 200, content_type, {})


def error_response(status: int, detail: str, content_type: ContentType, headers: dict[str, str]) -> Response:
    """An error as ``google.rpc.Status``."""
    message = Status(code=_CODES.get(status, Code.UNKNOWN), message=detail)
    return _response(message, status, content_type, headers)


def _response(message: Message, status: int, content_type: ContentType, headers: dict[str, str]) -> Response:
    as_json = content_type == "application/json"
    content = MessageToJson(message, indent=None) if as_json else message.SerializeToString()
    return Response(content, status, headers, content_type)
