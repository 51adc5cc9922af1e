"""Requests that are sent again are carried out once."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from sqlalchemy import false, select, update
from sqlalchemy.exc import OperationalError

from tests.conftest import Addresses, quote_first, test_settings
from tests.platform.test_api import Site
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError
from whorl.platform.idempotency import answers
from whorl.platform.idempotency.answers import Answer, Keyed, begin
from whorl.platform.idempotency.tables import IdempotentAnswer
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.base import Generation, Token
from whorl.platform.serving.engine.scripted import ScriptedBackend


class Gated(ScriptedBackend):
    """A scripted model that says nothing before ``gate`` is open, and counts what it is asked."""

    def __init__(self) -> None:
        super().__init__(quote_first)
        self.gate, self.asked = asyncio.Event(), 0
        self.gate.set()

    async def generate(self, generation: Generation) -> AsyncIterator[Token]:
        self.asked += 1
        await self.gate.wait()
        async for token in super().generate(generation):
            yield token


@pytest_asyncio.fixture
async def site(database: Addresses, tmp_path: Path) -> AsyncIterator[Any]:
    backend = Gated()
    app = create_app(test_settings(database, tmp_path / "whorl", worker="external"), backend=backend)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        engine = app.state.whorl.engine
        acme, rival = await ensure_tenant(engine, "acme"), await ensure_tenant(engine, "rival")
        made = Site(app, {"owner": str(acme.key), "rival": str(rival.key)})
        made.backend, made.tenant_id = backend, acme.tenant.id  # type: ignore[attr-defined]
        yield made


KEY = {"Idempotency-Key": "4f1c"}
CHAT = {"model": "whorl", "messages": [{"role": "user", "content": "When?"}]}


async def rows(site: Any) -> list[IdempotentAnswer]:
    async with tenant_session(site.app.state.whorl.engine, site.tenant_id) as session:
        return list(await session.scalars(select(IdempotentAnswer)))


@pytest.mark.parametrize(
    ("path", "body", "changed"),
    [
        ("/api/runs", {"question": "When?"}, {"question": "Where?"}),
        ("/api/runs", {"question": "When?", "background": True}, {"question": "When?"}),
        ("/v1/chat/completions", CHAT, {**CHAT, "temperature": 0.5}),
        ("/v1/embeddings", {"model": "hashing-384", "input": "a"}, {"model": "hashing-384", "input": "b"}),
        ("/api/keys", {"name": "one"}, {"name": "two"}),
        ("/api/members", {"email": "ada@acme.example"}, {"email": "eve@acme.example"}),
        ("/api/datasets", {"format": "sft"}, {"format": "kto"}),
    ],
)
async def test_the_first_answer_is_given_again(site: Any, path: str, body: Any, changed: Any) -> None:
    async with site.client("owner") as client:
        first = await client.post(path, json=body, headers=KEY)
        assert first.status_code in (200, 201, 202, 422), first.text
        asked = site.backend.asked
        again = await client.post(path, content=httpx.Request("POST", "http://x", json=body).content,
                                  headers={**KEY, "Content-Type": "application/json"})  # fmt: skip
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again.headers["content-type"] == first.headers["content-type"]
        assert again.headers.get("location") == first.headers.get("location")
        assert again.headers["idempotency-replayed"] == "true" and "idempotency-replayed" not in first.headers
        other = await client.post(path, json=changed, headers=KEY)
        assert other.status_code == 422
        problem = other.json()
        assert "another request" in (
            problem["error"]["message"] if path.startswith("/v1") else problem["detail"]
        )
        fresh = await client.post(path, json=body, headers={"Idempotency-Key": "another"})
        assert fresh.content != first.content or path in ("/v1/embeddings", "/api/datasets")
        if path == "/v1/chat/completions":
            assert asked < site.backend.asked


async def test_a_file_that_is_sent_again_is_the_same_in_another_envelope(site: Any) -> None:
    files = {"file": ("a.md", b"# Tides\n\nThe tide turns.")}
    async with site.client("owner") as client:
        first = await client.post("/api/documents", files=files, headers=KEY)
        again = await client.post("/api/documents", files=files, headers=KEY)
        assert first.json()[0]["status"] == "added" and again.json() == first.json()
        assert first.request.headers["content-type"] != again.request.headers["content-type"]
        files = {"file": ("a.md", b"# Tides\n\nThe tide stays.")}
        assert (await client.post("/api/documents", files=files, headers=KEY)).status_code == 422


async def test_requests_at_once_are_carried_out_once(site: Any) -> None:
    site.backend.gate.clear()
    async with site.client("owner") as client:
        body = {"question": "When?"}
        first = asyncio.create_task(client.post("/api/runs", json=body, headers=KEY))
        while site.backend.asked == 0:
            await asyncio.sleep(0.01)
        others = await asyncio.gather(*(client.post("/api/runs", json=body, headers=KEY) for _ in range(5)))
        assert {answer.status_code for answer in others} == {409}
        assert {answer.headers["Retry-After"] for answer in others} == {"5"}
        site.backend.gate.set()
        done = await first
        assert done.status_code == 200
        assert (await client.post("/api/runs", json=body, headers=KEY)).json() == done.json()
        assert len((await client.get("/api/runs")).json()) == 1


async def test_a_key_that_is_given_up_while_another_asks_for_it_is_free(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first request fails just between the other's claim and its look at who holds the key."""
    engine = site.app.state.whorl.engine
    tenant = await ensure_tenant(engine, "acme")
    keyed = Keyed(tenant.tenant.id, "secret", "k1", "hash")
    assert await begin(engine, keyed) is None
    looked: list[int] = []
    named = answers._named

    def given_up(key: Keyed) -> Any:
        looked.append(1)
        return (*named(key), false()) if len(looked) == 1 else named(key)

    monkeypatch.setattr(answers, "_named", given_up)
    with pytest.raises(ConflictError):
        await begin(engine, keyed)
    assert len(looked) == 2


