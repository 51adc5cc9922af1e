"""A collection that another process deleted, and made again: nothing of it stays in this one."""

import uuid

import httpx
import pytest
from fastapi import FastAPI

from tests.conftest import Actor, Settings, Whorl
from whorl.platform.app import create_app
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import NotFoundError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.retrieval.library import DOCUMENTS, Library, open_library
from whorl.retrieval.load.base import LoadedDocument


async def put(library: Library, tenant_id: uuid.UUID, text: str, name: str) -> uuid.UUID:
    document = LoadedDocument("a.md", "Tides", text, "text/plain")
    [added] = [added async for added in library.ingest(tenant_id, [document], name)]
    return added.document_id


@pytest.mark.parametrize("name", [DOCUMENTS, "manuals"])
async def test_a_collection_that_another_process_made_anew_is_the_new_one(
    whorl: Whorl, acme: Actor, settings: Settings, name: str
) -> None:
    tenant, here, there = acme.tenant_id, whorl.library, await open_library(whorl.engine, settings)
    await put(here, tenant, "The tide turns at noon.", name)
    assert [p.text for p in await here.search(tenant, "tide", name=name)] == ["The tide turns at noon."]
    await there.drop(tenant, name)
    if name == DOCUMENTS:
        assert await here.search(tenant, "tide") == [], "the first one is always there"
    else:
        with pytest.raises(NotFoundError, match="no collection 'manuals'"):
            await here.search(tenant, "tide", name=name)
    await put(here, tenant, "The tide turns at one.", name)
    await there.drop(tenant, name)
    new = await put(there, tenant, "The tide turns at two.", name)
    assert [p.text for p in await here.search(tenant, "tide", name=name)] == ["The tide turns at two."]
    await there.drop(tenant, name)
    new = await put(there, tenant, "The tide turns at three.", name)
    assert (await (await here.holder(tenant, new)).document(new)).text == "The tide turns at three."
    await there.drop(tenant, name)
    new = await put(there, tenant, "The tide turns at four.", name)
    assert await here.remove(tenant, new)
    assert await there.search(tenant, "tide", name=name) == []


async def test_a_file_that_is_too_large_is_said_to_be_so(settings: Settings) -> None:
    app: FastAPI = create_app(
        settings.model_copy(update={"max_upload_mb": 1}), backend=ScriptedBackend(lambda *_: "")
    )
    async with app.router.lifespan_context(app):
        whorl = app.state.whorl
        tenant = (await ensure_tenant(whorl.engine, "acme")).tenant
        async with tenant_session(whorl.engine, tenant.id) as session:
            _, key = await create_key(session, tenant.id, "k", "admin")
        transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {key}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://whorl", headers=headers) as client:
            answer = await client.post("/api/documents", files={"file": ("a.txt", b"x" * (2**20 + 1))})
    assert answer.status_code == 413 and "1 MiB" in answer.json()["detail"]
