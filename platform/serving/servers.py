"""The model servers behind Whorl: choice, adapters on all of them, drain."""

import logging
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import anyio
from prometheus_client import Counter as Metric
from prometheus_client import Gauge
from sqlalchemy.exc import SQLAlchemyError

from ..errors import InputError, LimitError, NotFoundError, PrerequisiteError, UpstreamError
from ..turns import Turns
from .breaker import Breaker
from .client import Delta, ModelClient
from .messages import ChatCall, ChatMessage, ChatReply, Sampling

_log = logging.getLogger(__name__)
_PROBE: list[ChatMessage] = [{"role": "user", "content": "Hello"}]
WAITING = Gauge("whorl_model_calls_waiting", "Calls that wait for a place at the model servers")
OPEN = Gauge("whorl_model_calls_open", "Calls under way at the model servers")
FAILURES = Metric(
    "whorl_model_call_failures", "Calls that a model server failed before its first token", ["server"]
)
RESTORED = Metric(
    "whorl_adapters_restored",
    "Adapters loaded on a server that lacked them, as after its restart",
    ["server"],
)
# Seconds between two looks at the servers.
WATCH_SECONDS = 5.0
# Seconds within which the database says which adapters answer.
NAMED_SECONDS = 5.0


class Named(NamedTuple):
    """What the database says of adapters: the folders of those that answer or are tried, and who is done with."""

    answering: dict[str, Path]
    over: frozenset[str]


@dataclass(eq=False)
class Server:
    """A model server, the calls under way there, and whether it is left alone for now."""

    client: ModelClient
    open: int = 0
    breaker: Breaker = field(default_factory=Breaker)
    # Whoever brings an adapter there or takes it away.
    changing: anyio.Lock = field(default_factory=anyio.Lock)

    @contextmanager
    def counted(self) -> Iterator[None]:
        self.open += 1
        try:
            yield
        finally:
            self.open -= 1


