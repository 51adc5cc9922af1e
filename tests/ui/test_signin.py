"""Signing in and out."""

import httpx
import pytest

from tests.ui.conftest import Site
from tests.ui.seed import PASSWORD, address
from whorl.platform.identity.http import COOKIE
from whorl.platform.settings import Settings


async def sign_in(client: httpx.AsyncClient, **fields: str) -> httpx.Response:
    return await client.post("/signin", data={"email": address("owner"), "password": PASSWORD, **fields})


async def test_sign_in_sets_a_safe_cookie_and_leads_on(site: Site) -> None:
    client = await site.browser()
    response = await sign_in(client, next="/admin/runs?status=failed")
    assert response.status_code == 303 and response.headers["location"] == "/admin/runs?status=failed"
    cookie = response.headers["set-cookie"].lower()
    assert all(part in cookie for part in ("httponly", "samesite=lax", "path=/", "max-age=1209600"))
    assert "secure" not in cookie
    assert (await client.get("/admin/runs")).status_code == 200


async def test_the_cookie_is_secure_behind_https(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = site.whorl.settings.model_copy(update={"public_url": "https://whorl.example"})
    monkeypatch.setattr(site.whorl, "settings", settings)
    assert isinstance(settings, Settings)
    response = await sign_in(await site.browser())
    assert "secure" in response.headers["set-cookie"].lower()


@pytest.mark.parametrize(("stated", "secure"), [("https", True), ("http", False), (None, False)])
async def test_the_cookie_is_secure_where_a_trusted_proxy_states_https(
    site: Site, stated: str | None, secure: bool
) -> None:
    headers = {"X-Forwarded-Proto": stated} if stated else {}
    async with httpx.AsyncClient(base_url=site.address, headers=headers) as client:
        response = await sign_in(client)
    assert response.status_code == 303
    assert ("secure" in response.headers["set-cookie"].lower()) == secure


async def test_a_wrong_password_shows_the_form_again(site: Site) -> None:
    client = await site.browser()
    response = await sign_in(client, password="wrong", next="/admin")
    assert response.status_code == 401
    assert "The e-mail address or the password is wrong." in response.text
    assert address("owner") in response.text and 'value="/admin"' in response.text
    assert "wrong</" not in response.text and COOKIE not in client.cookies


async def test_many_failures_are_throttled(site: Site) -> None:
    client = await site.browser()
    codes = [(await sign_in(client, email="nobody@acme.example")).status_code for _ in range(10)]
    assert codes[0] == 401 and codes[-1] == 429
    assert int((await sign_in(client, email="nobody@acme.example")).headers["retry-after"]) > 0


async def test_a_workspace_can_be_named(site: Site) -> None:
    client = await site.browser()
    assert (await sign_in(client, workspace=" ACME ")).status_code == 303
    assert (await sign_in(client, workspace="hostile")).status_code == 401


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example", "/\\evil.example"])
async def test_sign_in_leads_to_no_other_site(site: Site, wanted: str) -> None:
    response = await sign_in(await site.browser(), next=wanted)
    assert response.headers["location"] == "/"


async def test_another_site_cannot_sign_anybody_in_or_out(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    for path in ("/signin", "/signout"):
        response = await client.post(path, headers={"Sec-Fetch-Site": "cross-site"})
        assert response.status_code == 403, path
    assert (await client.get("/admin")).status_code == 200


async def test_sign_out_ends_the_session(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    kept = client.cookies[COOKIE]
    assert (await client.post("/signout")).headers["location"] == "/signin"
    client.cookies.set(COOKIE, kept)
    response = await client.get("/admin")
    assert response.status_code == 303 and response.headers["location"] == "/signin?next=/admin"


async def test_whoever_is_signed_in_needs_no_form(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    response = await client.get("/signin?next=/admin/runs")
    assert response.status_code == 303 and response.headers["location"] == "/admin/runs"
    client.cookies.set(COOKIE, "session_of_nobody")
    assert (await client.get("/signin")).status_code == 200
