"""The operator over HTTP: known by a token, sees all workspaces' sums, and leaves a trace of each act."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from psycopg.errors import InsufficientPrivilege

from tests.conftest import Addresses, quote_first, test_settings
from tests.platform.test_api import Site
from whorl.platform.app import create_app
from whorl.platform.errors import InputError, PrerequisiteError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.operator import load_operator_token
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.settings import Settings

TOKEN = "operator-" + "x" * 32
ASKED = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}


@pytest.fixture
def token() -> str | None:
    """The token of the settings."""
    return TOKEN


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path, token: str | None) -> AsyncIterator[Site]:
    settings = test_settings(database, tmp_path / "whorl", worker="external", operator_token=token)
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        acme = await ensure_tenant(app.state.whorl.engine, "acme")
        yield Site(app, {"owner": str(acme.key), "operator": TOKEN, "wrong": TOKEN + "y"})


async def routes(site: Site) -> list[tuple[str, str]]:
    paths = site.app.openapi()["paths"].items()
    found = [
        (method, path) for path, methods in paths for method in methods if path.startswith("/api/operator/")
    ]
    assert len(found) == 8
    return found


async def statuses(site: Site, client: httpx.AsyncClient) -> set[int]:
    return {
        (await client.request(method, path.replace("{slug}", "acme"), json={})).status_code
        for method, path in await routes(site)
    }


async def test_nobody_but_who_shows_the_token_is_the_operator(site: Site) -> None:
    for role in ("owner", "wrong", None):
        async with site.client(role) as client:
            assert await statuses(site, client) == {401}
    async with site.client("operator") as client:
        assert {(await client.get(path)).status_code for path in ("/api/me", "/api/keys", "/api/runs")} == {
            401
        }


@pytest.mark.parametrize("token", [None])
async def test_without_a_token_there_is_no_operator(site: Site, token: None) -> None:
    for role in ("owner", "operator"):
        async with site.client(role) as client:
            assert await statuses(site, client) == {403}


async def test_the_operator_makes_names_and_limits_workspaces(site: Site) -> None:
    async with site.client("operator", **{"Idempotency-Key": "1"}) as operator:
        made = await operator.post(
            "/api/operator/tenants", json={"slug": "rival", "email": "eve@rival.example"}
        )
        again = await operator.post("/api/operator/tenants", json={"slug": "rival"})
        wrong = await operator.post("/api/operator/tenants", json={"slug": "Not a slug"})
        renamed = await operator.patch("/api/operator/tenants/rival", json={"name": "The rival"})
        path = "/api/operator/tenants/rival/quotas"
        limited = await operator.put(path, json={"requests_per_minute": 1})
        site.keys["rival"] = made.json()["key"]
        async with site.client("rival") as rival:
            chats = [(await rival.post("/v1/chat/completions", json=ASKED)).status_code for _ in range(2)]
            audit = [(e["action"], e["actor"]) for e in (await rival.get("/api/audit")).json()]
        async with site.client("owner") as owner:
            assert (await owner.post("/v1/chat/completions", json=ASKED)).status_code == 200
            assert "quotas.changed" not in (await owner.get("/api/audit")).text
        kept, unknown = await operator.get(path), await operator.get(path.replace("rival", "nobody"))
        tenants = {
            each["slug"]: each["name"] for each in (await operator.get("/api/operator/tenants")).json()
        }
        usage = {each["tenant"]: each["runs"] for each in (await operator.get("/api/operator/usage")).json()}
        log = await read_log(operator)
    assert made.status_code == 201 and made.json()["password"] and made.json()["email"] == "eve@rival.example"
    assert [each.status_code for each in (again, wrong, renamed, limited, unknown)] == [
        409,
        422,
        200,
        200,
        404,
    ]
    assert kept.json() == limited.json() and kept.json()["requests_per_minute"] == 1
    assert chats == [200, 429] and usage == {"acme": 1, "rival": 1}
    assert tenants == {"acme": "acme", "rival": "The rival"}
    nobody = "key:00000000-0000-0000-0000-000000000000"
    assert audit[:2] == [("quotas.changed", nobody), ("tenant.renamed", nobody)]
    assert [(event["action"], event["target"]) for event in log] == [
        ("quotas.changed", "rival"), ("tenant.renamed", "rival"), ("tenant.created", "rival"), ("tenant.created", "acme"),
    ]  # fmt: skip


async def test_the_operator_deletes_a_workspace(site: Site) -> None:
    path, quotas = "/api/operator/tenants/rival", "/api/operator/tenants/rival/quotas"
    async with site.client("operator") as operator, site.client("owner") as owner:
        made = await operator.post("/api/operator/tenants", json={"slug": "rival"})
        site.keys["rival"] = made.json()["key"]
        async with site.client("rival") as rival:
            assert (await rival.post("/v1/chat/completions", json=ASKED)).status_code == 200
            closed, again = await operator.delete(path), await operator.delete(path)
            assert [closed.status_code, again.status_code] == [202, 202]
            assert closed.json()["closed_at"] and closed.json() == again.json()
            assert (await rival.post("/v1/chat/completions", json=ASKED)).status_code == 401
            assert (await rival.get("/api/me")).status_code == 401
        tenants = {t["slug"]: t["closed_at"] for t in (await operator.get("/api/operator/tenants")).json()}
        assert tenants == {"acme": None, "rival": closed.json()["closed_at"]}
        assert (await operator.put(quotas, json={})).status_code == 409
        assert (await operator.patch(path, json={"name": "Rival"})).status_code == 409
        await site.app.state.whorl.work(until_empty=True)
        assert [t["slug"] for t in (await operator.get("/api/operator/tenants")).json()] == ["acme"]
        assert (await operator.delete(path)).status_code == 404
        assert (await operator.post("/api/operator/tenants", json={"slug": "rival"})).status_code == 409
        deleted, shut, *_ = await read_log(operator)
        assert (await owner.post("/v1/chat/completions", json=ASKED)).status_code == 200
    assert (deleted["action"], deleted["target"]) == ("tenant.deleted", "rival")
    assert deleted["details"]["rows"]["runs"] == 1
    assert (
        shut["action"] == "tenant.closed" and shut["details"]["api_keys"] == shut["details"]["accounts"] == 1
    )


async def test_what_cannot_be_made_leaves_nothing(site: Site) -> None:
    async with site.client("operator") as operator:
        before = (await operator.get("/api/operator/tenants")).json(), await read_log(operator)
        wrong = await operator.post("/api/operator/tenants", json={"slug": "rival", "email": "no address"})
        after = (await operator.get("/api/operator/tenants")).json(), await read_log(operator)
        made = await operator.post("/api/operator/tenants", json={"slug": "rival"})
    assert wrong.status_code == 422 and "no address" in wrong.json()["detail"]
    assert after == before and made.status_code == 201, made.text


async def read_log(operator: httpx.AsyncClient) -> list[dict[str, Any]]:
    """The operator's log, page by page."""
    events: list[dict[str, Any]] = []
    url: str | None = "/api/operator/log?limit=3"
    while url:
        page = await operator.get(url)
        events += page.json()
        url = page.links.get("next", {}).get("url")
    return events


