"""A key that is nobody's own and may only ask sees what it asked for, and nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Settings, quote_first
from tests.platform.test_api import Site
from whorl.agents.tables import Run
from whorl.platform.app import create_app
from whorl.platform.database.base import new_id
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend

CHAT = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}


@pytest_asyncio.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        made = await ensure_tenant(app.state.whorl.engine, "acme")
        site = Site(app, {"owner": str(made.key)})
        async with site.client("owner") as owner:
            for name in ("desk", "shop"):
                key = (await owner.post("/api/keys", json={"name": name, "role": "member"})).json()
                site.keys[name], site.keys[f"{name} id"] = key["key"], key["id"]
        async with tenant_session(app.state.whorl.engine, made.tenant.id) as session:
            # As one that was captured from another program, or imported.
            session.add(
                Run(
                    tenant_id=made.tenant.id, id=new_id(), agent="other program", model="m", trace_id="0" * 32,
                    status="succeeded",
                )
            )  # fmt: skip
        yield site


async def ids(client: httpx.AsyncClient, path: str) -> list[str]:
    return [each["id"] for each in (await client.get(path)).json()]


async def asked(client: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await client.post("/api/runs", json={"question": "When?", **more})
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def test_a_key_sees_its_own_runs_and_conversations(site: Site) -> None:
    async with site.client("desk") as desk, site.client("shop") as shop, site.client("owner") as owner:
        mine, theirs = await asked(desk), await asked(shop)
        # Twice: at first the key is looked up, then remembered.
        for _ in range(2):
            assert (await desk.post("/v1/chat/completions", json=CHAT)).status_code == 200
        runs = await ids(desk, "/api/runs")
        assert (
            len(runs) == 3 and mine["run_id"] in runs and await ids(shop, "/api/runs") == [theirs["run_id"]]
        )
        assert await ids(desk, "/api/conversations") == [mine["conversation_id"]]
        assert len(await ids(owner, "/api/runs")) == 5, "whoever may read sees all"
        for path in (
            f"/api/runs/{theirs['run_id']}",
            f"/api/conversations/{theirs['conversation_id']}/messages",
        ):
            assert (await desk.get(path)).status_code == 404, path
            assert (await shop.get(path)).status_code == 200, path
        gone_on = {"question": "And then?", "conversation_id": theirs["conversation_id"]}
        assert (await desk.post("/api/runs", json=gone_on)).status_code == 404
        thumb = f"/api/runs/{theirs['run_id']}/feedback"
        assert (await desk.post(thumb, json={"kind": "thumb"})).status_code == 404
        assert (await desk.delete(f"/api/conversations/{theirs['conversation_id']}")).status_code == 404


async def test_a_key_that_took_anothers_place_sees_what_that_one_asked_for(site: Site) -> None:
    async with site.client("desk") as desk, site.client("owner") as owner:
        first = await asked(desk)
        before = site.keys["desk id"]
        for name in ("second", "third"):
            rotated = (await owner.post(f"/api/keys/{before}/rotate", json={"overlap_hours": 1})).json()
            site.keys[name], before = rotated["key"], rotated["id"]
    async with site.client("third") as third, site.client("desk") as desk:
        assert await ids(third, "/api/runs") == [first["run_id"]]
        second = await asked(third, conversation_id=first["conversation_id"])
        assert set(await ids(desk, "/api/runs")) == {first["run_id"], second["run_id"]}
