"""Keys that are limited to some agents and models: they may ask these, see what came of it, and do nothing else."""

from typing import Any

import httpx
import pytest

from tests.agents.test_plain import short
from tests.platform.test_api import Site, add_tides, site
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Scope
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member

__all__ = ["short", "site"]
QUESTION = [{"role": "user", "content": "When?"}]


async def limited(site: Site, **asks: list[str]) -> httpx.AsyncClient:
    """A client with a new key that may ask what is named."""
    async with site.client("owner") as owner:
        made = await owner.post("/api/keys", json={"name": "limited", **asks})
        assert made.status_code == 201, made.text
    site.keys["limited"] = made.json()["key"]
    return site.client("limited")


async def of_one_person(site: Site) -> None:
    """Two keys of a person's own, one of them limited to the agent tutor."""
    tenant = (await ensure_tenant(site.app.state.whorl.engine, "acme")).tenant
    async with tenant_session(site.app.state.whorl.engine, tenant.id) as session:
        user, _ = await add_member(session, tenant.id, "ann@acme.example", "member")
        for name, scope in (("whole", None), ("part", Scope.of(["tutor"], None))):
            _, site.keys[name] = await create_key(
                session, tenant.id, name, "member", user_id=user.id, scope=scope
            )


async def define(site: Site, *names: str) -> None:
    async with site.client("owner") as owner:
        for name in names:
            assert (await owner.put(f"/api/agents/{name}", json={})).status_code == 200


async def chat(client: httpx.AsyncClient, model: str, **fields: Any) -> httpx.Response:
    body = {"model": model, "messages": QUESTION, **fields}
    return await client.post("/v1/chat/completions", json=body)


async def test_a_key_asks_the_agents_it_is_limited_to_and_no_other(site: Site) -> None:
    await define(site, "tutor", "seller")
    async with await limited(site, agents=["tutor"]) as client:
        runs = {
            agent: await client.post("/api/runs", json={"question": "When?", "agent": agent})
            for agent in ("tutor", "seller", "default", "nowhere")
        }
        chats = {
            name: await chat(client, name, stream=stream)
            for name, stream in (("tutor", False), ("seller", False), ("whorl", True), ("scripted", True))
        }
        models = [each["id"] for each in (await client.get("/v1/models")).json()["data"]]
        agents = [each["name"] for each in (await client.get("/api/agents")).json()]
        found = [(await client.get(f"/api/agents/{name}")).status_code for name in ("tutor", "seller")]
    assert [each.status_code for each in runs.values()] == [200, 403, 403, 403]
    assert [each.status_code for each in chats.values()] == [200, 403, 403, 403]
    refused = "The key is limited to the agents tutor and may not ask the agent seller."
    assert refused in runs["seller"].json()["detail"]
    error = chats["scripted"].json()["error"]
    assert error["code"] == "permission_denied" and "may not ask the model scripted" in error["message"]
    assert (models, agents, found) == (["tutor"], ["tutor"], [200, 403])


async def test_a_key_asks_the_models_it_is_limited_to_and_no_other(site: Site, short: list[int]) -> None:
    embedder = site.app.state.whorl.library.embedder.name
    async with await limited(site, models=["scripted"]) as client:
        for _ in range(2):
            assert (await chat(client, "scripted")).status_code == 200
        refused = [
            await chat(client, "whorl"),
            await client.post("/v1/embeddings", json={"model": embedder, "input": "tide"}),
            await client.post("/api/runs", json={"question": "When?"}),
        ]
        models = [each["id"] for each in (await client.get("/v1/models")).json()["data"]]
    assert [each.status_code for each in refused] == [403, 403, 403]
    assert models == ["scripted"] and not short, "what it may ask is looked at on the long way"
    async with await limited(site, models=[embedder]) as client:
        embedded = await client.post("/v1/embeddings", json={"model": embedder, "input": "tide"})
        refused = [await chat(client, "scripted") for _ in range(2)]
    assert embedded.status_code == 200 and [each.status_code for each in refused] == [403, 403]