@pytest.mark.parametrize("act", ["UPDATE operator_events SET action = 'x'", "DELETE FROM operator_events"])
async def test_the_operators_log_stays_as_it_is(database: Addresses, act: str) -> None:
    with psycopg.connect(database.app) as connection, pytest.raises(InsufficientPrivilege):
        connection.execute(act)


async def test_metrics_are_for_the_operator(site: Site) -> None:
    async with site.client("operator") as operator, site.client("owner") as owner:
        seen, refused = await operator.get("/metrics"), await owner.get("/metrics")
        unknown = [
            (await client.get("/metrics")).status_code for client in (site.client("wrong"), site.client(None))
        ]
    assert seen.status_code == 200 and "whorl_model_server_open_calls" in seen.text
    assert refused.status_code == 403 and "WHORL_OPERATOR_TOKEN" in refused.json()["detail"]
    assert unknown == [401, 401]


@pytest.mark.parametrize("token", [None])
async def test_without_a_token_metrics_are_for_who_administers_the_only_workspace(
    site: Site, token: None
) -> None:
    async with site.client("owner") as owner:
        assert (await owner.get("/metrics")).status_code == 200
        await ensure_tenant(site.app.state.whorl.engine, "rival")
        assert (await owner.get("/metrics")).status_code == 403


def test_the_token_comes_from_one_place_and_cannot_be_guessed(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n", encoding="utf-8")
    assert load_operator_token(Settings(operator_token_file=file)).is_shown(TOKEN)
    assert not load_operator_token(Settings()).set and not load_operator_token(Settings()).is_shown("")
    with pytest.raises(InputError, match="not both"):
        load_operator_token(Settings(operator_token=TOKEN, operator_token_file=file))
    with pytest.raises(InputError, match="32 at least") as short:
        load_operator_token(Settings(operator_token="hunter2"))
    assert "hunter2" not in short.value.message and TOKEN not in repr(Settings(operator_token=TOKEN))
    with pytest.raises(PrerequisiteError, match="cannot be read"):
        load_operator_token(Settings(operator_token_file=tmp_path / "none"))
