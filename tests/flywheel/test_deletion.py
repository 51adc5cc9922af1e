"""Datasets and adapters that are deleted by hand, the last made first."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.conftest import Settings, Whorl
from whorl.agents.answering import named_adapters
from whorl.agents.models import models_of
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.flywheel import deletion
from whorl.flywheel.deletion import delete_adapter, delete_dataset
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.lineage import ancestors, find_node
from whorl.flywheel.promotion import promote, rollback, start_trial, stop_trials
from whorl.flywheel.retention import Days, apply_days, change_days
from whorl.flywheel.tables import Training
from whorl.flywheel.training.launch import queue_training
from whorl.flywheel.training.recipe import default_recipe
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, NotFoundError, PermissionDeniedError
from whorl.platform.identity.audit import recent
from whorl.platform.serving.adapters import find_adapter, move, routed_adapter, switch_route
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.serving.tables import Adapter

from .world import World, make_world, model


@pytest_asyncio.fixture
async def world(settings: Settings) -> AsyncIterator[World]:
    """A workspace whose adapter answered, and was rolled back."""
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        made = await make_world(whorl, "acme", settings.path("datasets"))
        folder = settings.path("datasets") / "adapter"
        folder.mkdir()
        (folder / "adapter_config.json").write_text("{}")
        async with tenant_session(whorl.engine, made.owner.tenant_id) as session:
            adapter = await find_adapter(session, made.adapter)
            adapter.base_hash, adapter.state = whorl.servers.base_hash, "serving"
        yield made


async def out_of_use(world: World) -> Path:
    """The adapter's folder, once it answers nobody."""
    await rollback(world.whorl.engine, world.whorl.servers, world.owner)
    async with tenant_session(world.whorl.engine, world.owner.tenant_id) as session:
        return Path((await find_adapter(session, world.adapter)).folder)


async def state_of(world: World) -> str:
    async with tenant_session(world.whorl.engine, world.owner.tenant_id) as session:
        return (await find_adapter(session, world.adapter)).state


async def test_the_last_made_goes_first(world: World) -> None:
    whorl, owner = world.whorl, world.owner
    with pytest.raises(ConflictError, match=r"acme\.v1 came of the dataset .* Delete the adapters first"):
        await delete_dataset(whorl.engine, owner, world.dataset.id)
    with pytest.raises(ConflictError, match=r"acme\.v1 answers for default"):
        await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    folder = await out_of_use(world)
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    assert not folder.exists() and await state_of(world) == "deleted"
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    await delete_dataset(whorl.engine, owner, world.dataset.id)
    assert not Path(world.dataset.folder).exists()
    with pytest.raises(NotFoundError):
        await delete_dataset(whorl.engine, owner, world.dataset.id)
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        adapter = await find_adapter(session, world.adapter)
        assert adapter.dataset_id is None and adapter.card["deleted"]["was"] == "retired"
        assert (await ancestors(session, await find_node(session, world.adapter))).datasets == ()
        told = [(event.action, event.target) for event in await recent(session, 3)]
    assert told == [
        ("dataset.deleted", str(world.dataset.id)), ("adapter.moved", "acme.v1"), ("adapter.deleted", "acme.v1"),
    ]  # fmt: skip


async def test_nobody_is_answered_by_what_was_deleted(world: World) -> None:
    whorl, owner = world.whorl, world.owner
    await out_of_use(world)
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    gone = r"The weights of acme\.v1 were deleted"
    with pytest.raises(ConflictError, match=gone):
        await whorl.agents.answer(world.ann, RunRequest("When?", adapter=world.adapter))
    with pytest.raises(ConflictError, match=gone):
        await promote(whorl.engine, whorl.servers, owner, world.adapter, force=True)
    with pytest.raises(ConflictError, match=gone):
        recipe = default_recipe("sft", 0).changed(continue_from=world.adapter)
        await queue_training(whorl.engine, owner, world.dataset.id, recipe)
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        assert world.adapter not in {each.name for each in await models_of(session, owner, "base")}
    named = await named_adapters(whorl.engine, whorl.servers.base_hash, [world.adapter])
    assert named.over == {world.adapter} and not named.answering


