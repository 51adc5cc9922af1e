"""The audit log: only added to, read by page, exported whole; and keys that are rotated."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError

from tests.conftest import Actor, Addresses, Whorl, quote_first, test_settings
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.identity import audit
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.identity.tables import ApiKey, AuditEvent
from whorl.platform.serving.engine.scripted import ScriptedBackend

# What the log of a workspace begins with.
BEGUN = ["tenant.created", "member.added", "key.created"]


class Site:
    """A running application and the owner's key of its workspace."""

    def __init__(self, app: Any, key: str, owner: Actor) -> None:
        self.app, self.key, self.owner = app, key, owner

    @property
    def whorl(self) -> Whorl:
        whorl: Whorl = self.app.state.whorl
        return whorl

    def client(self, key: str | None = None) -> httpx.AsyncClient:
        headers = {"Authorization": f"Bearer {key or self.key}"}
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app), base_url="http://whorl.test", headers=headers, timeout=30
        )

    async def actions(self, action: str) -> list[AuditEvent]:
        async with tenant_session(self.whorl.engine, self.owner.tenant_id) as session:
            return [event for event in await audit.recent(session, 1000) if event.action == action]


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Site]:
    settings = test_settings(database, tmp_path / "whorl", worker="external")
    app = create_app(settings, backend=ScriptedBackend(quote_first))
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        acme = await ensure_tenant(app.state.whorl.engine, "acme")
        yield Site(app, str(acme.key), operator_of(acme.tenant))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_events SET action = 'nothing'", "DELETE FROM audit_events", "TRUNCATE audit_events",
        "INSERT INTO audit_events (tenant_id, id, at, actor, action, target, details) SELECT tenant_id, id, at, actor, "
        "'x', target, details FROM audit_events ON CONFLICT (tenant_id, id) DO UPDATE SET action = 'x'",
    ],
)  # fmt: skip
async def test_what_is_recorded_stays_as_it_is(whorl: Whorl, acme: Actor, statement: str) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        audit.record(session, acme, "test.done", "x")
    with pytest.raises(DBAPIError, match="permission denied for table audit_events"):
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            await session.execute(text(statement))
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert [event.action for event in await audit.recent(session)] == ["test.done", *reversed(BEGUN)]


async def test_the_log_is_read_by_page_to_its_end(site: Site) -> None:
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        for number in range(7):
            audit.record(session, site.owner, "test.done", str(number))
    async with site.client() as client:
        found: list[str] = []
        url: str | None = "/api/audit?limit=3"
        while url:
            answer = await client.get(url)
            found += [event["target"] for event in answer.json() if event["action"] == "test.done"]
            url = answer.links.get("next", {}).get("url")
        assert found == [str(number) for number in reversed(range(7))]
        assert (await client.get("/api/audit?cursor=nonsense")).status_code == 422


async def test_the_export_has_every_event_and_itself(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "_TOGETHER", 3)
    rival = operator_of((await ensure_tenant(site.whorl.engine, "rival")).tenant)
    async with tenant_session(site.whorl.engine, rival.tenant_id) as session:
        audit.record(session, rival, "test.done", "of the rival")
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        for number in range(8):
            audit.record(session, site.owner, "test.done", f"é\n{number}", number=number)
    async with site.client() as client:
        answer = await client.get("/api/audit/export")
        assert answer.headers["content-type"] == "application/jsonl"
        events = [json.loads(line) for line in answer.text.splitlines()]
        assert [event["action"] for event in events[:3]] == BEGUN
        events = events[3:]
        assert [event["details"].get("number") for event in events] == [*range(8), None]
        assert events[-1]["action"] == "audit.exported" and events[0]["target"] == "é\n0"
        again = [json.loads(line) for line in (await client.get("/api/audit/export")).text.splitlines()]
        assert again[3:12] == events and len(again) == 13
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        _, viewer = await create_key(session, site.owner.tenant_id, "v", "viewer")
    async with site.client(viewer) as client:
        assert (await client.get("/api/audit/export")).status_code == 403


async def test_a_key_that_is_used_for_what_it_may_not_is_recorded(site: Site) -> None:
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        key, text = await create_key(session, site.owner.tenant_id, "v", "exporter")
    async with site.client(text) as client:
        for _ in range(30):
            assert (await client.get(f"/api/runs/{key.id}/spans")).status_code == 403
    events = await site.actions("key.refused")
    assert len(events) == 20, "of many in a row the first ones"
    assert events[0].target == str(key.id) and events[0].actor == f"key:{key.id}"
    assert events[0].details == {"method": "GET", "path": "/api/runs/{run_id}/spans", "role": "exporter"}


