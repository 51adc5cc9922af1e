"""Links for forgotten passwords: who may make one, for whom, and that it sets one password once."""

import asyncio
import re
import uuid
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.ui.conftest import Site
from tests.ui.test_signon import Workspace, make_workspace, me
from whorl.platform.database.base import now
from whorl.platform.database.session import open_session, tenant_session
from whorl.platform.identity.access import ROLES, Actor, Role
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member, enrol
from whorl.platform.identity.signin import open_web_session
from whorl.platform.identity.tables import PasswordLink, User

OLD, NEW = "the forgotten password", "a better horse battery"


@pytest_asyncio.fixture
async def workspace(site: Site) -> Workspace:
    return await make_workspace(site)


async def join(workspace: Workspace, name: str, role: Role = "member") -> Actor:
    """A member whose home is the workspace."""
    tenant_id, email = workspace.owner.tenant_id, workspace.address(name)
    async with tenant_session(workspace.site.whorl.engine, tenant_id) as session:
        user, _ = await add_member(session, tenant_id, email, role, password=OLD)
    return Actor(tenant_id, workspace.slug, role, email, user_id=user.id)


async def join_elsewhere(workspace: Workspace, person: Actor, role: Role = "member") -> None:
    """Make the person of another workspace a member, too."""
    tenant_id = workspace.owner.tenant_id
    async with tenant_session(workspace.site.whorl.engine, tenant_id) as session:
        await enrol(session, tenant_id, person.name, role)


async def ask(administrator: httpx.AsyncClient, person: Actor) -> httpx.Response:
    return await administrator.post(f"/api/members/{person.user_id}/password-link")


async def link_for(workspace: Workspace, person: Actor) -> str:
    """The path of a new link."""
    made = await ask(workspace.admin, person)
    assert made.status_code == 201, made.text
    assert made.json()["email"] == person.name
    link = urlsplit(made.json()["link"])
    assert link.netloc == "site"
    return link.path


async def take_up(site: Site, path: str, password: str = NEW) -> tuple[int, httpx.AsyncClient]:
    browser = await site.browser()
    return (await browser.post(path, data={"password": password})).status_code, browser


async def sign_in(site: Site, person: Actor, password: str, workspace: str = "") -> httpx.Response:
    form = {"email": person.name, "password": password, "workspace": workspace}
    return await (await site.browser()).post("/signin", data=form)


async def enters(browser: httpx.AsyncClient) -> bool:
    return (await browser.get("/account")).status_code == 200


async def is_void(site: Site, path: str) -> bool:
    """The page says so, and the link sets no password."""
    browser = await site.browser()
    page = await browser.get(path)
    code, _ = await take_up(site, path, "another password of a thief")
    return page.status_code == code == 404 and "Ask an administrator for a new one" in page.text


async def audited(workspace: Workspace) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = (await workspace.admin.get("/api/audit")).json()
    return [event for event in events if event["action"].startswith("password.")]


async def test_a_forgotten_password_is_set_anew_once(site: Site, workspace: Workspace) -> None:
    ada = await join(workspace, "ada")
    path = await link_for(workspace, ada)
    browser = await site.browser()
    page = await browser.get(path)
    assert page.status_code == 200 and ada.name in page.text and 'autocomplete="new-password"' in page.text
    short = await browser.post(path, data={"password": "short"})
    assert short.status_code == 422 and "at least 10 characters" in short.text
    assert COOKIE not in browser.cookies and (await sign_in(site, ada, OLD)).status_code == 303
    done = await browser.post(path, data={"password": NEW})
    assert done.status_code == 303 and done.headers["location"] == "/"
    who = await me(browser)
    assert (who["user_id"], who["tenant"], who["role"]) == (str(ada.user_id), workspace.slug, "member")
    assert [(await sign_in(site, ada, password)).status_code for password in (OLD, NEW)] == [401, 303]
    assert await is_void(site, path) and (await sign_in(site, ada, NEW)).status_code == 303
    by_owner, by_herself = f"user:{workspace.owner.user_id}", f"user:{ada.user_id}"
    assert [(event["action"], event["actor"], event["target"], event["details"]) for event in await audited(workspace)] == [
        ("password.reset", by_herself, str(ada.user_id), {}),
        ("password.link_created", by_owner, str(ada.user_id), {}),
    ]  # fmt: skip
    sessions = [e for e in (await workspace.admin.get("/api/audit")).json() if e["action"] == "signin.done"]
    assert {"by": "password_link"} in [event["details"] for event in sessions]


