"""What the operator lets a workspace ask holds for everybody in it, on every way and from the next request on."""

from typing import Any

import httpx
import pytest
from asgi_lifespan import LifespanManager

from tests.conftest import Settings
from tests.platform.test_api import Site
from tests.platform.test_usage import allow
from whorl.platform.app import create_app
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.usage.quotas import Quotas

CHAT: dict[str, Any] = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}


@pytest.mark.parametrize(
    ("models", "asked", "may"),
    [
        (None, "scripted", True),
        ((), "scripted", False),
        (("scripted",), "scripted", True),
        (("acme.*",), "acme.v3", True),
        (("acme.*",), "scripted", False),
    ],
)
def test_names_may_have_a_star(models: tuple[str, ...] | None, asked: str, may: bool) -> None:
    assert Quotas(models=models).permit(model=asked) is may
    assert Quotas(models=models).permit(agent="support")


async def test_a_limited_workspace_asks_what_it_may(settings: Settings) -> None:
    backend = ScriptedBackend(lambda messages, tools, adapter: "At noon.")
    app = create_app(settings.model_copy(update={"worker": "external"}), backend=backend)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        made, other = await ensure_tenant(whorl.engine, "acme"), await ensure_tenant(whorl.engine, "rival")
        acme, embedder = operator_of(made.tenant), whorl.library.embedder.name
        site = Site(app, {"owner": str(made.key), "rival": str(other.key)})
        async with site.client("owner") as client, site.client("rival") as rival:

            async def asked(path: str, body: dict[str, Any], by: httpx.AsyncClient = client) -> int:
                return (await by.post(path, json=body)).status_code

            async def listed() -> set[str]:
                return {model["id"] for model in (await client.get("/v1/models")).json()["data"]}

            embed = {"model": embedder, "input": "tide"}
            assert (await client.put("/api/agents/support", json={})).is_success
            # The second time the key is remembered.
            for _ in range(2):
                assert await asked("/v1/chat/completions", CHAT) == 200
            assert await listed() == {"whorl", "support", "scripted", embedder}

            await allow(whorl, acme, models=[])
            for body in (CHAT, {**CHAT, "stream": True}, CHAT):
                refused = await client.post("/v1/chat/completions", json=body)
                assert refused.status_code == 403
                assert "may ask no model directly" in refused.json()["error"]["message"]
            assert await asked("/v1/embeddings", embed) == 403
            assert await listed() == {"whorl", "support"}
            assert await asked("/v1/chat/completions", {**CHAT, "model": "whorl"}) == 200
            for _ in range(2):
                assert await asked("/v1/chat/completions", CHAT, rival) == 200

            await allow(whorl, acme, models=["script*"], agents=["supp*"])
            for body in (CHAT, {**CHAT, "stream": True}, {**CHAT, "model": "support"}):
                assert await asked("/v1/chat/completions", body) == 200
            assert await asked("/v1/embeddings", embed) == 403
            refused = await client.post("/api/runs", json={"question": "When?"})
            assert refused.status_code == 403 and "It may ask supp*." in refused.json()["detail"]
            assert await asked("/api/runs", {"question": "When?", "agent": "support"}) == 200
            assert await listed() == {"support", "scripted"}
            quotas = (await client.get("/api/quotas")).json()
            assert (quotas["agents"], quotas["models"]) == (["supp*"], ["script*"])

            await allow(whorl, acme)
            for _ in range(2):
                assert await asked("/v1/chat/completions", CHAT) == 200
            assert await asked("/api/runs", {"question": "When?"}) == 200
