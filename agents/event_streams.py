"""Server-sent events that say when there is nothing new, so that proxies keep their connection open."""

import asyncio
from contextlib import suppress

from starlette.responses import StreamingResponse
from starlette.types import Message, Send

from . import live

# A comment, which clients pass over.
QUIET = b": nothing new\n\n"


class EventStream(StreamingResponse):
    """An answer of server-sent events, each chunk of whole ones."""

    media_type = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """The answer, with a comment wherever nothing came for ``live.IDLE`` seconds."""
        time = asyncio.get_running_loop().time
        told, over = time(), False

        async def tell(message: Message) -> None:
            nonlocal told, over
            over = message["type"] == "http.response.body" and not message.get("more_body", False)
            told = time()
            await send(message)
            told = time()

        async def beat() -> None:
            while not over:
                left = told + live.IDLE - time()
                if left > 0:
                    await asyncio.sleep(left)
                    continue
                # Whoever has left is found to be gone by the answer, too.
                with suppress(OSError):
                    await tell({"type": "http.response.body", "body": QUIET, "more_body": True})

        beating = asyncio.create_task(beat())
        try:
            await super().stream_response(tell)
        finally:
            beating.cancel()
            await asyncio.wait([beating])