async def test_only_a_digest_of_the_secret_is_stored(site: Site, workspace: Workspace) -> None:
    ada = await join(workspace, "ada")
    path = await link_for(workspace, ada)
    found = re.fullmatch(rf"/password/password_{workspace.owner.tenant_id.hex}_(.{{40,}})", path)
    assert found
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        rows = connection.execute(
            "SELECT t::text FROM password_links t UNION ALL SELECT t::text FROM audit_events t"
        )
        assert not [row for (row,) in rows if found[1] in row]
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        [link] = await session.scalars(select(PasswordLink))
    assert timedelta(hours=23, minutes=59) < link.expires_at - now() <= timedelta(days=1)


async def test_of_two_who_try_at_once_one_sets_the_password(site: Site, workspace: Workspace) -> None:
    ada = await join(workspace, "ada")
    path = await link_for(workspace, ada)
    passwords = [f"the password of taker {number}" for number in range(2)]
    taken = await asyncio.gather(*(take_up(site, path, password) for password in passwords))
    assert sorted(code for code, _ in taken) == [303, 404]
    for (code, browser), password in zip(taken, passwords, strict=True):
        assert (COOKIE in browser.cookies) == (code == 303)
        assert (await sign_in(site, ada, password)).status_code == (303 if code == 303 else 401)


async def test_every_session_of_the_account_is_over(site: Site, workspace: Workspace) -> None:
    elsewhere, ada = await make_workspace(site), await join(workspace, "ada")
    await join_elsewhere(elsewhere, ada)
    browsers = [await site.browser(ada), await site.browser(ada)]
    other = await site.browser()
    assert ada.user_id is not None
    other.cookies.set(
        COOKIE, await open_web_session(site.whorl.engine, elsewhere.owner.tenant_id, ada.user_id)
    )
    before = [*browsers, other, workspace.admin]
    assert [await enters(browser) for browser in before] == [True] * 4
    code, own = await take_up(site, await link_for(workspace, ada))
    assert code == 303
    assert [await enters(browser) for browser in [*before, own]] == [False, False, False, True, True]


async def test_what_is_replaced_old_or_forged_sets_no_password(site: Site, workspace: Workspace) -> None:
    ada, bob = await join(workspace, "ada"), await join(workspace, "bob")
    first, other = await link_for(workspace, ada), await link_for(workspace, bob)
    second = await link_for(workspace, ada)
    assert await is_void(site, first)
    forged = [
        re.sub(r"_[0-9a-f]{32}_", f"_{tenant.hex}_", second) for tenant in (uuid.uuid4(), site.acme.tenant_id)
    ]
    for path in (*forged, "/password/nonsense", second.replace("password_", "invite_"), f"{second}x"):
        assert await is_void(site, path), path
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        moment = now() - timedelta(seconds=1)
        await session.execute(
            update(PasswordLink).where(PasswordLink.user_id == ada.user_id).values(expires_at=moment)
        )
    assert await is_void(site, second)
    # The next link of the workspace takes along what expired.
    await link_for(workspace, bob)
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        assert list(await session.scalars(select(PasswordLink.user_id))) == [bob.user_id]
    assert await is_void(site, other) and (await sign_in(site, ada, OLD)).status_code == 303


async def test_another_change_of_the_account_voids_the_link(site: Site, workspace: Workspace) -> None:
    """Its password, in whatever workspace; its role; its end as a member, also where that is taken back."""
    elsewhere, ada = await make_workspace(site), await join(workspace, "ada")
    await join_elsewhere(elsewhere, ada)
    path, member = await link_for(workspace, ada), f"/api/members/{ada.user_id}"
    browser = await site.browser()
    assert ada.user_id is not None
    browser.cookies.set(
        COOKIE, await open_web_session(site.whorl.engine, elsewhere.owner.tenant_id, ada.user_id)
    )
    changed = await browser.put("/api/me/password", json={"current": OLD, "new": NEW})
    assert changed.status_code == 204 and await is_void(site, path)
    path = await link_for(workspace, ada)
    assert (await workspace.admin.put(member, json={"role": "admin"})).status_code == 204
    assert await is_void(site, path)
    path = await link_for(workspace, ada)
    assert (await workspace.admin.delete(member)).status_code == 204
    assert await is_void(site, path)
    again = await workspace.admin.post("/api/members", json={"email": ada.name})
    assert again.status_code == 201 and await is_void(site, path)
    path = await link_for(workspace, ada)
    assert (await take_up(site, path))[0] == 303, "what nothing voided is good"


