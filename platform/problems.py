"""Errors over HTTP: one JSON shape, RFC 9457 problem details."""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from psycopg.errors import UniqueViolation
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, IntegrityError
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from .database.outage import AWAY, away
from .errors import (
    AuthenticationError,
    BadRequestError,
    ConflictError,
    DatabaseAwayError,
    InputError,
    KeyReusedError,
    LimitError,
    NotFoundError,
    PermissionDeniedError,
    PrerequisiteError,
    QuotaError,
    StoppingError,
    TooLargeError,
    UnsupportedMediaError,
    UpstreamError,
    WhorlError,
)
from .identity.refusals import note_refused_key
from .logs import log_failure, route_of

MEDIA_TYPE = "application/problem+json"
# The routes below /v1 that are not OpenAI's: their errors have the shape of the OpenTelemetry protocol.
OTLP = frozenset({"/v1/traces", "/v1/logs"})
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
_log = logging.getLogger(__name__)
# (request, status, title, detail, headers) -> the error as a page, or None where a program asks
ErrorPage = Callable[[Request, int, str, str, dict[str, str]], Awaitable[Response | None]]


class ProblemKind(NamedTuple):
    """A kind of problem, by the ``id`` that its place in the API's description has."""

    id: str
    title: str
    status: int
    about: str


def _kind(title: str, status: int, about: str) -> ProblemKind:
    return ProblemKind(f"problem-{title.lower().replace(' ', '-')}", title, status, about)


INTERNAL = _kind("Internal error", 500, "Whorl failed. The operator finds the reason in the log.")
_ERRORS: tuple[type[WhorlError], ...] = (
    BadRequestError, AuthenticationError, PermissionDeniedError, NotFoundError, ConflictError, TooLargeError,
    UnsupportedMediaError, InputError, LimitError, UpstreamError, PrerequisiteError, DatabaseAwayError, StoppingError,
)  # fmt: skip
# All that are told over HTTP.
KINDS = sorted(
    (
        INTERNAL,
        *(_kind(error.title, error.status, (error.__doc__ or "").split("\n")[0]) for error in _ERRORS),
    ),
    key=lambda kind: kind.status,
)
_KINDS = {kind.title: kind for kind in KINDS}


def problem(
    status: int, title: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """A problem document; ``detail`` says what happened and what to do."""
    kind = _KINDS.get(title)
    body = {
        "type": f"/docs#{kind.id}" if kind else "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        **extra,
    }
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


class Problem(BaseModel):
    """What went wrong: RFC 9457 problem details. ``detail`` says what happened and what to do."""

    type: str = Field(description="Of which kind it is: where /docs tells of it, or about:blank.")
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] | None = None


class OpenAIError(BaseModel):
    """What went wrong, as OpenAI's clients read it."""

    message: str
    type: str
    param: str | None
    code: str | None


class OpenAIProblem(BaseModel):
    """The body of an error of OpenAI's routes."""

    error: OpenAIError


# https://platform.openai.com/docs/guides/error-codes: the code of each status where no other is known.
_OPENAI_CODES = {
    401: "invalid_api_key", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed", 409: "conflict",
    429: "rate_limit_exceeded",
}  # fmt: skip


def openai_fault(
    status: int,
    message: str,
    param: str | None = None,
    code: str | None = None,
    used_up: str = LimitError.kind,
) -> OpenAIProblem:
    """An error in the shape that OpenAI's clients read; ``used_up`` is the kind of one that is a limit's."""
    kind = "invalid_request_error"
    if status == 429:
        kind = used_up
    if status >= 500:
        kind = "server_error"
    error = OpenAIError(message=message, type=kind, param=param, code=code or _OPENAI_CODES.get(status))
    return OpenAIProblem(error=error)


def openai_status(status: int, code: str | None = None) -> int:
    """OpenAI says 400 of what others say 422 of, except of an idempotency key that comes again."""
    return 400 if status == 422 and code != KeyReusedError.code else status


def is_openai(path: str) -> bool:
    """Whether a path belongs to the routes that answer in OpenAI's shape."""
    return (path == "/v1" or path.startswith("/v1/")) and path not in OTLP


