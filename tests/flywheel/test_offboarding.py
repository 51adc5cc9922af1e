"""A workspace that is deleted is nowhere afterwards, and others are as they were."""

import asyncio
import uuid
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, select

from tests.conftest import Settings, Whorl
from tests.needles import in_files, in_tables
from whorl.agents.answering import named_adapters
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.flywheel import offboarding
from whorl.flywheel.offboarding import delete_tenant, forget_files, offboard_closed, queue_deletion
from whorl.flywheel.tables import Training
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id
from whorl.platform.database.session import held, open_session, tenant_session
from whorl.platform.errors import AuthenticationError, ConflictError, NotFoundError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.closing import close_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member, find_user, remove_member
from whorl.platform.identity.signin import authenticate_session, open_web_session, sign_in
from whorl.platform.identity.tables import AuditEvent, Membership
from whorl.platform.identity.tenants import find_tenant, list_tenants, oldest_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.telemetry.drain import set_aside, set_damaged_aside
from whorl.platform.telemetry.wal import Entry, Position
from whorl.retrieval.load.base import LoadedDocument

from .world import SECRET, World, make_world, model, sign_on_and_invite, talk_live

PASSWORD = "a long enough password"


async def delete(whorl: Whorl, slug: str) -> offboarding.Deleted:
    return await delete_tenant(whorl.engine, whorl.queue, whorl.settings, slug)


async def counted(whorl: Whorl, world: World) -> tuple[int, ...]:
    async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
        return tuple(
            [
                await session.scalar(select(func.count()).select_from(each)) or 0
                for each in (Run, AuditEvent, Membership)
            ]
        )


def adapter_folders(settings: Settings, slug: str) -> list[Path]:
    folders = [settings.adapters / f"{slug}.v1", settings.adapters / f"{slug}.v2.partial"]
    for folder in folders:
        folder.mkdir(parents=True)
        (folder / "weights").write_text(SECRET)
    return folders


async def test_a_deleted_workspace_is_nowhere(settings: Settings) -> None:
    url = settings.database_admin_url or ""
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        other = await make_world(whorl, "other", settings.path("datasets"))
        gone = await make_world(whorl, "gone", settings.path("datasets"))
        await sign_on_and_invite(whorl, gone.owner, gone.ann, "invited@gone.example")
        await talk_live(whorl, gone.ann)
        document = LoadedDocument("sea.md", "Sea", f"{SECRET}, by tide@gone.example", "text/plain")
        assert [each.status async for each in whorl.library.ingest(gone.owner.tenant_id, [document])] == [
            "added"
        ]
        mine, theirs = adapter_folders(settings, "gone"), adapter_folders(settings, "other")
        ids = [
            str(each) for each in (gone.owner.tenant_id, gone.ann.user_id, gone.bob.user_id, gone.dataset.id)
        ]
        ids += [str(run) for run in gone.runs["ann"]]
        needles = [*ids, "@gone.example"]
        assert len({each.split(":")[0] for each in in_tables(url, needles)}) > 15
        assert in_files(settings.data_dir, needles)
        before = await counted(whorl, other)

        done = await delete(whorl, "gone")
        assert done.slug == "gone" and done.rows["runs"] == 7 and done.rows["datasets"] == 1
        assert done.rows["spans"] > 14 and done.rows["outcomes"] == 6

        assert in_tables(url, needles, but=("deleted_tenants",)) == []
        assert in_tables(url, ids[1:]) == []
        assert in_files(settings.path("spans"), needles) == [], "while the process goes on, too"
        assert not any(folder.exists() for folder in mine) and all(folder.exists() for folder in theirs)
        assert not (settings.path("datasets") / ids[0]).exists()
        assert await counted(whorl, other) == before and await other.answers() == "other.v1"
        assert (await other.stored()).rows == 6 and Path(other.dataset.folder).is_dir()
        with pytest.raises(NotFoundError):
            await delete(whorl, "gone")
        with pytest.raises(ConflictError, match="was deleted, and its slug names no other"):
            await ensure_tenant(whorl.engine, "gone")
        named = await named_adapters(whorl.engine, "b", ["gone.v1", "other.v1", "nobody.v1"])
        assert named.over == {"gone.v1"} and set(named.answering) == {"other.v1"}
    assert in_files(settings.data_dir, needles) == []


