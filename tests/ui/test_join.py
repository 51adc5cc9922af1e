"""Invitations: whom a link lets in, and that it does so once."""

import asyncio
import re
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select, update

from tests.oidc_provider import Provider, running_provider
from tests.ui.conftest import Site
from tests.ui.test_signon import Workspace, make_workspace, me, sign_on
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import AuthenticationError, ConflictError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.invitations import join_anew
from whorl.platform.identity.signin import authenticate_session, check_password, open_web_session
from whorl.platform.identity.tables import Invitation

PASSWORD = "a long enough password"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


@pytest_asyncio.fixture
async def workspace(site: Site) -> Workspace:
    return await make_workspace(site)


async def invite(workspace: Workspace, name: str, role: str = "member") -> str:
    """The path of the link."""
    answer = await workspace.admin.post(
        "/api/invitations", json={"email": workspace.address(name), "role": role}
    )
    assert answer.status_code == 201, answer.text
    link = urlsplit(answer.json()["link"])
    assert link.netloc == "site"
    return link.path


def secret_of(path: str) -> str:
    """What only the link holds: all after the mark of its kind and of the tenant."""
    found = re.fullmatch(r"/join/invite_[0-9a-f]{32}_(.{40,})", path)
    assert found, path
    return found[1]


async def join(browser: httpx.AsyncClient, path: str, **form: str) -> httpx.Response:
    return await browser.post(path, data=form)


async def sign_in(site: Site, workspace: Workspace, name: str, password: str = PASSWORD) -> httpx.AsyncClient:
    browser = await site.browser()
    form = {"email": workspace.address(name), "password": password, "workspace": workspace.slug}
    await browser.post("/signin", data=form)
    return browser


async def test_a_new_person_joins_once(site: Site, workspace: Workspace) -> None:
    path = await invite(workspace, "Ada", "viewer")
    browser = await site.browser()
    page = (await browser.get(path)).text
    assert workspace.address("ada") in page and "with the role viewer" in page
    short = await join(browser, path, name="Ada", password="short")
    assert (
        short.status_code == 422 and "at least 10 characters" in short.text and COOKIE not in browser.cookies
    )
    done = await join(browser, path, name="Ada B.", password=PASSWORD)
    assert done.status_code == 303
    who = await me(browser)
    assert (who["tenant"], who["role"], who["name"]) == (workspace.slug, "viewer", "Ada B.")
    for again in (await site.browser(), browser):
        assert (await again.get(path)).status_code == 404
        assert (await join(again, path, name="Eve", password=PASSWORD)).status_code == 404
    assert (await me(await sign_in(site, workspace, "ada")))["user_id"] == who["user_id"]
    acts = [(event["action"], event["target"]) for event in (await workspace.admin.get("/api/audit")).json()]
    assert ("member.joined", who["user_id"]) in acts and "member.invited" in dict(acts)


async def test_of_many_who_try_at_once_one_joins(site: Site, workspace: Workspace) -> None:
    path = await invite(workspace, "ada")
    browsers = [await site.browser() for _ in range(6)]
    codes = await asyncio.gather(
        *(join(b, path, name=f"N{i}", password=PASSWORD) for i, b in enumerate(browsers))
    )
    assert sorted(answer.status_code for answer in codes) == [303, 404, 404, 404, 404, 404]
    assert sum(COOKIE in browser.cookies for browser in browsers) == 1


