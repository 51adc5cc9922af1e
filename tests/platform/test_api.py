"""The HTTP face: who may come in, what they may do, and the shape of errors."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager

from tests.conftest import Addresses, quote_first, test_settings
from whorl.platform import errors
from whorl.platform.app import create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key, rotate_key
from whorl.platform.problems import KINDS
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.serving.transport import InProcessTransport

ASKED = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}


class Site:
    """A running application with two tenants and a key for each role of the first."""

    def __init__(self, app: Any, keys: dict[str, str]) -> None:
        self.app, self.keys = app, keys

    def client(self, role: str | None, **headers: str) -> httpx.AsyncClient:
        given = {"Authorization": f"Bearer {self.keys[role]}"} if role else {}
        transport = InProcessTransport(self.app)
        return httpx.AsyncClient(
            transport=transport, base_url="http://whorl.test", headers={**given, **headers}, timeout=30
        )


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Site]:
    app = create_app(
        test_settings(database, tmp_path / "whorl", worker="external"), backend=ScriptedBackend(quote_first)
    )
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        engine = app.state.whorl.engine
        acme, rival = await ensure_tenant(engine, "acme"), await ensure_tenant(engine, "rival")
        keys = {"owner": str(acme.key), "rival": str(rival.key)}
        async with tenant_session(engine, acme.tenant.id) as session:
            for role in ("admin", "member", "viewer"):
                _, keys[role] = await create_key(session, acme.tenant.id, role, role)
        yield Site(app, keys)


async def add_tides(client: httpx.AsyncClient) -> str:
    added = await client.post(
        "/api/documents", files={"file": ("tides.md", b"# Tides\n\nThe tide turns twice a day.")}
    )
    assert added.status_code == 201, added.text
    return str(added.json()[0]["document_id"])


async def test_what_is_said_before_a_call_does_not_run_into_the_answer(
    database: Addresses, tmp_path: Path
) -> None:
    def thinking(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        called = call_text("search", query="tide")
        return f"I look it up.\n{called}" if messages[-1]["role"] == "user" else "Twice a day."

    app = create_app(
        test_settings(database, tmp_path / "whorl", worker="external"), backend=ScriptedBackend(thinking)
    )
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        acme = await ensure_tenant(app.state.whorl.engine, "acme")
        body = {"model": "whorl", "messages": [{"role": "user", "content": "How often?"}], "stream": True}
        async with Site(app, {"owner": str(acme.key)}).client("owner") as client:
            streamed = (await client.post("/v1/chat/completions", json=body)).text
            whole = (await client.post("/v1/chat/completions", json={**body, "stream": False})).json()
    chunks = [json.loads(line[6:]) for line in streamed.splitlines() if line.startswith("data: {")]
    said = "".join(c["choices"][0]["delta"].get("content", "") for c in chunks if c["choices"])
    assert [line for line in said.splitlines() if line] == ["I look it up.", "Twice a day."]
    assert whole["choices"][0]["message"]["content"] == "Twice a day."


async def test_nothing_is_open_but_the_health_check(site: Site) -> None:
    spec = site.app.openapi()
    tried = 0
    async with site.client(None) as client:
        assert (await client.get("/healthz")).text == "ok"
        assert (await client.get("/readyz")).json() == {
            "database": True, "model": True, "log": True, "stopping": False,
        }  # fmt: skip
        for path, methods in spec["paths"].items():
            for method in methods:
                if path in ("/healthz", "/readyz") or not path.startswith(("/api", "/v1", "/metrics")):
                    continue
                url = path.replace("{", "").replace("}", "")
                answer = await client.request(method, url)
                assert answer.status_code in (401, 422), f"{method} {path}: {answer.status_code}"
                uuid_url = path
                for name in ("run_id", "dataset_id", "document_id", "key_id", "user_id", "conversation_id"):
                    uuid_url = uuid_url.replace(f"{{{name}}}", "00000000-0000-7000-8000-000000000000")
                answer = await client.request(
                    method, uuid_url, json={} if method in ("post", "put") else None
                )
                assert answer.status_code == 401, f"{method} {path}: {answer.status_code}"
                tried += 1
    assert tried > 25


async def test_a_run_its_spans_and_its_feedback(site: Site) -> None:
    async with site.client("owner") as client:
        document_id = await add_tides(client)
        run = (await client.post("/api/runs", json={"question": "How often does the tide turn?"})).json()
        assert run["status"] == "succeeded"
        assert run["citations"][0]["document_id"] == document_id
        await site.app.state.whorl.flush()
        spans = (await client.get(f"/api/runs/{run['run_id']}/spans")).json()
        assert {span["operation"] for span in spans} == {"invoke_agent", "chat", "execute_tool", "retrieval"}
        given = await client.post(f"/api/runs/{run['run_id']}/feedback", json={"kind": "thumb", "value": 1})
        assert given.status_code == 201
        dataset = (await client.post("/api/datasets", json={"format": "sft", "held_out": 0})).json()
        assert (await client.get(f"/api/datasets/{dataset['id']}")).json() == dataset
        assert (await client.get("/api/datasets")).json() == [dataset] and dataset["runs"] == 1
        manifest = (await client.get(f"/api/datasets/{dataset['id']}/manifest.json")).json()
        assert manifest == {**dataset["manifest"], "runs": [run["run_id"]]}
        assert (await client.get(f"/api/datasets/{uuid.uuid4()}")).status_code == 404
        exported = await client.get(f"/api/datasets/{dataset['id']}/train.jsonl")
        assert json.loads(exported.text.splitlines()[0])["messages"][-1]["role"] == "assistant"
        table = pq.read_table(
            BytesIO((await client.get(f"/api/datasets/{dataset['id']}/train.parquet")).content)
        )
        assert table.num_rows == dataset["rows"]
        assert (await client.get(f"/api/datasets/{dataset['id']}/all.jsonl")).status_code == 422
        for name in ("manifest.json", "train.jsonl"):
            next(site.app.state.whorl.settings.path("datasets").rglob(name)).unlink()
            gone = await client.get(f"/api/datasets/{dataset['id']}/{name}")
            assert gone.status_code == 404 and f"The file {name}" in gone.json()["detail"]
        actions = [event["action"] for event in (await client.get("/api/audit")).json()]
        assert actions[:5] == [*["dataset.exported"] * 3, "dataset.built", "document.added"]
        conversation = run["conversation_id"]
        messages = (await client.get(f"/api/conversations/{conversation}/messages")).json()
        assert [m["role"] for m in messages] == ["user", "assistant"]


async def test_events_arrive_while_the_run_goes_on(site: Site) -> None:
    async with site.client("member") as client:
        body = {"question": "Hello?", "stream": True}
        async with client.stream("POST", "/api/runs", json=body) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            frames = [frame async for frame in response.aiter_lines() if frame.startswith(("event:", "id:"))]
    assert frames[:2] == ["id: 1", "event: run.started"]
    assert frames[-1] == "event: run.ended"


async def test_openai_clients_are_answered(site: Site) -> None:
    async with site.client("owner") as client:
        await add_tides(client)
        assert (await client.get("/v1/models")).json()["data"][0]["id"] == "whorl"
        body = {"model": "whorl", "messages": [{"role": "user", "content": "How often does the tide turn?"}]}
        reply = (await client.post("/v1/chat/completions", json=body)).json()
        assert "twice" in reply["choices"][0]["message"]["content"]
        assert reply["usage"]["total_tokens"] > 0
        streamed = ""
        async with client.stream("POST", "/v1/chat/completions", json={**body, "stream": True}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: {"):
                    choices = json.loads(line[6:])["choices"]
                    streamed += choices[0]["delta"].get("content", "") if choices else ""
        assert streamed.strip() == reply["choices"][0]["message"]["content"]
        wrong = await client.post("/v1/chat/completions", json={**body, "model": "rival.v1"})
        assert wrong.status_code == 404
        assert wrong.json()["error"]["message"].startswith("The model 'rival.v1' does not exist")
        bad = await client.post("/v1/chat/completions", json={"model": "whorl"})
        assert bad.status_code == 400
        assert set(bad.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize(
    ("role", "method", "path", "status"),
    [
        ("member", "GET", "/api/runs", 200), ("viewer", "GET", "/api/runs", 200), ("viewer", "POST", "/api/runs", 403),
        ("member", "GET", "/api/keys", 403), ("viewer", "GET", "/api/datasets", 200),
        ("member", "POST", "/api/datasets", 403), ("viewer", "POST", "/api/adapters/acme.v1/promote", 403),
        ("owner", "GET", "/api/keys", 200), ("owner", "GET", "/metrics", 403), ("member", "GET", "/metrics", 403),
        ("owner", "POST", "/api/adapters/acme.v1/promote", 404), ("owner", "POST", "/api/agents/default/rollback", 409),
    ],
)  # fmt: skip
async def test_roles(site: Site, role: str, method: str, path: str, status: int) -> None:
    bodies = {
        "/api/runs": {"question": "Hi"},
        "/api/datasets": {"format": "sft"},
        "/api/adapters/acme.v1/promote": {},
    }
    async with site.client(role) as client:
        answer = await client.request(method, path, json=bodies.get(path) if method == "POST" else None)
    assert answer.status_code == status, answer.text
    if status >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert set(answer.json()) >= {"title", "status", "detail"}
        assert answer.json()["type"].startswith("/docs#problem-")


def test_every_error_that_is_told_over_http_has_a_kind() -> None:
    inside = {errors.WhorlError, errors.ModelSignal, errors.ClientLeftError}
    told = {
        each.title
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, errors.WhorlError) and each not in inside
    }
    assert told | {"Internal error"} == {kind.title for kind in KINDS}


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/runs", "GET, POST, HEAD"), ("PUT", "/v1/chat/completions", "POST"), ("POST", "/healthz", "GET, HEAD"),
        ("POST", "/api/agents/tutor", "GET, PUT, DELETE, HEAD"),
    ],
)  # fmt: skip
async def test_a_method_that_a_path_has_not_is_refused_with_all_that_it_has(
    site: Site, method: str, path: str, allowed: str
) -> None:
    async with site.client("owner") as client:
        answer = await client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)
    if not path.startswith("/v1"):
        assert (answer.json()["type"], answer.json()["title"]) == ("about:blank", "Method Not Allowed")


async def test_another_tenant_finds_nothing(site: Site) -> None:
    async with site.client("owner") as client:
        document_id = await add_tides(client)
        run = (await client.post("/api/runs", json={"question": "How often?"})).json()
    async with site.client("rival") as client:
        for path in (
            f"/api/runs/{run['run_id']}", f"/api/runs/{run['run_id']}/spans", f"/api/documents/{document_id}",
            f"/api/conversations/{run['conversation_id']}/messages",
        ):  # fmt: skip
            assert (await client.get(path)).status_code == 404, path
        assert (await client.get("/api/runs")).json() == []
        assert (await client.get("/api/documents")).json() == []
        assert (await client.get("/api/search", params={"q": "tide"})).json() == []
        thumb = await client.post(f"/api/runs/{run['run_id']}/feedback", json={"kind": "thumb"})
        assert thumb.status_code == 404


async def test_a_program_judges_under_its_name_and_only_by_permission(site: Site) -> None:
    async with site.client("owner") as owner:
        run = (await owner.post("/api/runs", json={"question": "How often does the tide turn?"})).json()
        made = (await owner.post("/api/keys", json={"name": "member", "role": "member"})).json()
        site.keys["member"] = made["key"]
        path = f"/api/runs/{run['run_id']}/feedback"
        for kind, source in (("verdict", "verifier:nightly"), ("score", "judge:nightly")):
            given = await owner.post(path, json={"kind": kind, "program": "nightly"})
            assert given.json()["source"] == source
        assert (await owner.post(path, json={"kind": "score", "program": "a b:c"})).status_code == 422
        async with site.client("member") as member:
            refused = await member.post(path, json={"kind": "score", "program": "nightly"})
            assert refused.status_code == 403


async def test_a_revoked_key_is_refused_at_once(site: Site) -> None:
    async with site.client("owner") as owner:
        made = (await owner.post("/api/keys", json={"name": "short", "role": "member"})).json()
        site.keys["short"] = made["key"]
        async with site.client("short") as client:
            assert (await client.get("/api/me")).json()["role"] == "member"
            assert (await owner.delete(f"/api/keys/{made['id']}")).status_code == 204
            assert (await client.get("/api/me")).status_code == 401
        assert made["key"] not in (await owner.get("/api/keys")).text


async def test_members_come_and_go_but_an_owner_stays(site: Site) -> None:
    async with site.client("owner") as client:
        added = (await client.post("/api/members", json={"email": "ada@acme.example"})).json()
        assert len(added["password"]) >= 10
        again = await client.post("/api/members", json={"email": "ada@acme.example"})
        assert again.status_code == 409
        assert (
            await client.put(f"/api/members/{added['user_id']}", json={"role": "admin"})
        ).status_code == 204
        assert (await client.delete(f"/api/members/{added['user_id']}")).status_code == 204
        owner = next(m for m in (await client.get("/api/members")).json() if m["role"] == "owner")
        assert (await client.delete(f"/api/members/{owner['user_id']}")).status_code == 409
        bad = await client.post("/api/members", json={"email": "no address"})
        assert bad.status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/members", {"email": "x y@z z"}),
        ("/api/invitations", {"email": "ada@acme.example\u200b"}),
        ("/api/invitations", {"email": "<ada@acme.example>"}),
        ("/api/keys", {"name": "  "}),
    ],
)
async def test_what_is_no_address_and_no_name(site: Site, path: str, body: dict[str, str]) -> None:
    async with site.client("owner") as client:
        before = (await client.get(path)).json()
        refused = await client.post(path, json=body)
        assert refused.status_code == 422, refused.text
        assert "e-mail address" in refused.json()["detail"] or "needs a name" in refused.json()["detail"]
        assert (await client.get(path)).json() == before


async def test_keys_of_a_member_go_with_the_member(site: Site) -> None:
    whorl = site.app.state.whorl
    async with site.client("owner") as owner:
        added = (await owner.post("/api/members", json={"email": "ada@acme.example"})).json()
        tenant = uuid.UUID((await owner.get("/api/me")).json()["tenant_id"])
        async with tenant_session(whorl.engine, tenant) as session:
            key, site.keys["ada"] = await create_key(
                session, tenant, "ada", "member", user_id=uuid.UUID(added["user_id"])
            )
        async with site.client("ada") as ada:
            assert (await ada.post("/v1/chat/completions", json=ASKED)).status_code == 200
            assert (await owner.delete(f"/api/members/{added['user_id']}")).status_code == 204
            asked = await ada.post("/v1/chat/completions", json=ASKED), await ada.get("/api/me")
        told = [(each["action"], each["target"]) for each in (await owner.get("/api/audit")).json()]
    assert [each.status_code for each in asked] == [401, 401]
    assert ("key.revoked", str(key.id)) in told


async def test_keys_that_may_do_more_than_their_member_are_revoked(site: Site) -> None:
    whorl = site.app.state.whorl
    async with site.client("owner") as owner:
        new = {"email": "ada@acme.example", "role": "owner"}
        user_id = (await owner.post("/api/members", json=new)).json()["user_id"]
        tenant = uuid.UUID((await owner.get("/api/me")).json()["tenant_id"])
        made = {}
        async with tenant_session(whorl.engine, tenant) as session:
            for role in ("owner", "admin", "member", "exporter"):
                key, _ = await create_key(session, tenant, role, role, user_id=uuid.UUID(user_id))
                made[str(key.id)] = role
        left, told = [], []
        for role in ("admin", "member"):
            changed = await owner.put(f"/api/members/{user_id}", json={"role": role})
            assert changed.status_code == 204, changed.text
            keys = [key for key in (await owner.get("/api/keys")).json() if key["user_id"] == user_id]
            left.append({key["role"] for key in keys if key["revoked_at"] is None})
            told.append(
                {
                    made[each["target"]]
                    for each in (await owner.get("/api/audit")).json()
                    if each["action"] == "key.revoked"
                }
            )
        whole = [key for key in (await owner.get("/api/keys")).json() if key["user_id"] is None]
    assert left == [{"admin", "member", "exporter"}, {"member"}]
    assert told == [{"owner"}, {"owner", "admin", "exporter"}]
    assert {key["role"] for key in whole} == {"admin", "member", "viewer"}
    assert not any(key["revoked_at"] for key in whole)


async def test_what_is_made_of_a_members_key_meanwhile_is_revoked_too(site: Site) -> None:
    whorl = site.app.state.whorl
    async with site.client("owner") as owner:
        me = (await owner.get("/api/me")).json()
        actor = Actor(uuid.UUID(me["tenant_id"]), "acme", "owner", "", user_id=uuid.UUID(me["user_id"]))
        new = {"email": "ada@acme.example", "role": "owner"}
        user_id = uuid.UUID((await owner.post("/api/members", json=new)).json()["user_id"])
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            key, _ = await create_key(session, actor.tenant_id, "ada", "owner", user_id=user_id)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            _, site.keys["ada"] = await rotate_key(session, actor, key.id, timedelta(hours=1))
            demote = asyncio.create_task(owner.put(f"/api/members/{user_id}", json={"role": "member"}))
            await asyncio.sleep(0.5)
        assert (await demote).status_code == 204
    async with site.client("ada") as ada:
        assert (await ada.get("/api/me")).status_code == 401


async def test_members_list_their_own_runs_and_readers_all(site: Site) -> None:
    async with (
        site.client("member") as member,
        site.client("owner") as owner,
        site.client("viewer") as viewer,
    ):
        own = await member.post("/api/runs", json={"question": "Mine?"})
        other = await owner.post("/api/runs", json={"question": "The owner's?"})
        seen = [{run["id"] for run in (await each.get("/api/runs")).json()} for each in (member, viewer)]
        cost = (await member.get(f"/api/runs/{own.json()['run_id']}")).json()["cost"]
    mine, owners = own.json()["run_id"], other.json()["run_id"]
    assert seen == [{mine}, {mine, owners}] and cost is None


async def test_uploads_that_cannot_be_read(site: Site) -> None:
    async with site.client("owner") as client:
        for name, content in (("a.pdf", b"no pdf"), ("b.md", b""), ("c.exe", b"MZ\0\0"), ("d.txt", b"\0\1")):
            answer = await client.post("/api/documents", files={"file": (name, content)})
            assert answer.status_code == 422, name
            assert name in answer.json()["detail"], answer.json()
        assert (await client.get("/api/documents")).json() == []


async def test_a_file_of_records_replaces_those_that_it_had(site: Site) -> None:
    records = [b'{"id": "dogs", "text": "Dogs are let in."}', b'{"id": "cats", "text": "Cats stay outside."}']
    async with site.client("owner") as client:
        for lines in (records, records[:1]):
            file = {"file": ("faq.jsonl", b"\n".join(lines))}
            added = (await client.post("/api/documents", files=file)).raise_for_status().json()
        assert [(each["source"], each["status"]) for each in added] == [
            ("faq.jsonl#dogs", "unchanged"), ("faq.jsonl#cats", "removed"),
        ]  # fmt: skip
        assert [each["source"] for each in (await client.get("/api/documents")).json()] == ["faq.jsonl#dogs"]
        found = (
            (await client.get("/api/search", params={"q": "Which animals are let in?"}))
            .raise_for_status()
            .json()
        )
        assert {each["text"] for each in found} == {"Dogs are let in."}
        long = await client.post("/api/documents", files={"file": (f"a.{'x' * 300}", b"text")})
        assert long.status_code == 422
        cursor = "WyJcdWQ4MDAiXQ"
        assert (await client.get("/api/documents", params={"cursor": cursor})).status_code == 422


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/keys", {"name": "app", "agent": ["tutor"]}), ("/api/keys", {"name": "app", "expires_in_days": 1}),
        ("/api/runs", {"question": "When?", "streem": True}), ("/api/members", {"email": "a@b.example", "rol": "viewer"}),
        ("/api/datasets", {"format": "sft", "heldout": 0.5}), ("/api/erasures", {"subject": "ann", "sure": True}),
    ],
)  # fmt: skip
async def test_a_field_that_there_is_not_is_refused(site: Site, path: str, body: dict[str, Any]) -> None:
    """A limit that is misspelt would be none."""
    async with site.client("owner") as client:
        refused = await client.post(path, json=body)
    assert refused.status_code == 422 and "Extra inputs are not permitted" in refused.json()["detail"]


async def test_a_member_rates_only_runs_that_they_may_see(site: Site) -> None:
    async with site.client("owner") as owner, site.client("member") as member:
        run = (await owner.post("/api/runs", json={"question": "When does the tide turn?"})).json()
        thumb = {"kind": "thumb", "value": 0}
        path = f"/api/runs/{run['run_id']}/feedback"
        assert (await member.get(f"/api/runs/{run['run_id']}")).status_code == 404
        assert (await member.post(path, json=thumb)).status_code == 404
        assert (await owner.post(path, json=thumb)).status_code == 201


async def test_a_page_of_another_site_changes_nothing(site: Site) -> None:
    """A cookie that comes with a request of another site's page is not enough."""
    from whorl.platform.identity.http import COOKIE
    from whorl.platform.identity.signin import sign_in

    whorl = site.app.state.whorl
    async with site.client("owner") as client:
        added = (
            await client.post("/api/members", json={"email": "ada@acme.example", "role": "admin"})
        ).json()
    cookie = await sign_in(whorl.engine, added["email"], added["password"], client="127.0.0.1")
    jar = {"Cookie": f"{COOKIE}={cookie}"}
    async with site.client(None, **jar) as client:
        assert (await client.get("/api/me")).json()["name"] == "ada@acme.example"
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = await client.post("/api/keys", json={"name": "x"}, headers=headers)
            assert answer.status_code == 403, headers
        own = await client.post("/api/keys", json={"name": "x"}, headers={"Origin": "http://whorl.test"})
        assert own.status_code == 201