async def test_a_limited_key_does_nothing_but_ask(site: Site) -> None:
    async with site.client("owner") as owner:
        document = await add_tides(owner)
    async with await limited(site, agents=["default"]) as client:
        answers = [
            await client.get(path)
            for path in ("/api/search?q=tide", f"/api/documents/{document}", "/api/collections", "/api/keys")
        ]
    assert [each.status_code for each in answers] == [403] * 4
    assert "may do nothing else" in answers[0].json()["detail"]


async def test_a_limited_key_sees_what_it_asked_and_not_what_others_did(site: Site) -> None:
    """Of its person's other keys: what those asked beyond its limits is not its to see."""
    await define(site, "tutor", "seller")
    await of_one_person(site)
    async with site.client("whole") as member:
        other = (await member.post("/api/runs", json={"question": "Secret?", "agent": "seller"})).json()
        turned = (await member.post("/api/runs", json={"question": "When?", "agent": "tutor"})).json()
        conversation = turned["conversation_id"]
        again = {"question": "Secret?", "agent": "seller", "conversation_id": conversation}
        assert (await member.post("/api/runs", json=again)).status_code == 200
    async with site.client("part") as client:
        own = (await client.post("/api/runs", json={"question": "When?", "agent": "tutor"})).json()
        runs = {each["id"] for each in (await client.get("/api/runs")).json()}
        conversations = [each["id"] for each in (await client.get("/api/conversations")).json()]
        feedback = {"kind": "thumb", "value": 1}
        tried = [
            await client.get(f"/api/runs/{other['run_id']}"),
            await client.get(f"/api/runs/{other['run_id']}/events"),
            await client.post(f"/api/runs/{other['run_id']}/cancel"),
            await client.post(f"/api/runs/{other['run_id']}/feedback", json=feedback),
            await client.get(f"/api/conversations/{other['conversation_id']}/messages"),
            await client.get(f"/api/conversations/{conversation}/messages"),
            await client.delete(f"/api/conversations/{conversation}"),
        ]
        mine = await client.get(f"/api/conversations/{own['conversation_id']}/messages")
        liked = await client.post(f"/api/runs/{own['run_id']}/feedback", json=feedback)
    assert [each.status_code for each in tried] == [404] * 7
    assert runs == {own["run_id"], turned["run_id"]} and conversations == [own["conversation_id"]]
    assert len(mine.json()) == 2 and liked.status_code == 201


@pytest.mark.parametrize("role", ["owner", "admin", "viewer", "exporter"])
async def test_who_may_do_more_than_ask_is_not_limited(site: Site, role: str) -> None:
    async with site.client("owner") as owner:
        made = await owner.post("/api/keys", json={"name": "a", "role": role, "agents": ["tutor"]})
        nothing = await owner.post("/api/keys", json={"name": "a", "agents": []})
    assert made.status_code == 422 and "has the role member" in made.json()["detail"]
    assert nothing.status_code == 422


async def test_a_rotated_key_is_limited_as_the_old_one(site: Site) -> None:
    await define(site, "tutor")
    async with await limited(site, agents=["tutor"]), site.client("owner") as owner:
        [key] = [each for each in (await owner.get("/api/keys")).json() if each["name"] == "limited"]
        assert (key["agents"], key["models"]) == (["tutor"], [])
        rotated = (await owner.post(f"/api/keys/{key['id']}/rotate", json={})).json()
        events = (await owner.get("/api/audit")).json()
    site.keys["rotated"] = rotated["key"]
    async with site.client("rotated") as client:
        codes = [(await chat(client, model)).status_code for model in ("tutor", "scripted")]
    assert rotated["agents"] == ["tutor"] and codes == [200, 403]
    created = next(
        event for event in events if event["target"] == key["id"] and event["action"] == "key.created"
    )
    assert created["details"] == {"role": "member", "agents": ["tutor"], "models": []}
