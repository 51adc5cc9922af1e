"""``POST /v1/traces`` and ``POST /v1/logs``: OTLP over HTTP, as every OpenTelemetry exporter sends it.

https://opentelemetry.io/docs/specs/otlp/#otlphttp-request
"""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request
from fastapi.routing import APIRoute
from starlette.responses import Response

from ...database.outage import AWAY, away
from ...errors import UnsupportedMediaError, WhorlError
from ...identity.access import Actor
from ...identity.http import ExportingActor
from ...problems import error_headers
from .ingest import Ingest
from .request import CONTENT_TYPES, ContentType, content_type_of, too_large
from .response import error_response, export_response
from .signals import LOGS, SPANS, Signal


class OtlpRoute(APIRoute):
    """A route whose errors are in the protocol's shape and the request's encoding."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler, with its errors answered."""
        handler = super().get_route_handler()

        async def answer(request: Request) -> Response:
            try:
                return await handler(request)
            except (WhorlError, *AWAY) as error:
                failure = error if isinstance(error, WhorlError) else away()
                headers = error_headers(failure)
                return error_response(failure.status, failure.public, _answered(request), headers)

        return answer


router = APIRouter(prefix="/v1", tags=["telemetry"], route_class=OtlpRoute)


_ANSWERS: dict[int | str, dict[str, Any]] = {200: {"content": {kind: {} for kind in CONTENT_TYPES}}}


@router.post("/traces", responses=_ANSWERS)
async def post_traces(actor: ExportingActor, request: Request) -> Response:
    """Take spans of another program. The body is an ExportTraceServiceRequest in protobuf or JSON, plain or gzip."""
    return await _take(SPANS, actor, request)


@router.post("/logs", responses=_ANSWERS)
async def post_logs(actor: ExportingActor, request: Request) -> Response:
    """Take evaluations of runs and messages of model calls: ``gen_ai.*`` events of an ExportLogsServiceRequest.

    No other log is kept.
    """
    return await _take(LOGS, actor, request)


async def _take(signal: Signal, actor: Actor, request: Request) -> Response:
    actor.require("ingest")
    ingest: Ingest = request.app.state.whorl.ingest
    content_type = content_type_of(request.headers.get("content-type", ""))
    encoding = request.headers.get("content-encoding", "")
    with ingest.room(actor.tenant_id) as ask:
        body = await _body(request, ingest.limits.body, ask)
        accepted = await ingest.take(signal, actor.tenant_id, body, content_type, encoding)
    return export_response(signal.answer(accepted), content_type)


async def _body(request: Request, limit: int, ask: Callable[[int], None]) -> bytes:
    """The body as it comes; ``ask`` asks for the room of each piece."""
    pieces, size = [], 0
    async for piece in request.stream():
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        ask(len(piece))
        pieces.append(piece)
    return b"".join(pieces)


def _answered(request: Request) -> ContentType:
    try:
        return content_type_of(request.headers.get("content-type", ""))
    except UnsupportedMediaError:
        return "application/json"