async def test_nobody_enters_a_workspace_that_is_being_deleted(whorl: Whorl) -> None:
    made = await ensure_tenant(whorl.engine, "closed", email="owner@closed.example")
    later = (await ensure_tenant(whorl.engine, "later")).tenant
    async with tenant_session(whorl.engine, made.tenant.id) as session:
        owner = await find_user(session, "owner@closed.example")
        assert owner is not None
        owner_id = owner.id
    shown = await open_web_session(whorl.engine, made.tenant.id, owner_id)
    assert (await authenticate_session(whorl.engine, shown)).tenant_slug == "closed"
    closed = await close_tenant(whorl.engine, "closed")
    assert (await close_tenant(whorl.engine, "closed")).closed_at == closed.closed_at
    with pytest.raises(AuthenticationError):
        await authenticate_session(whorl.engine, shown)
    with pytest.raises(AuthenticationError):
        await whorl.key_holders.of(str(made.key))
    with pytest.raises(AuthenticationError):
        await sign_in(whorl.engine, "owner@closed.example", str(made.password), "closed", client="::1")
    for enter in (create_key, add_member):
        name: Any = "late@closed.example"
        with pytest.raises(Exception, match="The workspace is being deleted"):
            async with tenant_session(whorl.engine, made.tenant.id) as session:
                await enter(session, made.tenant.id, name, "admin")
    with pytest.raises(ConflictError, match="is being deleted"):
        await find_tenant(whorl.engine, "closed")
    oldest = await oldest_tenant(whorl.engine)
    assert oldest is not None and oldest.id == later.id and len(await list_tenants(whorl.engine)) == 2


async def test_who_joins_meanwhile_waits_and_is_refused(whorl: Whorl, database: Any) -> None:
    """A membership that is stored while the workspace is closed would let somebody in until the end."""
    tenant = (await ensure_tenant(whorl.engine, "closed")).tenant
    with psycopg.connect(database.admin) as closing:
        closing.execute("UPDATE tenants SET closed_at = now() WHERE id = %s", [tenant.id])
        closing.execute("SELECT FROM tenants WHERE id = %s FOR UPDATE", [tenant.id])

        async def join() -> None:
            async with tenant_session(whorl.engine, tenant.id) as session:
                await add_member(session, tenant.id, "late@closed.example", "admin")

        joining = asyncio.create_task(join())
        done, _ = await asyncio.wait([joining], timeout=1)
        assert not done
        closing.commit()
        with pytest.raises(Exception, match="The workspace is being deleted"):
            await joining


async def test_accounts_stay_where_they_belong_elsewhere(whorl: Whorl) -> None:
    leaving = (await ensure_tenant(whorl.engine, "leaving")).tenant
    staying = (await ensure_tenant(whorl.engine, "staying")).tenant

    async def add(tenant_id: uuid.UUID, email: str, **given: Any) -> uuid.UUID:
        async with tenant_session(whorl.engine, tenant_id) as session:
            user, _ = await add_member(session, tenant_id, email, "member", **given)
            return user.id

    alone = await add(leaving.id, "alone@people.example")
    both = await add(leaving.id, "both@people.example", password=PASSWORD)
    unset = await add(leaving.id, "unset@people.example")
    guest = await add(staying.id, "guest@people.example", password=PASSWORD)
    former = await add(leaving.id, "former@people.example")
    for person in ("both@people.example", "unset@people.example"):
        await add(staying.id, person)
    await add(leaving.id, "guest@people.example")
    async with tenant_session(whorl.engine, leaving.id) as session:
        found = await find_user(session, "unset@people.example")
        assert found is not None
        found.password_hash = None
        await remove_member(session, operator_of(leaving), former)
    await delete(whorl, "leaving")
    async with open_session(whorl.engine) as session:
        left = {
            email: await find_user(session, f"{email}@people.example")
            for email in ("alone", "both", "unset", "guest", "former")
        }
    assert left["alone"] is None and left["former"] is None and alone != both
    assert left["both"] and left["both"].home_tenant_id is None and left["both"].password_reset_at is None
    assert left["guest"] and left["guest"].home_tenant_id == staying.id and left["guest"].id == guest
    # Whoever sets its next password, by an invitation, does not come in where it is a member already.
    assert left["unset"] and left["unset"].id == unset and left["unset"].password_reset_at is not None
    for email in ("both", "guest"):
        shown = await sign_in(whorl.engine, f"{email}@people.example", PASSWORD, "staying", client="::1")
        assert (await authenticate_session(whorl.engine, shown)).tenant_slug == "staying"


