"""How a chat call reaches a model server and its reply comes back: over sockets, or whatever httpx was given."""

import asyncio
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Protocol

import aiohttp
import httpx
import orjson

from .. import tracing
from ..errors import ContextLengthError, InputError, LimitError, NotFoundError, UpstreamError, WhorlError

_HEADERS = {"content-type": "application/json"}
# How servers say that a request is longer than the context of their model.
_CONTEXT = re.compile(r"(?i)maximum (?:context|model) length|context (?:length|window|size)|context of \d")


class Wire(Protocol):
    """A way to one model server."""

    def post(self, path: str, body: bytes) -> AsyncGenerator[bytes, None]:
        """The reply piece by piece; raises what the server refuses with, UpstreamError where it does not answer."""

    async def close(self) -> None:
        """Give up what is open."""


class HttpxWire:
    """Through an httpx client, which may have a transport of its own, as to an engine in this process."""

    def __init__(self, http: httpx.AsyncClient, label: str) -> None:
        self._http, self._label = http, label

    async def post(self, path: str, body: bytes) -> AsyncGenerator[bytes, None]:
        try:
            async with self._http.stream(
                "POST", path, content=body, headers={**_HEADERS, **tracing.headers()}
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise refusal(response.status_code, response.headers, response.content, self._label)
                async for piece in response.aiter_bytes():
                    yield piece
        except httpx.TransportError as error:
            raise silence(self._label, error) from error

    async def close(self) -> None:
        await self._http.aclose()


class SocketWire:
    """Over connections that stay open, by aiohttp, at a third of the processor time of httpx.

    A server whose reply has not begun after ``wait`` seconds does not answer; None waits as long as the session does.
    """

    def __init__(self, session: aiohttp.ClientSession, address: str, *, wait: float | None = None) -> None:
        self._session, self._address, self._label, self._wait = session, address, address, wait

    async def post(self, path: str, body: bytes) -> AsyncGenerator[bytes, None]:
        try:
            async with (
                asyncio.timeout(self._wait) as waiting,
                self._session.post(
                    self._address + path,
                    data=body,
                    headers={**_HEADERS, **tracing.headers()},
                    allow_redirects=False,
                ) as response,
            ):
                if not response.ok:
                    raise refusal(response.status, response.headers, await response.read(), self._label)
                async for piece in response.content.iter_any():
                    waiting.reschedule(None)
                    yield piece
        except (aiohttp.ClientError, TimeoutError) as error:
            raise silence(self._label, error) from error

    async def close(self) -> None:
        await self._session.close()


def failure(label: str, what: str) -> UpstreamError:
    """That a server did or does something that it should not; in public it has no address."""
    return UpstreamError(f"The model server {label} {what}").told_as(f"The model server {what}")


def silence(label: str, error: Exception) -> UpstreamError:
    """That a server does not answer, or stopped in the middle."""
    return failure(label, f"does not answer: {type(error).__name__}.")


def refusal(status: int, headers: Mapping[str, str], body: bytes, label: str) -> WhorlError:
    """The error that a server answered; what it says of a fault of its own is not public."""
    said = _message(body) or f"HTTP {status}"
    text, public = f"{label}: {said}", f"The model server: {said}"
    if status == 404:
        return NotFoundError(text).told_as(public)
    if status == 429:
        return LimitError(text, retry_after=_seconds(headers.get("retry-after", ""))).told_as(public)
    if status in (400, 409, 413, 422):
        kind = ContextLengthError if _CONTEXT.search(said) else InputError
        return kind(text).told_as(public)
    return UpstreamError(f"{text} (HTTP {status})").told_as(f"The model server failed (HTTP {status}).")


def _seconds(text: str) -> float:
    """Of a Retry-After header; 1 where it is a date, or missing."""
    return float(text) if text.isdecimal() else 1.0


def _message(body: bytes) -> str:
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:200].decode(errors="replace")
    return error_text(value)


def error_text(value: Any) -> str:
    """What a server says that is wrong, in any of the shapes in which servers say it.

    >>> error_text({"error": {"message": "No."}}), error_text({"error": "No."}), error_text("No.")
    ('No.', 'No.', 'No.')
    """
    error = value.get("error", value) if isinstance(value, dict) else value
    return str(error.get("message") if isinstance(error, dict) else error)
