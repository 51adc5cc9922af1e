"""The Idempotency-Key header of requests that create something.

https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/
"""

import asyncio
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..background import stop
from ..database.outage import AWAY, away
from ..errors import InputError, WhorlError
from ..identity.http import identify
from ..problems import whorl_error
from .answers import Answer, Keyed, begin, hold, settle

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_PATHS = ("/api/", "/v1/chat/", "/v1/embeddings")
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
# Answers after which the same request may well succeed: they are not kept.
_PASSING = frozenset({401, 403, 408, 409, 425, 429})
_KEPT_HEADERS = ("content-type", "location", "link")
_BOUNDARY = re.compile(r'boundary="?([^";]+)"?')


class IdempotencyKeys:
    """Carries out a POST with the header once: whoever sends it again gets the first answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _applies(scope):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        try:
            keyed, body = await _keyed(request)
            before = await begin(_engine(request), keyed)
        except (WhorlError, *AWAY) as error:
            failure = error if isinstance(error, WhorlError) else away()
            await (await whorl_error(request, failure))(scope, receive, send)
            return
        if before is not None:
            await _again(before)(scope, receive, send)
            return
        await self._first(request, keyed, body, send)

    async def _first(self, request: Request, keyed: Keyed, body: bytes, send: Send) -> None:
        """Let the application answer, keep what it says, then send it; where it fails, the key is free again.

        Whoever has the answer can thus be given it again.
        """
        given, engine = _Given(), _engine(request)
        holding = asyncio.create_task(hold(engine, keyed))
        try:
            await self.app(request.scope, _replaying(body, request.receive), given.take)
        finally:
            await asyncio.shield(_settled(holding, engine, keyed, given.answer()))
        for message in given.messages:
            await send(message)


async def _settled(
    holding: "asyncio.Task[None]", engine: AsyncEngine, keyed: Keyed, answer: Answer | None
) -> None:
    await stop(holding)
    await settle(engine, keyed, answer)


def takes_keys(path: str) -> bool:
    """Whether requests to a path may have a key: those of a tenant, which the operator has none of."""
    return path.startswith(_PATHS) and not path.startswith("/api/operator/")


def _applies(scope: Scope) -> bool:
    if scope["type"] != "http" or scope["method"] != "POST" or not takes_keys(scope["path"]):
        return False
    return any(name.lower() == HEADER.lower().encode() for name, _ in scope["headers"])


def _engine(request: Request) -> AsyncEngine:
    engine: AsyncEngine = request.app.state.whorl.engine
    return engine


async def _keyed(request: Request) -> tuple[Keyed, bytes]:
    key = request.headers[HEADER]
    if not _KEY.fullmatch(key):
        raise InputError(f"An {HEADER} has 1 to 255 visible ASCII characters.", HEADER)
    actor, secret = await identify(request)
    body = await request.body()
    return Keyed(actor.tenant_id, secret, key, request_hash(request, body)), body


def request_hash(request: Request, body: bytes) -> str:
    """SHA-256 of what is asked: JSON without regard to spaces and order, forms without their random boundary.

    Raises InputError for a request whose answer is a stream, which cannot be given again.
    """
    kind = request.headers.get("content-type", "")
    value = _json(body) if "json" in kind else None
    if isinstance(value, dict):
        if value.get("stream") is True:
            raise InputError(
                f"A stream cannot be given again: send no {HEADER}, or ask without stream.", "stream"
            )
        body = json.dumps(value, sort_keys=True).encode()
    if boundary := _BOUNDARY.search(kind):
        body = body.replace(boundary[1].encode(), b"boundary")
    target = f"{request.url.path}?{request.url.query}\0{kind.partition(';')[0]}\0"
    return hashlib.sha256(target.encode() + body).hexdigest()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


@dataclass
class _Given:
    """What the application answers, as it would be sent."""

    messages: list[Message] = field(default_factory=list)

    async def take(self, message: Message) -> None:
        self.messages.append(message)

    def answer(self) -> Answer | None:
        """The answer, or None for one that is not to be given again."""
        last = self.messages[-1] if self.messages else {}
        if last.get("type") != "http.response.body" or last.get("more_body", False):
            return None
        status: int = self.messages[0]["status"]
        if status >= 500 or status in _PASSING:
            return None
        named = {
            name.decode().lower(): value.decode("latin-1") for name, value in self.messages[0]["headers"]
        }
        headers = {name: named[name] for name in _KEPT_HEADERS if name in named}
        return Answer(status, headers, b"".join(message.get("body", b"") for message in self.messages[1:]))


def _again(answer: Answer) -> Response:
    return Response(answer.body, answer.status, {**answer.headers, REPLAYED: "true"})


def _replaying(body: bytes, receive: Receive) -> Receive:
    """A request's messages once more: its body was read already."""
    unread: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return unread.pop() if unread else await receive()

    return replay
