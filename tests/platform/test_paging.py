"""Lists by the page: whole without parameters, neither skipping nor repeating, and each workspace's own."""

import uuid
from collections.abc import Sequence
from typing import Any

import httpx
import pytest

from tests.platform.test_api import Site, site
from whorl.flywheel.tables import Consent, Dataset, Training
from whorl.platform.database.base import new_id
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.paging import cursor_of
from whorl.platform.serving.adapters import register_adapter

__all__ = ["site"]
# The lists that come whole where nobody asks for pages, with what names a row of each.
LISTS = {
    "/api/datasets": "id",
    "/api/trainings": "id",
    "/api/adapters": "name",
    "/api/keys": "id",
    "/api/members": "email",
    "/api/consents": "person",
}
# A cursor of another list: it stands for no place in any of these.
FOREIGN = {path: cursor_of("tides.md") for path in LISTS}


async def add(site: Site, who: str, first: int, count: int) -> None:
    """Rows of each list for a workspace, the adapters' numbered from ``first``."""
    engine = site.app.state.whorl.engine
    async with site.client(who) as client:
        me = (await client.get("/api/me")).json()
    tenant_id, slug = uuid.UUID(me["tenant_id"]), me["tenant"]
    async with tenant_session(engine, tenant_id) as session:
        for number in range(first, first + count):
            dataset = Dataset(
                tenant_id=tenant_id, format="sft", rows=1, held_out_rows=0, content_hash="", folder="",
                whole_manifest={"runs": []},
            )  # fmt: skip
            session.add(dataset)
            await session.flush()
            session.add(Training(tenant_id=tenant_id, method="sft", dataset_id=dataset.id))
            await register_adapter(
                session, tenant_id, f"{slug}.v{number}", method="sft", base_hash="", dataset_id=None,
                folder=site.app.state.whorl.settings.data_dir, card={},
            )  # fmt: skip
            await create_key(session, tenant_id, f"key {number}", "viewer")
            session.add(Consent(tenant_id=tenant_id, person=new_id(), training=bool(number % 2)))
            await add_member(session, tenant_id, f"{number:03}@{slug}.example", "viewer")


def names(path: str, answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [row[LISTS[path]] for row in answer.json()]


async def read(client: httpx.AsyncClient, path: str, **parameters: Any) -> Sequence[list[str]]:
    """The pages of a list, in their order."""
    pages = []
    answer = await client.get(path, params=parameters)
    while True:
        pages.append(names(path, answer))
        if not answer.links:
            return pages
        answer = await client.get(answer.links["next"]["url"])


async def test_a_list_is_whole_without_parameters_and_the_same_by_the_page(site: Site) -> None:
    await add(site, "owner", 1, 5)
    async with site.client("owner") as client:
        for path in LISTS:
            [whole] = await read(client, path)
            pages = await read(client, path, limit=2)
            assert len(whole) >= 5 and [name for page in pages for name in page] == whole, path
            assert all(len(page) == 2 for page in pages[:-1]), path


async def test_what_is_added_meanwhile_moves_nothing(site: Site) -> None:
    await add(site, "owner", 1, 4)
    async with site.client("owner") as client:
        begun = {path: await client.get(path, params={"limit": 2}) for path in LISTS}
        before = {path: names(path, await client.get(path)) for path in LISTS}
        await add(site, "owner", 5, 2)
        for path, answer in begun.items():
            rest = names(path, await client.get(answer.links["next"]["url"] + "&limit=1000"))
            assert [each for each in rest if each in before[path]] == before[path][2:], path
            assert not set(rest) & set(names(path, answer)), path


async def test_what_is_no_cursor_of_a_list_is_refused(site: Site) -> None:
    async with site.client("owner") as client:
        for path in LISTS:
            for cursor in ("x", "!!", "WyJhIl0", "", FOREIGN[path]):
                refused = await client.get(path, params={"cursor": cursor})
                assert refused.status_code == 422 and "cursor" in refused.json()["detail"], (path, cursor)
            for limit in (0, 1001):
                assert (await client.get(path, params={"limit": limit})).status_code == 422, (path, limit)


async def test_a_cursor_of_another_workspace_shows_nothing_of_it(site: Site) -> None:
    """It is a place in one's own list: of the other's rows there is none, on either side of it."""
    await add(site, "owner", 1, 4)
    await add(site, "rival", 1, 3)
    async with site.client("owner") as owner, site.client("rival") as rival:
        for path in LISTS:
            theirs = await owner.get(path, params={"limit": 2})
            own = set(names(path, await rival.get(path)))
            for page in await read(rival, path, cursor=theirs.links["next"]["url"].split("cursor=")[1]):
                assert set(page) <= own, path
            assert not own & set(names(path, await owner.get(path))), path


@pytest.mark.parametrize("path", LISTS)
async def test_pages_are_for_whom_the_list_is_for(path: str, site: Site) -> None:
    for role in ("member", "viewer"):
        async with site.client(role) as client:
            whole = await client.get(path)
            page = await client.get(path, params={"limit": 1, "cursor": cursor_of(str(uuid.UUID(int=1)))})
        allowed = role == "viewer" and path not in ("/api/keys", "/api/members", "/api/consents")
        assert (whole.status_code == 200, page.status_code in (200, 422)) == (allowed, allowed), (path, role)
