"""Screening soon after capture: each run once, by one process, and nothing is looked at again by a build."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from fastapi import FastAPI
from sqlalchemy import delete, select, update

from tests.conftest import Actor, Settings, Whorl
from tests.flywheel.test_quarantine import CLEAN, POISON, ask, build, client_of, search_then_answer
from whorl.agents.names import IMPORTED_TAG, SHADOW_TAG
from whorl.agents.tables import Run
from whorl.flywheel.recall import recall_source
from whorl.flywheel.screening import Screener, anomaly, sweep
from whorl.flywheel.screening.looks import MOST_FINDINGS, keep_looks, known_looks, looks_at
from whorl.flywheel.screening.quarantine import decide, list_quarantine
from whorl.flywheel.screening.screener import Look, default_screener
from whorl.flywheel.tables import Quarantine, Screening, SourceHistory
from whorl.flywheel.trajectory import trajectories
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import takes_turn, tenant_session
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.serving.engine.scripted import ScriptedBackend


@pytest_asyncio.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    """A running application whose model searches once."""
    app = create_app(
        settings.model_copy(update={"screen_captured": True}), backend=ScriptedBackend(search_then_answer)
    )
    async with app.router.lifespan_context(app):
        yield app


@pytest_asyncio.fixture
async def whorl(app: FastAPI) -> Whorl:
    opened: Whorl = app.state.whorl
    return opened


@pytest_asyncio.fixture
async def acme(whorl: Whorl) -> Actor:
    return operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)


async def settle(whorl: Whorl, actor: Actor) -> None:
    """Let all runs have ended a minute ago."""
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await session.execute(update(Run).values(ended_at=now() - timedelta(minutes=1)))


async def two_runs(whorl: Whorl, actor: Actor) -> tuple[uuid.UUID, uuid.UUID]:
    """A run that was shown poison, and one that was not."""
    poisoned = await ask(whorl, actor, "Moon", POISON, "How often does the tide turn?")
    clean = await ask(whorl, actor, "Tides", CLEAN, "How often does the tide turn?")
    await settle(whorl, actor)
    return poisoned, clean


async def test_what_ended_is_held_without_a_build_and_seen_once(
    app: FastAPI, whorl: Whorl, acme: Actor
) -> None:
    fresh = await ask(whorl, acme, "Moon", POISON, "How often does the tide turn?")
    assert await sweep.sweep(whorl.engine) == (0, 0), "spans may still come"
    waits = await sweep.waiting(whorl.engine)
    assert waits.runs == 1 and waits.since is not None
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == fresh).values(tags=[IMPORTED_TAG]))
    assert await sweep.waiting(whorl.engine) == (1, None), "what was imported ended when it did"
    poisoned, clean = await two_runs(whorl, acme)
    assert await sweep.sweep(whorl.engine) == (3, 2)
    assert await sweep.sweep(whorl.engine) == (0, 0)
    assert await sweep.waiting(whorl.engine) == (0, None)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        _, key = await create_key(session, acme.tenant_id, "k", "admin")
        assert {entry.run_id for entry in await list_quarantine(session)} == {fresh, poisoned}
    async with client_of(app, key) as client:
        held = (await client.get("/api/quarantine", params={"state": "held"})).json()
        assert {each["run_id"] for each in held} == {str(fresh), str(poisoned)}
        assert held[0]["findings"][0]["excerpt"] and held[0]["findings"][0]["reason"]
        metrics = (await client.get("/metrics")).text
    assert "whorl_screening_waiting_runs 0.0" in metrics and "whorl_screening_waiting_seconds 0.0" in metrics
    assert str(clean) not in {each["run_id"] for each in held}


async def test_a_build_does_not_look_at_what_was_looked_at(
    whorl: Whorl, acme: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_runs(whorl, acme)
    unscreened = await build(whorl, acme, tmp_path)
    await sweep.sweep(whorl.engine)

    def never(*_: Any) -> Look:
        raise AssertionError("it was looked at before")

    monkeypatch.setattr(Screener, "look", never)
    assert (await build(whorl, acme, tmp_path)).content_hash == unscreened.content_hash
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Screening).values(version="older"))
    with pytest.raises(AssertionError, match="looked at before"):
        await build(whorl, acme, tmp_path)


async def test_spans_that_came_later_are_looked_at(whorl: Whorl, acme: Actor) -> None:
    _, clean = await two_runs(whorl, acme)
    await sweep.sweep(whorl.engine)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(
            update(Screening).where(Screening.run_id == clean).values(digest="of other texts")
        )
        known = await known_looks(session, [clean])
        runs = [run async for run in trajectories(session, [clean], now())]
    looked: list[str] = []

    class Watched(Screener):
        def look(self, text: str, role: Any = "tool") -> Look:
            looked.append(text)
            return default_screener().look(text, role)

        def prepare(self, texts: Any) -> None:
            list(texts)

    looks_at(runs, known, Watched())
    assert looked == [seen.text for seen in runs[0].observations] != []


async def test_a_run_whose_spans_come_in_pieces_is_counted_once(whorl: Whorl, acme: Actor) -> None:
    async def counted() -> int:
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            return sum(await session.scalars(select(SourceHistory.count)))

    _, clean = await two_runs(whorl, acme)
    await sweep.sweep(whorl.engine)
    first = await counted()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == clean).values(screened_at=None))
    assert await sweep.sweep(whorl.engine) == (1, 0) and await counted() == first > 0
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == clean).values(screened_at=None))
        await session.execute(delete(Screening).where(Screening.run_id == clean))
    assert await sweep.sweep(whorl.engine) == (1, 0) and await counted() > first, (
        "a text that nobody knows is new"
    )


async def test_two_processes_do_not_screen_one_run_twice(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_runs(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as other:
        assert await takes_turn(other, f"screening {acme.tenant_id}")
        assert await sweep.sweep(whorl.engine) == (0, 0)
    monkeypatch.setattr(sweep, "PORTION", 1)
    both = await asyncio.gather(sweep.sweep(whorl.engine), sweep.sweep(whorl.engine))
    assert sum(each.screened for each in both) == 2 and sum(each.held for each in both) == 1


async def test_a_portion_that_fails_waits_as_before(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await two_runs(whorl, acme)

    async def die(*_: Any) -> None:
        raise RuntimeError("the process died")

    with monkeypatch.context() as broken:
        broken.setattr(sweep, "keep_looks", die)
        with pytest.raises(RuntimeError):
            await sweep.sweep(whorl.engine)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert list(await session.scalars(select(Quarantine))) == []
    assert (await sweep.waiting(whorl.engine)).runs == 2
    assert await sweep.sweep(whorl.engine) == (2, 1)


async def test_the_time_of_one_process_is_bounded_and_no_tenant_takes_it_all(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    rival = operator_of((await ensure_tenant(whorl.engine, "rival")).tenant)
    await two_runs(whorl, acme)
    await two_runs(whorl, rival)
    monkeypatch.setattr(sweep, "PORTION", 1)
    screened = []
    portion = sweep.screen_portion

    async def watched(session: Any, tenant_id: uuid.UUID, *rest: Any) -> sweep.Portion:
        screened.append(tenant_id)
        return await portion(session, tenant_id, *rest)

    monkeypatch.setattr(sweep, "screen_portion", watched)
    assert (await sweep.sweep(whorl.engine, seconds=0)).screened <= 1
    screened.clear()
    await sweep.sweep(whorl.engine)
    assert screened[:2] in ([acme.tenant_id, rival.tenant_id], [rival.tenant_id, acme.tenant_id])


async def test_shadows_are_not_looked_at_and_do_not_wait_for_ever(whorl: Whorl, acme: Actor) -> None:
    await two_runs(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).values(tags=[SHADOW_TAG]))
    assert await sweep.sweep(whorl.engine) == (2, 0)
    assert (await sweep.waiting(whorl.engine)).runs == 0


async def test_a_text_of_endless_findings_is_not_kept(whorl: Whorl, acme: Actor) -> None:
    poisoned, _ = await two_runs(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        runs = [run async for run in trajectories(session, [poisoned], now())]
        [looks] = looks_at(runs, {}, default_screener())
        finding = looks[0].findings[0]
        await keep_looks(session, acme.tenant_id, [(runs[0], (Look((finding,) * (MOST_FINDINGS + 1), 0.0),))])
        assert await known_looks(session, [poisoned]) == {}
        await keep_looks(session, acme.tenant_id, [(runs[0], looks)])
        kept = await known_looks(session, [poisoned])
    assert kept[poisoned].looks == looks and json.dumps(looks[0].score)


async def test_the_job_screens_in_a_process_of_its_own_and_only_where_it_is_wanted(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    poisoned, _ = await two_runs(whorl, acme)
    await sweep.screen_waiting(whorl.engine, whorl.addresses.app)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert [entry.run_id for entry in await list_quarantine(session)] == [poisoned]
    monkeypatch.setattr(sweep, "_COMMAND", ["false"])
    await sweep.screen_waiting(whorl.engine, whorl.addresses.app)


async def test_one_long_or_hostile_text_stays_no_others(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is kept, the shortest texts first; what a process was given up at is looked at last, and alone."""
    hostile, clean = await two_runs(whorl, acme)
    begun: list[set[uuid.UUID]] = []
    monkeypatch.setattr(sweep, "CHARACTERS", 1)
    assert await sweep.sweep(whorl.engine, begun=lambda ids: begun.append(set(ids))) == (2, 1)
    assert begun == [{clean}, {hostile}]

    async def again(given_up: set[uuid.UUID]) -> list[set[uuid.UUID]]:
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            await session.execute(update(Run).values(screened_at=None))
        begun.clear()
        assert (
            await sweep.sweep(whorl.engine, last=given_up, begun=lambda ids: begun.append(set(ids)))
        ).screened == 2
        return begun

    monkeypatch.setattr(sweep, "CHARACTERS", 10**6)
    assert await again(set()) == [{clean, hostile}]
    assert await again({clean}) == [{hostile}, {clean}]
    assert await again({clean, hostile}) in ([{hostile}, {clean}], [{clean}, {hostile}])


