"""The composition of the house: everything that a process needs, opened together, closed together."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import anyio
import anyio.to_thread
import httpx
from fastapi import Depends, FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..agents import api as agents_api
from ..agents import openai as openai_api
from ..agents.answering import named_adapters
from ..agents.captured import CapturedRuns
from ..agents.closing import close_interrupted as close_runs
from ..agents.graph import Limits
from ..agents.ledger import Ledger
from ..agents.live import LiveRuns
from ..agents.openai_plain import PlainChats
from ..agents.runs import Agents
from ..agents.toolbox import Toolbox
from ..agents.tools.calculator import calculator
from ..agents.tools.mcp import mcp_tools
from ..agents.tools.mcp_config import McpConfig, load_mcp_config
from ..agents.tools.search import search_tool
from ..flywheel import api as flywheel_api
from ..flywheel.decisions import learner
from ..flywheel.evaluations import Evaluations
from ..flywheel.jobs import worker_of
from ..flywheel.offboarding import forget_files
from ..flywheel.screening.sweep import gauges as screening_gauges
from ..flywheel.shadow import Shadows
from ..flywheel.training.launch import close_interrupted as close_trainings
from ..retrieval import api as retrieval_api
from ..retrieval import openai as embeddings_api
from ..retrieval.library import Library, open_library
from ..ui import pages
from .background import PATIENCE, go_on_until_closed, stop
from .bodies import BodyLimits
from .database.connections import Connections
from .database.embedded import Addresses, start_embedded
from .database.migrate import check_application_role, prepare
from .database.outage import AWAY
from .database.reader import TenantReader
from .database.session import create_engine
from .description import describe
from .idempotency.middleware import IdempotencyKeys
from .identity import api as identity_api
from .identity.keys import KeyHolders
from .identity.operator import OperatorToken, load_operator_token, require_metrics
from .identity.outbound import open_client
from .identity.sealing import Sealer, load_sealer
from .identity.signin import Throttle
from .identity.signon import SignOn
from .identity.tenants import list_tenants
from .jobs.queue import Queue
from .logs import templates_of
from .problems import OTLP, install_problem_handlers
from .requests import Requests
from .serving.engine.base import Backend
from .serving.opening import open_servers
from .serving.servers import ModelServers
from .settings import Settings
from .shutdown import Shutdown
from .telemetry import api as telemetry_api
from .telemetry.capture import Capture
from .telemetry.drain import Drain, Listener
from .telemetry.metrics import Standing, exposition
from .telemetry.otlp import api as otlp_api
from .telemetry.otlp.evaluations import OPERATION as EVALUATION
from .telemetry.otlp.export import TIMEOUT, Exporter, read_headers
from .telemetry.otlp.ingest import Ingest, IngestLimits
from .telemetry.otlp.messages import OPERATION as MESSAGE
from .telemetry.otlp.noted import NotedCollector
from .telemetry.redaction.memory import Stored
from .telemetry.redaction.redactor import Redactor, default_redactor
from .telemetry.redaction.stored import StoredPolicies
from .telemetry.store import stored_placeholders
from .telemetry.wal import WriteAheadLog
from .tracing import exporter_to, traced
from .usage import api as usage_api
from .usage import operator_api
from .usage.prices import Prices, load_prices
from .work import Work, open_work

# Seconds within which database, model servers and the log's disk answer a probe.
PROBE_SECONDS = 3.0
# Bytes of a form around the document that it brings.
_FORM = 1 << 20


@dataclass
class Whorl:
    """A running process's parts."""

    settings: Settings
    addresses: Addresses
    engine: AsyncEngine
    redactor: Redactor
    capture: Capture
    servers: ModelServers
    library: Library
    agents: Agents
    prices: Prices
    live: LiveRuns
    queue: Queue
    refusals: Throttle
    sign_ons: Throttle
    sign_on: SignOn
    shadows: Shadows
    drain: Drain
    ingest: Ingest
    key_holders: KeyHolders
    operator: OperatorToken

    async def flush(self) -> None:
        """Bring every logged span into the span store."""
        await self.drain.log(self.capture.log)

    async def close_interrupted(self) -> None:
        """Close the runs and trainings that a dead process left open."""
        for tenant in await list_tenants(self.engine):
            await close_runs(self.engine, tenant.id, self.agents.limits)
            await close_trainings(self.engine, worker_of(tenant), self.settings.adapters)

    async def work(self, *, until_empty: bool = False) -> None:
        """Do queued jobs, until cancelled or, by choice, until none is left."""
        await self.close_interrupted()
        await forget_files(self.engine, self.settings)
        await self.queue.work(until_empty=until_empty, grace=self.settings.job_drain_seconds)


def database_addresses(settings: Settings) -> Addresses:
    """Where the database is; starts the embedded one when no URL is set."""
    if settings.database_url is None:
        return start_embedded(settings.path("postgres"))
    return Addresses(settings.database_url, settings.database_admin_url or "")


