"""The pages in a real Chromium: what a person does, with no console error and no policy violation."""

import json
import shutil
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    FilePayload,
    Locator,
    Page,
    Route,
    async_playwright,
    expect,
)

from tests.oidc_provider import CLIENT_ID, CLIENT_SECRET, running_provider
from tests.ui.conftest import Site
from tests.ui.seed import PASSWORD, address
from whorl.agents.definitions import Definition, define_agent, forget_agent
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.identity.http import COOKIE
from whorl.platform.identity.members import add_member
from whorl.platform.telemetry.redaction.stored import policy_history

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed on this machine"),
]
Test = TypeVar("Test", bound=Callable[..., Any])
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@pytest_asyncio.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    expect.set_options(timeout=15_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture
async def context(chromium: Browser, site: Site) -> AsyncIterator[BrowserContext]:
    context = await chromium.new_context(base_url=site.address, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(15_000)
    yield context
    await context.close()


@pytest_asyncio.fixture
async def page(context: BrowserContext, request: pytest.FixtureRequest) -> AsyncIterator[Page]:
    """A page on which nothing may go wrong: console errors and refused scripts fail the test.

    A test marked ``expects`` names the error that it brings about.
    """
    page = await context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    await page.add_init_script(
        "addEventListener('securitypolicyviolation', e => console.error('policy: ' + e.violatedDirective))"
    )
    yield page
    expected = getattr(request.function, "expects", None)
    assert [line for line in wrong if expected is None or expected not in line] == []
    assert expected is None or wrong


def expects(error: str) -> Callable[[Test], Test]:
    """Mark a test that brings about a console error with these words."""

    def mark(test: Test) -> Test:
        test.expects = error  # type: ignore[attr-defined]
        return test

    return mark


async def enter(context: BrowserContext, site: Site, actor: Actor) -> None:
    await context.add_cookies([{"name": COOKIE, "value": await site.cookie(actor), "url": site.address}])


async def test_sign_in_ask_open_the_passage_judge_and_come_back(page: Page) -> None:
    await page.goto("/admin/runs")
    await page.get_by_label("E-mail address").fill(address("owner"))
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page).to_have_url("/admin/runs")

    await page.get_by_role("link", name="Chat").click()
    await page.wait_for_url("/")
    await page.get_by_label("Your question").fill("How many days of leave do employees have?")
    await page.keyboard.press("Enter")
    answer = page.locator(".turn .answer").last
    await expect(answer).to_contain_text("Employees have 28 days of leave a year.")
    await expect(answer).to_have_attribute("aria-busy", "false")
    await expect(page.get_by_text("1 tool used")).to_be_visible()
    assert "tool_call" not in await page.locator("main").inner_text()

    await answer.get_by_role("button", name="Passage 1: Leave").click()
    panel = page.locator("#passage")
    # Exactly this: a character outside the basic plane stands before it in the document.
    await expect(panel.locator("mark")).to_have_text("Employees have 28 days of leave a year.")
    await expect(panel).to_contain_text("Sabbaticals are possible")
    await expect(panel.locator("mark")).to_be_in_viewport()
    await page.keyboard.press("Escape")
    await expect(panel).to_be_hidden()

    up = page.get_by_role("button", name="Good answer").last
    await up.click()
    await expect(up).to_have_attribute("aria-pressed", "true")
    await page.get_by_role("button", name="Correct this answer").last.click()
    await page.get_by_label("The right answer").fill("28 days. [1]")
    await page.get_by_role("button", name="Save the correction").click()
    await expect(page.get_by_text("your correction is kept")).to_be_visible()

    remark = page.get_by_role("button", name="Rate or comment").last
    await remark.click()
    await page.get_by_role("button", name="Save the comment").click()
    await expect(page.get_by_text("Choose stars, or write a comment.")).to_be_visible()
    await page.get_by_label("Stars").select_option("4")
    await page.get_by_label("Comment", exact=True).fill("It might say since when.")
    await page.get_by_role("button", name="Save the comment").click()
    await expect(page.get_by_text("Thank you, it is noted.")).to_be_visible()
    await expect(page.get_by_label("Comment", exact=True).last).to_be_hidden()
    await expect(remark).to_have_attribute("aria-expanded", "false")

    await page.reload()
    await expect(page.locator(".answer").last).to_contain_text("Employees have 28 days of leave a year.")
    await expect(page.get_by_role("button", name="Good answer").last).to_have_attribute(
        "aria-pressed", "true"
    )
    await expect(page.locator(".correction:visible")).to_contain_text("28 days. [1]")
    await expect(page.locator(".answer").get_by_role("button", name="Passage 1: Leave")).to_be_visible()


async def test_tool_calls_never_flash_as_answer(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.evaluate(
        """() => {
          window.shown = [];
          new MutationObserver(() => window.shown.push(document.querySelector('.answer')?.textContent ?? ''))
            .observe(document.getElementById('turns'), {childList: true, subtree: true, characterData: true});
        }"""
    )
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".answer")).to_contain_text("34 euros")
    shown = await page.evaluate("window.shown")
    assert any("34 euros" in text for text in shown)
    assert not [text for text in shown if "<" in text or "query" in text]