async def test_a_link_of_who_left_otherwise_is_void(site: Site, workspace: Workspace) -> None:
    """Also where its row was left behind."""
    ada = await join(workspace, "ada")
    path = await link_for(workspace, ada)
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        connection.execute(
            "UPDATE users SET home_tenant_id = %s WHERE id = %s", [site.acme.tenant_id, ada.user_id]
        )
    assert await is_void(site, path)
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        connection.execute("UPDATE users SET home_tenant_id = %s WHERE id = %s", [ada.tenant_id, ada.user_id])
        connection.execute("DELETE FROM memberships WHERE user_id = %s", [ada.user_id])
    assert await is_void(site, path)


async def test_only_the_account_s_own_workspace_makes_a_link(site: Site, workspace: Workspace) -> None:
    elsewhere, ada = await make_workspace(site), await join(workspace, "ada")
    stranger = await ask(elsewhere.admin, ada)
    assert stranger.status_code == 404 and "no member" in stranger.json()["detail"]
    await join_elsewhere(elsewhere, ada)
    refused = await ask(elsewhere.admin, ada)
    assert refused.status_code == 409 and "Ask an administrator there" in refused.json()["detail"]
    async with open_session(site.whorl.engine) as session:
        await session.execute(update(User).where(User.id == ada.user_id).values(password_hash=None))
    without = await ask(workspace.admin, ada)
    assert without.status_code == 409 and "single sign-on" in without.json()["detail"]
    assert (
        await ask(workspace.admin, Actor(uuid.uuid4(), "", "member", "", uuid.uuid4()))
    ).status_code == 404
    assert await audited(workspace) == await audited(elsewhere) == []


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"owner", "admin", "member", "viewer"}), ("admin", {"admin", "member", "viewer"}),
        ("member", set()), ("viewer", set()),
    ],
)  # fmt: skip
@pytest.mark.parametrize("by_key", [False, True])
async def test_who_may_make_a_link_for_whom(
    site: Site, workspace: Workspace, role: Role, allowed: set[str], by_key: bool
) -> None:
    """No administrator comes to be an owner by it; keys may do what their role may, as with members' roles."""
    maker = await site.browser()
    if by_key:
        async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
            _, key = await create_key(session, workspace.owner.tenant_id, "maker", role)
        maker.headers["Authorization"] = f"Bearer {key}"
    else:
        maker = await site.browser(await join(workspace, "maker", role))
    for asked in ROLES:
        answer = await ask(maker, await join(workspace, f"{asked}2", asked))
        assert answer.status_code == (201 if asked in allowed else 403), asked
        if role == "admin" and asked == "owner":
            assert "is made by an owner" in answer.json()["detail"]
    assert (await ask(await site.browser(), workspace.owner)).status_code == 401


async def test_a_link_of_an_administrator_makes_nobody_an_owner(site: Site, workspace: Workspace) -> None:
    ada, admin = await join(workspace, "ada"), await site.browser(await join(workspace, "admin", "admin"))
    path = urlsplit((await ask(admin, ada)).json()["link"]).path
    await workspace.admin.put(f"/api/members/{ada.user_id}", json={"role": "owner"})
    assert await is_void(site, path) and (await ask(admin, ada)).status_code == 403


async def test_the_page_offers_a_link_where_one_may_be_made(site: Site, workspace: Workspace) -> None:
    elsewhere, ada = await make_workspace(site), await join(workspace, "ada")
    bob = await join(elsewhere, "bob")
    await join_elsewhere(workspace, bob)

    def offered(page: httpx.Response, person: Actor) -> bool:
        return f'data-api="POST /api/members/{person.user_id}/password-link"' in page.text

    page = await workspace.admin.get("/admin/members")
    assert [offered(page, person) for person in (workspace.owner, ada, bob)] == [True, True, False]
    admin = await join(workspace, "admin", "admin")
    page = await (await site.browser(admin)).get("/admin/members")
    assert [offered(page, person) for person in (workspace.owner, ada, admin)] == [False, True, True]


