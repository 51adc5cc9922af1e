"""A person's own account: the password is changed by whoever knows it, and what it opened before is over."""

import uuid
from dataclasses import dataclass

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import update

from tests.ui.conftest import Site
from tests.ui.seed import PASSWORD
from whorl.platform.database.base import now
from whorl.platform.database.session import open_session, tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.audit import recent
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.identity.signin import open_web_session
from whorl.platform.identity.tables import User

NEW = "a better horse battery"


@dataclass
class Person:
    """A member of both workspaces, with the first as home."""

    site: Site
    actor: Actor
    email: str

    async def browser(self, tenant_id: uuid.UUID | None = None) -> httpx.AsyncClient:
        client = await self.site.browser()
        tenant_id = tenant_id or self.actor.tenant_id
        assert self.actor.user_id is not None
        secret = await open_web_session(self.site.whorl.engine, tenant_id, self.actor.user_id)
        client.cookies.set(COOKIE, secret)
        return client

    async def sign_in(self, password: str) -> int:
        client = await self.site.browser()
        return (await client.post("/signin", data={"email": self.email, "password": password})).status_code

    async def audited(self) -> list[str]:
        async with tenant_session(self.site.whorl.engine, self.actor.tenant_id) as session:
            events = await recent(session)
        return [event.action for event in events if event.target == str(self.actor.user_id)]


@pytest_asyncio.fixture
async def person(site: Site) -> Person:
    email, engine = f"{uuid.uuid4().hex}@acme.example", site.whorl.engine
    for seeded in (site.acme, site.hostile):
        async with tenant_session(engine, seeded.tenant_id) as session:
            user, _ = await add_member(session, seeded.tenant_id, email, "member", password=PASSWORD)
    return Person(site, Actor(site.acme.tenant_id, "acme", "member", email, user_id=user.id), email)


async def change(client: httpx.AsyncClient, current: str, new: str, **headers: str) -> httpx.Response:
    return await client.put("/api/me/password", json={"current": current, "new": new}, headers=headers)


async def enters(client: httpx.AsyncClient) -> bool:
    return (await client.get("/account")).status_code == 200


async def test_a_changed_password_ends_all_other_sessions(person: Person, site: Site) -> None:
    here, other = await person.browser(), await person.browser()
    elsewhere = await person.browser(site.hostile.tenant_id)
    began = now()
    assert [await enters(client) for client in (here, other, elsewhere)] == [True] * 3
    assert (await change(here, PASSWORD, NEW)).status_code == 204
    assert [await enters(client) for client in (here, other, elsewhere)] == [True, False, False]
    assert (await person.sign_in(PASSWORD), await person.sign_in(NEW)) == (401, 303)
    assert "password.changed" in await person.audited()
    user_id = person.actor.user_id
    assert user_id is not None
    late = await open_web_session(site.whorl.engine, site.acme.tenant_id, user_id, by="password", began=began)
    here.cookies.set(COOKIE, late)
    assert not await enters(here), "who signed in with the old password meanwhile is out as well"
    assert await enters(await person.browser(site.hostile.tenant_id))


async def test_nobody_changes_a_password_without_knowing_it(person: Person, site: Site) -> None:
    here = await person.browser()
    wrong = await change(here, "not the password", NEW)
    assert wrong.status_code == 422 and "current password is wrong" in wrong.json()["detail"]
    for current, new in ((PASSWORD, "short"), (PASSWORD, PASSWORD), ("", NEW)):
        refused = await change(here, current, new)
        assert refused.status_code == 422 and PASSWORD not in refused.text and NEW not in refused.text
    assert (await change(here, PASSWORD, NEW, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
    assert (await change(await site.browser(), PASSWORD, NEW)).status_code == 401
    async with tenant_session(site.whorl.engine, site.acme.tenant_id) as session:
        _, key = await create_key(session, site.acme.tenant_id, "own", "member", user_id=person.actor.user_id)
    by_key = await change(here, PASSWORD, NEW, Authorization=f"Bearer {key}")
    assert by_key.status_code == 403
    assert await person.sign_in(PASSWORD) == 303
    assert "password.refused" in await person.audited() and "password.changed" not in await person.audited()


async def test_guesses_are_throttled_as_sign_ins_are(person: Person) -> None:
    here = await person.browser()
    codes = [(await change(here, f"guess {number}", NEW)).status_code for number in range(10)]
    assert codes[0] == 422 and codes[-1] == 429
    assert (await change(here, PASSWORD, NEW)).status_code == 429
    assert await person.sign_in(PASSWORD) == 429


async def test_an_account_of_single_sign_on_has_no_password(person: Person, site: Site) -> None:
    here = await person.browser()
    assert 'data-api="PUT /api/me/password"' in (await here.get("/account")).text
    async with open_session(site.whorl.engine) as session:
        await session.execute(update(User).where(User.id == person.actor.user_id).values(password_hash=None))
    page = await here.get("/account")
    assert "by single sign-on" in page.text and "/api/me/password" not in page.text
    assert (await change(here, "", NEW)).status_code == 409


@pytest.mark.parametrize("role", ["owner", "admin", "member", "viewer"])
async def test_everybody_finds_their_account(site: Site, role: str) -> None:
    client = await site.browser(site.acme.people[role])
    assert 'href="/account"' in (await client.get("/docs")).text
    page = await client.get("/account")
    assert page.status_code == 200 and f"{role}@acme.example" in page.text
