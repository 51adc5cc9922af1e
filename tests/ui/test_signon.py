"""Single sign-on: with two real providers, and with one that cheats."""

import asyncio
import json
import secrets
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import pytest_asyncio
from sqlalchemy import select

from tests import oidc_provider
from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, Provider, running_provider
from tests.ui.conftest import Site
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.members import add_member, remove_member
from whorl.platform.identity.signin import Throttle
from whorl.platform.identity.tables import Identity, Membership, SignOnAttempt, SignOnProvider, User
from whorl.ui.signon import COOKIE as ATTEMPT


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with running_provider() as running:
        yield running


class Workspace(NamedTuple):
    """A workspace with its owner's browser."""

    site: Site
    slug: str
    owner: Actor
    admin: httpx.AsyncClient

    def address(self, name: str) -> str:
        return f"{name}@{self.slug}.example"

    async def set_up(self, provider: Provider, **changes: Any) -> httpx.Response:
        body = {"issuer": provider.issuer, "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET, **changes}
        return await self.admin.put("/api/sso", json=body)

    async def begin(self, browser: httpx.AsyncClient, next: str = "/") -> str:
        """The provider's address that the browser is sent to."""
        begun = await browser.get(f"/signin/sso/{self.slug}", params={"next": next})
        assert begun.status_code == 303, begun.text
        return begun.headers["location"]

    async def members(self) -> dict[str, str]:
        listed = await self.admin.get("/api/members")
        return {member["email"]: member["role"] for member in listed.json()}


async def make_workspace(site: Site) -> Workspace:
    slug = f"w{secrets.token_hex(4)}"
    tenant = (await ensure_tenant(site.whorl.engine, slug)).tenant
    async with tenant_session(site.whorl.engine, tenant.id) as session:
        user = (await session.scalars(select(User).join(Membership, Membership.user_id == User.id))).one()
    owner = Actor(tenant.id, slug, "owner", user.name, user_id=user.id)
    return Workspace(site, slug, owner, await site.browser(owner))


@pytest_asyncio.fixture
async def workspace(site: Site, provider: Provider) -> Workspace:
    made = await make_workspace(site)
    answer = await made.set_up(provider, domains=[f"{made.slug}.example"], role="member")
    assert answer.status_code == 200, answer.text
    return made


def answer_of(url: str) -> str:
    """Where the provider sends the browser back to: path and query."""
    back = urlsplit(httpx.get(url).headers["location"])
    return f"{back.path}?{back.query}"


async def sign_on(workspace: Workspace, browser: httpx.AsyncClient, next: str = "/") -> httpx.Response:
    return await browser.get(answer_of(await workspace.begin(browser, next)))


def refused(response: httpx.Response, browser: httpx.AsyncClient) -> bool:
    """No session came of it, and the page says why."""
    return (
        response.status_code in (401, 404)
        and COOKIE not in browser.cookies
        and 'role="alert"' in response.text
    )


async def me(browser: httpx.AsyncClient) -> dict[str, Any]:
    value: dict[str, Any] = (await browser.get("/api/me")).json()
    return value


async def test_a_new_person_becomes_a_member(workspace: Workspace, provider: Provider) -> None:
    provider.be("ada", workspace.address("Ada"))
    browser = await workspace.site.browser()
    response = await sign_on(workspace, browser, "/api/me")
    assert response.status_code == 303 and response.headers["location"] == "/api/me"
    who = await me(browser)
    assert (who["tenant"], who["role"], who["name"]) == (workspace.slug, "member", "Ada")
    assert ATTEMPT not in browser.cookies
    actions = [event["action"] for event in (await workspace.admin.get("/api/audit")).json()]
    assert {"sso.set", "member.signed_on"} <= set(actions)
    again = await workspace.site.browser()
    provider.be("ada", "another@elsewhere.example", verified=False)
    await sign_on(workspace, again)
    assert (await me(again))["user_id"] == who["user_id"], "known by issuer and subject, whatever the address"


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookies_of_a_sign_on_are_secure_over_https(
    workspace: Workspace, provider: Provider, scheme: str
) -> None:
    provider.be("ada", workspace.address("ada"))
    browser = await workspace.site.browser()
    browser.base_url = httpx.URL(f"{scheme}://site")
    begun = await browser.get(f"/signin/sso/{workspace.slug}")
    over = await browser.get(answer_of(begun.headers["location"]))
    assert begun.status_code == over.status_code == 303
    for response, name in ((begun, ATTEMPT), (over, COOKIE)):
        [kept] = [each for each in response.headers.get_list("set-cookie") if each.startswith(f"{name}=")]
        assert ("secure" in kept.lower()) == (scheme == "https")


async def test_a_new_person_in_two_browsers_at_once_is_one_member(
    workspace: Workspace, provider: Provider
) -> None:
    provider.be("ada", workspace.address("ada"))
    browsers = [await workspace.site.browser() for _ in range(4)]
    answers = await asyncio.gather(*(sign_on(workspace, browser) for browser in browsers))
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({(await me(browser))["user_id"] for browser in browsers}) == 1


async def test_the_question_has_pkce_state_and_nonce(workspace: Workspace) -> None:
    browser = await workspace.site.browser()
    asked = [parse_qs(urlsplit(await workspace.begin(browser)).query) for _ in range(2)]
    for name in ("state", "nonce", "code_challenge"):
        values = {question[name][0] for question in asked}
        assert len(values) == 2 and all(len(value) >= 43 for value in values), name
    assert asked[0]["code_challenge_method"] == ["S256"] and asked[0]["response_type"] == ["code"]
    secret = browser.cookies[ATTEMPT]
    assert all(secret not in value for question in asked for values in question.values() for value in values)
    assert asked[0]["redirect_uri"] == [f"http://site/signin/sso/{workspace.slug}/callback"]


async def test_claims_may_come_from_userinfo(workspace: Workspace, provider: Provider) -> None:
    provider.be("bob", workspace.address("bob"))
    provider.in_token = False
    browser = await workspace.site.browser()
    await sign_on(workspace, browser)
    assert (await me(browser))["name"] == "Bob"
    provider.be("carl", workspace.address("carl"))
    provider.in_token, provider.userinfo = False, {"sub": "bob"}
    browser = await workspace.site.browser()
    assert refused(await sign_on(workspace, browser), browser)


CHEATS: dict[str, Callable[[Provider], object]] = {
    "another nonce": lambda p: p.changes.update(nonce="0" * 64),
    "no nonce": lambda p: p.changes.update(nonce=None),
    "another issuer": lambda p: p.changes.update(iss="https://accounts.example"),
    "another audience": lambda p: p.changes.update(aud="another-client"),
    "another audience for us": lambda p: p.changes.update(aud="another-client", azp=CLIENT_ID),
    "an audience among others": lambda p: p.changes.update(aud=[CLIENT_ID, "another-client"]),
    "issued for another party": lambda p: p.changes.update(azp="another-client"),
    "no audience": lambda p: p.changes.update(aud=None),
    "expired": lambda p: p.changes.update(exp=int(time.time()) - 120),
    "no expiry": lambda p: p.changes.update(exp=None),
    "from the future": lambda p: p.changes.update(iat=int(time.time()) + 900),
    "no subject": lambda p: p.changes.update(sub=None),
    "a subject that is no text": lambda p: p.changes.update(sub=["ada"]),
    "another key": lambda p: setattr(p, "token", oidc_provider.signed_by_another_key),
    "alg none": lambda p: setattr(p, "token", oidc_provider.unsigned),
    "the client secret as the key": lambda p: setattr(p, "token", oidc_provider.signed_with_the_client_secret),
    "the public key as a secret": lambda p: setattr(p, "token", oidc_provider.signed_with_the_public_key),
    "no token": lambda p: setattr(p, "token", lambda *_: ""),
    "not verified": lambda p: p.person.update(email_verified=False),
    "verified, says a text": lambda p: p.person.update(email_verified="true"),
    "nothing on verification": lambda p: p.person.pop("email_verified"),
    "no address": lambda p: p.person.pop("email"),
    "a foreign domain": lambda p: p.person.update(email="eve@elsewhere.example"),
    "a domain within": lambda p: p.person.update(email=p.person["email"] + ".evil.example"),
    "two addresses": lambda p: p.person.update(email="eve@evil.example@" + p.person["email"].split("@")[1]),
    "a Kelvin sign": lambda p: p.person.update(email=p.person["email"].replace("k", "\u212a")),
}  # fmt: skip


@pytest.mark.parametrize("cheat", CHEATS)
async def test_a_token_that_is_not_good_opens_nothing(
    workspace: Workspace, provider: Provider, cheat: str
) -> None:
    provider.be("kim", workspace.address("kim"))
    CHEATS[cheat](provider)
    before = await workspace.members()
    browser = await workspace.site.browser()
    assert refused(await sign_on(workspace, browser), browser), cheat
    assert await workspace.members() == before


async def test_the_same_person_without_a_cheat_comes_in(workspace: Workspace, provider: Provider) -> None:
    provider.be("kim", workspace.address("kim"))
    browser = await workspace.site.browser()
    assert (await sign_on(workspace, browser)).status_code == 303


async def test_another_state_opens_nothing(workspace: Workspace, provider: Provider) -> None:
    provider.be("ada", workspace.address("ada"))
    browser = await workspace.site.browser()
    answer = answer_of(await workspace.begin(browser))
    code = parse_qs(urlsplit(answer).query)["code"][0]
    for state in ("", "0" * 64, "é"):
        await workspace.begin(browser)
        path = f"/signin/sso/{workspace.slug}/callback"
        assert refused(await browser.get(path, params={"code": code, "state": state}), browser), state
    assert code not in provider.redeemed
    answer = answer_of(await workspace.begin(browser))
    assert refused(await browser.get(answer.replace("state=", "state=0")), browser), (
        "all but the state is right"
    )


async def test_an_answer_of_another_browser_opens_nothing(workspace: Workspace, provider: Provider) -> None:
    """The attacker's own answer, which a victim's browser is made to follow."""
    provider.be("eve", workspace.address("eve"))
    attacker, victim, idle = [await workspace.site.browser() for _ in range(3)]
    answer = answer_of(await workspace.begin(attacker))
    await workspace.begin(victim)
    assert refused(await victim.get(answer), victim)
    assert refused(await idle.get(answer), idle)


async def test_an_answer_counts_once(workspace: Workspace, provider: Provider) -> None:
    provider.be("ada", workspace.address("ada"))
    browser = await workspace.site.browser()
    url = await workspace.begin(browser)
    kept, answer = browser.cookies[ATTEMPT], answer_of(url)
    assert (await browser.get(answer)).status_code == 303
    code = parse_qs(urlsplit(answer).query)["code"][0]
    again = await workspace.site.browser()
    again.cookies.set(ATTEMPT, kept)
    assert refused(await again.get(answer), again)
    # Another code for the same question.
    browser = await workspace.site.browser()
    answers = [answer_of(url) for url in [await workspace.begin(browser)] * 2]
    kept = browser.cookies[ATTEMPT]
    assert (await browser.get(answers[0])).status_code == 303
    again.cookies.set(ATTEMPT, kept)
    assert refused(await again.get(answers[1]), again)
    # The code alone, in a sign-on of its own.
    state = parse_qs(urlsplit(await workspace.begin(again)).query)["state"][0]
    path = f"/signin/sso/{workspace.slug}/callback"
    assert refused(await again.get(path, params={"code": code, "state": state}), again)
    assert provider.redeemed.count(code) == 1


async def test_a_stolen_code_is_of_no_use_in_another_browser(
    workspace: Workspace, provider: Provider
) -> None:
    """PKCE: the code was asked for with the victim's verifier."""
    provider.be("ada", workspace.address("ada"))
    victim, attacker = await workspace.site.browser(), await workspace.site.browser()
    code = parse_qs(urlsplit(answer_of(await workspace.begin(victim))).query)["code"][0]
    state = parse_qs(urlsplit(await workspace.begin(attacker)).query)["state"][0]
    path = f"/signin/sso/{workspace.slug}/callback"
    assert refused(await attacker.get(path, params={"code": code, "state": state}), attacker)


async def test_an_answer_that_names_another_issuer_opens_nothing(
    workspace: Workspace, provider: Provider
) -> None:
    provider.be("ada", workspace.address("ada"))
    browser = await workspace.site.browser()
    answer = answer_of(await workspace.begin(browser))
    assert refused(await browser.get(answer + "&iss=https://evil.example"), browser)


async def test_a_provider_signs_nobody_in_to_another_workspace(
    workspace: Workspace, provider: Provider, site: Site
) -> None:
    other = await make_workspace(site)
    provider.be("ada", workspace.address("ada"))
    browser = await site.browser()
    answer = answer_of(await workspace.begin(browser))
    at_other = answer.replace(workspace.slug, other.slug)
    assert refused(await browser.get(at_other), browser), "no provider there"
    await other.set_up(provider, domains=[f"{workspace.slug}.example"], role="owner")
    answer = answer_of(await workspace.begin(browser)).replace(workspace.slug, other.slug)
    assert refused(await browser.get(answer), browser), "the same provider, the cookie of another workspace"
    await sign_on(workspace, browser)
    assert (await me(browser))["tenant"] == workspace.slug
    assert workspace.address("ada") not in await other.members()


async def test_nobody_is_taken_over_by_the_provider_of_another_workspace(
    workspace: Workspace, provider: Provider, site: Site
) -> None:
    """A provider that names the owner of acme opens its own workspace, and not a door to acme."""
    victim = site.acme.owner
    await workspace.set_up(provider, domains=["acme.example"], role="owner")
    provider.be("liar", "owner@acme.example")
    browser = await site.browser()
    await sign_on(workspace, browser)
    who = await me(browser)
    assert (who["tenant"], who["user_id"]) == (workspace.slug, str(victim.user_id))
    assert (await browser.get(f"/admin/runs/{site.acme.runs[0]}")).status_code == 404
    async with tenant_session(site.whorl.engine, victim.tenant_id) as session:
        assert await session.scalar(select(Identity.subject).where(Identity.subject == "liar")) is None
        user = await session.get_one(User, victim.user_id)
        assert user.home_tenant_id == victim.tenant_id and user.name == "Owner"
    # Nor does the account's password open the liar's workspace, or the other way round.
    form = {"email": "owner@acme.example", "password": "correct horse battery", "workspace": workspace.slug}
    assert (await (await site.browser()).post("/signin", data=form)).status_code == 401
    assert (await (await site.browser()).post("/signin", data={**form, "workspace": ""})).status_code == 303


async def test_a_password_that_another_workspace_drew_opens_nothing_here(
    workspace: Workspace, provider: Provider, site: Site
) -> None:
    """Somebody made an account for the address in advance and knows its password."""
    squatter = await make_workspace(site)
    async with tenant_session(site.whorl.engine, squatter.owner.tenant_id) as session:
        _, password = await add_member(session, squatter.owner.tenant_id, workspace.address("ada"), "member")
    provider.be("ada", workspace.address("ada"))
    browser = await site.browser()
    assert (await sign_on(workspace, browser)).status_code == 303
    form = {"email": workspace.address("ada"), "password": str(password), "workspace": workspace.slug}
    assert (await (await site.browser()).post("/signin", data=form)).status_code == 401


async def test_members_are_known_by_their_address_and_nobody_else_comes_in(
    workspace: Workspace, provider: Provider
) -> None:
    await workspace.set_up(provider, role=None)
    added = await workspace.admin.post(
        "/api/members", json={"email": workspace.address("dan"), "role": "viewer"}
    )
    provider.be("dan", workspace.address("DAN"))
    browser = await workspace.site.browser()
    await sign_on(workspace, browser)
    assert (await me(browser))["user_id"] == added.json()["user_id"]
    provider.be("eve", workspace.address("eve"))
    stranger = await workspace.site.browser()
    assert refused(await sign_on(workspace, stranger), stranger)


async def test_whoever_was_removed_stays_out(workspace: Workspace, provider: Provider) -> None:
    provider.be("fay", workspace.address("fay"))
    browser = await workspace.site.browser()
    await sign_on(workspace, browser)
    who = await me(browser)
    assert (await workspace.admin.delete(f"/api/members/{who['user_id']}")).status_code == 204
    assert (await browser.get("/api/me")).status_code == 401
    again = await workspace.site.browser()
    page = await sign_on(workspace, again)
    assert refused(page, again) and "Ask an administrator for an invitation" in page.text
    await workspace.admin.post("/api/invitations", json={"email": workspace.address("fay"), "role": "viewer"})
    await sign_on(workspace, again)
    assert (await me(again))["role"] == "viewer"


async def test_what_is_stored_gives_nothing_away(workspace: Workspace, site: Site) -> None:
    browser = await site.browser()
    await workspace.begin(browser)
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        stored = (await session.scalars(select(SignOnProvider))).one()
        attempt = (await session.scalars(select(SignOnAttempt))).one()
    assert CLIENT_SECRET.encode() not in stored.client_secret
    assert browser.cookies[ATTEMPT] not in json.dumps([attempt.digest, attempt.next])
    for address in ("/api/sso", "/admin/members", "/api/audit"):
        assert CLIENT_SECRET not in (await workspace.admin.get(address)).text, address


async def test_settings_are_checked(workspace: Workspace, provider: Provider) -> None:
    for changes, status in (
        ({"issuer": "ftp://files.example"}, 422),
        ({"issuer": provider.issuer + "?a=1"}, 422),
        ({"issuer": provider.issuer + "/"}, 502),
        ({"issuer": "http://127.0.0.1:1"}, 502),
        ({"role": "member", "domains": []}, 422),
        ({"domains": ["not a domain"]}, 422),
        ({"role": "exporter"}, 422),
        ({"client_secret": None, "client_id": "another"}, 422),
        ({"client_secret": None}, 200),
    ):
        answer = await workspace.set_up(provider, **changes)
        assert answer.status_code == status, (changes, answer.text)
    member = await workspace.site.browser(workspace.site.acme.people["viewer"])
    assert (await member.get("/api/sso")).status_code == 403
    assert (await workspace.admin.delete("/api/sso")).status_code == 204
    assert (await workspace.admin.get("/api/sso")).status_code == 404
    assert (await workspace.admin.delete("/api/sso")).status_code == 404


async def test_the_page_offers_it_where_there_is_one(workspace: Workspace, site: Site) -> None:
    browser = await site.browser()
    link = f"/signin/sso/{workspace.slug}?next=/admin"
    assert link in (await browser.get(f"/signin?workspace={workspace.slug}&next=/admin")).text
    for name in ("acme", "nobody-here"):
        page = (await browser.get(f"/signin?workspace={name}")).text
        assert "offers none here" in page and "/signin/sso/" not in page
        assert refused(await browser.get(f"/signin/sso/{name}"), browser)


async def test_sign_ons_that_come_to_nothing_are_throttled(
    workspace: Workspace, provider: Provider, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By address and workspace; one that comes to its end does not count, one that is refused does."""
    monkeypatch.setattr(site.whorl, "sign_ons", Throttle(limit=3))
    provider.be("ada", workspace.address("ada"))
    for _ in range(5):
        assert (await sign_on(workspace, await site.browser())).status_code == 303
    provider.be("eve", "eve@elsewhere.example")
    browser = await site.browser()
    assert refused(await sign_on(workspace, browser), browser)
    for _ in range(2):
        await workspace.begin(browser)
    page = await browser.get(f"/signin/sso/{workspace.slug}")
    assert page.status_code == 429 and int(page.headers["retry-after"]) > 0 and 'role="alert"' in page.text
    async with tenant_session(site.whorl.engine, workspace.owner.tenant_id) as session:
        left = list(await session.scalars(select(SignOnAttempt)))
    assert len(left) == 2, "nothing is kept of what is throttled, and the provider is not asked"
    other = await make_workspace(site)
    await other.set_up(provider)
    await other.begin(browser)


async def test_an_address_of_which_the_provider_says_nothing_counts_where_the_administrator_says_so(
    workspace: Workspace, provider: Provider
) -> None:
    domains = [f"{workspace.slug}.example"]

    async def come(email: str, verified: Any) -> httpx.Response:
        provider.be(secrets.token_hex(4), email)
        if verified is None:
            provider.person.pop("email_verified")
        else:
            provider.person["email_verified"] = verified
        return await sign_on(workspace, await workspace.site.browser())

    silent = await come(workspace.address("ida"), None)
    assert silent.status_code == 401 and "does not say whether it verified" in silent.text
    wide = await workspace.set_up(provider, accept_unstated_email=True)
    assert wide.status_code == 422 and "domains" in wide.json()["detail"]
    set_up = await workspace.set_up(provider, domains=domains, role="member", accept_unstated_email=True)
    assert set_up.json()["accept_unstated_email"] is True
    assert " checked" in (await workspace.admin.get("/admin/members")).text
    assert (await come(workspace.address("ida"), None)).status_code == 303
    assert (await come("ida@elsewhere.example", None)).status_code == 401
    for denied in (False, "true", 1):
        assert (await come(workspace.address("joe"), denied)).status_code == 401, denied
    await workspace.set_up(provider, domains=domains, role="member")
    assert (await come(workspace.address("kai"), None)).status_code == 401
    members = await workspace.members()
    assert workspace.address("ida") in members and workspace.address("kai") not in members
    events = [
        event for event in (await workspace.admin.get("/api/audit")).json() if event["action"] == "sso.set"
    ]
    assert [event["details"]["accept_unstated_email"] for event in events] == [False, True, False]


async def test_another_site_cannot_start_it(workspace: Workspace, site: Site) -> None:
    browser = await site.browser()
    page = await browser.get(f"/signin/sso/{workspace.slug}", headers={"Sec-Fetch-Site": "cross-site"})
    assert page.status_code == 200 and "Single sign-on to" in page.text
    assert ATTEMPT not in browser.cookies


async def test_it_leads_to_no_other_site(workspace: Workspace, provider: Provider, site: Site) -> None:
    provider.be("ada", workspace.address("ada"))
    response = await sign_on(workspace, await site.browser(), "//evil.example")
    assert response.headers["location"] == "/"


async def test_a_provider_that_refuses_is_named(workspace: Workspace, site: Site) -> None:
    browser = await site.browser()
    await workspace.begin(browser)
    page = await browser.get(f"/signin/sso/{workspace.slug}/callback?error=access_denied<script>&state=x")
    assert refused(page, browser) and "access_denied&lt;script&gt;" in page.text


async def test_removing_a_member_ends_what_was_signed_on(workspace: Workspace, provider: Provider) -> None:
    provider.be("gil", workspace.address("gil"))
    browser = await workspace.site.browser()
    await sign_on(workspace, browser)
    who = await me(browser)
    async with tenant_session(workspace.site.whorl.engine, workspace.owner.tenant_id) as session:
        await remove_member(session, workspace.owner, uuid.UUID(who["user_id"]))
    assert (await browser.get("/api/me")).status_code == 401


@pytest.fixture(scope="module")
def mock_provider() -> Iterator[str]:
    """The issuer of oidc-provider-mock, in a process of its own."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    person = {"sub": "grace", "email": "grace@navy.example", "email_verified": True, "name": "Grace"}
    command = [
        sys.executable, "-P", "-m", "oidc_provider_mock", "--host", "127.0.0.1", "--port", str(port),
        "--user-claims", json.dumps(person),
    ]  # fmt: skip
    running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    issuer = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            assert running.poll() is None, "oidc-provider-mock did not start"
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration")
                break
            except httpx.ConnectError:
                time.sleep(0.1)
        yield issuer
    finally:
        running.terminate()
        running.wait(timeout=20)


async def test_with_a_provider_that_others_wrote(site: Site, mock_provider: str) -> None:
    workspace = await make_workspace(site)
    body = {
        "issuer": mock_provider, "client_id": "c", "client_secret": "s", "domains": ["navy.example"], "role": "viewer",
    }  # fmt: skip
    assert (await workspace.admin.put("/api/sso", json=body)).status_code == 200
    browser = await site.browser()
    url = await workspace.begin(browser)
    async with httpx.AsyncClient() as plain:
        answer = await plain.post(url, data={"sub": "grace"})
    back = urlsplit(answer.headers["location"])
    response = await browser.get(f"{back.path}?{back.query}")
    assert response.status_code == 303, response.text
    who = await me(browser)
    assert (who["tenant"], who["role"], who["name"]) == (workspace.slug, "viewer", "Grace")