async def test_what_is_revoked_replaced_or_old_lets_nobody_in(site: Site, workspace: Workspace) -> None:
    first = await invite(workspace, "ada")
    second = await invite(workspace, "ada")
    listed = (await workspace.admin.get("/api/invitations")).json()
    assert [each["email"] for each in listed] == [workspace.address("ada")]
    assert secret_of(second) not in str(listed)
    third = await invite(workspace, "bob")
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        stored = (
            await session.scalars(select(Invitation).where(Invitation.email == workspace.address("bob")))
        ).one()
        assert timedelta(days=6, hours=23) < stored.expires_at - now() <= timedelta(days=7)
        assert stored.digest not in third and secret_of(third) not in stored.digest
        await session.execute(
            update(Invitation)
            .where(Invitation.id == stored.id)
            .values(expires_at=now() - timedelta(seconds=1))
        )
    revoked = f"/api/invitations/{listed[0]['id']}"
    assert [(await workspace.admin.delete(revoked)).status_code for _ in range(2)] == [204, 404]
    other = uuid.uuid4().hex
    forged = re.sub(r"invite_[0-9a-f]{32}", f"invite_{other}", await invite(workspace, "carl"))
    for path in (first, second, third, forged, "/join/nonsense", "/join/session_" + other + "_x"):
        browser = await site.browser()
        page = await browser.get(path)
        assert page.status_code == 404 and "Ask for a new one" in page.text, path
        assert (await join(browser, path, name="Eve", password=PASSWORD)).status_code == 404
        assert COOKIE not in browser.cookies
    assert "expired" in (await workspace.admin.get("/admin/members")).text


async def test_who_has_an_account_joins_as_that_person(site: Site, workspace: Workspace) -> None:
    elsewhere = await make_workspace(site)
    await join(await site.browser(), await invite(elsewhere, "ada"), name="Ada", password=PASSWORD)
    email = elsewhere.address("ada")
    refused = await workspace.admin.post("/api/members", json={"email": email})
    assert refused.status_code == 409 and "Send an invitation" in refused.text
    made = await workspace.admin.post("/api/invitations", json={"email": email, "role": "admin"})
    path = urlsplit(made.json()["link"]).path
    stranger = await site.browser()
    wrong = await join(stranger, path, name="Eve", password="another password")
    assert wrong.status_code == 401 and COOKIE not in stranger.cookies
    other = await site.browser(site.acme.owner)
    assert (await join(other, path)).status_code == 403
    assert (await me(other))["tenant"] == "acme"
    person = await sign_in(site, elsewhere, "ada")
    assert "Join " + workspace.slug in (await person.get(path)).text
    assert (await join(person, path)).status_code == 303
    assert (await me(person))["tenant"] == workspace.slug
    # The workspaces stay apart: the account's home is where it was.
    assert (await me(await sign_in(site, elsewhere, "ada")))["tenant"] == elsewhere.slug
    assert (await elsewhere.members())[email] == "member"


async def added_elsewhere(site: Site, workspace: Workspace) -> tuple[Workspace, str, str]:
    """Another workspace that added Dora, the password that it drew, and the path of this one's invitation."""
    elsewhere = await make_workspace(site)
    email = elsewhere.address("dora")
    added = await elsewhere.admin.post("/api/members", json={"email": email, "role": "admin"})
    made = await workspace.admin.post("/api/invitations", json={"email": email})
    return elsewhere, added.json()["password"], urlsplit(made.json()["link"]).path


async def enters(site: Site, email: str, password: str, workspace: str = "") -> bool:
    form = {"email": email, "password": password, "workspace": workspace}
    return (await (await site.browser()).post("/signin", data=form)).status_code == 303


async def test_an_account_that_nobody_used_gets_its_password_by_the_link(
    site: Site, workspace: Workspace
) -> None:
    elsewhere, drawn, path = await added_elsewhere(site, workspace)
    email, browser = elsewhere.address("dora"), await site.browser()
    assert "Your name" in (await browser.get(path)).text
    known = await join(browser, path, name="Dora", password=drawn)
    assert known.status_code == 422 and "others know it" in known.text and COOKIE not in browser.cookies
    assert (await join(browser, path, name="Dora", password=PASSWORD)).status_code == 303
    who = await me(browser)
    assert (who["tenant"], who["role"], who["name"]) == (workspace.slug, "member", "Dora")
    for slug in ("", workspace.slug, elsewhere.slug):
        assert not await enters(site, email, drawn, slug)
    assert await enters(site, email, PASSWORD) and await enters(site, email, PASSWORD, workspace.slug)
    acts = [(event["action"], event["target"]) for event in (await workspace.admin.get("/api/audit")).json()]
    assert ("password.reset", who["user_id"]) in acts
    # Whoever invited her could have taken the link up: that must not lead into the other workspace.
    assert not await enters(site, email, PASSWORD, elsewhere.slug)
    refused = await elsewhere.admin.post(f"/api/members/{who['user_id']}/password-link")
    assert refused.status_code == 409
    assert (await elsewhere.admin.delete(f"/api/members/{who['user_id']}")).status_code == 204
    again = urlsplit(
        (await elsewhere.admin.post("/api/invitations", json={"email": email})).json()["link"]
    ).path
    assert (await join(await site.browser(), again, password=PASSWORD)).status_code == 303
    assert await enters(site, email, PASSWORD, elsewhere.slug)


