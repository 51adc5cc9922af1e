"""Requests, each with an id: counted and timed by route, logged without content, and answered whatever fails."""

import logging
import re
import time
from functools import cache

from prometheus_client import Counter, Histogram
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

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
        shutdown: Shutdown = scope["app"].state.shutdown
        shutdown.open += scope["path"] not in _QUIET
        begun, status = time.perf_counter(), 0
        request_id = _id_of(scope)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (_HEADER, request_id.encode())]
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if status:
                raise
            await (await unexpected(Request(scope, receive), error))(scope, receive, answer)
        finally:
            shutdown.open -= scope["path"] not in _QUIET
            _count(scope, request_id, status, time.perf_counter() - begun)


def _id_of(scope: Scope) -> str:
    """The id that a proxy gave the request, or a new one."""
    given = next((value.decode("latin-1") for name, value in scope["headers"] if name == _HEADER), "")
    return given if _ID.fullmatch(given) else new_id().hex


def _count(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    """``status`` is 0 for a request that was left before it was answered."""
    method, route = scope["method"] if scope["method"] in _METHODS else "other", route_of(scope)
    _requests(method, route, str(status)).inc()
    _seconds(method, route).observe(seconds)
    request_logged(
        _log, logging.DEBUG if route in _QUIET else logging.INFO, request_id=request_id, method=method, route=route,
        status=status, ms=round(seconds * 1000, 1), tenant=scope.get("state", {}).get("tenant"),
    )  # fmt: skip
