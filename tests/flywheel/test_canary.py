"""Trials of adapters end to end: sticky canaries, automatic rollback and promotion, shadows that nobody sees."""

import asyncio
import random
import tracemalloc
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import httpx
import psycopg
import pytest
import pytest_asyncio
from sqlalchemy import select

from tests.conftest import Settings, Whorl, quote_first
from tests.flywheel.test_gate import add_adapter
from tests.ui.seed import evaluation, pass_gate
from whorl.agents.events import RunStarted
from whorl.agents.names import SHADOW_TAG
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Message, Run
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.flywheel import canary, promotion
from whorl.flywheel.canary import Judged, arms, look
from whorl.flywheel.curate import EVALUATION_TAG, MOST_OF_ONE, Balance
from whorl.flywheel.datasets import create_dataset
from whorl.flywheel.evaluation import store_evaluation
from whorl.flywheel.gate import CHECKS
from whorl.flywheel.jobs import look_at_all_job
from whorl.flywheel.lineage import Descent
from whorl.flywheel.outcomes import Feedback, record_outcome, reward_of
from whorl.flywheel.promotion import promote, rollback, serving_adapter, start_trial, stop_trials
from whorl.flywheel.sequential import Arm
from whorl.flywheel.shadow import shadow_report
from whorl.flywheel.status import adapter_status
from whorl.flywheel.tables import Outcome, Shadow
from whorl.flywheel.withdrawal import withdraw
from whorl.platform.app import create_app, open_whorl
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError, NotFoundError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.tables import AuditEvent
from whorl.platform.serving import servers as serving
from whorl.platform.serving.adapters import TRANSITIONS, State, find_adapter, move
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.serving.tables import Adapter, Trial
from whorl.platform.serving.trials import Verdict, falls_in, trial_tag
from whorl.retrieval.load.base import LoadedDocument

from .manifests import manifest_of

DOCUMENT = LoadedDocument("tides.md", "Tides", "# Tides\n\nThe tide turns twice a day.", "text/markdown")


