"""What Prometheus is told: what happened since the process began, and how things stand as it asks."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import REGISTRY, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.session import tenant_session
from ..errors import PrerequisiteError
from ..identity.tenants import list_tenants
from ..jobs.queue import Queue
from ..serving.servers import ModelServers
from ..serving.tables import Adapter
from .wal import WriteAheadLog


@dataclass(frozen=True)
class Standing:
    """The parts of a process that are looked at when somebody asks."""

    engine: AsyncEngine
    servers: ModelServers
    queue: Queue
    log: WriteAheadLog
    more: Callable[[], Awaitable[list[Metric]]] | None = None

    async def families(self) -> list[Metric]:
        """Gauges of how things stand; sums over all tenants, none of which is named."""
        return [
            _gauge("whorl_jobs", "Jobs in the queue", "state", await self.queue.depths()),
            _gauge("whorl_adapters", "Adapters", "state", await adapters_by_state(self.engine)),
            _gauge("whorl_model_server_open_calls", "Calls under way at a model server", "server", {
                server.client.label: server.open for server in self.servers.servers
            }),
            _gauge("whorl_model_server_left_alone", "1 for a model server that keeps failing", "server", {
                server.client.label: int(not server.breaker.closed) for server in self.servers.servers
            }),
            GaugeMetricFamily(
                "whorl_log_pending_seconds", "Age of the oldest spans that are logged but not yet stored",
                value=self.log.age(),
            ),
            *(await self.more() if self.more is not None else ()),
        ]  # fmt: skip


@contextmanager
def metrics_at(port: int | None) -> Iterator[None]:
    """What happened since the process began, over HTTP at a port of every address; nothing where there is no port.

    Raises PrerequisiteError where the port is taken.
    """
    if port is None:
        yield
        return
    try:
        server, thread = start_http_server(port)
    except OSError as error:
        raise PrerequisiteError(
            f"WHORL_METRICS_PORT {port} cannot be listened on: {error.strerror}."
        ) from error
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


async def exposition(standing: Standing) -> bytes:
    """Everything in Prometheus's text format."""
    return generate_latest(REGISTRY) + generate_latest(_Given(await standing.families()))


async def adapters_by_state(engine: AsyncEngine) -> Counter[str]:
    """How many adapters all tenants have in each state, read tenant by tenant: no role sees several."""
    count: Counter[str] = Counter()
    for tenant in await list_tenants(engine):
        async with tenant_session(engine, tenant.id) as session:
            rows = await session.execute(select(Adapter.state, func.count()).group_by(Adapter.state))
            count.update({state: number for state, number in rows})
    return count


class _Given(Collector):
    """Families that were made before."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        return self._families


def _gauge(name: str, text: str, label: str, values: dict[str, int]) -> Metric:
    family = GaugeMetricFamily(name, text, labels=[label])
    for value, number in values.items():
        family.add_metric([value], number)
    return family
