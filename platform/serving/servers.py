"""The model servers behind Whorl: choice, adapters on all of them, drain."""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import TypeVar

import anyio

from ..errors import InputError, NotFoundError, PrerequisiteError, UpstreamError
from .client import Delta, ModelClient
from .messages import ChatCall, ChatMessage, ChatReply, Sampling

_Key = TypeVar("_Key")
_PROBE: list[ChatMessage] = [{"role": "user", "content": "Hello"}]


class ModelServers:
    """One or more servers of the same base model.

    Calls go to the server with the fewest open calls; a call that fails before its first token is
    tried on the next one. ``base`` is the base model's name, ``base_hash`` its identity.
    """

    def __init__(self, clients: list[ModelClient], base: str, base_hash: str, template_hash: str) -> None:
        self.clients = clients
        self.base, self.base_hash, self.template_hash = base, base_hash, template_hash
        self._open: Counter[int] = Counter()
        self._held: Counter[str] = Counter()
        self.loaded: set[str] = set()
        self._loading = anyio.Lock()

    async def chat(self, call: ChatCall) -> ChatReply:
        """The complete reply."""
        reply = None
        async for delta in self.stream(call):
            reply = delta.reply or reply
        assert reply is not None
        return reply

    async def stream(self, call: ChatCall) -> AsyncIterator[Delta]:
        """The reply piece by piece, from the first server that answers."""
        with self.hold(call.model):
            failure: UpstreamError | None = None
            for index in sorted(range(len(self.clients)), key=lambda i: self._open[i]):
                begun = False
                try:
                    with self._counted(self._open, index):
                        async with aclosing(self.clients[index].stream(call)) as deltas:  # type: ignore[type-var]
                            async for delta in deltas:
                                begun = True
                                yield delta
                        return
                except UpstreamError as error:
                    if begun:
                        raise
                    failure = error
            raise failure or PrerequisiteError("No model server is configured.")

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load an adapter on every server and make each answer with it once.

        A server that has it already keeps it. On a failure the servers that had loaded it unload
        it again and the error is raised.
        """
        async with self._loading:
            if name not in self.loaded:
                await self._load(name, folder)

    async def _load(self, name: str, folder: Path) -> None:
        loaded: list[ModelClient] = []
        try:
            for client in self.clients:
                present = {model.name for model in await client.models()}
                if name not in present:
                    await client.load_adapter(name, folder)
                    loaded.append(client)
                await client.chat(ChatCall(name, _PROBE, sampling=Sampling(max_tokens=1)))
            self.loaded.add(name)
        except (InputError, NotFoundError, UpstreamError):
            for client in loaded:
                await client.unload_adapter(name)
            raise

    async def unload_adapter(self, name: str) -> None:
        """Unload an adapter from the servers that have it."""
        self.loaded.discard(name)
        for client in self.clients:
            if name in {model.name for model in await client.models()}:
                await client.unload_adapter(name)

    async def drain(self, model: str, timeout: float = 30.0) -> bool:
        """Wait until nothing in this process holds ``model``; False when it takes too long."""
        with anyio.move_on_after(timeout):
            while self._held[model]:  # noqa: ASYNC110 - calls end in many places
                await anyio.sleep(0.01)
        return not self._held[model]

    @contextmanager
    def hold(self, model: str) -> Iterator[None]:
        """Keep ``model`` from being unloaded by a drain that starts from now on."""
        with self._counted(self._held, model):
            yield

    @contextmanager
    def _counted(self, counter: Counter[_Key], key: _Key) -> Iterator[None]:
        counter[key] += 1
        try:
            yield
        finally:
            counter[key] -= 1