def model(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """Says who it is; asked to buy, it buys."""
    last = messages[-1]
    if last["role"] == "user" and "buy" in last["content"]:
        return call_text("buy", what=last["content"].removeprefix("buy "))
    if last["role"] == "user" and "tide" in last["content"]:
        return quote_first(messages, tools, adapter)
    if last["role"] == "tool" and last["content"].startswith("[1]"):
        return quote_first(messages, tools, adapter)
    return f"I am {adapter or 'the base'}." + (f" {last['content']}" if last["role"] == "tool" else "")


class World:
    """A workspace with two adapters that passed the gate."""

    def __init__(self, whorl: Whorl, actor: Actor) -> None:
        self.whorl, self.actor = whorl, actor
        self.one = f"{actor.tenant_slug}.v1"
        self.two = f"{actor.tenant_slug}.v2"

    async def ask(self, question: str = "Who are you?", conversation: uuid.UUID | None = None) -> Run:
        wanted = RunRequest(question, conversation_id=conversation, checkpoint=False)
        ended = await self.whorl.agents.answer(self.actor, wanted)
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            return await session.get_one(Run, (self.actor.tenant_id, ended.run_id))

    async def judge(self, run: Run, value: float, source: str = "verifier:test") -> None:
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            given = Feedback("verdict", value, source)
            await record_outcome(session, self.actor.tenant_id, run.id, given, self.whorl.redactor)

    async def start(self, name: str, stage: Any, share: float = 0.5, **options: Any) -> Trial:
        return await start_trial(
            self.whorl.engine, self.whorl.servers, self.actor, name, stage, share, **options
        )

    async def promote(self, name: str, **options: Any) -> float:
        return await promote(self.whorl.engine, self.whorl.servers, self.actor, name, **options)

    async def look(self, trial: Trial) -> Verdict:
        return await look(self.whorl.engine, self.whorl.servers, self.actor, trial.id)

    async def live(self, worth: dict[str | None, float], trial: Trial, most: int = 60) -> Verdict:
        """Conversations until the canary is decided; each answer is worth what its adapter's are."""
        for _ in range(most):
            run = await self.ask()
            await self.judge(run, worth[run.adapter])
            if (verdict := await self.look(trial)) != "undecided":
                return verdict
        return "undecided"

    async def adapter(self, name: str) -> Adapter:
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            return await find_adapter(session, name)

    async def serving(self) -> str | None:
        return await serving_adapter(self.whorl.engine, self.actor)

    async def loaded(self) -> set[str]:
        return {m.name for m in await self.whorl.servers.clients[0].models()}

    async def audited(self, target: str) -> list[str]:
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            query = select(AuditEvent).where(AuditEvent.target == target).order_by(AuditEvent.id)
            return [
                f"{event.action} {event.details.get('now', '')}".strip()
                for event in await session.scalars(query)
            ]

    async def stored(self, trial: Trial) -> Trial:
        async with tenant_session(self.whorl.engine, self.actor.tenant_id) as session:
            return await session.get_one(Trial, (self.actor.tenant_id, trial.id))


async def make_world(whorl: Whorl, slug: str = "acme") -> World:
    actor = operator_of((await ensure_tenant(whorl.engine, slug)).tenant)
    for version in (1, 2):
        name = await add_adapter(whorl, actor, version)
        await pass_gate(whorl, actor, name)
    return World(whorl, actor)


@pytest_asyncio.fixture
async def world(settings: Settings) -> Any:
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        yield await make_world(whorl)


def test_a_share_of_conversations_falls_in_and_always_the_same() -> None:
    trial, keys = uuid.UUID(int=7), [str(uuid.UUID(int=n)) for n in range(4000)]
    inside = [key for key in keys if falls_in(trial, key, 0.1)]
    assert 340 < len(inside) < 460
    assert inside == [key for key in keys if falls_in(trial, key, 0.1)]
    assert set(inside) <= {key for key in keys if falls_in(trial, key, 0.3)}
    assert set(inside) != {key for key in keys if falls_in(uuid.UUID(int=8), key, 0.1)}


@pytest.mark.parametrize("was", get_args(State))
def test_only_the_tables_transitions_are_allowed(was: State) -> None:
    class Session(list[Any]):
        add = list.append

    for to in get_args(State):
        adapter, session = Adapter(name="acme.v1", state=was), Session()
        actor = Actor(uuid.UUID(int=1), "acme", "owner", "test")
        if to in TRANSITIONS[was]:
            move(session, actor, adapter, to)
            assert adapter.state == to
            assert [(e.action, e.details) for e in session] == [("adapter.moved", {"was": was, "now": to})]
            continue
        with pytest.raises(ConflictError, match=f"is {was} and cannot become {to}: from there it becomes"):
            move(session, actor, adapter, to)
        assert adapter.state == was and not session


async def test_a_canary_is_sticky_and_a_worse_one_is_rolled_back_by_its_outcomes(world: World) -> None:
    await world.promote(world.one)
    trial = await world.start(world.two, "canary")
    first = [await world.ask() for _ in range(20)]
    again = [await world.ask(conversation=run.conversation_id) for run in first]
    assert [run.adapter for run in first] == [run.adapter for run in again]
    assert {run.adapter for run in first} == {world.one, world.two}
    inside = next(run for run in first if run.adapter == world.two)
    assert await world.live({world.one: 1.0, world.two: 0.0}, trial) == "worse"
    assert (await world.ask(conversation=inside.conversation_id)).adapter == world.one, (
        "back to the incumbent"
    )
    rejected = await world.adapter(world.two)
    assert rejected.state == "rejected" and "worse as a canary: 0% of" in rejected.card["rejected"]["reason"]
    assert await world.serving() == world.one and await world.loaded() == {"scripted", world.one}
    assert (await world.stored(trial)).verdict == "worse"
    assert await world.audited(world.two) == [
        "adapter.moved evaluated", "adapter.moved canary", "canary.started", "canary.ended",
        "adapter.moved rejected",
    ]  # fmt: skip
    with pytest.raises(ConflictError, match="is rejected and cannot become serving"):
        await world.promote(world.two, force=True)
    assert await world.look(trial) == "worse", "a second look changes nothing"


async def test_a_better_canary_becomes_ready_and_is_promoted_when_asked(world: World) -> None:
    trial = await world.start(world.two, "canary")
    assert await world.live({None: 0.0, world.two: 1.0}, trial) == "ready"
    assert (await world.adapter(world.two)).state == "canary" and await world.serving() is None
    assert "canary.ready" in await world.audited(world.two)
    await world.promote(world.two)
    assert (await world.stored(trial)).verdict == "promoted"
    stored = await world.adapter(world.two)
    assert stored.state == "serving" and stored.card["approval"]["stage"] == "serving"
    assert {run.adapter for run in [await world.ask() for _ in range(6)]} == {world.two}


async def test_a_ready_canary_is_promoted_by_itself_where_it_was_begun_so(world: World) -> None:
    await world.promote(world.one)
    trial = await world.start(world.two, "canary", auto=True)
    assert await world.live({world.one: 0.0, world.two: 1.0}, trial) == "ready"
    assert await world.serving() == world.two
    assert (await world.adapter(world.one)).state == "retired"
    assert await world.loaded() == {"scripted", world.two}


async def test_the_arms_count_conversations_failures_and_no_single_voice(world: World) -> None:
    trial = await world.start(world.two, "canary", 0.9)
    run = await world.ask()
    while run.adapter != world.two:
        run = await world.ask()
    await world.judge(run, 1.0)
    await world.judge(await world.ask(conversation=run.conversation_id), 0.0)
    await world.ask()  # judged by nobody
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        candidate, incumbent = await arms(session, trial)
    assert candidate == (1, 0.5) and incumbent.n == 0
    failed = await world.ask()
    while failed.adapter != world.two:
        failed = await world.ask()
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        (await session.get_one(Run, (world.actor.tenant_id, failed.id))).status = "failed"
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        assert (await arms(session, trial))[0] == (2, 0.5)


async def test_no_one_person_decides_most_of_an_arm(world: World) -> None:
    trial = await world.start(world.two, "canary", 0.9)
    runs: list[Run] = []
    while len(runs) < 8:
        run = await world.ask()
        runs += [run] if run.adapter == world.two else []
    for number, run in enumerate(runs):
        person = "user:ann" if number < 6 else f"user:{number}"
        await world.judge(run, 0.0 if number < 6 else 1.0, person)
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        candidate, _ = await arms(session, trial)
    assert candidate == (4, 2.0), "of ann's six two are heard, as many as of all others"


def drawn_runs(draw: random.Random, trial: Trial, count: int) -> list[tuple[Run, list[Outcome]]]:
    """Runs of a trial as they may lie in the store, most of them judged by one person."""
    conversations = [new_id() for _ in range(count // 3)]
    tag = trial_tag(trial.id)
    found = []
    for _ in range(count):
        run_id = new_id()
        run = Run(
            tenant_id=trial.tenant_id, id=run_id, agent=draw.choice(["default"] * 9 + ["other"]), model="scripted",
            adapter=draw.choice([None, "acme.v1", "acme.v2"]), trace_id=run_id.hex,
            conversation_id=draw.choice([None, draw.choice(conversations)]),
            tags=draw.choice([[tag]] * 9 + [[tag, EVALUATION_TAG], [tag, SHADOW_TAG], []]),
            status=draw.choice(["succeeded"] * 6 + ["failed", "running"]),
        )  # fmt: skip
        outcomes = [
            Outcome(
                tenant_id=trial.tenant_id, id=new_id(), run_id=run_id, kind=draw.choice(["thumb", "score", "comment", "edit"]),
                value=draw.random(), weight=draw.choice([0.0, 0.5, 1.0]), text="Words.", details={},
                source=draw.choice(["user:ann"] * 5 + ["user:bo", "user:cy", "verifier:test"]),
            )
            for _ in range(draw.choice([0, 1, 1, 2]))
        ]  # fmt: skip
        found.append((run, outcomes))
    return found


def plain_arm(runs: list[tuple[Run, list[Outcome]]]) -> Arm:
    """An arm as it is defined, with everything in memory."""
    rewards = [0.0 if run.status == "failed" else reward_of(said) for run, said in runs]
    judged = [
        Judged(run.conversation_id or run.id, said, reward)
        for (run, said), reward in zip(runs, rewards, strict=True)
        if reward is not None
    ]
    balance = Balance(MOST_OF_ONE)
    for one in judged:
        balance.count(one)
    earned: dict[uuid.UUID, list[float]] = {}
    for one in judged:
        if not balance.silences(one):
            earned.setdefault(one.conversation, []).append(one.reward)
    assert balance.applies and sum(map(len, earned.values())) < len(judged)
    return Arm(len(earned), sum(sum(each) / len(each) for each in earned.values()))


async def test_the_arms_are_as_defined_however_few_runs_are_read_at_once(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    trial = Trial(
        tenant_id=acme.tenant_id, id=new_id(), agent="default", candidate="acme.v2", stage="canary", started_at=now()
    )  # fmt: skip
    runs = drawn_runs(random.Random(1), trial, 400)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        session.add_all([run for run, _ in runs])
        await session.flush()
        session.add_all([outcome for _, said in runs for outcome in said])
    in_trial = [each for each in runs if each[0].agent == "default" and each[0].tags == [trial_tag(trial.id)]]
    wanted = tuple(
        plain_arm([each for each in in_trial if (each[0].adapter == "acme.v2") is candidate])
        for candidate in (True, False)
    )
    for page in (7, 200):
        monkeypatch.setattr(canary, "PAGE", page)
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            assert await arms(session, trial) == wanted


async def test_memory_does_not_grow_with_the_runs_of_a_canary(whorl: Whorl, acme: Actor) -> None:
    """Peak of what Python allocates for 400 runs and for 4,000."""
    peaks = []
    for count in (400, 4000):
        trial = Trial(
            tenant_id=acme.tenant_id, id=new_id(), agent="default", candidate="acme.v2", started_at=now()
        )
        runs = drawn_runs(random.Random(1), trial, count)
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            session.add_all([run for run, _ in runs])
            await session.flush()
            session.add_all([outcome for _, said in runs for outcome in said])
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            tracemalloc.start()
            candidate, _ = await arms(session, trial)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert candidate.n > count / 20
    assert peaks[1] < peaks[0] + 500_000


async def test_where_no_conversation_is_kept_its_first_words_stand_for_it(world: World) -> None:
    await world.start(world.two, "canary")
    seen = set()
    for number in range(20):
        first = {"role": "user", "content": f"Question {number}"}
        wanted = [
            RunRequest(f"Question {number}", keep=False),
            RunRequest("More?", history=[first], keep=False),
        ]
        ended = [await world.whorl.agents.answer(world.actor, each) for each in wanted]
        assert ended[0].answer == ended[1].answer
        seen.add(ended[0].answer)
    assert seen == {"I am the base.", f"I am {world.two}."}


async def test_looks_come_with_outcomes_and_by_the_clock(settings: Settings) -> None:
    """Feedback over HTTP queues a look, which the worker takes; the clock's job looks at all canaries."""
    app = create_app(settings.model_copy(update={"worker": "external"}), backend=ScriptedBackend(model))
    async with app.router.lifespan_context(app):
        whorl = app.state.whorl
        world = await make_world(whorl)
        async with tenant_session(whorl.engine, world.actor.tenant_id) as session:
            _, key = await create_key(session, world.actor.tenant_id, "test", "admin")
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"Authorization": f"Bearer {key}"}
        ) as client:
            wanted = {"stage": "canary", "share": 0.5}
            misspelt = await client.post(
                f"/api/adapters/{world.two}/promote", json={**wanted, "forced": True}
            )
            assert misspelt.status_code == 422 and "forced" in misspelt.json()["detail"]
            begun = await client.post(f"/api/adapters/{world.two}/promote", json=wanted)
            assert begun.json()["candidate"] == world.two and begun.json()["adapter"] is None
            assert (await client.post(f"/api/adapters/{world.two}/promote", json=wanted)).status_code == 409
            for _ in range(30):
                run = await world.ask()
                body = {"kind": "verdict", "value": float(run.adapter is None), "program": "test"}
                await client.post(f"/api/runs/{run.id}/feedback", json=body)
            await whorl.work(until_empty=True)
            status = (await client.get(f"/api/adapters/{world.two}/status")).json()
            assert status["state"] == "rejected" and status["trial"]["verdict"] == "worse"
            assert status["trial"]["report"]["candidate"]["success"] == 0.0
            assert [check["verdict"] for check in status["gate"]] == ["passed"] * len(CHECKS)
            await client.post(f"/api/adapters/{world.one}/promote", json=wanted)
            for _ in range(30):
                run = await world.ask()
                await world.judge(run, float(run.adapter is None))
            await look_at_all_job(whorl.engine, whorl.servers)
            assert (await world.adapter(world.one)).state == "rejected"
            assert (await client.post("/api/agents/default/rollback")).status_code == 409


async def test_trials_that_cannot_be(world: World) -> None:
    with pytest.raises(InputError, match="share of a canary lies above 0"):
        await world.start(world.one, "canary", 1.0)
    with pytest.raises(InputError, match="only a canary"):
        await world.start(world.one, "shadow", auto=True)
    with pytest.raises(NotFoundError):
        await world.start("acme.v9", "canary")
    for trying in (
        world.start(world.one, "canary", agent="nosuch"),
        world.promote(world.one, agent="nosuch", force=True),
    ):
        with pytest.raises(NotFoundError, match=r"no agent 'nosuch'. Agents are: default"):
            await trying
    with pytest.raises(NotFoundError):
        await stop_trials(world.whorl.engine, world.whorl.servers, world.actor, "acme.v9", "stopped")
    await world.start(world.one, "canary")
    with pytest.raises(ConflictError, match=r"acme\.v1 is the canary of the agent default"):
        await world.start(world.two, "canary")
    assert (await world.adapter(world.two)).state == "evaluated" and "approval" not in (
        await world.adapter(world.two)
    ).card
    assert await rollback(world.whorl.engine, world.whorl.servers, world.actor) is None
    assert (await world.adapter(world.one)).state == "evaluated"
    bare = await add_adapter(world.whorl, world.actor, 3)
    with pytest.raises(ConflictError, match="has not been evaluated"):
        await world.start(bare, "shadow")
    await world.start(bare, "shadow", force=True)
    card = (await world.adapter(bare)).card
    assert card["approval"]["passed_over"].startswith("it has not been evaluated; do it with: whorl evaluate")
    await stop_trials(world.whorl.engine, world.whorl.servers, world.actor, bare, "enough")
    assert (await world.adapter(bare)).state == "trained"


async def test_checks_that_were_not_done_are_left_out_by_name_and_the_audit_log_says_so(world: World) -> None:
    three = await add_adapter(world.whorl, world.actor, 3)
    engine, missing = world.whorl.engine, ["general set", "safety set", "planted secrets"]
    await store_evaluation(
        engine, world.actor, three, "held-out", {**evaluation(21, 52, 60), "verifiers": {"exact": []}}
    )
    with pytest.raises(
        ConflictError, match=r"'general set' was not done; do it with: whorl evaluate adapter acme\.v3"
    ):
        await world.promote(three)
    with pytest.raises(ConflictError, match="'planted secrets' was not done"):
        await world.start(three, "canary", without=missing[:2])
    trial = await world.start(three, "canary", auto=True, without=missing)
    assert (await world.adapter(three)).card["approval"]["without"] == missing
    assert await world.live({three: 1.0, None: 0.0}, trial) == "ready"
    assert (await world.adapter(three)).state == "serving"
    async with tenant_session(engine, world.actor.tenant_id) as session:
        told = await session.scalars(select(AuditEvent).where(AuditEvent.target == three))
        left_out = {one.action: one.details.get("without") for one in told}
    assert left_out["canary.started"] == left_out["adapter.promoted"] == missing


async def test_a_check_that_there_is_not_is_said_before_the_adapter_is_looked_for(world: World) -> None:
    for trial in (
        world.promote("acme.v9", without=["nonsense"]),
        world.start("acme.v9", "canary", without=["nonsense"]),
    ):
        with pytest.raises(InputError, match="no check 'nonsense'"):
            await trial


async def test_a_promotion_of_another_ends_the_canary(world: World) -> None:
    trial = await world.start(world.two, "canary")
    await world.promote(world.one)
    assert (await world.stored(trial)).verdict == "stopped"
    assert (await world.adapter(world.two)).state == "evaluated"
    assert await world.loaded() == {"scripted", world.one}


async def test_a_run_that_is_under_way_is_not_cut_by_a_rollback(world: World) -> None:
    await world.start(world.two, "canary", 0.9)
    held = None
    while held is None:
        stream = world.whorl.agents.stream(world.actor, RunRequest("Who are you?", checkpoint=False))
        event = await anext(stream)
        assert isinstance(event, RunStarted)
        held = stream if event.adapter == world.two else None
    back = asyncio.create_task(rollback(world.whorl.engine, world.whorl.servers, world.actor))
    while (await world.adapter(world.two)).state == "canary":
        await asyncio.sleep(0.01)
    assert world.two in await world.loaded() and not back.done()
    said = [event async for event in held]
    assert said[-1].answer == f"I am {world.two}."
    await back
    assert world.two not in await world.loaded()


async def test_runs_of_other_processes_are_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that rolls back does not hold the runs of the process that serves; the database knows them."""
    engine, tenant = world.whorl.engine, world.actor.tenant_id
    elsewhere = Run(
        tenant_id=tenant,
        id=new_id(),
        agent="default",
        model="scripted",
        adapter=world.two,
        trace_id="",
        tags=[],
    )
    await world.start(world.two, "canary")
    async with tenant_session(engine, tenant) as session:
        session.add(elsewhere)
    back = asyncio.create_task(rollback(engine, world.whorl.servers, world.actor))
    while (await world.adapter(world.two)).state == "canary":
        await asyncio.sleep(0.01)
    assert world.two in await world.loaded() and not back.done()
    async with tenant_session(engine, tenant) as session:
        (await session.get_one(Run, (tenant, elsewhere.id))).status = "succeeded"
    await back
    assert world.two not in await world.loaded()
    await world.start(world.two, "canary")
    async with tenant_session(engine, tenant) as session:
        (await session.get_one(Run, (tenant, elsewhere.id))).status = "running"
    monkeypatch.setattr(promotion, "PATIENCE", 0.2)
    await rollback(engine, world.whorl.servers, world.actor)
    assert world.two in await world.loaded(), "no run is cut"
    assert "adapter.left_loaded" in await world.audited(world.two)


async def test_shadow_runs_are_compared_and_seen_by_nobody(world: World, tmp_path: Any) -> None:
    async for _ in world.whorl.library.ingest(world.actor.tenant_id, [DOCUMENT]):
        pass
    trial = await world.start(world.two, "shadow", 1.0)
    told, asked = await world.ask("When does the tide turn?"), await world.ask()
    assert (told.adapter, asked.adapter) == (None, None)
    for run in (told, asked):
        await world.judge(run, 1.0)
    await world.whorl.shadows.settle()
    await world.whorl.flush()
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        shadows = list(await session.scalars(select(Run).where(Run.tags.contains([SHADOW_TAG]))))
        rows = {row.run_id: row for row in await session.scalars(select(Shadow))}
        shown = set(await session.scalars(select(Message.run_id)))
        report = await shadow_report(session, trial)
    assert {run.adapter for run in shadows} == {world.two} and len(shadows) == 2
    assert not shown & {run.id for run in shadows} and all(run.conversation_id is None for run in shadows)
    assert rows[told.id].agrees and rows[told.id].same_words
    assert rows[asked.id].agrees and not rows[asked.id].same_words
    assert (report["n"], report["agreed"], report["same_words"]) == (2, 2, 1)
    assert report["shadow"]["tokens"] > 0 and report["live"]["tokens"] > 0
    for run in shadows:
        await world.judge(run, 1.0)
    dataset = await create_dataset(world.whorl.engine, world.actor.tenant_id, tmp_path, "sft", held_out=0)
    assert set(manifest_of(dataset)["runs"]) == {str(told.id), str(asked.id)}


async def test_a_shadow_calls_nothing_that_has_an_effect(world: World) -> None:
    bought: list[str] = []

    async def buy(arguments: dict[str, Any], context: ToolContext) -> Observation:
        bought.append(arguments["what"])
        return Observation(f"Bought {arguments['what']}.")

    tools = world.whorl.agents.toolbox.tools.values()
    world.whorl.agents.toolbox = Toolbox([*tools, Tool("buy", "Buy something.", buy)])
    await world.start(world.two, "shadow", 1.0)
    await world.ask("buy a boat")
    await world.whorl.shadows.settle()
    assert bought == ["a boat"]
    await world.whorl.flush()
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        row = (await session.scalars(select(Shadow))).one()
        shadow = await session.get_one(Run, (world.actor.tenant_id, row.shadow_run_id))
    assert shadow.status == "succeeded" and row.agrees


async def test_trials_are_their_tenants_own(world: World) -> None:
    await world.start(world.two, "shadow", 1.0)
    await world.ask()
    await world.whorl.shadows.settle()
    rival = operator_of((await ensure_tenant(world.whorl.engine, "rival")).tenant)
    async with tenant_session(world.whorl.engine, rival.tenant_id) as session:
        assert not list(await session.scalars(select(Trial))) and not list(
            await session.scalars(select(Shadow))
        )
        with pytest.raises(NotFoundError):
            await adapter_status(session, world.two)
    async with tenant_session(world.whorl.engine, world.actor.tenant_id) as session:
        assert list(await session.scalars(select(Trial))) and list(await session.scalars(select(Shadow)))
        assert (await adapter_status(session, world.two)).state == "shadow"


@asynccontextmanager
async def two_processes(settings: Settings, folder: Path) -> AsyncIterator[tuple[World, World]]:
    """Two apps on one database and one model server."""
    backend = ScriptedBackend(model)
    async with (
        open_whorl(settings, backend=backend) as whorl,
        open_whorl(settings.model_copy(update={"data_dir": folder}), backend=backend) as other,
    ):
        world = await make_world(whorl)
        yield world, World(other, world.actor)


async def test_what_one_process_retires_no_other_brings_back(settings: Settings, tmp_path: Path) -> None:
    async with two_processes(settings, tmp_path / "other") as (here, there):
        await here.promote(here.one)
        assert (await there.ask()).adapter == here.one
        await here.promote(here.two)
        for world in (there, here, there):
            await world.whorl.servers.look()
        assert await here.loaded() == {"scripted", here.two}
        assert (await there.ask()).adapter == here.two


async def test_what_is_tainted_no_process_brings_back(settings: Settings, tmp_path: Path) -> None:
    async with two_processes(settings, tmp_path / "other") as (here, there):
        trial = await here.start(here.one, "canary", 0.9)
        while (await there.ask()).adapter != here.one:
            pass
        engine, servers = here.whorl.engine, here.whorl.servers
        await withdraw(engine, servers, here.actor, Descent(adapters=(here.one,)), "erased")
        for world in (there, here, there):
            await world.whorl.servers.look()
        assert (await here.stored(trial)).ended_at is not None
        async with tenant_session(engine, here.actor.tenant_id) as session:
            assert (await adapter_status(session, here.one)).refusal.startswith(
                "tainted: erased; train another"
            )
        assert await here.loaded() == {"scripted"}
        for world in (here, there):
            with pytest.raises(ConflictError, match="is tainted and answers nobody"):
                await world.whorl.agents.answer(world.actor, RunRequest("Who are you?", adapter=here.one))
        assert await here.loaded() == {"scripted"}


async def test_a_server_that_was_restarted_gets_what_another_process_promoted(
    settings: Settings, tmp_path: Path
) -> None:
    async with two_processes(settings, tmp_path / "other") as (here, there):
        await here.promote(here.one)
        await there.whorl.servers.look()
        await here.whorl.servers.clients[0].unload_adapter(here.one)
        await there.whorl.servers.look()
        assert here.one in await there.loaded()


async def test_while_the_database_does_not_say_who_answers_what_it_said_last_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers = world.whorl.servers
    await world.promote(world.one)
    monkeypatch.setattr(serving, "NAMED_SECONDS", 0.2)
    with psycopg.connect(world.whorl.addresses.admin) as connection:
        connection.execute("LOCK TABLE routes IN ACCESS EXCLUSIVE MODE")
        await servers.clients[0].unload_adapter(world.one)
        await servers.look()
        assert world.one in await world.loaded()


async def test_an_adapter_is_unloaded_when_its_last_run_ends(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of whichever process the run is, and although the drain's time was over before."""
    monkeypatch.setattr(promotion, "PATIENCE", 0.2)
    async with two_processes(settings, tmp_path / "other") as (here, there):
        await here.promote(here.one)
        stream = there.whorl.agents.stream(there.actor, RunRequest("Who are you?", checkpoint=False))
        await anext(stream)
        await here.promote(here.two)
        for world in (there, here) * 2:
            await world.whorl.servers.look()
        assert here.one in await here.loaded()
        assert [event async for event in stream][-1].answer == f"I am {here.one}."
        for world in (there, here) * 2:
            await world.whorl.servers.look()
        assert await here.loaded() == {"scripted", here.two}