@expects("ERR_FAILED")
async def test_a_broken_connection_is_taken_up_where_it_broke(
    page: Page, context: BrowserContext, site: Site
) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    asked: list[str] = []

    async def cut(route: Route) -> None:
        """Give the page what came until the first tool was called, and later nothing at first."""
        asked.append(route.request.url)
        if len(asked) == 2:
            await route.abort()
            return
        response = await route.fetch()
        body = await response.text()
        await route.fulfill(
            response=response, body=body[: body.index("event: tool.ended")] if len(asked) == 1 else body
        )

    await page.route("**/api/runs", cut)
    await page.route("**/api/runs/*/events*", cut)
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("34 euros")
    await expect(page.get_by_text("1 tool used")).to_be_visible()
    await expect(page.get_by_role("alert")).to_have_count(0)
    await page.unroute_all()
    assert len(asked) == 3 and "after=" in asked[1] and asked[1] == asked[2]
    await page.reload()
    await expect(page.locator(".turn")).to_have_count(1)


@expects("404")
async def test_a_broken_answer_can_be_asked_again(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    head = 'event: run.started\ndata: {"run_id": "00000000-0000-7000-8000-000000000000", "conversation_id": null}\n\n'
    await page.route(
        "**/api/runs", lambda route: route.fulfill(content_type="text/event-stream", body=head), times=1
    )
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("The connection broke")
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".answer").last).to_contain_text("34 euros")


async def test_an_answer_that_is_not_wanted_is_asked_for_again(
    page: Page, context: BrowserContext, site: Site
) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("34 euros")
    first = await page.locator(".turn").get_attribute("data-run-id")
    async with page.expect_response(f"**/api/runs/{first}/feedback") as recorded:
        await page.get_by_role("button", name="Ask again").click()
    answer = await recorded.value
    assert (await answer.json())["kind"] == "retry" and (await answer.json())["value"] == 0
    await expect(page.locator(".answer").last).to_contain_text("34 euros")
    second = await page.locator(".turn").last.get_attribute("data-run-id")
    assert answer.request.post_data_json["replaced_by"] == second != first


async def test_a_run_can_be_stopped(page: Page, context: BrowserContext, site: Site) -> None:
    """Stop ends the run on the server too, not only on the page."""
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.get_by_label("Your question").fill("Say slowly how long")
    await page.keyboard.press("Shift+Enter")
    await page.keyboard.type("parental leave lasts.")
    await expect(page.locator(".turn")).to_have_count(0)
    await page.keyboard.press("Enter")
    await expect(page.locator(".answer")).to_contain_text("Parental")
    await page.get_by_role("button", name="Stop").click()
    await expect(page.get_by_role("alert")).to_contain_text("Stopped.")
    await expect(page.get_by_role("button", name="Send")).to_be_visible()
    await expect(page.locator(".answer")).not_to_contain_text("before it begins")
    run = await page.locator(".turn").get_attribute("data-run-id")
    for _ in range(50):
        status = (await (await page.request.get(f"/api/runs/{run}")).json())["status"]
        if status != "running":
            break
        await page.wait_for_timeout(100)
    assert status == "cancelled"
    await page.reload()
    await expect(page.get_by_text("This answer was stopped.")).to_be_visible()
    await expect(page.locator(".question")).to_have_text("Say slowly how long\nparental leave lasts.")