async def test_sign_ins_are_recorded_and_strangers_leave_no_trace(site: Site) -> None:
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        user, password = await add_member(session, site.owner.tenant_id, "ada@acme.example", "member")
    await ensure_tenant(site.whorl.engine, "rival")
    async with site.client() as client:
        for form in (
            {"email": "ada@acme.example", "password": str(password)},
            {"email": " ADA@acme.example", "password": "wrong"},
            {"email": "ada@acme.example", "password": "wrong", "workspace": "acme"},
            {"email": "ada@acme.example", "password": "wrong", "workspace": "rival"},
            {"email": "nobody@acme.example", "password": "wrong"},
        ):
            await client.post("/signin", data=form)
    [done] = await site.actions("signin.done")
    assert (done.actor, done.details) == (f"user:{user.id}", {"by": "password"})
    failed = await site.actions("signin.failed")
    assert [(event.actor, event.target) for event in failed] == [("anybody", str(user.id))] * 2


async def test_a_rotated_key_is_valid_beside_the_new_one_for_a_while(site: Site) -> None:
    async with site.client() as client:
        old = (await client.post("/api/keys", json={"name": "billing", "role": "viewer", "days": 90})).json()
        answer = await client.post(f"/api/keys/{old['id']}/rotate", json={"overlap_hours": 48})
        assert answer.status_code == 201
        new = answer.json()
        listed = {key["id"]: key for key in (await client.get("/api/keys")).json()}
    assert new["key"] != old["key"] and new["id"] != old["id"]
    assert (new["name"], new["role"], new["revoked_at"]) == ("billing", "viewer", None)
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        stored = {str(key.id): key for key in await session.scalars(select(ApiKey))}
        valid = stored[new["id"]].expires_at, stored[old["id"]].expires_at
        assert valid[0] and timedelta(days=89, hours=23) < valid[0] - now() <= timedelta(days=90)
        assert valid[1] and timedelta(hours=47) < valid[1] - now() <= timedelta(hours=48)
    assert listed[old["id"]]["expires_at"] is not None
    for key in (old["key"], new["key"]):
        async with site.client(key) as client:
            assert (await client.get("/api/me")).json()["role"] == "viewer"
    async with tenant_session(site.whorl.engine, site.owner.tenant_id) as session:
        await session.execute(update(ApiKey).where(ApiKey.id == old["id"]).values(expires_at=now()))
    async with site.client(old["key"]) as client:
        assert (await client.get("/api/me")).status_code == 401
    [event] = await site.actions("key.rotated")
    assert event.target == old["id"] and event.details == {"new": new["id"], "overlap_hours": 48}


async def test_what_cannot_be_rotated(site: Site) -> None:
    async with site.client() as client:
        made = (await client.post("/api/keys", json={"name": "a"})).json()
        path = f"/api/keys/{made['id']}/rotate"
        for hours in (-1, 169):
            assert (await client.post(path, json={"overlap_hours": hours})).status_code == 422
        assert (await client.post(path, json={"overlap_hours": 0})).status_code == 201
        async with site.client(made["key"]) as old:
            assert (await old.get("/api/me")).status_code == 401
        assert (await client.post(path, json={})).status_code == 409
        unknown = "/api/keys/0199e6a0-0000-7000-8000-000000000000/rotate"
        assert (await client.post(unknown, json={})).status_code == 404
    rival = await ensure_tenant(site.whorl.engine, "rival")
    async with site.client(str(rival.key)) as client:
        assert (await client.post(path, json={})).status_code == 404


async def test_rotation_does_not_lengthen_the_old_keys_life(site: Site) -> None:
    async with site.client() as client:
        made = (await client.post("/api/keys", json={"name": "a", "days": 1})).json()
        await client.post(f"/api/keys/{made['id']}/rotate", json={"overlap_hours": 168})
        listed = {key["id"]: key for key in (await client.get("/api/keys")).json()}
    assert listed[made["id"]]["expires_at"] == made["expires_at"]


async def test_a_key_is_rotated_once(site: Site) -> None:
    async with site.client() as client:
        made = (await client.post("/api/keys", json={"name": "a"})).json()
        path = f"/api/keys/{made['id']}/rotate"
        answers = await asyncio.gather(
            *(client.post(path, json={"overlap_hours": hours}) for hours in (1, 168, 24, 1))
        )
        answers.append(await client.post(path, json={}))
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409, 409]
        assert "was rotated already" in answers[-1].json()["detail"]
        (new,) = [answer.json() for answer in answers if answer.status_code == 201]
        listed = [key["id"] for key in (await client.get("/api/keys")).json() if key["name"] == "a"]
        assert sorted(listed) == sorted([made["id"], new["id"]])
        assert (await client.post(f"/api/keys/{new['id']}/rotate", json={})).status_code == 201
    assert len(await site.actions("key.rotated")) == 2