async def test_a_process_that_begins_nothing_more_is_given_up_and_what_it_was_at_remembered(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await two_runs(whorl, acme)
    monkeypatch.setattr(sweep, "PATIENCE", 1.0)
    monkeypatch.setattr(sweep, "_GIVEN_UP", set())
    monkeypatch.setattr(
        sweep, "_COMMAND", ["sh", "-c", f"echo {first}; echo {second} {first}; echo {second}; exec sleep 600"]
    )
    await sweep.screen_waiting(whorl.engine, whorl.addresses.app)
    assert list(sweep._GIVEN_UP) == [second]


async def test_what_a_tool_never_gave_before_is_held_until_it_was_released_once(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anomaly, "LEAST", 2)
    long = " ".join(f"On day {day} the tide turned {day % 3} minutes later." for day in range(60))

    async def screened(text: str) -> list[Quarantine]:
        await ask(whorl, acme, "Tides", text, "How often does the tide turn?")
        await settle(whorl, acme)
        assert (await sweep.sweep(whorl.engine)).screened == 1
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            return await list_quarantine(session, "held")

    for _ in range(2):
        assert await screened("The tide turns often.") == []
    [held] = await screened(long)
    assert held.findings[0]["screen"] == "anomaly"
    assert "whose longest text had" in held.findings[0]["reason"]
    assert len(await screened(long)) == 2, "what is held is no history"
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for entry in await list_quarantine(session, "held"):
            await decide(session, acme, entry.run_id, "released")
    assert await screened(long) == []
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        [history] = await session.scalars(select(SourceHistory))
        assert (history.tool, history.count) == ("search", 5)
    await recall_source(whorl.engine, whorl.servers, whorl.library, acme, "tool:search")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert (await session.scalars(select(SourceHistory))).all() == []