async def test_an_account_that_was_used_keeps_its_password(site: Site, workspace: Workspace) -> None:
    """Also where somebody signs in between the page and its form."""
    elsewhere, drawn, path = await added_elsewhere(site, workspace)
    email, browser = elsewhere.address("dora"), await site.browser()
    assert "Your name" in (await browser.get(path)).text
    assert await enters(site, email, drawn)
    with pytest.raises(ConflictError, match="has an account already"):
        await join_anew(site.whorl.engine, path.removeprefix("/join/"), "Eve", PASSWORD)
    assert "The password of your account" in (await browser.get(path)).text
    assert (await join(browser, path, name="Eve", password=PASSWORD)).status_code == 401
    assert (await join(browser, path, password=drawn)).status_code == 303
    assert await enters(site, email, drawn) and await enters(site, email, drawn, workspace.slug)


async def test_a_sign_in_by_the_drawn_password_ends_when_the_link_sets_another(
    site: Site, workspace: Workspace
) -> None:
    """Whoever was checking the drawn password meanwhile has no session that counts."""
    elsewhere, drawn, path = await added_elsewhere(site, workspace)
    user = await check_password(site.whorl.engine, elsewhere.address("dora"), drawn, "test")
    began = now()
    assert (await join(await site.browser(), path, name="Dora", password=PASSWORD)).status_code == 303
    opened = open_web_session(
        site.whorl.engine, elsewhere.owner.tenant_id, user.id, by="password", began=began
    )
    with pytest.raises(AuthenticationError):
        await authenticate_session(site.whorl.engine, await opened)


async def test_the_first_owner_of_a_workspace_keeps_the_password(site: Site, workspace: Workspace) -> None:
    elsewhere = await ensure_tenant(site.whorl.engine, f"w{uuid.uuid4().hex[:8]}")
    made = await workspace.admin.post("/api/invitations", json={"email": elsewhere.email})
    page = await (await site.browser()).get(urlsplit(made.json()["link"]).path)
    assert "The password of your account" in page.text


async def test_who_was_removed_joins_again_with_the_password(site: Site, workspace: Workspace) -> None:
    browser = await site.browser()
    await join(browser, await invite(workspace, "ada"), name="Ada", password=PASSWORD)
    who = await me(browser)
    await workspace.admin.delete(f"/api/members/{who['user_id']}")
    path = await invite(workspace, "ada", "viewer")
    again = await site.browser()
    assert "The password of your account" in (await again.get(path)).text
    assert (await join(again, path, password=PASSWORD)).status_code == 303
    assert (await me(again))["role"] == "viewer"


async def test_single_sign_on_takes_an_invitation_up(
    site: Site, workspace: Workspace, provider: Provider
) -> None:
    await workspace.set_up(provider, role=None)
    path = await invite(workspace, "ada", "viewer")
    browser = await site.browser()
    assert f'href="/signin/sso/{workspace.slug}"' in (await browser.get(path)).text
    provider.be("eve", workspace.address("eve"))
    assert (await sign_on(workspace, browser)).status_code == 401
    provider.be("ada", workspace.address("ada"), verified=False)
    assert (await sign_on(workspace, browser)).status_code == 401
    provider.be("ada", workspace.address("ada"))
    assert (await sign_on(workspace, browser)).status_code == 303
    assert (await me(browser))["role"] == "viewer"
    assert (await browser.get(path)).status_code == 404