async def test_what_a_log_has_left_is_not_stored(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(records: list[Any]) -> int:
        raise psycopg.OperationalError

    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        other = await make_world(whorl, "other", settings.path("datasets"))
        gone = await make_world(whorl, "gone", settings.path("datasets"))
        monkeypatch.setattr(whorl.drain, "_store", away)
        await whorl.agents.answer(gone.ann, RunRequest(f"Logged {SECRET}", adapter=""))
        await whorl.agents.answer(other.ann, RunRequest(f"Logged {SECRET}", adapter=""))
        [entry, _] = whorl.capture.log.read()
        kept = set_aside(whorl.capture.log, Entry(entry.payload, Position(0, 0)), ValueError())
        torn = [
            set_damaged_aside(whorl.capture.log, Entry(each.payload[:-9], Position(0, 0), damaged=True))
            for each in whorl.capture.log.read()
        ]
        await delete(whorl, "gone")
        assert not kept.exists() and [file.exists() for file in torn] == [False, True]
        torn[1].unlink()
        monkeypatch.undo()
        assert await whorl.drain.log(whorl.capture.log) > 0, "of the other workspace"
        assert whorl.capture.log.pending_bytes() == 0 and not list(kept.parent.iterdir())
        assert (await counted(whorl, other))[0] == 7
    assert in_tables(settings.database_admin_url or "", [str(gone.ann.user_id)]) == []


async def test_a_deletion_waits_for_trainings_and_is_gone_on_with(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offboarding, "TRAININGS_END", 0.1)
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        gone = await make_world(whorl, "gone", settings.path("datasets"))
        training = Training(
            tenant_id=gone.owner.tenant_id, id=new_id(), method="sft", dataset_id=gone.dataset.id, status="running",
            adapter="gone.v2",
        )  # fmt: skip
        async with tenant_session(whorl.engine, gone.owner.tenant_id) as session:
            session.add(training)
        async with held(whorl.engine, f"training:{training.id}"):
            with pytest.raises(ConflictError, match="A training of the workspace does not end"):
                await delete(whorl, "gone")
        async with tenant_session(whorl.engine, gone.owner.tenant_id) as session:
            assert (
                await session.get_one(Training, (gone.owner.tenant_id, training.id))
            ).status == "cancelled"
        assert (await counted(whorl, gone))[0] == 6
        await offboard_closed(whorl.engine, whorl.queue)
        await queue_deletion(whorl.queue, "gone")
        assert (await whorl.queue.depths()).get("todo") == 1
        await whorl.work(until_empty=True)
        assert await list_tenants(whorl.engine) == []
        late = settings.path("datasets") / str(gone.owner.tenant_id) / "late"
        late.mkdir(parents=True)
        assert await forget_files(whorl.engine, settings) == 1 and not late.exists()
        late.mkdir(parents=True)
        await whorl.work(until_empty=True)
        assert not late.exists(), "when a worker begins"