class ModelServers:
    """One or more servers of the same base model.

    Calls go to the server with the fewest open calls; a call that fails before its first token is
    tried on the next one, a server that keeps failing is tried last, and one that was restarted gets
    back the adapters that answer. ``base`` is the base model's name, ``base_hash`` its identity;
    ``concurrency`` is how many calls a server answers at once, for which tenants take turns.
    ``named`` is asked at each look what the database says of adapters, those with the given names above all.
    """

    def __init__(
        self,
        clients: list[ModelClient],
        base: str,
        base_hash: str,
        template_hash: str,
        concurrency: int = 64,
    ) -> None:
        self.servers = [Server(client) for client in clients]
        self.base, self.base_hash, self.template_hash = base, base_hash, template_hash
        self.turns = Turns(concurrency * max(1, len(clients)), WAITING, OPEN)
        self._held: Counter[str] = Counter()
        self.loaded: dict[str, Path] = {}
        self.named: Callable[[Iterable[str]], Awaitable[Named]] | None = None
        self._over: frozenset[str] = frozenset()
        self._loading = anyio.Lock()

    @property
    def clients(self) -> list[ModelClient]:
        """The clients of all servers."""
        return [server.client for server in self.servers]

    async def chat(self, call: ChatCall) -> ChatReply:
        """The complete reply."""
        reply = None
        async with aclosing(self.stream(call)) as deltas:  # type: ignore[type-var]
            async for delta in deltas:
                reply = delta.reply or reply
        assert reply is not None
        return reply

    async def stream(self, call: ChatCall) -> AsyncIterator[Delta]:
        """The reply piece by piece, from the first server that answers, when it is the tenant's turn.

        Raises LimitError where all servers are full, UpstreamError where none answers.
        """
        with self.hold(call.model):
            async with self.turns.turn(call.tenant), aclosing(self._from_any(call)) as deltas:  # type: ignore[type-var]
                async for delta in deltas:
                    yield delta

    async def _from_any(self, call: ChatCall) -> AsyncIterator[Delta]:
        failure: UpstreamError | LimitError | None = None
        untried = list(self.servers)
        while untried:
            server = _best(untried)
            untried.remove(server)
            server.breaker.begin()
            begun = False
            try:
                async with aclosing(self._from(server, call)) as deltas:  # type: ignore[type-var]
                    async for delta in deltas:
                        begun = begun or delta.begun
                        yield delta
                return
            except (UpstreamError, LimitError) as error:
                if begun:
                    raise
                failure = error
        raise failure or PrerequisiteError("No model server is configured.")

    async def _from(self, server: Server, call: ChatCall) -> AsyncIterator[Delta]:
        """The reply of one server; an adapter that it has lost is loaded there again first."""
        with server.counted():
            for attempt in (1, 2):
                try:
                    async with aclosing(server.client.stream(call)) as deltas:  # type: ignore[type-var]
                        async for delta in deltas:
                            if delta.begun:
                                server.breaker.succeed()
                            yield delta
                    return
                except NotFoundError:
                    if attempt == 2 or call.model not in self.loaded:
                        raise
                    await self._restore(server, [call.model])
                except UpstreamError as error:
                    server.breaker.fail()
                    FAILURES.labels(server.client.label).inc()
                    # What the embedded model says of itself may have words of the call.
                    told = type(error).__name__ if error.public == error.message else error.public
                    _log.warning("A call failed at %s: %s", server.client.label, told)
                    raise

    async def healthy(self) -> bool:
        """Whether a server answers its health check: all are asked at once, and the first that does is enough."""
        found = False

        async def ask(client: ModelClient) -> None:
            nonlocal found
            if await client.healthy():
                found = True
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for client in self.clients:
                group.start_soon(ask, client)
        return found

    async def watch(self) -> None:
        """Look at the servers until cancelled, see :meth:`look`."""
        while True:
            await anyio.sleep(WATCH_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Use the servers that answer again, and bring their adapters to what the database says.

        All are looked at side by side, so that one that hangs holds up no other. An adapter that a server lacks is
        loaded there where it answers or is held here; one that is over is unloaded when the look before found it so,
        too, and nothing here holds it.
        """
        present: dict[Server, set[str]] = {}

        async def ask(server: Server) -> None:
            with self._judged(server):
                present[server] = await _present(server)

        async def mend(server: Server, over: frozenset[str]) -> None:
            with self._judged(server):
                there = present[server]
                await self._restore(server, [name for name in self.loaded if name not in there])
                await self._clear(server, over & there)
                server.breaker.succeed()

        async with anyio.create_task_group() as asking:
            for server in self.servers:
                asking.start_soon(ask, server)
        over = await self._agree(set().union(*present.values()))
        async with anyio.create_task_group() as mending:
            for server in self.servers:
                if server in present:
                    mending.start_soon(mend, server, over)

    @contextmanager
    def _judged(self, server: Server) -> Iterator[None]:
        """A look at a server, whose failure is counted."""
        try:
            yield
        except (InputError, LimitError, NotFoundError, UpstreamError) as error:
            _log.warning("Model server %s: %s", server.client.label, error.message)
            server.breaker.fail()

    async def _agree(self, present: set[str]) -> frozenset[str]:
        """Remember what the database says; returns which adapters it has said to be over at two looks.

        The time between them is that of a promotion that loads an adapter before it is named. While the database is
        away, or does not say it in time, what it said last is kept.
        """
        if self.named is None:
            return frozenset()
        try:
            with anyio.fail_after(NAMED_SECONDS):
                answering, over = await self.named(present | set(self.loaded))
        except (TimeoutError, SQLAlchemyError) as error:
            _log.warning("Which adapters answer is not known anew: %s", type(error).__name__)
            return frozenset()
        held = {name: folder for name, folder in self.loaded.items() if self._held[name]}
        self.loaded = {**held, **answering}
        twice, self._over = over & self._over, over
        return twice

    async def _clear(self, server: Server, names: Iterable[str]) -> None:
        """Unload adapters that nobody is answered by, of whichever process's doing they are there."""
        for name in names:
            async with server.changing:
                if not self._held[name]:
                    with suppress(NotFoundError):
                        await server.client.unload_adapter(name)

    async def _restore(self, server: Server, names: list[str]) -> None:
        """Load those of ``names`` that the server has not, as after its restart."""
        if not names:
            return
        async with server.changing:
            present = await _present(server)
            for name in names:
                folder = self.loaded.get(name)
                if folder is not None and name not in present:
                    await server.client.load_adapter(name, folder)
                    RESTORED.labels(server.client.label).inc()

    async def load_adapter(self, name: str, folder: Path) -> None:
        """Load an adapter on every server and make each answer with it once.

        A server that has it already keeps it. On a failure the servers that had loaded it unload
        it again and the error is raised.
        """
        async with self._loading:
            await self._load(name, folder)

    def expect(self, name: str, folder: Path) -> None:
        """Let an adapter that is held be loaded by the call for which a server turns out to lack it."""
        self.loaded.setdefault(name, folder)

    async def _load(self, name: str, folder: Path) -> None:
        loaded: list[Server] = []
        try:
            for server in self.servers:
                async with server.changing:
                    if name not in await _present(server):
                        await server.client.load_adapter(name, folder)
                        loaded.append(server)
                await server.client.chat(ChatCall(name, _PROBE, sampling=Sampling(max_tokens=1)))
            self.loaded[name] = folder
        except (InputError, LimitError, NotFoundError, UpstreamError):
            for server in loaded:
                await server.client.unload_adapter(name)
            raise

    async def unload_adapter(self, name: str) -> None:
        """Unload an adapter from the servers that have it."""
        async with self._loading:
            self.loaded.pop(name, None)
            for server in self.servers:
                async with server.changing:
                    if name in await _present(server):
                        await server.client.unload_adapter(name)

    async def drain(self, model: str, timeout: float = 30.0) -> bool:
        """Wait until nothing in this process holds ``model``; False when it takes too long."""
        with anyio.move_on_after(timeout):
            while self._held[model]:  # noqa: ASYNC110 - calls end in many places
                await anyio.sleep(0.01)
        return not self._held[model]

    @contextmanager
    def hold(self, model: str) -> Iterator[None]:
        """Keep ``model`` from being unloaded by a drain that starts from now on."""
        self._held[model] += 1
        try:
            yield
        finally:
            self._held[model] -= 1


def _best(servers: list[Server]) -> Server:
    """The server to try next: one that keeps failing only after all others, then by calls under way."""
    return min(servers, key=lambda server: (not server.breaker.ready, server.open))


async def _present(server: Server) -> set[str]:
    """The names that a server answers to."""
    return {model.name for model in await server.client.models()}