@asynccontextmanager
async def open_whorl(
    settings: Settings, *, backend: Backend | None = None, loaded: bool = False
) -> AsyncIterator[Whorl]:
    """Open everything; ``backend`` replaces the embedded model, as tests do.

    Models in this process are loaded when they are first asked, or, ``loaded``, before anybody asks.

    Raises PrerequisiteError for whatever is missing.
    """
    async with AsyncExitStack() as stack:
        if settings.tracing_url is not None:
            sent = read_headers(settings.tracing_headers, "WHORL_TRACING_HEADERS")
            stack.enter_context(traced(exporter_to(settings.tracing_url, sent)))
        addresses = await anyio.to_thread.run_sync(database_addresses, settings)
        await anyio.to_thread.run_sync(prepare, addresses)
        await anyio.to_thread.run_sync(check_application_role, addresses.app)
        engine = create_engine(addresses.app)
        stack.push_async_callback(engine.dispose)
        connections = Connections(addresses.app)
        stack.push_async_callback(connections.close)
        sealer = await anyio.to_thread.run_sync(load_sealer, settings)
        redactor = default_redactor(StoredPolicies(_open_reader(stack, addresses), sealer))
        prices = load_prices(settings.prices)
        limits = Limits(
            settings.max_steps, settings.max_run_tokens, settings.answer_tokens, settings.max_run_seconds
        )
        ledger = Ledger(connections, limits.longest)
        evaluations = Evaluations(engine, connections, settings.evaluation_weight)
        captured = CapturedRuns(connections, prices)
        listeners = [
            ledger.follow,
            captured.follow,
            evaluations.follow,
            *await _collectors(stack, settings, engine),
        ]
        logged = {MESSAGE: captured.take, EVALUATION: evaluations.take}
        drain = Drain(connections, listeners, logged)
        stored = partial(stored_placeholders, _open_reader(stack, addresses))
        capture = await _open_capture(stack, settings, drain, redactor, stored)
        ingest = _open_ingest(stack, settings, capture, stored)
        servers = await open_servers(stack, settings, backend, loaded=loaded)
        servers.named = partial(named_adapters, engine, servers.base_hash)
        library = await open_library(engine, settings, loaded=loaded)
        own = [search_tool(library.quotes, capture.tracer), calculator]
        toolbox = Toolbox([*own, *await stack.enter_async_context(mcp_tools(_mcp_config(settings), own))])
        agents = Agents(engine, addresses.app, servers, toolbox, capture, limits, ledger, prices)
        shadows = Shadows(agents)
        stack.push_async_callback(shadows.close)
        agents.finished = shadows.follow
        live = LiveRuns(agents)
        stack.push_async_callback(live.close)
        live.decided = learner(engine, redactor, partial(drain.log, capture.log))

        queue = await stack.enter_async_context(
            open_work(addresses.app, Work(engine, connections, settings, servers, prices, limits))
        )
        yield Whorl(
            settings,
            addresses,
            engine,
            redactor,
            capture,
            servers,
            library,
            agents,
            prices,
            live,
            queue,
            Throttle(limit=20, window=3600),
            Throttle(limit=30),
            await _open_sign_on(stack, settings, engine, sealer),
            shadows,
            drain,
            ingest,
            KeyHolders(connections),
            await anyio.to_thread.run_sync(load_operator_token, settings),
        )


async def _open_capture(
    stack: AsyncExitStack, settings: Settings, drain: Drain, redactor: Redactor, stored: Stored
) -> Capture:
    root = settings.path("spans", "log").parent
    await drain.orphans(root)
    log = await anyio.to_thread.run_sync(WriteAheadLog.create, root)
    stack.callback(log.close)
    capture = Capture(redactor, log, stored)
    over = asyncio.Event()
    task = asyncio.create_task(drain.until(over, capture))

    async def close() -> None:
        over.set()
        capture.appended.set()
        await task
        await anyio.to_thread.run_sync(capture.close)
        await drain.at_end(log)

    stack.push_async_callback(close)
    return capture


def _open_reader(stack: AsyncExitStack, addresses: Addresses) -> TenantReader:
    reader = TenantReader(addresses.app)
    stack.callback(reader.close)
    return reader


def _open_ingest(stack: AsyncExitStack, settings: Settings, capture: Capture, stored: Stored) -> Ingest:
    limits = IngestLimits(settings.ingest_body_mb * 2**20, settings.ingest_backlog_mb * 2**20)
    ingest = Ingest(capture, limits, stored)
    stack.callback(ingest.close)
    return ingest


