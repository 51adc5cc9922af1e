"""Every change over HTTP that a member may not make is in the audit log: tried from the OpenAPI document, route by route."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Addresses, quote_first, test_settings
from tests.platform.attempts import operations
from tests.platform.test_api import Site, add_tides
from whorl.platform.app import create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.adapters import register_adapter
from whorl.platform.serving.engine.scripted import ScriptedBackend

CHANGES = {"post", "put", "patch", "delete"}
# What whoever may chat may do, or send, is no administrative act.
FOR_MEMBERS = {
    "PUT /api/me/password", "PUT /api/me/consent", "POST /api/runs", "POST /api/runs/{run_id}/cancel",
    "POST /api/runs/{run_id}/approvals/{call_id}", "POST /api/runs/{run_id}/feedback",
    "POST /api/feedback",
    "DELETE /api/conversations/{conversation_id}", "POST /v1/chat/completions", "POST /v1/embeddings",
}  # fmt: skip
# Changes that take more than a request to make, and what holds them to the log.
ELSEWHERE = {
    **dict.fromkeys(
        (
            "POST /api/operator/tenants",
            "PATCH /api/operator/tenants/{slug}",
            "DELETE /api/operator/tenants/{slug}",
            "PUT /api/operator/tenants/{slug}/quotas",
        ),
        "needs the operator: tests/platform/test_operator.py",
    ),
    "POST /v1/traces": "spans that a program sends are data, each with the key's name on it, not an act",
    "POST /v1/logs": "evaluations that a program sends are data, as spans are, not an act",
    "PUT /api/sso": "needs a provider: tests/ui/test_signon.py finds sso.set",
    "DELETE /api/sso": "needs a provider: tests/ui/test_signon.py finds sso.removed",
    "POST /api/trainings/{training_id}/resume": "needs a training that died: tests/flywheel/test_resume.py",
}


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Site]:
    settings = test_settings(database, tmp_path / "whorl", worker="external")
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        engine = app.state.whorl.engine
        acme = await ensure_tenant(engine, "acme")
        folder = tmp_path / "adapter"
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}", encoding="utf-8")
        async with tenant_session(engine, acme.tenant.id) as session:
            _, member = await create_key(session, acme.tenant.id, "member", "member")
            for version in (1, 2):
                await register_adapter(
                    session, acme.tenant.id, f"acme.v{version}", method="sft", base_hash="scripted", dataset_id=None,
                    folder=folder, card={},
                )  # fmt: skip
        yield Site(app, {"owner": str(acme.key), "member": member})


class Tried:
    """Makes each change as an owner, and sees whether a member may and what the log says of it."""

    def __init__(self, owner: httpx.AsyncClient, member: httpx.AsyncClient) -> None:
        self.owner, self.member = owner, member
        self.done: set[str] = set()
        self.silent: list[str] = []

    async def events(self) -> set[str]:
        events = (await self.owner.get("/api/audit?limit=1000")).json()
        return {event["id"] for event in events if event["action"] != "key.refused"}

    async def change(self, route: str, names: dict[str, str] | None = None, **options: Any) -> Any:
        method, path = route.split(" ")
        url = path.format(**names or {})
        refused = await self.member.request(method, url, **options)
        assert refused.status_code == 403, (route, refused.text)
        before = await self.events()
        answer = await self.owner.request(method, url, **options)
        assert answer.is_success, (route, answer.text)
        if not await self.events() - before:
            self.silent.append(route)
        self.done.add(route)
        return answer.json() if answer.content else None


async def test_every_change_that_takes_an_administrator_is_recorded(site: Site) -> None:
    async with site.client("owner") as owner, site.client("member") as member:
        document = await add_tides(owner)
        run = (await owner.post("/api/runs", json={"question": "How often does the tide turn?"})).json()[
            "run_id"
        ]
        edit = {"kind": "edit", "value": 1, "text": "Twice a day. [1]"}
        assert (await owner.post(f"/api/runs/{run}/feedback", json=edit)).is_success
        await site.app.state.whorl.flush()
        tried = Tried(owner, member)
        await change_identity(tried)
        await change_agents(tried)
        await change_adapters(tried)
        await change_data(tried, run, document)
    routes = {f"{o.method.upper()} {o.path}" for o in operations(site.app) if o.method in CHANGES}
    changes = {route for route in routes if route.split(" ")[1].startswith(("/api/", "/v1/"))}
    assert tried.silent == []
    assert changes == tried.done | FOR_MEMBERS | ELSEWHERE.keys(), (
        "a new route is tried here, or said why not"
    )


async def change_identity(tried: Tried) -> None:
    key = await tried.change("POST /api/keys", json={"name": "billing"})
    rotated = await tried.change("POST /api/keys/{key_id}/rotate", {"key_id": key["id"]}, json={})
    await tried.change("DELETE /api/keys/{key_id}", {"key_id": rotated["id"]})
    ada = {
        "user_id": (await tried.change("POST /api/members", json={"email": "ada@acme.example"}))["user_id"]
    }
    await tried.change("POST /api/members/{user_id}/password-link", ada)
    await tried.change("PUT /api/members/{user_id}", ada, json={"role": "viewer"})
    await tried.change("DELETE /api/members/{user_id}", ada)
    invited = await tried.change("POST /api/invitations", json={"email": "bea@acme.example"})
    await tried.change("DELETE /api/invitations/{invitation_id}", {"invitation_id": invited["id"]})


async def change_agents(tried: Tried) -> None:
    await tried.change("PUT /api/agents/{name}", {"name": "tutor"}, json={})
    await tried.change("DELETE /api/agents/{name}", {"name": "tutor"})


async def change_adapters(tried: Tried) -> None:
    route = "POST /api/adapters/{name}/promote"
    await tried.change(route, {"name": "acme.v1"}, json={"stage": "serving", "force": True})
    await tried.change(route, {"name": "acme.v2"}, json={"stage": "canary", "force": True})
    await tried.change("POST /api/adapters/{name}/stop", {"name": "acme.v2"})
    await tried.change("POST /api/agents/{agent}/rollback", {"agent": "default"})
    await tried.change("DELETE /api/adapters/{name}", {"name": "acme.v1"})


async def change_data(tried: Tried, run: str, document: str) -> None:
    await tried.change("PUT /api/redaction/policy", json={"deny": ["Zebra"]})
    await tried.change("PUT /api/retention", json={"run_days": 30})
    await tried.change("PUT /api/consent", json={"rule": "never"})
    await tried.owner.put("/api/consent", json={"rule": "opt-out"})
    await tried.change("PUT /api/consents", json={"subject": "customer-7", "training": True})
    dataset = await tried.change("POST /api/datasets", json={"format": "sft"})
    training = await tried.change("POST /api/trainings", json={"dataset_id": dataset["id"], "method": "sft"})
    await tried.change("POST /api/trainings/{training_id}/cancel", {"training_id": training["id"]})
    await tried.change("DELETE /api/datasets/{dataset_id}", {"dataset_id": dataset["id"]})
    await tried.change("POST /api/judges/runs", json={"judge": "similarity", "weight": 0})
    await tried.change("POST /api/quarantine/screen", json={})
    await tried.change("POST /api/recalls", json={"source": f"run:{run}"})
    await tried.change("POST /api/recalls", json={"source": "tool:search"})
    await tried.change("DELETE /api/recalls/tools/{name}", {"name": "search"})
    await tried.change("POST /api/quarantine/{run_id}", {"run_id": run}, json={"state": "released"})
    await tried.change("POST /api/documents", files={"file": ("b.md", b"# B\n\nThe moon turns.")})
    await tried.change("DELETE /api/documents/{document_id}", {"document_id": document})
    await tried.change("DELETE /api/collections/{name}", {"name": "documents"})
    await tried.owner.post("/api/members", json={"email": "eve@acme.example"})
    await tried.change("POST /api/erasures", json={"subject": "eve@acme.example"})
