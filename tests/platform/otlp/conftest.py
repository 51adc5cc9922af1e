"""A running application that other programs send spans to."""

import gzip
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Addresses, Whorl, quote_first, test_settings
from whorl.platform.app import create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.transport import InProcessTransport

PRICES = {"gpt": {"read": 1.0, "written": 2.0}, "gpt-2": {"read": 0.5, "written": 1.5}}


class Site:
    """An application with two tenants; keys are owner, rival, exporter, viewer and member."""

    def __init__(self, app: Any, whorl: Whorl, acme: Actor, rival: Actor, keys: dict[str, str]) -> None:
        self.app, self.whorl, self.acme, self.rival, self.keys = app, whorl, acme, rival, keys

    def client(self, key: str | None) -> httpx.AsyncClient:
        given = {"Authorization": f"Bearer {self.keys[key]}"} if key else {}
        return httpx.AsyncClient(
            transport=InProcessTransport(self.app), base_url="http://whorl.test", headers=given, timeout=30
        )

    async def send(
        self, body: Any, key: str | None = "exporter", to: str = "/v1/traces", **headers: str
    ) -> httpx.Response:
        """Send an export as gzipped JSON, or bytes as they are."""
        given = {"Content-Type": "application/json", **headers}
        if not isinstance(body, bytes):
            body, given = gzip.compress(json.dumps(body).encode()), {**given, "Content-Encoding": "gzip"}
        async with self.client(key) as client:
            return await client.post(to, content=body, headers=given)

    async def get(self, path: str, key: str = "owner") -> Any:
        """What the API answers once all spans are stored."""
        await self.whorl.flush()
        async with self.client(key) as client:
            return (await client.get(path)).raise_for_status().json()


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Site]:
    prices = tmp_path / "prices.json"
    prices.write_text(json.dumps(PRICES), encoding="utf-8")
    settings = test_settings(database, tmp_path / "whorl", worker="external", ingest_body_mb=1, prices=prices)
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        acme, rival = await ensure_tenant(whorl.engine, "acme"), await ensure_tenant(whorl.engine, "rival")
        keys = {"owner": str(acme.key), "rival": str(rival.key)}
        async with tenant_session(whorl.engine, acme.tenant.id) as session:
            for role in ("exporter", "viewer", "member"):
                _, keys[role] = await create_key(session, acme.tenant.id, role, role)
        yield Site(app, whorl, operator_of(acme.tenant), operator_of(rival.tenant), keys)
