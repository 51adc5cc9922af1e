"""Nobody becomes an owner, nor stands in for one, but by an owner; and a workspace keeps one."""

import asyncio
from typing import Any

import pytest

from tests.conftest import Actor, Whorl
from tests.platform.test_api import Site, site
from whorl.flywheel.erasure import erase_subject
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, PermissionDeniedError
from whorl.platform.identity.members import add_member, change_role, list_members, remove_member
from whorl.platform.identity.tables import User

__all__ = ["site"]
PROVIDER = {
    "issuer": "https://login.example",
    "client_id": "c",
    "client_secret": "s",
    "domains": ["acme.example"],
}


async def ids(site: Site) -> dict[str, str]:
    """An owner, a member that an administrator could raise, and the owner's key."""
    async with site.client("owner") as owner:
        members = {each["role"]: each["user_id"] for each in (await owner.get("/api/members")).json()}
        added = await owner.post("/api/members", json={"email": "kim@acme.example", "role": "admin"})
        (key,) = [each["id"] for each in (await owner.get("/api/keys")).json() if each["role"] == "owner"]
    return {"owner": members["owner"], "kim": added.json()["user_id"], "key": key}


ATTEMPTS: list[tuple[str, str, Any]] = [
    ("PUT", "/api/members/{kim}", {"role": "owner"}),
    ("PUT", "/api/members/{owner}", {"role": "viewer"}),
    ("DELETE", "/api/members/{owner}", None),
    ("POST", "/api/members", {"email": "new@acme.example", "role": "owner"}),
    ("POST", "/api/members/{owner}/password-link", None),
    ("POST", "/api/invitations", {"email": "new@acme.example", "role": "owner"}),
    ("POST", "/api/keys", {"name": "more", "role": "owner"}),
    ("POST", "/api/keys/{key}/rotate", {"overlap_hours": 1}),
    ("DELETE", "/api/keys/{key}", None),
    ("PUT", "/api/sso", {**PROVIDER, "role": "owner"}),
    ("PUT", "/api/sso", {**PROVIDER, "role": "member"}),
    ("DELETE", "/api/sso", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ATTEMPTS)
async def test_an_administrator_does_not_come_to_be_an_owner(
    method: str, path: str, body: Any, site: Site
) -> None:
    known = await ids(site)
    async with site.client("admin") as admin, site.client("owner") as owner:
        before = [
            (await owner.get(where)).json() for where in ("/api/members", "/api/keys", "/api/invitations")
        ]
        refused = await admin.request(method, path.format(**known), json=body)
        assert refused.status_code == 403 and "owner" in refused.json()["detail"], refused.text
        after = [
            (await owner.get(where)).json() for where in ("/api/members", "/api/keys", "/api/invitations")
        ]
    assert after == before


async def test_an_administrator_does_all_else_and_an_owner_this_too(site: Site) -> None:
    known = await ids(site)
    async with site.client("admin") as admin, site.client("owner") as owner:
        for role in ("viewer", "member", "admin"):
            changed = await admin.put(f"/api/members/{known['kim']}", json={"role": role})
            assert changed.status_code == 204, changed.text
            assert (await admin.post("/api/keys", json={"name": role, "role": role})).status_code == 201
        assert (await owner.put(f"/api/members/{known['kim']}", json={"role": "owner"})).status_code == 204
        assert (await owner.put(f"/api/members/{known['kim']}", json={"role": "member"})).status_code == 204
        assert (await admin.delete(f"/api/members/{known['kim']}")).status_code == 204
        assert (
            await owner.post(f"/api/keys/{known['key']}/rotate", json={"overlap_hours": 1})
        ).status_code == 201
        assert (await owner.delete(f"/api/keys/{known['key']}")).status_code == 204


async def test_an_administrator_erases_no_owner(whorl: Whorl, acme: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await add_member(session, acme.tenant_id, "second@acme.example", "owner")
    admin = Actor(acme.tenant_id, acme.tenant_slug, "admin", "kim")
    with pytest.raises(PermissionDeniedError, match="takes an owner"):
        await erase_subject(whorl.engine, whorl.servers, admin, "second@acme.example")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert len(await list_members(session)) == 2
    await erase_subject(whorl.engine, whorl.servers, acme, "second@acme.example")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert len(await list_members(session)) == 1


async def unmake(whorl: Whorl, actor: Actor, member: User, how: str) -> None:
    if how == "erased":
        await erase_subject(whorl.engine, whorl.servers, actor, member.email)
        return
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        if how == "removed":
            await remove_member(session, actor, member.id)
        else:
            await change_role(session, actor, member.id, "member")


@pytest.mark.parametrize("how", ["removed", "demoted", "erased"])
async def test_owners_who_unmake_each_other_leave_one(how: str, whorl: Whorl, acme: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await add_member(session, acme.tenant_id, "second@acme.example", "owner")
        first, second = [member.user for member in await list_members(session)]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await change_role(session, acme, first.id, "member")
        other = asyncio.create_task(unmake(whorl, acme, second, how))
        await asyncio.sleep(0.5)
    with pytest.raises(ConflictError, match="needs an owner"):
        await asyncio.wait_for(other, 30)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert [each.role for each in await list_members(session)] == ["member", "owner"]


async def test_owners_who_demote_each_other_over_http_leave_one(site: Site) -> None:
    async with site.client("owner") as owner:
        site.keys["program"] = (await owner.post("/api/keys", json={"name": "p", "role": "owner"})).json()[
            "key"
        ]
    async with site.client("program") as owner:
        first = (await owner.get("/api/members")).json()[0]["user_id"]
        new = {"email": "second@acme.example", "role": "owner"}
        second = (await owner.post("/api/members", json=new)).json()["user_id"]
        asked = [owner.put(f"/api/members/{each}", json={"role": "admin"}) for each in [first, second] * 4]
        answers = [answer.status_code for answer in await asyncio.gather(*asked)]
        roles = [each["role"] for each in (await owner.get("/api/members")).json()]
    assert set(answers) == {204, 409} and sorted(roles) == ["admin", "owner"]
