"""Work of one tenant that is done together: each caller gets its own result, and one tenant holds no other up."""

import asyncio
import uuid
from collections.abc import Sequence
from datetime import timedelta

import pytest

from tests.conftest import Actor, Whorl
from whorl.agents.ledger import Ledger
from whorl.agents.plain import PlainRun
from whorl.agents.tables import Run
from whorl.platform.database.base import new_id, now
from whorl.platform.database.batches import Batches
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import AuthenticationError, LimitError
from whorl.platform.identity.keys import create_key, revoke_key
from whorl.platform.usage.admission import admit
from whorl.platform.usage.quotas import Quotas, change_quotas

ONE, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)


class Slow:
    """Doubles numbers once it is let; 13 fails."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.let = asyncio.Event()

    async def work(self, tenant_id: uuid.UUID, items: list[int]) -> Sequence[int | Exception]:
        self.batches.append(items)
        if tenant_id == ONE:
            await self.let.wait()
        return [ValueError("unlucky") if item == 13 else 2 * item for item in items]


async def test_what_waits_goes_together_and_each_has_its_own_result() -> None:
    slow = Slow()
    batches = Batches(slow.work)
    tasks = [asyncio.create_task(batches.add(ONE, number)) for number in (1, 2)]
    await asyncio.sleep(0.01)
    tasks += [asyncio.create_task(batches.add(ONE, number)) for number in (3, 13, 5)]
    await asyncio.sleep(0.01)
    assert await batches.add(OTHER, 21) == 42
    slow.let.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert results[:3] == [2, 4, 6] and results[4] == 10
    assert isinstance(results[3], ValueError)
    assert slow.batches == [[1, 2], [21], [3, 13, 5]]


async def test_whoever_is_gone_is_passed_over() -> None:
    slow = Slow()
    batches = Batches(slow.work)
    first = asyncio.create_task(batches.add(ONE, 1))
    await asyncio.sleep(0.01)
    gone, stays = (asyncio.create_task(batches.add(ONE, number)) for number in (2, 3))
    await asyncio.sleep(0.01)
    gone.cancel()
    slow.let.set()
    assert (await first, await stays) == (2, 6)
    assert slow.batches == [[1], [3]]


async def test_when_all_fails_everybody_is_told_and_the_next_can_go_on() -> None:
    failing = True

    async def work(tenant_id: uuid.UUID, items: list[int]) -> Sequence[int | Exception]:
        if failing:
            raise ConnectionError("the database is away")
        return items

    batches = Batches(work)
    results = await asyncio.gather(batches.add(ONE, 1), batches.add(ONE, 2), return_exceptions=True)
    assert [type(result) for result in results] == [ConnectionError, ConnectionError]
    failing = False
    assert await batches.add(ONE, 3) == 3


async def test_keys_that_are_shown_at_once_are_told_apart_and_a_revoked_one_is_out_at_once(
    whorl: Whorl, acme: Actor
) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        made = [await create_key(session, acme.tenant_id, f"key {n}", "member") for n in range(3)]
    texts = [text for _, text in made]

    async def holders() -> list[object]:
        asked = (whorl.key_holders.of(text) for text in (*texts, texts[0][:-1] + "!"))
        return list(await asyncio.gather(*asked, return_exceptions=True))

    *actors, wrong = await holders()
    assert [actor.name for actor in actors if isinstance(actor, Actor)] == ["key 0", "key 1", "key 2"]
    assert isinstance(wrong, AuthenticationError)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await revoke_key(session, acme, made[1][0].id)
    results = await holders()
    assert [isinstance(each, Actor) for each in results] == [True, False, True, False]


@pytest.mark.parametrize("quotas", [{"requests_per_minute": 5}, {"concurrent_runs": 5}])
async def test_of_runs_that_begin_at_once_the_first_are_let_in(
    whorl: Whorl, acme: Actor, quotas: dict[str, int]
) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await change_quotas(session, acme.tenant_id, Quotas(**quotas))
        await admit(session, acme.tenant_id, 2, timedelta(minutes=3))
        for _ in range(2):
            session.add(_run(acme))
        await session.flush()
        admitted = await admit(session, acme.tenant_id, 4, timedelta(minutes=3))
    assert [isinstance(each, LimitError) for each in admitted] == [False, False, False, True]
    last = admitted[-1]
    assert isinstance(last, LimitError) and last.retry_after is not None and 0 < last.retry_after <= 60


async def test_a_run_whose_caller_left_as_it_began_is_ended(whorl: Whorl, acme: Actor) -> None:
    ledger, run = Ledger(whorl.drain.connections, timedelta(minutes=3)), _plain_run(acme)
    caller = asyncio.create_task(ledger.begin(run, metered=True))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    stored: Run | None = None
    async with asyncio.timeout(20):
        while stored is None or stored.status == "running":
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                stored = await session.get(Run, (acme.tenant_id, run.id))
    assert (stored.status, stored.stop_reason) == ("cancelled", "cancelled")


def _run(actor: Actor) -> Run:
    return Run(
        tenant_id=actor.tenant_id, id=new_id(), agent="model", model="base", adapter=None, trace_id="", tags=[]
    )  # fmt: skip


def _plain_run(actor: Actor) -> PlainRun:
    return PlainRun(actor.tenant_id, new_id(), None, None, "model", "base", None, "0" * 32, [], now())