async def test_a_request_holds_its_key_for_as_long_as_it_takes(
    site: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one whose process died gives it back a minute after it was last heard of."""
    monkeypatch.setattr(answers, "_RENEW", 0.05)
    site.backend.gate.clear()
    body = {"question": "When?"}
    async with site.client("owner") as client:
        first = asyncio.create_task(client.post("/api/runs", json=body, headers=KEY))
        while site.backend.asked == 0:
            await asyncio.sleep(0.01)
        [claimed] = await rows(site)
        assert claimed.expires_at - now() <= timedelta(minutes=1)
        while (await rows(site))[0].expires_at == claimed.expires_at:
            await asyncio.sleep(0.01)
        site.backend.gate.set()
        assert (await first).status_code == 200
        assert (await rows(site))[0].expires_at > now() + timedelta(hours=23), "renewed no more"


async def test_an_answer_that_cannot_be_kept_is_given(site: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The database goes away while it is being made: what was done is not told as having failed."""

    async def away(*_: Any) -> None:
        raise OperationalError("UPDATE", {}, ConnectionError())

    monkeypatch.setattr(answers, "keep", away)
    async with site.client("owner") as client:
        answer = await client.post("/api/runs", json={"question": "When?"}, headers=KEY)
        assert answer.status_code == 200 and answer.json()["answer"]


async def test_what_failed_may_be_tried_again(site: Any) -> None:
    """A refusal that passes, such as a quota's, is not kept."""
    from whorl.platform.usage.quotas import Quotas, change_quotas

    engine = site.app.state.whorl.engine
    async with site.client("owner") as client:
        async with tenant_session(engine, site.tenant_id) as session:
            await change_quotas(session, site.tenant_id, Quotas(requests_per_minute=0))
        assert (await client.post("/api/runs", json={"question": "When?"}, headers=KEY)).status_code == 429
        assert await rows(site) == []
        async with tenant_session(engine, site.tenant_id) as session:
            await change_quotas(session, site.tenant_id, Quotas())
        assert (await client.post("/api/runs", json={"question": "When?"}, headers=KEY)).status_code == 200


async def test_keys_belong_to_their_callers(site: Any) -> None:
    async with site.client("owner") as owner, site.client("rival") as rival:
        made = (await owner.post("/api/keys", json={"name": "second", "role": "admin"})).json()
        site.keys["second"] = made["key"]
        body = {"question": "When?"}
        answers = [(await owner.post("/api/runs", json=body, headers=KEY)).json()]
        answers.append((await rival.post("/api/runs", json=body, headers=KEY)).json())
        async with site.client("second") as second:
            answers.append((await second.post("/api/runs", json=body, headers=KEY)).json())
        assert len({answer["run_id"] for answer in answers}) == 3
        async with site.client(None) as nobody:
            assert (await nobody.post("/api/runs", json=body, headers=KEY)).status_code == 401


async def test_answers_are_encrypted_where_they_are_kept_and_forgotten_after_a_day(site: Any) -> None:
    async with site.client("owner") as client:
        made = (await client.post("/api/keys", json={"name": "second"}, headers=KEY)).json()
        [row] = await rows(site)
        assert row.answer is not None and made["key"].encode() not in row.answer
        assert timedelta(hours=23) < row.expires_at - now() < timedelta(hours=25)
        async with tenant_session(site.app.state.whorl.engine, site.tenant_id) as session:
            await session.execute(update(IdempotentAnswer).values(expires_at=now() - timedelta(seconds=1)))
        after = (await client.post("/api/keys", json={"name": "second"}, headers=KEY)).json()
        assert after["id"] != made["id"]


@pytest.mark.parametrize("key", ["", "a b", "ü", "x" * 256])
async def test_a_key_that_is_none_is_refused(site: Any, key: str) -> None:
    async with site.client("owner") as client:
        headers = {"Idempotency-Key": key.encode()}
        assert (
            await client.post("/api/runs", json={"question": "When?"}, headers=headers)
        ).status_code == 422
        answer = await client.post("/v1/chat/completions", json=CHAT, headers=headers)
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, "Idempotency-Key")


@pytest.mark.parametrize("path", ["/api/runs", "/v1/chat/completions"])
async def test_a_stream_takes_no_key(site: Any, path: str) -> None:
    async with site.client("owner") as client:
        body = {**CHAT, "question": "When?", "stream": True}
        answer = await client.post(path, json=body, headers=KEY)
        assert answer.status_code == (422 if path.startswith("/api") else 400)
        assert site.backend.asked == 0


def test_only_the_same_secret_opens_an_answer() -> None:
    keyed = Keyed(uuid.uuid4(), "whorl_secret", "key", "hash")
    answer = Answer(201, {"content-type": "application/json"}, b"{}\n{}")
    assert keyed.open(keyed.seal(answer)) == answer
    from cryptography.exceptions import InvalidTag

    for other in (
        Keyed(keyed.tenant_id, "other", "key", "hash"),
        Keyed(keyed.tenant_id, "whorl_secret", "k", "hash"),
    ):
        with pytest.raises(InvalidTag):
            other.open(keyed.seal(answer))
