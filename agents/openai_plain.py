"""The short way of the most frequent request: a chat with the base model, whole or streamed, with an API key.

It goes around routing, dependencies and the look-up of the key: the statement that begins the run checks the key,
too. Whatever is out of the ordinary goes the long way, which says what is wrong.
"""

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..platform.database.outage import AWAY, away
from ..platform.errors import AuthenticationError, WhorlError
from ..platform.identity.keys import Remembered
from ..platform.presence import Presence
from ..platform.problems import whorl_error
from .models import always_there
from .openai import check, check_fields, completion, head_of, request_of_model, streamed
from .openai_views import CompletionRequest

PATH = "/v1/chat/completions"
_BEARER = b"bearer "


async def _documented(request: Request) -> Response:
    raise NotImplementedError("The route is there for its path, by which requests are counted.")


_ROUTE = Route(PATH, _documented, methods=["POST"])


class PlainChats:
    """Answers plain chats; ``app`` answers everything else."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        shown = _shown(scope)
        if shown is None:
            await self.app(scope, receive, send)
            return
        body, read = await _read(receive)
        response = await self._answer(scope, receive, shown, body)
        if response is None:
            await self.app(scope, _replaying(read, receive), send)
            return
        await response(scope, receive, send)

    async def _answer(
        self, scope: Scope, receive: Receive, shown: Remembered, body: bytes
    ) -> Response | None:
        whorl, actor = scope["app"].state.whorl, shown.actor
        try:
            asked = CompletionRequest.model_validate_json(body)
        except ValidationError:
            return None
        model = always_there(whorl.servers.base, asked.model)
        if model is None or model.agent:
            return None
        scope["route"] = _ROUTE
        scope.setdefault("state", {})["tenant"] = str(actor.tenant_id)
        client = Presence(receive)
        try:
            check_fields(asked)
            wanted = request_of_model(asked, model)
            if asked.stream:
                return await streamed(whorl.agents, actor, wanted, asked, client, shown.key)
            completed = await whorl.agents.complete(actor, wanted, shown.key, client)
            check(completed.ended)
        except AuthenticationError:
            return None
        except (WhorlError, *AWAY) as error:
            failure = error if isinstance(error, WhorlError) else away()
            return await whorl_error(Request(scope, receive), failure)
        text = orjson.dumps(completion(head_of(asked), completed))
        return Response(text, media_type="application/json", headers=completed.limits)


def _shown(scope: Scope) -> Remembered | None:
    """Who asks for a chat, where that is known and nothing but the body can be out of the ordinary."""
    if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != "POST":
        return None
    headers: dict[bytes, bytes] = dict(scope["headers"])
    bearer = headers.get(b"authorization", b"")
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    if kind != b"application/json" or bearer[:7].lower() != _BEARER or b"idempotency-key" in headers:
        return None
    shown: Remembered | None = scope["app"].state.whorl.key_holders.remembered(
        bearer[7:].strip().decode("latin-1")
    )
    if shown is None or shown.actor.scope is not None:
        return None
    return shown if shown.actor.may("chat") else None


async def _read(receive: Receive) -> tuple[bytes, list[Message]]:
    """The body of a request, and the messages that it came in."""
    read: list[Message] = []
    while not read or read[-1].get("more_body", False):
        read.append(await receive())
    return b"".join(message.get("body", b"") for message in read), read


def _replaying(read: list[Message], receive: Receive) -> Receive:
    """The messages that were read, once more, then those to come."""
    left = list(reversed(read))

    async def replay() -> Message:
        return left.pop() if left else await receive()

    return replay
