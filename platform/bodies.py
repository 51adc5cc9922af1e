"""Bodies of requests, none longer than its route takes: what is longer is refused before anybody asks who sends it."""

from collections.abc import Mapping

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import TooLargeError
from .problems import whorl_error


class _TooLong(HTTPException):
    """Raised where a body is read, which lets errors of HTTP pass."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"The request has more than {limit} bytes, the limit.")


class BodyLimits:
    """Refuses bodies above ``most`` bytes; ``others`` are limits of paths that begin so, None where the route has its own."""

    def __init__(self, app: ASGIApp, most: int, others: Mapping[str, int | None]) -> None:
        self.app, self.most, self.others = app, most, others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limit(scope["path"]) if scope["type"] == "http" else None
        if limit is None:
            await self.app(scope, receive, send)
            return
        read, begun = 0, False

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                raise _TooLong(limit)
            return message

        async def answer(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            if _announced(scope) > limit:
                raise _TooLong(limit)
            await self.app(scope, counted, answer)
        except _TooLong as error:
            if begun:
                raise
            await (await whorl_error(Request(scope), TooLargeError(error.detail)))(scope, receive, send)

    def _limit(self, path: str) -> int | None:
        for beginning, limit in self.others.items():
            if path.startswith(beginning):
                return limit
        return self.most


def _announced(scope: Scope) -> int:
    """The length that a request says its body has, 0 where it says none."""
    given = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(given) if given.isdigit() else 0
