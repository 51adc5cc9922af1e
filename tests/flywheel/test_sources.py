"""Builds beside erasure, retention and recall: whoever comes second sees what the first one did."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.conftest import Addresses, Settings
from tests.flywheel.test_lineage import SECRET, World, make_world, model
from tests.flywheel.test_retention import age, keep
from tests.needles import in_files
from whorl.flywheel import erasure, withdrawal
from whorl.flywheel.datasets import create_dataset, list_datasets, rebuild
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.leftovers import SILENCE, forget_leftovers
from whorl.flywheel.readers.base import Page, Reading
from whorl.flywheel.readers.local import LocalReader
from whorl.flywheel.recall import recall_source
from whorl.flywheel.retention import apply_days
from whorl.flywheel.tables import Dataset
from whorl.platform.app import open_whorl
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.serving.engine.scripted import ScriptedBackend

from .manifests import manifest_of


class Interrupted(LocalReader):
    """Reads all runs, then lets something happen before the first build goes on."""

    def __init__(self, happens: Callable[[], Awaitable[Any]]) -> None:
        self._happens, self.builds = happens, 0

    async def pages(
        self, session: AsyncSession, run_ids: Sequence[uuid.UUID], reading: Reading
    ) -> AsyncIterator[Page]:
        self.builds += 1
        found = [page async for page in super().pages(session, run_ids, reading)]
        assert sum(len(page.runs) for page in found) == len(run_ids)
        if self.builds == 1:
            await self._happens()
        for page in found:
            yield page


async def build(world: World, folder: Path, reader: Interrupted | None = None) -> Dataset:
    tenant_id = world.owner.tenant_id
    return await create_dataset(world.whorl.engine, tenant_id, folder, "kto", held_out=0.0, reader=reader)


def without_ann(world: World, dataset: Dataset) -> bool:
    """Whether a dataset has rows of Bob's three runs alone, and says so."""
    bob = [str(run) for run in world.runs["bob"]]
    return (dataset.rows, dataset.runs, manifest_of(dataset)["runs"]) == (3, 3, bob) and not in_files(
        Path(dataset.folder), [SECRET]
    )


async def test_a_person_who_is_erased_during_a_build_is_not_in_it(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "during", settings.path("datasets"))
        ann = "ann@during.example"
        reader = Interrupted(lambda: erase_subject(whorl.engine, whorl.servers, world.owner, ann))
        dataset = await build(world, settings.path("datasets"), reader)
        assert reader.builds == 2 and without_ann(world, dataset)
        await rebuild(whorl.engine, world.owner.tenant_id, manifest_of(dataset))
    assert in_files(settings.data_dir, [SECRET]) == []


async def test_runs_that_are_too_old_during_a_build_are_not_in_it(
    settings: Settings, database: Addresses
) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "night", settings.path("datasets"))
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            await session.delete(await session.get_one(Dataset, (world.owner.tenant_id, world.dataset.id)))
        age(database, 30, *world.runs["ann"])
        await keep(whorl, world.owner, run_days=20)
        reader = Interrupted(lambda: apply_days(whorl.engine, world.owner))
        assert without_ann(world, await build(world, settings.path("datasets"), reader))
        age(database, 30, *world.runs["bob"])
        assert (await apply_days(whorl.engine, world.owner))["held"] == 3


async def test_a_run_that_is_recalled_during_a_build_is_not_in_it(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "recalling", settings.path("datasets"))

        async def recall() -> None:
            for run in world.runs["ann"]:
                await recall_source(whorl.engine, whorl.servers, whorl.library, world.owner, f"run:{run}")

        assert without_ann(world, await build(world, settings.path("datasets"), Interrupted(recall)))


async def test_where_no_run_is_left_there_is_no_dataset(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "nothing", settings.path("datasets"))
        recall = Interrupted(
            lambda: recall_source(whorl.engine, whorl.servers, whorl.library, world.owner, "tool:calculator")
        )
        with pytest.raises(InputError, match="No run gives a row"):
            await build(world, settings.path("datasets"), recall)
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert [each.id for each in await list_datasets(session)] == [world.dataset.id]
        folders = settings.path("datasets") / str(world.owner.tenant_id)
        assert [each.name for each in folders.iterdir() if each.name != "adapter"] == [str(world.dataset.id)]


async def test_a_dataset_that_is_stored_during_an_erasure_is_followed(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After what came of the person was looked up, before the runs are deleted."""
    late: list[Dataset] = []
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "late", settings.path("datasets"))
        withdraw = withdrawal.withdraw

        async def and_build(*given: Any) -> Any:
            done = await withdraw(*given)
            if not late:
                late.append(await build(world, settings.path("datasets")))
            return done

        monkeypatch.setattr(erasure, "withdraw", and_build)
        receipt = await erase_subject(whorl.engine, whorl.servers, world.owner, "ann@late.example")
        assert receipt.counts["rows"] == {str(world.dataset.id): 3, str(late[0].id): 3}
        assert receipt.counts["adapters"] == [world.adapter] and receipt.counts["runs"] == 3
        async with tenant_session(whorl.engine, world.owner.tenant_id) as session:
            assert all(without_ann(world, dataset) for dataset in await session.scalars(select(Dataset)))
    assert in_files(settings.data_dir, [SECRET]) == []


async def test_two_who_are_erased_at_once_are_both_gone(settings: Settings) -> None:
    """Neither making of the dataset forgets the other."""
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        world = await make_world(whorl, "both", settings.path("datasets"))
        people = (f"{name}@both.example" for name in ("ann", "bob"))
        receipts = await asyncio.gather(
            *(erase_subject(whorl.engine, whorl.servers, world.owner, person) for person in people)
        )
        assert [receipt.counts["rows"] for receipt in receipts] == [{str(world.dataset.id): 3}] * 2
        left = await world.stored()
        assert (left.rows, left.runs, left.manifest["withdrawn"]) == (0, 0, 6)
        assert manifest_of(left)["runs"] == []
    assert in_files(settings.data_dir, [SECRET, "the tide"]) == []


async def test_what_a_build_left_that_died_is_removed(settings: Settings) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        datasets = settings.path("datasets")
        world = await make_world(whorl, "dead", datasets)
        tenant = datasets / str(world.owner.tenant_id)
        long_ago = now().timestamp() - SILENCE.total_seconds() - 60
        for name in ("unfinished.partial", "unknown", "at work.partial", str(world.dataset.id)):
            (tenant / name).mkdir(exist_ok=True)
            for file in (tenant / name / "train.jsonl", tenant / name):
                file.touch()
                os.utime(file, (long_ago, long_ago))
        (tenant / "at work.partial" / "train.jsonl").touch()
        assert await forget_leftovers(whorl.engine, datasets) == 2
        assert {each.name for each in tenant.iterdir()} == {"at work.partial", str(world.dataset.id)}
