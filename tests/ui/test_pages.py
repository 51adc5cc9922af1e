"""Every page, for every role, and every link on it."""

import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urldefrag, urljoin, urlsplit

import httpx
import pytest

from tests.conftest import ROOT
from tests.ui.conftest import Site
from tests.ui.seed import evaluation
from whorl.flywheel.datasets import list_datasets
from whorl.flywheel.evaluation import store_evaluation
from whorl.flywheel.kinds import ANSWERED
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.audit import record
from whorl.platform.identity.bootstrap import operator_of
from whorl.platform.identity.tables import Tenant
from whorl.platform.problems import KINDS
from whorl.platform.serving.adapters import register_adapter
from whorl.platform.serving.tables import Adapter
from whorl.platform.usage.prices import Price, Prices
from whorl.platform.usage.quotas import Quotas, change_quotas
from whorl.ui.headers import POLICY
from whorl.ui.signin import local_path

CHAT = ["/", "/conversations/{conversation}"]
READ = [
    "/admin", "/admin/runs", "/admin/runs/{run}", "/admin/runs/{run}?datasets=1", "/admin/agents", "/admin/documents",
    "/admin/quarantine", "/admin/datasets", "/admin/datasets/{dataset}",
    "/admin/adapters", "/admin/adapters/{adapter}", "/admin/trainings/{training}",
]  # fmt: skip
ADMINISTER = ["/admin/redaction", "/admin/members", "/admin/keys", "/admin/usage", "/admin/audit"]
OPEN = ["/docs", "/account"]
ALL = [*CHAT, *READ, *ADMINISTER, *OPEN]