async def test_an_account_without_password_gets_none_from_another_workspace(
    site: Site, workspace: Workspace, provider: Provider
) -> None:
    elsewhere = await make_workspace(site)
    await elsewhere.set_up(provider, domains=[f"{elsewhere.slug}.example"], role="member")
    provider.be("ada", elsewhere.address("ada"))
    person = await site.browser()
    await sign_on(elsewhere, person)
    made = await workspace.admin.post("/api/invitations", json={"email": elsewhere.address("ada")})
    path = urlsplit(made.json()["link"]).path
    holder = await site.browser()
    assert "Sign in there" in (await holder.get(path)).text
    assert (await join(holder, path, name="Eve", password=PASSWORD)).status_code == 401
    assert (await join(person, path)).status_code == 303
    assert (await me(person))["tenant"] == workspace.slug
    # Its own workspace may give it one.
    who = await me(person)
    await elsewhere.admin.delete(f"/api/members/{who['user_id']}")
    again = urlsplit(
        (await elsewhere.admin.post("/api/invitations", json={"email": elsewhere.address("ada")})).json()[
            "link"
        ]
    ).path
    assert (await join(await site.browser(), again, name="Ada", password=PASSWORD)).status_code == 303
    assert (await me(await sign_in(site, elsewhere, "ada")))["user_id"] == who["user_id"]


async def test_who_may_invite_and_what_is_refused(site: Site, workspace: Workspace) -> None:
    for role in ("member", "viewer"):
        browser = await site.browser(site.acme.people[role])
        body = {"email": "x@acme.example"}
        assert (await browser.post("/api/invitations", json=body)).status_code == 403
        assert (await browser.get("/api/invitations")).status_code == 403
    cases: list[tuple[dict[str, Any], int]] = [
        ({"email": "no address"}, 422), ({"email": workspace.address("ada"), "role": "exporter"}, 422),
        ({"email": f"owner@{workspace.slug}.example"}, 409),
    ]  # fmt: skip
    for body, status in cases:
        assert (await workspace.admin.post("/api/invitations", json=body)).status_code == status, body
    other = await make_workspace(site)
    await invite(workspace, "ada")
    listed = (await workspace.admin.get("/api/invitations")).json()
    assert (await other.admin.get("/api/invitations")).json() == []
    assert (await other.admin.delete(f"/api/invitations/{listed[0]['id']}")).status_code == 404


async def test_another_site_makes_nobody_join(site: Site, workspace: Workspace) -> None:
    path = await invite(workspace, "ada")
    browser = await site.browser()
    answer = await browser.post(
        path, data={"name": "Ada", "password": PASSWORD}, headers={"Sec-Fetch-Site": "cross-site"}
    )
    assert answer.status_code == 403 and COOKIE not in browser.cookies


async def test_an_old_invitation_lets_nobody_in_who_is_signed_in(site: Site, workspace: Workspace) -> None:
    made = await workspace.admin.post("/api/invitations", json={"email": "owner@acme.example"})
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        await session.execute(update(Invitation).values(expires_at=now() - timedelta(seconds=1)))
    browser = await site.browser(site.acme.owner)
    assert (await join(browser, urlsplit(made.json()["link"]).path)).status_code == 404
    assert (await me(browser))["tenant"] == "acme"


async def test_an_invitation_changes_no_password_that_there_is(site: Site, workspace: Workspace) -> None:
    """Also where the account was made between the page and its form."""
    made = await workspace.admin.post("/api/invitations", json={"email": "owner@acme.example"})
    secret = urlsplit(made.json()["link"]).path.removeprefix("/join/")
    with pytest.raises(ConflictError, match="has an account already"):
        await join_anew(site.whorl.engine, secret, "Eve", PASSWORD)
    browser = await site.browser()
    form = {"email": "owner@acme.example", "password": "correct horse battery"}
    assert (await browser.post("/signin", data=form)).status_code == 303