async def test_many_wrong_passwords_do_not_close_the_way_by_a_link(site: Site, workspace: Workspace) -> None:
    ada = await join(workspace, "ada")
    codes = [(await sign_in(site, ada, f"guess {number}")).status_code for number in range(9)]
    assert codes[-1] == 429
    code, browser = await take_up(site, await link_for(workspace, ada))
    assert code == 303 and await enters(browser)


async def test_another_site_sets_no_password(site: Site, workspace: Workspace) -> None:
    ada = await join(workspace, "ada")
    path, browser = await link_for(workspace, ada), await site.browser()
    answer = await browser.post(path, data={"password": NEW}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403 and COOKIE not in browser.cookies
    assert (await sign_in(site, ada, OLD)).status_code == 303


async def test_a_password_of_a_link_opens_no_workspace_joined_before(
    site: Site, workspace: Workspace
) -> None:
    """Who made the link may know it: an administrator of one workspace would come into another by it."""
    elsewhere, never, ada = (
        await make_workspace(site),
        await make_workspace(site),
        await join(workspace, "ada"),
    )
    await join_elsewhere(elsewhere, ada, "admin")
    assert (await sign_in(site, ada, OLD, elsewhere.slug)).status_code == 303
    assert (await take_up(site, await link_for(workspace, ada)))[0] == 303
    browser = await site.browser(ada)
    again = "the best horse battery"
    assert (await browser.put("/api/me/password", json={"current": NEW, "new": again})).status_code == 204
    for slug in (elsewhere.slug, never.slug, "nowhere"):
        refused = await sign_in(site, ada, again, slug)
        assert refused.status_code == 401 and "opens no workspace that you joined before" in refused.text, (
            slug
        )
    assert [(await sign_in(site, ada, again, slug)).status_code for slug in ("", workspace.slug)] == [
        303,
        303,
    ]
    assert "password is wrong" in (await sign_in(site, ada, NEW, elsewhere.slug)).text
    await elsewhere.admin.delete(f"/api/members/{ada.user_id}")
    await join_elsewhere(elsewhere, ada)
    assert (await sign_in(site, ada, again, elsewhere.slug)).status_code == 303


async def test_a_password_changed_by_its_owner_opens_what_it_did(site: Site, workspace: Workspace) -> None:
    elsewhere, ada = await make_workspace(site), await join(workspace, "ada")
    await join_elsewhere(elsewhere, ada)
    browser = await site.browser(ada)
    assert (await browser.put("/api/me/password", json={"current": OLD, "new": NEW})).status_code == 204
    assert (await sign_in(site, ada, NEW, elsewhere.slug)).status_code == 303


async def test_links_go_with_their_workspace(site: Site, workspace: Workspace) -> None:
    path = await link_for(workspace, await join(workspace, "ada"))
    with psycopg.connect(site.whorl.addresses.admin) as connection:
        count = "SELECT count(*) FROM password_links WHERE tenant_id = %s"
        assert connection.execute(count, [workspace.owner.tenant_id]).fetchone() == (1,)
        connection.execute("DELETE FROM tenants WHERE id = %s", [workspace.owner.tenant_id])
        assert connection.execute(count, [workspace.owner.tenant_id]).fetchone() == (0,)
    assert await is_void(site, path)


async def test_the_pages_offer_an_administrator_nothing_of_an_owner(site: Site) -> None:
    """No role to give, no form for an owner's row or key, no single sign-on to set up; an owner has all of them."""
    owner = site.acme.owner
    shown = {}
    for role in ("owner", "admin"):
        browser = await site.browser(site.acme.people[role])
        members, keys = [(await browser.get(f"/admin/{page}")).text for page in ("members", "keys")]
        assert "An owner of the workspace sets it up" in members or role == "owner"
        shown[role] = [
            "<option>owner</option>" in members, f"/api/members/{owner.user_id}" in members, "PUT /api/sso" in members,
            "<option>owner</option>" in keys, "/rotate" in keys.split("first key")[1].split("</tr>")[0],
        ]  # fmt: skip
    assert shown == {"owner": [True] * 5, "admin": [False] * 5}
