"""Readers: the same pages and bytes from this process and from a Ray cluster, one of whose nodes dies."""

import asyncio
import logging
import re
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Actor, Whorl
from tests.flywheel.test_datasets import collect
from whorl.flywheel.consent import Consents
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.readers import ray as reading
from whorl.flywheel.readers.base import Reading
from whorl.flywheel.readers.local import LocalReader
from whorl.flywheel.readers.ray import RayReader
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import PrerequisiteError


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes on this machine: one that this process talks to and does no work, and one that works."""
    monkeypatch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "object_store_memory": 80 * 2**20})
    made.add_node(num_cpus=1, object_store_memory=80 * 2**20)
    ray.init(address=made.address, log_to_driver=False, logging_level=logging.ERROR)
    yield made
    ray.shutdown()
    made.shutdown()  # type: ignore[no-untyped-call]


async def test_without_ray_it_says_what_to_install(
    whorl: Whorl, acme: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(
        PrerequisiteError, match=rf"{re.escape(sys.executable)} -m pip install 'whorl\[ray\]'"
    ):
        await create_dataset(
            whorl.engine, acme.tenant_id, tmp_path, "kto", reader=RayReader(whorl.addresses.app)
        )


async def test_a_condition_and_a_refusal_are_the_readers_to_apply(whorl: Whorl, acme: Actor) -> None:
    runs = await collect(whorl, acme, 4)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        all_of = Reading(acme.tenant_id, now(), Consents(), "reward > 0.5")
        [page] = [page async for page in LocalReader().pages(session, runs, all_of)]
        assert [looked.run.run_id for looked in page.runs] == [runs[0], runs[2]] and page.unmet == 2
        assert all(len(looked.looks) == len(looked.run.observations) == 1 for looked in page.runs)
        user = page.runs[0].run.user_id or uuid.uuid4()
        unasked = Reading(acme.tenant_id, now(), Consents(objected=frozenset({user})))
        refused = page.runs[0].run.user_id is not None
        [page] = [page async for page in LocalReader().pages(session, runs, unasked)]
        assert all((looked.looks == ()) == refused for looked in page.runs)


async def test_a_cluster_that_loses_a_node_gives_the_same_bytes(
    whorl: Whorl, acme: Actor, tmp_path: Path, cluster: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second node is killed while pages are being read; what it had is read again elsewhere."""
    await collect(whorl, acme, 8)
    here = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", Selection(), held_out=0.2)
    monkeypatch.setattr(reading, "PAGE", 1)
    killed = threading.Event()
    begun: list[float] = []
    following = reading._next

    def kill_after_the_first(rows: Any) -> Any:
        row = following(rows)
        if row is not None and not killed.is_set():
            begun.append(time.monotonic())
            cluster.remove_node(next(iter(cluster.worker_nodes)), allow_graceful=False)
            killed.set()
        return row

    monkeypatch.setattr(reading, "_next", kill_after_the_first)
    there = await asyncio.wait_for(
        create_dataset(
            whorl.engine, acme.tenant_id, tmp_path, "kto", Selection(), held_out=0.2,
            reader=RayReader(whorl.addresses.app),
        ),
        240,
    )  # fmt: skip
    assert killed.is_set() and not cluster.worker_nodes
    assert there.content_hash == here.content_hash and there.rows == here.rows > 0
    for name in ("train.jsonl", "held_out.jsonl"):
        ours, theirs = (Path(each.folder) / name for each in (here, there))
        assert ours.read_bytes() == theirs.read_bytes()