async def test_a_rollback_passes_over_what_was_deleted(world: World) -> None:
    """The base answers in its place."""
    whorl, owner = world.whorl, world.owner
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        first = await find_adapter(session, world.adapter)
        session.add(
            Adapter(
                tenant_id=owner.tenant_id, name="acme.v2", version=2, state="serving", method="sft",
                base_hash=first.base_hash, dataset_id=None, folder=first.folder, card={},
            )
        )  # fmt: skip
        await session.flush()
        await switch_route(session, owner.tenant_id, "default", "acme.v2")
        move(session, owner, first, "retired")
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    await rollback(whorl.engine, whorl.servers, owner)
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        assert await routed_adapter(session, "default") is None


async def test_an_agent_that_there_is_not_is_rolled_back_by_nobody(world: World) -> None:
    with pytest.raises(NotFoundError, match="There is no agent 'nosuch'"):
        await rollback(world.whorl.engine, world.whorl.servers, world.owner, agent="nosuch")
    await out_of_use(world)
    with pytest.raises(ConflictError, match="nothing to roll back"):
        await rollback(world.whorl.engine, world.whorl.servers, world.owner)


async def test_what_is_tried_or_gone_on_with_stays(world: World) -> None:
    whorl, owner = world.whorl, world.owner
    await out_of_use(world)
    await start_trial(whorl.engine, whorl.servers, owner, world.adapter, "shadow", force=True)
    with pytest.raises(ConflictError, match=r"acme\.v1 is tried for default"):
        await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    await stop_trials(whorl.engine, whorl.servers, owner, world.adapter, "enough")
    recipe = default_recipe("sft", 0).changed(continue_from=world.adapter)
    queued = await queue_training(whorl.engine, owner, world.dataset.id, recipe)
    for refused in (
        delete_adapter(whorl.engine, whorl.servers, owner, world.adapter),
        delete_dataset(whorl.engine, owner, world.dataset.id),
    ):
        with pytest.raises(ConflictError, match=f"is needed by the training {queued}"):
            await refused
    with pytest.raises(PermissionDeniedError):
        await delete_adapter(whorl.engine, whorl.servers, world.ann, world.adapter)
    with pytest.raises(PermissionDeniedError):
        await delete_dataset(whorl.engine, world.ann, world.dataset.id)


async def test_runs_under_way_keep_the_weights(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    whorl, owner = world.whorl, world.owner
    folder = await out_of_use(world)

    async def held(*_: Any) -> bool:
        return False

    with monkeypatch.context() as patched:
        patched.setattr(deletion, "retire", held)
        with pytest.raises(ConflictError, match="Delete it again when they have ended"):
            await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    assert folder.exists() and await state_of(world) == "deleted"
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    assert not folder.exists()


async def test_a_promotion_and_a_deletion_at_once(world: World) -> None:
    """Whichever comes second is refused: nobody is answered by weights that are not there."""
    whorl, owner = world.whorl, world.owner
    folder = await out_of_use(world)
    done = await asyncio.gather(
        promote(whorl.engine, whorl.servers, owner, world.adapter, force=True),
        delete_adapter(whorl.engine, whorl.servers, owner, world.adapter),
        return_exceptions=True,
    )
    assert sum(isinstance(each, ConflictError) for each in done) == 1, done
    serves = await world.answers() == world.adapter
    assert serves == folder.exists() == (await state_of(world) == "serving")


async def test_runs_of_a_deleted_dataset_may_grow_too_old(world: World) -> None:
    whorl, owner = world.whorl, world.owner
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        await change_days(session, owner, Days(run_days=1))
        for training in await session.scalars(select(Training)):
            training.status = "failed"
    await out_of_use(world)
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    await age_runs(whorl, world)
    assert (await apply_days(whorl.engine, owner))["held"] == 6
    await delete_dataset(whorl.engine, owner, world.dataset.id)
    assert (await apply_days(whorl.engine, owner))["runs"] == 6


async def age_runs(whorl: Whorl, world: World) -> None:
    async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
        for run in await session.scalars(select(Run)):
            assert run.ended_at is not None
            run.ended_at -= timedelta(days=3)


async def test_an_erasure_goes_on_through_what_was_deleted(world: World) -> None:
    """An adapter without weights is tainted as any other: what it answered is learnt from no more."""
    whorl, owner = world.whorl, world.owner
    await out_of_use(world)
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    receipt = await erase_subject(whorl.engine, whorl.servers, owner, "ann@acme.example")
    assert receipt.counts["adapters"] == [world.adapter] and await state_of(world) == "tainted"
    await delete_adapter(whorl.engine, whorl.servers, owner, world.adapter)
    assert await state_of(world) == "tainted"
    with pytest.raises(NotFoundError):
        await delete_dataset(whorl.engine, owner, new_id())
