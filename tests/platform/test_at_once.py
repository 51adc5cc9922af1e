"""The same asked for by several at the same moment: the answers are those of one after the other, and none is a failure."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from psycopg.errors import NotNullViolation, UniqueViolation
from sqlalchemy.exc import IntegrityError

from tests.conftest import Addresses, quote_first, test_settings
from tests.flywheel.test_gate import add_adapter
from tests.platform.test_api import Site
from tests.platform.test_operator import TOKEN
from tests.ui.seed import pass_gate
from whorl.platform.app import create_app
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.problems import install_problem_handlers
from whorl.platform.serving.engine.scripted import ScriptedBackend

MANY = 8


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Site]:
    settings = test_settings(database, tmp_path / "whorl", worker="external", operator_token=TOKEN)
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        acme = await ensure_tenant(app.state.whorl.engine, "acme")
        yield Site(app, {"owner": str(acme.key), "operator": TOKEN})


async def at_once(client: httpx.AsyncClient, method: str, path: str, bodies: list[Any]) -> Counter[int]:
    """How often each status came."""
    answers = await asyncio.gather(*(client.request(method, path, json=body) for body in bodies))
    return Counter(answer.status_code for answer in answers)


REQUESTS: list[tuple[str, str, str, list[Any], Counter[int]]] = [
    ("owner", "POST", "/api/invitations", [{"email": "new@acme.example"}] * MANY, Counter({201: MANY})),
    (
        "owner", "PUT", "/api/agents/tutor",
        [{"description": str(number)} for number in range(MANY)], Counter({200: MANY}),
    ),
    (
        "owner", "PUT", "/api/retention",
        [{"run_days": number} for number in range(1, MANY + 1)], Counter({200: MANY}),
    ),
    ("owner", "PUT", "/api/consent", [{"rule": "opt-in"}] * MANY, Counter({200: MANY})),
    (
        "owner", "PUT", "/api/consents",
        [{"subject": "customer-7", "training": number % 2 == 0} for number in range(MANY)], Counter({204: MANY}),
    ),
    (
        "operator", "PUT", "/api/operator/tenants/acme/quotas",
        [{"requests_per_minute": number, "models": ["whorl"]} for number in range(1, MANY + 1)], Counter({200: MANY}),
    ),
    ("operator", "POST", "/api/operator/tenants", [{"slug": "rival"}] * MANY, Counter({201: 1, 409: MANY - 1})),
]  # fmt: skip


@pytest.mark.parametrize(("role", "method", "path", "bodies", "wanted"), REQUESTS)
async def test_what_is_asked_at_once(
    role: str, method: str, path: str, bodies: list[Any], wanted: Counter[int], site: Site
) -> None:
    async with site.client(role) as client:
        assert await at_once(client, method, path, bodies) == wanted
        if path == "/api/invitations":
            assert len((await client.get(path)).json()) == 1


async def test_an_adapter_that_is_promoted_by_several_answers(site: Site) -> None:
    whorl = site.app.state.whorl
    actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
    name = await add_adapter(whorl, actor, 1)
    await pass_gate(whorl, actor, name)
    async with site.client("owner") as client:
        answers = await at_once(client, "POST", f"/api/adapters/{name}/promote", [{}] * MANY)
        status = (await client.get(f"/api/adapters/{name}/status")).json()
    assert answers.keys() == {200} and status["state"] == "serving"


def failing(error: Exception) -> httpx.AsyncClient:
    """A client of an application whose routes raise."""
    app = FastAPI()
    install_problem_handlers(app)

    @app.get("/{path:path}")
    async def fail() -> None:
        raise error

    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://whorl.test")


@pytest.mark.parametrize("raw", [True, False])
async def test_what_another_request_stored_meanwhile_is_a_conflict(raw: bool) -> None:
    violated = UniqueViolation("uq_secrets")
    async with failing(violated if raw else IntegrityError("INSERT", None, violated)) as client:
        problem, openai = await client.get("/api/things"), await client.get("/v1/things")
    assert (problem.status_code, problem.headers["content-type"]) == (409, "application/problem+json")
    assert "at the same moment" in problem.json()["detail"] and "uq_secrets" not in problem.text
    assert openai.status_code == 409 and openai.json()["error"]["code"] == "conflict"


async def test_another_broken_constraint_is_a_failure() -> None:
    async with failing(IntegrityError("INSERT", None, NotNullViolation("email"))) as client:
        assert (await client.get("/api/things")).status_code == 500