async def _collectors(stack: AsyncExitStack, settings: Settings, engine: AsyncEngine) -> list[Listener]:
    """Who is told of stored spans outside of Whorl."""
    if settings.export_url is None:
        return []
    headers = {"Content-Type": "application/x-protobuf", **read_headers(settings.export_headers)}
    http = await stack.enter_async_context(httpx.AsyncClient(headers=headers, timeout=TIMEOUT))
    exporter = Exporter(http, settings.export_url)
    stack.push_async_callback(exporter.at_end)
    go_on_until_closed(stack, exporter.run())
    return [NotedCollector(engine, settings.export_url).follow, exporter.follow]


async def _open_sign_on(
    stack: AsyncExitStack, settings: Settings, engine: AsyncEngine, sealer: Sealer
) -> SignOn:
    http = await stack.enter_async_context(open_client(private=settings.sso_private))
    return SignOn(engine, sealer, http, settings.sso_private)


def _mcp_config(settings: Settings) -> McpConfig:
    return load_mcp_config(settings.mcp_config) if settings.mcp_config else McpConfig()


def create_app(settings: Settings, *, backend: Backend | None = None) -> FastAPI:
    """The web application: API, pages, health and metrics."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_whorl(settings, backend=backend, loaded=True) as whorl:
            app.state.whorl = whorl
            worker = asyncio.create_task(whorl.work()) if settings.worker == "inline" else None
            yield
            if worker is not None:
                with suppress(*AWAY):
                    # Cancelled again it would not let jobs end.
                    await stop(worker, settings.job_drain_seconds + PATIENCE)

    app = FastAPI(
        title="Whorl", version="0.1.0", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.state.shutdown = Shutdown()
    install_problem_handlers(app)
    app.add_middleware(IdempotencyKeys)
    app.add_middleware(PlainChats)
    _add_operations(app)
    for module in (
        identity_api,
        usage_api,
        operator_api,
        telemetry_api,
        otlp_api,
        agents_api,
        openai_api,
        embeddings_api,
        retrieval_api,
        flywheel_api,
    ):
        app.include_router(module.router)
    pages.install(app)
    app.add_middleware(BodyLimits, most=settings.max_body_mb * 2**20, others=_bodies(settings))
    app.add_middleware(Requests)
    app.state.templates = templates_of(app.routes)
    describe(app)
    return app


def _bodies(settings: Settings) -> dict[str, int | None]:
    """Limits of bodies other than that of most requests: of documents with the form around them, and of the routes' own."""
    return {"/api/documents": settings.max_upload_mb * 2**20 + _FORM, **dict.fromkeys(sorted(OTLP))}


class Ready(BaseModel):
    """What answers; ``log`` is whether spans can be logged, ``stopping`` of a process that takes no new work."""

    database: bool
    model: bool
    log: bool
    stopping: bool = False


def _add_operations(app: FastAPI) -> None:
    @app.get("/healthz", tags=["operations"], response_class=PlainTextResponse)
    async def healthz() -> Response:
        """The process answers."""
        return PlainTextResponse("ok")

    @app.get("/readyz", tags=["operations"], response_model=Ready, responses={503: {"model": Ready}})
    async def readyz() -> Response:
        """Whether database and model answer and spans can be logged, each by name."""
        whorl: Whorl = app.state.whorl
        database, model, log = await asyncio.gather(
            _database_answers(whorl), _model_answers(whorl), _log_takes(whorl)
        )
        state = Ready(database=database, model=model, log=log, stopping=app.state.shutdown.begun)
        ready = database and model and log and not state.stopping
        return JSONResponse(state.model_dump(), 200 if ready else 503)

    @app.get(
        "/metrics",
        tags=["operations"],
        response_class=PlainTextResponse,
        dependencies=[Depends(require_metrics)],
    )
    async def metrics() -> Response:
        """Prometheus metrics, for the operator's token; without one, for administrators of the only workspace."""
        whorl: Whorl = app.state.whorl
        screening = partial(screening_gauges, whorl.engine) if whorl.settings.screen_captured else None
        standing = Standing(whorl.engine, whorl.servers, whorl.queue, whorl.capture.log, screening)
        return Response(await exposition(standing), media_type=CONTENT_TYPE_LATEST)


async def _database_answers(whorl: Whorl) -> bool:
    """Whether it does within ``PROBE_SECONDS``; a database that hangs is as good as away."""
    answered = False
    with anyio.move_on_after(PROBE_SECONDS), suppress(*AWAY):
        async with whorl.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        answered = True
    return answered


async def _model_answers(whorl: Whorl) -> bool:
    """Whether a model server does in time."""
    with anyio.move_on_after(PROBE_SECONDS):
        return await whorl.servers.healthy()
    return False


async def _log_takes(whorl: Whorl) -> bool:
    """Whether the write-ahead log can be written in time."""
    with anyio.move_on_after(PROBE_SECONDS):
        return await anyio.to_thread.run_sync(whorl.capture.log.writable, abandon_on_cancel=True)
    return False
