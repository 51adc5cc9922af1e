"""Errors over HTTP: one JSON shape, RFC 9457 problem details."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from .errors import LimitError, WhorlError

MEDIA_TYPE = "application/problem+json"
_log = logging.getLogger(__name__)
# (request, status, title, detail, headers) -> the error as a page, or None where a program asks
ErrorPage = Callable[[Request, int, str, str, dict[str, str]], Awaitable[Response | None]]


def problem(
    status: int, title: str, detail: str, *, headers: dict[str, str] | None = None, **extra: Any
) -> JSONResponse:
    """A problem document; ``detail`` says what happened and what to do."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **extra}
    return JSONResponse(body, status, headers=headers, media_type=MEDIA_TYPE)


def openai_error(status: int, kind: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """An error in the shape that OpenAI's clients read."""
    error = {"message": message, "type": kind, "param": None, "code": status}
    return JSONResponse({"error": error}, status, headers=headers)


async def _respond(request: Request, status: int, title: str, detail: str, **options: Any) -> Response:
    headers = options.get("headers")
    if request.url.path.startswith("/v1/"):
        return openai_error(status, title.lower().replace(" ", "_"), detail, headers)
    page: ErrorPage | None = getattr(request.app.state, "error_page", None)
    answer = await page(request, status, title, detail, dict(headers or {})) if page else None
    if answer is not None:
        return answer
    return problem(status, title, detail, **options)


async def _whorl_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, WhorlError)
    return await _respond(request, error.status, error.title, error.message, headers=error_headers(error))


def error_headers(error: WhorlError) -> dict[str, str]:
    """When to come back, and how to sign in."""
    headers = {}
    if isinstance(error, LimitError) and error.retry_after is not None:
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
    return await _respond(request, 422, "Invalid input", detail, errors=problems)


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return await _respond(
        request, error.status_code, str(error.detail), str(error.detail), headers=error.headers
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("%s %s failed: %s", request.method, request.url.path, type(error).__name__)
    return await _respond(
        request, 500, "Internal error", "Whorl failed. The operator finds the reason in the log."
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application in its one shape."""
    app.add_exception_handler(WhorlError, _whorl_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected)


def install_error_page(app: FastAPI, page: ErrorPage) -> None:
    """Answer errors of pages by ``page``; where it gives None, the answer stays a problem document."""
    app.state.error_page = page