async def _respond(
    request: Request,
    status: int,
    title: str,
    detail: str,
    *,
    param: str | None = None,
    code: str | None = None,
    used_up: str = LimitError.kind,
    **options: Any,
) -> Response:
    headers = options.get("headers")
    if is_openai(request.url.path):
        status = openai_status(status, code)
        fault = openai_fault(status, detail, param, code, used_up)
        return JSONResponse(fault.model_dump(), status, headers=headers)
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    answer = await page(request, status, title, detail, dict(headers or {})) if page else None
    if answer is not None:
        return answer
    return problem(status, title, detail, **options)


async def whorl_error(request: Request, error: Exception) -> Response:
    """The answer to an error of Whorl's own."""
    assert isinstance(error, WhorlError)
    response = await _respond(
        request, error.status, error.title, error.public, headers=error_headers(error), param=error.field,
        code=error.code, used_up=error.kind if isinstance(error, LimitError) else LimitError.kind,
    )  # fmt: skip
    if isinstance(error, PermissionDeniedError):
        response.background = BackgroundTask(note_refused_key, request)
    return response


def error_headers(error: WhorlError) -> dict[str, str]:
    """When to come back, what is left of quotas, and how to sign in."""
    headers = {**error.headers} if isinstance(error, QuotaError) else {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, round(error.retry_after)))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return headers


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    problems = [
        {"field": ".".join(str(part) for part in item["loc"]), "message": item["msg"]}
        for item in error.errors()
    ]
    detail = "; ".join(f"{item['field']}: {item['message']}" for item in problems)
    param = problems[0]["field"].partition(".")[2] or None
    return await _respond(request, 422, InputError.title, detail, param=param, errors=problems)


async def _data_error(request: Request, error: Exception) -> Response:
    """Values that no column takes, such as a NUL in a text, wherever in a request they stand."""
    _log.warning("%s: the database refuses a value", route_of(request.scope))
    detail = "The database cannot hold a value of the request: a NUL character, or a number out of range."
    return await _respond(request, 422, InputError.title, detail)


async def _stored_already(request: Request, error: Exception) -> Response:
    """A row that another request stored between what this one read and what it wrote."""
    if not isinstance(getattr(error, "orig", error), UniqueViolation):
        return await unexpected(request, error)
    _log.warning("%s: another request stored the same at the same moment", route_of(request.scope))
    detail = (
        "Another request stored the same at the same moment. Look at what there is now, and send it again."
    )
    return await whorl_error(request, ConflictError(detail))


async def _database_away(request: Request, error: Exception) -> Response:
    log_failure(_log, route_of(request.scope), error)
    return await whorl_error(request, away())


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if "Allow" in headers:
        # The router knows of the first route alone that has the path.
        headers["Allow"] = ", ".join(_allowed(request))
    phrase = HTTPStatus(error.status_code).phrase
    return await _respond(request, error.status_code, phrase, str(error.detail), headers=headers)


def _allowed(request: Request) -> list[str]:
    """The methods that the routes of a path answer together."""
    methods = [
        method
        for method in _METHODS
        if any(
            route.matches({**request.scope, "method": method})[0] == Match.FULL
            for route in request.app.routes
        )
    ]
    return [*methods, "HEAD"] if "GET" in methods else methods


async def unexpected(request: Request, error: Exception) -> Response:
    """The answer to an error that no handler knows."""
    if isinstance(error, AWAY):
        return await _database_away(request, error)
    log_failure(_log, f"{route_of(request.scope)} failed", error)
    return await _respond(request, 500, INTERNAL.title, INTERNAL.about)


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application in its one shape."""
    app.add_exception_handler(WhorlError, whorl_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DataError, _data_error)
    for violated in (IntegrityError, UniqueViolation):
        app.add_exception_handler(violated, _stored_already)
    for kind in AWAY:
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(Exception, unexpected)


def install_error_page(app: FastAPI, page: ErrorPage) -> None:
    """Answer errors of pages by ``page``; where it gives None, the answer stays a problem document."""
    app.state.error_page = page
