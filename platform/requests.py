"""Requests, each with an id: counted and timed by route, logged without content, and answered whatever fails."""

import logging
import re
import time
from functools import cache

from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import tracing
from .database.base import new_id
from .logs import request_logged, route_of
from .problems import unexpected
from .shutdown import Shutdown

HEADER = "X-Request-Id"
_HEADER = HEADER.lower().encode()
_ID = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# Of those that ask all the time, nobody wants to read.
_QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static"})
# What the application finds out about a request while it answers.
_FOUND = ("route", "state")
_log = logging.getLogger(__name__)
REQUESTS = Counter("whorl_http_requests", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram(
    "whorl_http_request_seconds", "From a request's beginning to the end of its answer", ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)  # fmt: skip
# A metric looks for its labels behind a lock.
_requests, _seconds = cache(REQUESTS.labels), cache(SECONDS.labels)


class Requests:
    """The outermost layer of the application; what fails inside leaves it as an answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _id_of(scope)
        if not tracing.recording() or scope["path"] in _QUIET:
            await self._answer(scope, receive, send, request_id)
            return
        sent = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method = _method(scope)
        with tracing.span(method, SpanKind.SERVER, parent=tracing.caller_of(sent)) as span:
            status = await self._answer(scope, receive, send, request_id)
            assert span is not None
            _describe(span, scope, method, request_id, status)

    async def _answer(self, scope: Scope, receive: Receive, send: Send, request_id: str) -> int:
        """Have a request answered, and count it; returns the answer's status."""
        shutdown: Shutdown = scope["app"].state.shutdown
        shutdown.open += scope["path"] not in _QUIET
        begun, status = time.perf_counter(), 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode())]
            await send(message)

        asked = _as_get(scope)
        try:
            await self.app(asked, receive, answer)
        except Exception as error:
            if status:
                raise
            await (await unexpected(Request(scope, receive), error))(scope, receive, answer)
        finally:
            scope.update({name: asked[name] for name in _FOUND if name in asked})
            shutdown.open -= scope["path"] not in _QUIET
            _count(scope, request_id, status, time.perf_counter() - begun)
        return status


def _as_get(scope: Scope) -> Scope:
    """A request for the head of an answer as one for the answer, whose body the server leaves out."""
    return {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope


def _id_of(scope: Scope) -> str:
    """The id that a proxy gave the request, or a new one."""
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), "")
    return given if _ID.fullmatch(given) else new_id().hex


def _method(scope: Scope) -> str:
    return scope["method"] if scope["method"] in _METHODS else "other"


def _describe(span: Span, scope: Scope, method: str, request_id: str, status: int) -> None:
    """Say of a request what its route is and what came of it; its path and query may hold content."""
    route = route_of(scope)
    span.update_name(f"{method} {route}")
    told = {
        "http.request.method": method, "http.route": route, "http.response.status_code": status,
        "whorl.request_id": request_id, "whorl.tenant": scope.get("state", {}).get("tenant"),
    }  # fmt: skip
    span.set_attributes({name: value for name, value in told.items() if value is not None})
    if status >= 500:
        span.set_status(Status(StatusCode.ERROR))


def _count(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    """``status`` is 0 for a request that was left before it was answered."""
    method, route = _method(scope), route_of(scope)
    _requests(method, route, str(status)).inc()
    _seconds(method, route).observe(seconds)
    request_logged(
        _log, logging.DEBUG if route in _QUIET else logging.INFO, request_id=request_id, method=method, route=route,
        status=status, ms=round(seconds * 1000, 1), tenant=scope.get("state", {}).get("tenant"),
    )  # fmt: skip