class Found(HTMLParser):
    """What a page links to, and what it would run."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.inline: list[str] = []
        self.events: list[str] = []
        self.images: list[str] = []
        self._script = False
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        for name in ("href", "src", "action"):
            if given.get(name) and tag != "use":
                self.links.append(str(given[name]))
        self.events += [name for name in given if name.startswith("on") or name == "style"]
        self._script = tag in ("script", "style") and not given.get("src")
        if tag == "img":
            self.images.append(str(given.get("src")))

    def handle_data(self, data: str) -> None:
        if self._script and data.strip():
            self.inline.append(data)

    def handle_endtag(self, tag: str) -> None:
        self._script = False


def fill(path: str, site: Site) -> str:
    acme = site.acme
    return path.format(
        conversation=acme.conversation_id, run=acme.runs[0], dataset=acme.dataset_id, adapter=acme.adapter,
        training=acme.training_id,
    )  # fmt: skip


async def crawl(client: httpx.AsyncClient, start: list[str], limit: int = 400) -> dict[str, httpx.Response]:
    """Every page of the site that can be reached by links, by its path and query."""
    seen: dict[str, httpx.Response] = {}
    waiting = list(start)
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        assert len(seen) < limit, "the crawl does not end"
        seen[path] = response = await client.get(path)
        if not response.headers.get("content-type", "").startswith("text/html"):
            continue
        for link in Found(response.text).links:
            target = urlsplit(urldefrag(urljoin(f"http://site{path}", link))[0])
            if target.netloc == "site" and target.path != "/signout":
                waiting.append(target.path + (f"?{target.query}" if target.query else ""))
    return seen


async def test_every_link_that_an_owner_finds_leads_somewhere(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    pages = await crawl(client, ["/"])
    broken = {path: response.status_code for path, response in pages.items() if response.status_code != 200}
    assert not broken
    assert {fill(path, site) for path in ALL} <= pages.keys()
    assert any(path.endswith("train.jsonl") for path in pages)


@pytest.mark.parametrize("path", ALL)
async def test_no_page_without_signing_in(site: Site, path: str) -> None:
    client = await site.browser()
    response = await client.get(fill(path, site))
    assert response.status_code == 303
    assert response.headers["location"].startswith("/signin")
    if path != "/":
        assert response.headers["location"] == f"/signin?next={quote(fill(path, site))}"


@pytest.mark.parametrize("path", ALL)
async def test_every_page_for_every_role(site: Site, path: str) -> None:
    expected = {
        "owner": 200,
        "admin": 200,
        "member": 200 if path in CHAT or path in OPEN else 403,
        "viewer": 200 if path in READ or path in OPEN else 303 if path == "/" else 403,
    }
    # Somebody else's conversation does not exist for anybody who may chat.
    if path == CHAT[1]:
        expected |= {"admin": 404, "member": 404}
    for role, status in expected.items():
        client = await site.browser(site.acme.people[role])
        response = await client.get(fill(path, site))
        assert response.status_code == status, (role, path)
        if status in (403, 404):
            assert response.headers["content-type"].startswith("text/html")
            assert "<h1>" in response.text and "Sign out" in response.text


async def test_navigation_shows_what_the_role_may_do(site: Site) -> None:
    shown = {}
    for role, actor in site.acme.people.items():
        client = await site.browser(actor)
        links = set(Found((await client.get("/docs")).text).links)
        admin = await client.get("/admin")
        links |= set(Found(admin.text).links) if admin.status_code == 200 else set()
        shown[role] = links
    assert "/admin" not in shown["member"]
    assert "/admin" in shown["viewer"]
    assert "/admin/members" not in shown["viewer"]
    assert {"/admin/members", "/admin/keys", "/admin/audit"} <= shown["admin"]


async def test_a_viewer_is_offered_no_change(site: Site) -> None:
    client = await site.browser(site.acme.people["viewer"])
    for path, response in (await crawl(client, ["/admin"])).items():
        assert "data-api=" not in response.text or path == "/account", path
        assert 'type="file"' not in response.text, path
        assert response.status_code == 200, path


async def test_headers_and_no_inline_code_anywhere(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    pages = await crawl(client, ["/", "/nowhere"])
    for path, response in [*pages.items(), ("/signin", await client.get("/signin"))]:
        assert response.headers["content-security-policy"] == POLICY, path
        assert response.headers["x-content-type-options"] == "nosniff", path
        assert response.headers["referrer-policy"] == "same-origin", path
        if response.headers.get("content-type", "").startswith("text/html"):
            found = Found(response.text)
            assert not found.inline and not found.events, path
            assert response.headers["cache-control"] == "no-store", path
    assert "unsafe" not in POLICY and "script-src" not in POLICY and "default-src 'self'" in POLICY


async def test_errors_are_pages_for_people_and_problems_for_programs(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    page = await client.get("/nowhere")
    assert page.status_code == 404 and "Sign out" in page.text
    assert "There is nothing at this address." in page.text
    api = await client.get("/api/runs/00000000-0000-7000-8000-000000000000")
    assert api.headers["content-type"] == "application/problem+json" and api.json()["status"] == 404
    program = await client.get("/nowhere", headers={"Accept": "application/json"})
    assert program.headers["content-type"] == "application/problem+json"
    malformed = await client.get("/admin/runs/not-a-uuid")
    assert malformed.status_code == 422 and "<h1>" in malformed.text


async def test_strangers_words_are_escaped(site: Site) -> None:
    """Markup in titles, questions, answers, names, edits, cards and tool output stays text."""
    client = await site.browser(site.hostile.owner)
    pages = await crawl(client, ["/", "/admin/documents?q=Danger"])
    showing = 0
    for path, response in pages.items():
        if not response.headers["content-type"].startswith("text/html"):
            continue
        found = Found(response.text)
        assert not found.images and not found.inline and not found.events, path
        showing += "&lt;img src=x" in response.text
    assert showing >= 10, "the hostile words are shown, or this test shows nothing"


async def test_another_workspace_is_not_there(site: Site) -> None:
    client = await site.browser(site.hostile.owner)
    own = [path for path in ALL if "{" in path]
    for path in own:
        response = await client.get(fill(path, site))
        assert response.status_code == 404, path
    pages = await crawl(client, ["/admin"])
    assert str(site.acme.tenant_id) not in "".join(page.text for page in pages.values())


async def test_no_page_shows_raw_json(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    for path, response in (await crawl(client, ["/admin"])).items():
        if response.headers["content-type"].startswith("text/html"):
            text = re.sub(r"<[^>]*>", "", response.text)
            assert not re.search(r"(\{|&#39;|&#34;|\[)(&#34;|&#39;)\w+(&#34;|&#39;):", text), path


async def test_lists_page_by_cursor(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from whorl.ui import documents, runs

    monkeypatch.setattr(runs, "PAGE", 2)
    monkeypatch.setattr(documents, "PAGE", 2)
    client = await site.browser(site.acme.owner)
    for start, pattern, total in (
        ("/admin/runs", r'href="/admin/runs/([0-9a-f-]{36})"', len(site.acme.runs)),
        ("/admin/documents", r'href="/admin/documents/([0-9a-f-]{36})"', 3),
    ):
        found: list[str] = []
        path: str | None = start
        while path:
            text = (await client.get(path)).text
            found += re.findall(pattern, text)
            following = re.search(r'rel="next" href="([^"]+)"', text)
            path = following[1].replace("&amp;", "&") if following else None
        assert len(found) == len(set(found)) >= total


async def test_runs_by_status(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    assert str(site.acme.runs[0]) in (await client.get("/admin/runs?status=succeeded")).text
    assert str(site.acme.runs[0]) not in (await client.get("/admin/runs?status=failed")).text


async def test_a_run_shows_redacted_content_only(site: Site) -> None:
    client = await site.browser(site.acme.owner)
    page = (await client.get(f"/admin/runs/{site.acme.runs[3]}")).text
    assert "anna.kern@firm.example" not in page
    assert "&lt;EMAIL" in page


async def test_search_shows_passages_with_scores(site: Site) -> None:
    client = await site.browser(site.acme.people["viewer"])
    page = (await client.get("/admin/documents?q=daily+allowance")).text
    assert "score " in page and "34 euros" in page
    link = re.search(r'href="(/admin/documents/[0-9a-f-]+\?start=\d+&amp;end=\d+)#marked"', page)
    assert link is not None
    assert '<mark id="marked">' in (await client.get(link[1].replace("&amp;", "&"))).text


async def test_reference_lists_every_endpoint(site: Site) -> None:
    client = await site.browser(site.acme.people["member"])
    document = (await client.get("/openapi.json")).json()
    page = (await client.get("/docs")).text
    for path, item in document["paths"].items():
        for method in item:
            assert item[method]["operationId"] in page, (method, path)
    assert "conversation_id" in page
    refused = (await client.get("/api/keys")).json()
    assert refused["type"] == "/docs#problem-not-allowed"
    for kind in KINDS:
        assert f'id="{kind.id}"' in page and kind.about
    anonymous = await site.browser()
    assert (await anonymous.get("/openapi.json")).status_code == 401


@pytest.mark.parametrize(
    "wanted",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "",
    ],
)
def test_only_local_paths_are_followed(wanted: str) -> None:
    assert local_path(wanted) == "/"


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


async def test_overview_counts_what_is_there(site: Site) -> None:
    client = await site.browser(site.hostile.owner)
    text = text_of((await client.get("/admin")).text)
    runs = len(site.hostile.runs)
    assert f"{runs} runs" in text and "100 % succeeded" in text
    assert f"{runs + 1} outcomes given" in text
    assert re.search(r"email address [1-9]", text)
    assert "Upload the documents to answer from (done)" in text
    assert "Promote the adapter (done)" not in text


async def test_pages_of_adapters_and_trainings(site: Site) -> None:
    client = await site.browser(site.acme.people["viewer"])
    page = (await client.get(f"/admin/adapters/{site.acme.adapter}")).text
    adapter = text_of(page)
    assert "21 of 60 35 %" in adapter and "52 of 60 87 %" in adapter and "p = 0.0004" in adapter
    assert "0.00121 US dollars in place of 0.0012" in adapter and "Success 87 % in place of 35 %" in adapter
    assert "By kind of question" in adapter and f"{ANSWERED} 60 60 60 0 0 1" in adapter
    adapters = text_of((await client.get("/admin/adapters")).text)
    assert "it has not been evaluated" in adapters and "passes" in adapters
    assert "held-out success passed" in adapter and "safety set passed" in adapter
    training = (await client.get(f"/admin/trainings/{site.acme.training_id}")).text
    lines = re.findall(r'<polyline class="line-(\d)" points="([^"]+)"', training)
    assert [(number, len(points.split())) for number, points in lines] == [("1", 30), ("2", 3), ("1", 30)]
    assert "<desc" in training and "evaluation: from 2 at 10 to 1.9 at 30" in training
    assert "Set early_stop" in text_of(training)
    assert training.count('<figure class="chart">') == page.count('<figure class="chart">') == 2


async def test_the_page_of_an_adapter_shows_the_sft_baseline(site: Site) -> None:
    owner, whorl = site.acme.owner, site.whorl
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        pairs = next(one for one in await list_datasets(session) if one.format == "dpo")
        await register_adapter(
            session, owner.tenant_id, "acme.v7", method="dpo", base_hash=whorl.servers.base_hash,
            dataset_id=pairs.id, folder=whorl.settings.adapters / "acme.v7", card={},
        )  # fmt: skip
    await store_evaluation(whorl.engine, owner, "acme.v7", "held-out questions", evaluation(21, 52, 60))
    client = await site.browser(site.acme.people["viewer"])
    unasked = text_of((await client.get("/admin/adapters/acme.v7")).text)
    assert (
        "The SFT adapter acme.v2 of the same runs is the one to beat; this evaluation did not ask it"
        in unasked
    )
    beaten = {
        "adapter": "acme.v2",
        **evaluation(21, 40, 60)["after"],
        "p_value": 0.02,
        "better": 14,
        "worse": 2,
    }
    compared = {**evaluation(21, 52, 60), "baseline": beaten}
    await store_evaluation(whorl.engine, owner, "acme.v7", "held-out questions", compared)
    asked = text_of((await client.get("/admin/adapters/acme.v7")).text)
    assert "SFT baseline acme.v2 40 of 60 67 %" in asked and "is the one to beat" not in asked
    assert "better on 14 questions, worse on 2; exact paired test p = 0.0200" in asked


async def test_the_page_of_a_trial_shows_its_arms_and_who_may_end_it(site: Site) -> None:
    page = f"/admin/adapters/{site.hostile.adapter}"
    owner = await site.browser(site.hostile.owner)
    viewer = await site.browser(site.hostile.people["viewer"])
    offered = (await owner.get(page)).text
    assert all(words in offered for words in ("Start as shadow", "Start as canary", ">Promote<"))
    promote = f"/api/adapters/{site.hostile.adapter}/promote"
    for stage in ("shadow", "canary"):
        begun = await owner.post(promote, json={"stage": stage, "share": 0.5})
        assert begun.status_code == 200, begun.text
        text = text_of((await viewer.get(page)).text)
        assert "undecided 50 % of conversations of the agent default beside the base model" in text
    assert "Candidate 0 –" in text and "Difference -100.0 to +100.0 points" in text
    assert "Roll back" not in text and "Roll back" in (await owner.get(page)).text
    assert "is the canary for 50 % of the conversations" in text_of(
        (await viewer.get("/admin/adapters")).text
    )
    assert (await viewer.post(f"/api/adapters/{site.hostile.adapter}/stop")).status_code == 403
    stopped = (await owner.post(f"/api/adapters/{site.hostile.adapter}/stop")).json()
    assert (stopped["state"], stopped["trial"]["verdict"]) == ("evaluated", "stopped")


async def test_who_may_delete_an_adapter_is_offered_it_until_it_is_gone(site: Site, tmp_path: Path) -> None:
    tenant, name = site.acme.owner.tenant_id, f"{site.acme.owner.tenant_slug}.v77"
    folder = tmp_path / name
    folder.mkdir()
    async with tenant_session(site.whorl.engine, tenant) as session:
        session.add(
            Adapter(
                tenant_id=tenant, name=name, version=77, state="trained", method="sft", base_hash="b",
                dataset_id=None, folder=str(folder), card={},
            )
        )  # fmt: skip
    page, button = f"/admin/adapters/{name}", "Delete this adapter"
    owner, viewer = await site.browser(site.acme.owner), await site.browser(site.acme.people["viewer"])
    assert button in (await owner.get(page)).text and button not in (await viewer.get(page)).text
    assert (await viewer.delete(f"/api/adapters/{name}")).status_code == 403
    assert (await owner.delete(f"/api/adapters/{name}")).status_code == 204
    gone = (await owner.get(page)).text
    assert button not in gone and "deleted" in text_of(gone) and "Start as shadow" not in gone
    assert not folder.exists()


async def test_usage_is_shown_by_name_beside_the_quotas(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = await site.browser(site.acme.owner)
    await owner.post("/api/runs", json={"question": "How much did that take?"})
    text = text_of((await owner.get("/admin/usage")).text)
    assert "By person or key" in text and "Owner" in text and "the operator set none" in text
    tenant = site.acme.owner.tenant_id
    async with tenant_session(site.whorl.engine, tenant) as session:
        await change_quotas(session, tenant, Quotas(requests_per_minute=1234))
    text = text_of((await owner.get("/admin/usage")).text)
    assert "at most 1,234 requests a minute" in text and "has no price" not in text
    async with tenant_session(site.whorl.engine, tenant) as session:
        await change_quotas(session, tenant, Quotas(requests_per_minute=1234, dollars_per_month=Decimal(9)))
    text = text_of((await owner.get("/admin/usage")).text)
    assert "The model scripted has no price" in text and "does not count towards the dollars" in text
    monkeypatch.setattr(site.whorl, "prices", Prices({"scripted": Price(1, 1)}))
    assert "has no price" not in text_of((await owner.get("/admin/usage")).text)


def test_a_form_goes_to_an_address_or_waits_for_its_scripts() -> None:
    """Without the scripts that send it, a form of neither kind would load the page anew, and what was asked would be lost."""
    forms = [
        form
        for file in (ROOT / "ui/templates").glob("*.html")
        for form in re.findall(r"<form[^>]*", file.read_text())
    ]
    assert len(forms) > 30
    for form in forms:
        assert ("action=" in form) != ('method="dialog"' in form) or form.endswith(" hidden"), form


async def test_what_a_workspace_may_ask_is_shown_and_offered(site: Site) -> None:
    owner = await site.browser(site.acme.owner)
    tenant = site.acme.owner.tenant_id
    await owner.put("/api/agents/sole", json={})

    async def allow(quotas: Quotas) -> None:
        async with tenant_session(site.whorl.engine, tenant) as session:
            await change_quotas(session, tenant, quotas)

    await allow(Quotas(models=(), agents=("sole",)))
    try:
        text = text_of((await owner.get("/admin/usage")).text)
        assert "Of agents these alone may be asked: sole." in text
        assert "Of models, directly, none may be asked." in text and "the operator set none" not in text
        page = (await owner.get("/")).text
        assert ">sole</option>" in page and ">default</option>" not in page
    finally:
        await allow(Quotas())
        await owner.delete("/api/agents/sole")


async def test_audit_names_people_and_keys(site: Site) -> None:
    owner = await site.browser(site.acme.owner)
    key = (await owner.post("/api/keys", json={"name": "for the audit"})).json()
    text = text_of((await owner.get("/admin/audit")).text)
    assert "Owner key created the key “for the audit”" in text
    assert key["id"] not in text


async def test_audit_names_the_operator(site: Site) -> None:
    engine, tenant_id = site.app.state.whorl.engine, site.acme.tenant_id
    async with tenant_session(engine, tenant_id) as session:
        operator = operator_of(await session.get_one(Tenant, tenant_id))
        record(session, operator, "tenant.renamed", "acme", name="Acme")
    owner = await site.browser(site.acme.owner)
    text = text_of((await owner.get("/admin/audit")).text)
    assert "the operator tenant renamed acme" in text and "the command line" not in text


async def test_keys_say_whose_they_are(site: Site) -> None:
    owner = await site.browser(site.acme.owner)
    text = text_of((await owner.get("/admin/keys")).text)
    assert "first key of first@acme.example owner" in text and "billing of" not in text