async def test_delete_a_conversation(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.people["member"])
    await page.goto("/")
    await page.get_by_role("button", name="What does “Leave” say?").click()
    await expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    link = page.get_by_role("navigation", name="Conversations").get_by_role("listitem")
    for _ in ("as it began", "as it is opened later"):
        await expect(page).to_have_title("What does “Leave” say? · Whorl")
        await expect(page.get_by_role("heading", level=1)).to_have_text("What does “Leave” say?")
        await expect(link.get_by_role("button", name="Delete “What does “Leave” say?”")).to_be_attached()
        await page.reload()
    await page.get_by_role("link", name="New chat").click()
    await page.get_by_role("button", name="What does “Leave” say?", exact=True).click()
    await expect(page.locator(".answer")).to_have_attribute("aria-busy", "false")
    await link.first.hover()
    await link.first.get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await page.wait_for_url("/")
    await expect(link).to_have_count(1)
    await link.hover()
    await link.get_by_role("button").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(link).to_have_count(0)
    await page.reload()
    await expect(page.get_by_text("Your conversations will stand here.")).to_be_visible()


@expects("ERR_CONNECTION")
async def test_no_connection_is_said_in_words(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.route("**/api/runs", lambda route: route.abort("connectionrefused"))
    await page.get_by_label("Your question").fill("Hello?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")


@expects("status of 404")
async def test_a_deleted_document_is_still_quoted(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto(f"/conversations/{site.acme.conversation_id}")
    await page.route(
        "**/api/documents/*", lambda route: route.fulfill(status=404, json={"title": "Not found"})
    )
    await page.locator(".cite").first.click()
    await expect(page.locator("#passage")).to_contain_text("The document was deleted.")
    await expect(page.locator("#passage mark")).to_contain_text("28 days")


async def test_upload_find_and_delete_a_document(
    page: Page, context: BrowserContext, site: Site, tmp_path: Path
) -> None:
    await enter(context, site, site.acme.owner)
    file = tmp_path / "tides.md"
    file.write_text("# Tides\n\nThe tide turns twice a day.")
    await page.goto("/admin/documents")
    await page.get_by_label("Add documents").set_input_files(file)
    await page.get_by_role("button", name="Upload").click()
    await expect(page.locator("#uploads")).to_contain_text("added, 1 chunk")
    await expect(page.get_by_role("cell", name="tides.md")).to_be_visible()
    await page.get_by_label("Search the documents").fill("When does the tide turn?")
    await page.keyboard.press("Enter")
    await page.get_by_role("link", name="Tides").first.click()
    await expect(page.locator("mark")).to_contain_text("twice a day")
    await page.get_by_role("button", name="Delete this document").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page).to_have_url("/admin/documents")
    await expect(page.get_by_role("cell", name="tides.md")).to_have_count(0)


async def test_the_waterfall_of_a_run(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto(f"/admin/runs/{site.acme.runs[0]}")
    bars = page.locator(".waterfall rect")
    assert await bars.count() == 5
    boxes = [await bar.bounding_box() for bar in await bars.all()]
    root = boxes[0]
    assert root is not None and root["width"] > 200
    for box in boxes[1:]:
        assert box is not None
        assert root["x"] - 1 <= box["x"] and box["x"] + box["width"] <= root["x"] + root["width"] + 1
    await page.get_by_text("execute_tool search").click()
    await expect(page.locator("details[open] .content")).to_contain_text("Employees have 28 days")


def _named(name: str, text: str) -> FilePayload:
    return {"name": name, "mimeType": "application/x-ndjson", "buffer": text.encode()}


async def test_keys_datasets_promotion_and_rollback(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/admin/keys")
    await page.get_by_label("What it is for").fill("a test")
    await page.get_by_role("button", name="Create").click()
    await expect(page.locator("#created code")).to_contain_text("whorl_")
    await page.get_by_role("link", name="Show the list again").click()
    await page.get_by_role("button", name="Revoke a test").click()
    await page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    await expect(page.get_by_role("row", name="a test")).to_contain_text("revoked")

    await page.goto("/admin/datasets")
    await page.get_by_text("Build a dataset").click()
    await page.get_by_label("kto").check()
    files = page.get_by_label("Checked against evaluations in")
    await files.set_input_files(
        _named("wrong.jsonl", '{"question": "How far is the moon?"}\n{"answer": 7}\n')
    )
    await page.get_by_role("button", name="Build").click()
    await expect(page.get_by_text("wrong.jsonl, line 2 asks nothing")).to_be_visible()
    asked = {
        "messages": [
            {"role": "user", "content": "How far is the sun?"},
            {"role": "assistant", "content": "Far."},
        ]
    }
    tasks = '{"question": "How far is the moon?"}\n\n' + json.dumps(asked)
    await files.set_input_files([_named("tasks.jsonl", tasks), _named("one.jsonl", '{"prompt": "Why?"}')])
    await page.get_by_role("button", name="Build").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("kto of", timeout=120_000)
    checked = page.get_by_role("table").filter(has_text="tasks.jsonl")
    await expect(checked.get_by_role("row").filter(has_text="tasks.jsonl")).to_contain_text("2")
    await expect(checked).to_contain_text("one.jsonl")
    await expect(page.locator(".bubble.user").first).to_be_visible()

    await page.get_by_role("button", name="Train an adapter on it").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Training by kto")
    await expect(page.get_by_text("queued")).to_be_visible()

    await page.goto("/admin/adapters/acme.v2")
    await expect(page.get_by_text("The gate refuses: it has not been evaluated")).to_be_visible()
    await page.get_by_role("button", name="Promote").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)  # the box must be ticked first
    await page.goto(f"/admin/adapters/{site.acme.adapter}")
    await page.get_by_role("button", name="Promote").click()
    await page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    await expect(page.get_by_text("answers for the agent default")).to_be_visible()
    await page.get_by_role("button", name="Roll back").click()
    await page.get_by_role("dialog").get_by_role("button", name="Roll back").click()
    await expect(page.get_by_role("heading", name="Promotion")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
async def test_no_page_is_wider_than_the_window(
    page: Page, context: BrowserContext, site: Site, width: int
) -> None:
    """Hostile words included: long lines wrap, tables scroll inside themselves, nothing runs."""
    actor = site.hostile.owner
    await enter(context, site, actor)
    await page.set_viewport_size({"width": width, "height": 800})
    for path in (
        "/", f"/conversations/{site.hostile.conversation_id}", "/admin", "/admin/runs",
        f"/admin/runs/{site.hostile.runs[-1]}", "/admin/documents", f"/admin/datasets/{site.hostile.dataset_id}",
        "/admin/adapters", f"/admin/adapters/{site.hostile.adapter}", "/admin/members", "/admin/keys",
        "/admin/usage", "/admin/audit", "/docs", "/account",
    ):  # fmt: skip
        await page.goto(path)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert await page.locator("main img").count() == 0, path
        levels = await page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map(h => +h.tagName[1])")
        assert levels[0] == 1 and levels.count(1) == 1, path
        assert all(b <= a + 1 for a, b in pairwise(levels)), path


async def test_single_sign_on_is_set_up_and_used(page: Page, site: Site, context: BrowserContext) -> None:
    """By the members page, then from the sign-in page, through the provider and back."""
    with running_provider() as provider:
        await enter(context, site, site.acme.owner)
        await page.goto("/admin/members")
        form = page.locator("#sso form").first
        await form.get_by_label("Issuer").fill(provider.issuer)
        await form.get_by_label("Client id").fill(CLIENT_ID)
        await form.get_by_label("Client secret").fill(CLIENT_SECRET)
        await form.get_by_label("Domains").fill("acme.example, acme.test")
        await form.get_by_label("Role of who is not known yet").select_option("member")
        await form.get_by_role("button", name="Set up").click()
        await expect(page.get_by_role("button", name="Switch off")).to_be_visible()
        await expect(form.get_by_label("Domains")).to_have_value("acme.example, acme.test")
        await context.clear_cookies()
        provider.be("ivy", "ivy@acme.test")
        await page.goto("/signin?next=/docs")
        await page.locator("form[method=get]").get_by_label("Workspace").fill("acme")
        await page.get_by_role("button", name="Continue").click()
        await page.get_by_role("link", name="Single sign-on to acme").click()
        await expect(page.get_by_text("Ivy")).to_be_visible()
        assert page.url == f"{site.address}/docs"
        await context.clear_cookies()
        await enter(context, site, site.acme.owner)
        await page.goto("/admin/members")
        await page.get_by_role("button", name="Switch off").click()
        await page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
        await expect(page.get_by_role("button", name="Set up")).to_be_visible()


async def test_a_password_is_typed_twice(page: Page, site: Site, context: BrowserContext) -> None:
    tenant_id = site.acme.tenant_id
    async with tenant_session(site.whorl.engine, tenant_id) as session:
        user, _ = await add_member(session, tenant_id, "kim@acme.example", "member", password=PASSWORD)
    await enter(context, site, Actor(tenant_id, "acme", "member", "kim", user_id=user.id))
    await page.goto("/account")
    await page.get_by_label("Current password").fill(PASSWORD)
    await page.locator("#new").fill("a better horse battery")
    again = page.get_by_label("New password again")
    await again.fill("a better house battery")
    await page.get_by_role("button", name="Change the password").click()
    assert await again.evaluate("field => field.validationMessage") == "This is not the same."
    await again.fill("a better horse battery")
    await page.get_by_role("button", name="Change the password").click()
    await expect(page.get_by_text("The password is changed.")).to_be_visible()


async def test_an_invited_person_joins(page: Page, site: Site, context: BrowserContext) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/admin/members")
    form = page.locator('form[data-api="POST /api/invitations"]')
    await form.get_by_label("E-mail address").fill("jo@acme.example")
    await form.get_by_role("button", name="Invite").click()
    shown = page.locator('#invited [data-field="link"]')
    await expect(shown).to_contain_text("/join/invite_")
    link = await shown.inner_text()
    await page.get_by_role("link", name="Show the list again").first.click()
    await expect(page.get_by_role("button", name="Revoke the invitation of jo@acme.example")).to_be_visible()
    await context.clear_cookies()
    await page.goto(link)
    await page.get_by_label("Your name").fill("Jo")
    await page.get_by_label("A password").fill(PASSWORD)
    await page.get_by_role("button", name="Join").click()
    await expect(page.get_by_label("Your question")).to_be_visible()
    await expect(page.get_by_text("Jo · acme")).to_be_visible()


async def test_a_forgotten_password_is_set_anew(page: Page, site: Site, context: BrowserContext) -> None:
    tenant_id = site.acme.tenant_id
    async with tenant_session(site.whorl.engine, tenant_id) as session:
        await add_member(session, tenant_id, "lou@acme.example", "member", name="Lou", password=PASSWORD)
    await enter(context, site, site.acme.owner)
    await page.goto("/admin/members")
    await page.get_by_role("button", name="Password link for lou@acme.example").click()
    shown = page.locator("#linked")
    await expect(shown.locator('[data-field="email"]')).to_have_text("lou@acme.example")
    await expect(shown).to_be_in_viewport()
    link = await shown.locator('[data-field="link"]').inner_text()
    await context.clear_cookies()
    await page.goto(link)
    await page.get_by_label("New password").fill("a better horse battery")
    await page.get_by_role("button", name="Set the password").click()
    await expect(page.get_by_label("Your question")).to_be_visible()
    await expect(page.get_by_text("Lou · acme")).to_be_visible()


async def test_an_agent_is_defined_and_asked(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/admin/agents")
    form = page.locator('form[data-api="PUT /api/agents/{name}"]')
    await form.get_by_label("Name").fill("counter")
    await form.get_by_label("What it is for").fill("Counts.")
    await form.get_by_role("checkbox", name="calculator").check()
    await form.get_by_role("button", name="Define").click()
    await expect(page.get_by_role("heading", name="counter", exact=True)).to_be_visible()
    await expect(page.get_by_text("Tools: calculator.")).to_be_visible()

    await page.goto("/")
    await page.get_by_label("Who answers").select_option("counter")
    await page.get_by_label("Your question").fill("How many days of leave do employees have?")
    await page.get_by_role("button", name="Send").click()
    await expect(page.locator(".answer").last).to_have_attribute("aria-busy", "false")
    # It has no search: the scripted model is told so, and says what it was told.
    await expect(page.get_by_text("There is no tool 'search'")).to_have_count(1)
    await page.reload()
    await expect(page.get_by_label("Who answers")).to_have_value("counter")

    await page.goto("/admin/agents")
    await page.get_by_text("Change it").click()
    change = page.locator('form[data-api="PUT /api/agents/counter"]')
    await change.get_by_role("checkbox", name="calculator").uncheck()
    for _ in range(2):
        # The second time the page says so already, and would be replaced beneath what is opened on it.
        async with page.expect_navigation():
            await change.get_by_role("button", name="Save").click()
        await expect(page.get_by_text("Tools: none.")).to_be_visible()
        await page.get_by_text("Change it").click()
    await change.get_by_label("All, with those that come later").check()
    await change.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Tools: all.")).to_be_visible()
    await page.get_by_role("button", name="Forget counter").click()
    await page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    await expect(page.get_by_text("No agent is defined but the default one.")).to_be_visible()


@pytest_asyncio.fixture
async def careful(site: Site) -> AsyncIterator[None]:
    """An agent each of whose calls waits for a person."""
    whorl, actor = site.whorl, site.acme.owner
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await define_agent(
            session, actor, "careful", Definition(approve="always"), whorl.agents.toolbox, whorl.servers.base
        )
    yield
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await forget_agent(session, actor, "careful")


async def wish_of_careful(page: Page, context: BrowserContext, site: Site) -> Locator:
    """Ask the agent that asks before each call, and wait for the call that it wants."""
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.get_by_label("Who answers").select_option("careful")
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.get_by_role("button", name="Send").click()
    wish = page.get_by_label("Calls that wait for you")
    await expect(wish).to_contain_text("The assistant wants to use search.")
    return wish


@pytest.mark.usefixtures("careful")
@pytest.mark.parametrize("away", [False, True])
async def test_a_call_waits_for_the_person(
    page: Page, context: BrowserContext, site: Site, away: bool
) -> None:
    wish = await wish_of_careful(page, context, site)
    if away:
        await page.reload()
        await expect(page.get_by_text("waits for a decision")).to_be_visible()
    wanted = await wish.get_by_label("Arguments").input_value()
    await wish.get_by_label("Arguments").fill("{ this is no JSON")
    await wish.get_by_role("button", name="Allow").click()
    await expect(wish.get_by_role("alert")).to_contain_text("JSON")
    await wish.get_by_label("Arguments").fill(wanted)
    await wish.get_by_role("button", name="Allow").click()
    await expect(page.locator(".answer").last).to_contain_text("34 euros")
    await expect(wish).to_have_count(0)


@pytest.mark.usefixtures("careful")
@expects("status of 409")
async def test_a_call_that_is_decided_elsewhere_is_gone_on_with(
    page: Page, context: BrowserContext, site: Site
) -> None:
    wish = await wish_of_careful(page, context, site)
    other = await context.new_page()
    await other.goto(page.url)
    await other.get_by_role("button", name="Allow", exact=True).click()
    await expect(other.locator(".answer").last).to_contain_text("34 euros")
    await wish.get_by_role("button", name="Allow").click()
    await expect(page.locator(".answer").last).to_contain_text("34 euros")
    await expect(wish).to_have_count(0)


@pytest.mark.usefixtures("careful")
async def test_a_call_that_is_denied_is_not_made(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.acme.owner)
    await page.goto("/")
    await page.get_by_label("Who answers").select_option("careful")
    await page.get_by_label("Your question").fill("What is the daily allowance?")
    await page.get_by_role("button", name="Send").click()
    wish = page.get_by_label("Calls that wait for you")
    await wish.get_by_label("Why not").fill("Ask somebody else.")
    await wish.get_by_role("button", name="Deny").click()
    await expect(page.locator(".answer").last).to_have_attribute("aria-busy", "false")
    assert "34 euros" not in await page.locator("main").inner_text()
    await expect(page.get_by_text("Ask somebody else.")).to_have_count(1)


async def test_a_redaction_policy_is_put_in_force(page: Page, context: BrowserContext, site: Site) -> None:
    await enter(context, site, site.hostile.owner)
    await page.goto("/admin/redaction")
    await expect(page.get_by_role("row", name="PERSON")).to_contain_text("%")
    await page.get_by_label("What takes the place of PERSON").select_option("mask")
    await page.get_by_label("Never hidden").fill("Whorl\nHalden")
    await page.get_by_label("Own expressions").fill("CONTRACT")
    await page.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("alert")).to_contain_text("not a kind, a space and an expression")
    await page.get_by_label("Own expressions").fill("CONTRACT C-[0-9]{6}")
    await page.get_by_role("button", name="Put in force").click()
    await expect(page.get_by_role("cell", name="Owner")).to_be_visible()
    async with tenant_session(site.whorl.engine, site.hostile.owner.tenant_id) as session:
        [row] = await policy_history(session)
    assert row.policy["operators"] == {"PERSON": "mask"} and row.policy["allow"] == ["Whorl", "Halden"]
    assert row.policy["patterns"] == [{"kind": "CONTRACT", "pattern": "C-[0-9]{6}"}]
    await expect(page.get_by_label("What takes the place of PERSON")).to_have_value("mask")
