"""Quotas are kept by all replicas together; usage and cost are counted as runs end."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import anyio
import httpx
import pytest
from asgi_lifespan import LifespanManager
from sqlalchemy import select, update

from tests.conftest import Actor, Settings, Whorl
from tests.platform.test_api import Site
from whorl.agents import ledger
from whorl.agents.events import RunStarted
from whorl.agents.ledger import Ledger
from whorl.agents.runs import Agents, RunRequest
from whorl.agents.tables import Run
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, LimitError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.usage import admission
from whorl.platform.usage.prices import Price, Prices, load_prices
from whorl.platform.usage.quotas import Quotas, change_quotas
from whorl.platform.usage.record import ERASED, Used, forget_actor, record_usage, usage_by
from whorl.platform.usage.tables import Admission, UsageDay


async def allow(whorl: Whorl, actor: Actor, **quotas: object) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        await change_quotas(session, actor.tenant_id, Quotas.model_validate(quotas))


async def ask(whorl: Whorl, actor: Actor, agents: Agents | None = None) -> uuid.UUID:
    return (await (agents or whorl.agents).answer(actor, RunRequest("When?", checkpoint=False))).run_id


async def test_requests_of_a_minute_are_counted_exactly_by_two_replicas(whorl: Whorl, acme: Actor) -> None:
    await allow(whorl, acme, requests_per_minute=5)
    other = Agents(
        whorl.engine,
        whorl.addresses.app,
        whorl.servers,
        whorl.agents.toolbox,
        whorl.capture,
        whorl.agents.limits,
        Ledger(whorl.drain.connections, whorl.agents.limits.longest),
    )
    outcomes: list[str] = []

    async def attempt(agents: Agents) -> None:
        try:
            await ask(whorl, acme, agents)
            outcomes.append("answered")
        except LimitError as error:
            assert error.retry_after is not None and 0 < error.retry_after <= 60
            outcomes.append("refused")

    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(attempt, (whorl.agents, other)[number % 2])
    assert sorted(outcomes) == ["answered"] * 5 + ["refused"] * 7
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Admission).values(at=Admission.at - timedelta(seconds=61)))
    await ask(whorl, acme)


async def test_a_refused_request_leaves_nothing(whorl: Whorl, acme: Actor) -> None:
    await allow(whorl, acme, requests_per_minute=0)
    with pytest.raises(LimitError, match="Ask the operator"):
        await ask(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert (await session.scalars(select(Run))).all() == []
        assert (await session.scalars(select(Admission))).all() == []


async def test_runs_and_embeddings_share_the_requests_of_a_minute(settings: Settings) -> None:
    """Exact also where they come together, and a run that must wait for another is no request."""
    backend = ScriptedBackend(lambda messages, tools, adapter: "At noon.")
    app = create_app(settings.model_copy(update={"worker": "external"}), backend=backend)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        made = await ensure_tenant(whorl.engine, "acme")
        acme = operator_of(made.tenant)
        await allow(whorl, acme, requests_per_minute=6)
        async with Site(app, {"owner": str(made.key)}).client("owner") as client:
            texts = {"model": whorl.library.embedder.name, "input": ["tide", "moon"]}

            async def embed() -> httpx.Response:
                return await client.post("/v1/embeddings", json=texts)

            first = await embed()
            assert first.headers["x-ratelimit-remaining-requests"] == "5"
            answers = await asyncio.gather(*(each for _ in range(4) for each in (embed(), ask(whorl, acme))),
                                           return_exceptions=True)  # fmt: skip
            let_in = [
                each for each in answers if isinstance(each, uuid.UUID) or getattr(each, "is_success", False)
            ]
            assert len(let_in) == 5
            refused = await embed()
            assert refused.status_code == 429 and 0 < int(refused.headers["retry-after"]) <= 60
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                await session.execute(update(Admission).values(at=Admission.at - timedelta(seconds=121)))
            await allow(whorl, acme, requests_per_minute=6, concurrent_runs=0)
            with pytest.raises(LimitError, match="0 runs at once"):
                await ask(whorl, acme)
            assert (await embed()).headers["x-ratelimit-remaining-requests"] == "5"
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                assert list(await session.scalars(select(Admission.requests))) == [1], (
                    "old ones are forgotten"
                )


def told(answer: httpx.Response) -> dict[str, str]:
    prefix = "x-ratelimit-"
    return {
        name.removeprefix(prefix): value for name, value in answer.headers.items() if name.startswith(prefix)
    }


async def test_answers_and_refusals_tell_what_is_left(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    moment = datetime(2026, 11, 29, 21, 58, 30, tzinfo=UTC)
    monkeypatch.setattr(admission, "now", lambda: moment)
    monkeypatch.setattr(ledger, "now", lambda: moment)
    backend = ScriptedBackend(lambda messages, tools, adapter: "At noon.")
    app = create_app(settings.model_copy(update={"worker": "external"}), backend=backend)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        whorl = app.state.whorl
        made = await ensure_tenant(whorl.engine, "acme")
        acme = operator_of(made.tenant)
        embed = {"model": whorl.library.embedder.name, "input": "tide"}
        chat = {"model": "scripted", "messages": [{"role": "user", "content": "When?"}]}
        calls = [
            ("/v1/chat/completions", chat), ("/v1/chat/completions", {**chat, "stream": True}),
            ("/v1/embeddings", embed), ("/api/runs", {"question": "When?"}),
        ]  # fmt: skip
        async with Site(app, {"owner": str(made.key)}).client("owner") as client:
            every = {"tokens_per_day": 900_000, "dollars_per_month": "2.50", "concurrent_runs": 3}
            await allow(whorl, acme, requests_per_minute=1, **every)
            let_in = await client.post("/v1/chat/completions", json=chat)
            refused = [await client.post(path, json=body) for path, body in calls]
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                session.add(UsageDay(
                    tenant_id=acme.tenant_id, day=moment.date(), actor="user:a", agent="default", model="m", runs=1,
                    input_tokens=900_000, output_tokens=0, cost=Decimal("1.25"),
                ))  # fmt: skip
            out_of_tokens = await client.post("/v1/chat/completions", json=chat)
            await allow(whorl, acme, requests_per_minute=60, concurrent_runs=0)
            no_runs = await client.post("/v1/chat/completions", json=chat)
            await allow(whorl, acme)
            unlimited = await client.post("/v1/chat/completions", json=chat)
    limits = {
        "limit-requests": "1", "remaining-requests": "0", "reset-requests": "1m0s", "limit-tokens": "900000",
        "reset-tokens": "2h1m30s", "limit-dollars": "2.5", "remaining-dollars": "2.5", "reset-dollars": "26h1m30s",
        "limit-runs": "3",
    }  # fmt: skip
    first = told(let_in)
    assert let_in.status_code == 200 and limits.items() <= first.items()
    assert (first["remaining-runs"], first["remaining-tokens"]) == ("2", "900000")
    for answer in refused:
        assert answer.status_code == 429 and 0 < int(answer.headers["retry-after"]) <= 60
        assert limits.items() <= told(answer).items(), answer.request.url
    assert out_of_tokens.headers["retry-after"] == str(2 * 3600 + 90)
    assert (
        told(out_of_tokens)["remaining-tokens"] == "0" and told(out_of_tokens)["remaining-dollars"] == "1.25"
    )
    assert (told(no_runs)["limit-runs"], told(no_runs)["remaining-runs"]) == ("0", "0")
    assert told(unlimited) == {} and unlimited.status_code == 200


@pytest.mark.parametrize(
    ("made", "most", "seconds"), [([(50, 2), (30, 2), (10, 1)], 5, 10), ([(50, 2), (30, 2), (10, 3)], 5, 30)]
)
async def test_who_is_refused_is_told_when_there_is_room_again(
    whorl: Whorl, acme: Actor, made: list[tuple[int, int]], most: int, seconds: float
) -> None:
    """``made``: how many seconds ago how many requests were let in."""
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        moment = now()
        session.add_all(
            Admission(tenant_id=acme.tenant_id, at=moment - timedelta(seconds=ago), requests=requests)
            for ago, requests in made
        )
    await allow(whorl, acme, requests_per_minute=most)
    with pytest.raises(LimitError) as refused:
        await ask(whorl, acme)
    late = (now() - moment).total_seconds()
    assert seconds - late <= (refused.value.retry_after or 0) <= seconds


async def test_runs_at_once_are_limited_and_dead_ones_do_not_count(whorl: Whorl, acme: Actor) -> None:
    await allow(whorl, acme, concurrent_runs=1)
    stream: AsyncIterator[object] = whorl.agents.stream(acme, RunRequest("When?", checkpoint=False))
    started = await anext(stream)
    assert isinstance(started, RunStarted)
    with pytest.raises(LimitError, match="1 runs at once"):
        await ask(whorl, acme)
    async for _ in stream:
        pass
    await ask(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        died = now() - timedelta(seconds=whorl.agents.limits.seconds + 61)
        await session.execute(update(Run).values(status="running", started_at=died))
    await ask(whorl, acme)


async def test_tokens_of_the_day_and_dollars_of_the_month_end(whorl: Whorl, acme: Actor) -> None:
    whorl.agents.closing.prices = Prices({whorl.servers.base: Price(1000.0, 1000.0)})
    first = await ask(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        run = await session.get_one(Run, (acme.tenant_id, first))
        used = run.input_tokens + run.output_tokens
        assert used > 0 and run.cost == Decimal(used) / 1000
    await allow(whorl, acme, tokens_per_day=used)
    with pytest.raises(LimitError, match="tokens of this day") as ended:
        await ask(whorl, acme)
    assert 0 < (ended.value.retry_after or 0) <= 86_400
    await allow(whorl, acme, tokens_per_day=used + 1)
    await ask(whorl, acme)
    await allow(whorl, acme, dollars_per_month="0.01")
    with pytest.raises(LimitError, match="dollars of this month"):
        await ask(whorl, acme)


async def test_evaluations_are_not_refused_and_hold_nobody_up_but_are_counted(
    whorl: Whorl, acme: Actor
) -> None:
    await allow(whorl, acme, requests_per_minute=0)
    await whorl.agents.answer(acme, RunRequest("When?", metered=False, keep=False, checkpoint=False))
    await allow(whorl, acme, requests_per_minute=1)
    await ask(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        [day] = await usage_by(session, "day", now().date(), now().date())
    assert day["runs"] == 2 and day["dollars"] == 0


async def test_quotas_of_one_tenant_do_not_hold_another(whorl: Whorl, acme: Actor, rival: Actor) -> None:
    await allow(whorl, acme, requests_per_minute=0)
    await ask(whorl, rival)


async def test_usage_is_summed_by_what_is_asked_for_and_survives_its_person(
    whorl: Whorl, acme: Actor
) -> None:
    used = [("user:a", "m1", 10), ("user:a", "m1", 5), ("user:a", "m2", 1), ("user:b", "m1", 2)]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for actor, model, tokens in used:
            await record_usage(session, acme.tenant_id, Used(actor, "default", model, tokens, 1, 0.5))
    today = now().date()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        by_model = await usage_by(session, "model", today, today)
        assert [(row["model"], row["runs"], row["input_tokens"], row["dollars"]) for row in by_model] == [
            ("m1", 3, 17, 1.5), ("m2", 1, 1, 0.5),
        ]  # fmt: skip
        assert await usage_by(session, "day", today + timedelta(days=1), today + timedelta(days=2)) == []
        assert await forget_actor(session, acme.tenant_id, "user:a") == 2
        assert await forget_actor(session, acme.tenant_id, "user:b") == 1
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        assert await usage_by(session, "model", today, today) == by_model
        assert set(await session.scalars(select(UsageDay.actor))) == {ERASED}


def test_prices_are_read_and_checked(tmp_path: Path) -> None:
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"qwen": {"read": 0.5, "written": 1.5}}), encoding="utf-8")
    prices = load_prices(file)
    assert prices.of("qwen", "acme.v3") == Price(0.5, 1.5)
    assert prices.of("other").of(10, 10) is None
    for wrong in ("[]", "{", '{"qwen": {"read": -1, "written": 1}}', '{"qwen": 3}'):
        file.write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match="WHORL_PRICES"):
            load_prices(file)
    with pytest.raises(InputError, match="WHORL_PRICES"):
        load_prices(tmp_path / "missing.json")
