"""The value ledger: means, intervals, money, success; on the same questions, and of live traffic."""

import doctest
from datetime import timedelta
from decimal import Decimal
from random import Random

from tests.conftest import Whorl
from whorl.agents.tables import Run
from whorl.flywheel import statistics
from whorl.flywheel.curate import EVALUATION_TAG
from whorl.flywheel.tables import Outcome
from whorl.flywheel.traffic import live_ledger
from whorl.flywheel.value import Spent, ledger
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.usage.prices import NO_PRICE, Price


def test_a_dearer_adapter_shows_by_how_much() -> None:
    rng = Random(2)
    before = [Spent(rng.randint(100, 900), 20, rng.random()) for _ in range(80)]
    after = [Spent(s.input_tokens + rng.randint(8, 12), 20, s.seconds) for s in before]
    report = ledger(before, after, (40 * [1.0] + 40 * [0.0], 80 * [1.0]))
    low, high = report["tokens"]["interval"]
    assert 8 < low < report["tokens"]["difference"] < high < 12
    assert report["seconds"] == {**report["seconds"], "difference": 0.0, "interval": [0.0, 0.0]}
    total = sum(s.tokens for s in before)
    assert report["tokens"]["before_per_success"] == round(total / 40, 1)


def test_noise_is_not_taken_for_a_difference() -> None:
    rng = Random(3)
    before = [Spent(rng.randint(100, 900), 20, rng.gauss(1, 0.2)) for _ in range(100)]
    after = [Spent(s.input_tokens, 20, rng.gauss(1, 0.2)) for s in before]
    low, high = ledger(before, after, (100 * [1.0], 100 * [1.0]))["seconds"]["interval"]
    assert low < 0 < high


def test_no_questions_and_no_right_answers() -> None:
    assert ledger([], [], ([], []))["tokens"]["difference"] == 0.0
    assert (
        ledger([Spent(5, 5, 1.0)], [Spent(5, 5, 1.0)], ([0.0], [0.0]))["tokens"]["after_per_success"] is None
    )


def test_money_is_told_where_both_have_a_price() -> None:
    before, after = [Spent(1000, 100, 1.0)] * 4, [Spent(1000, 200, 1.0)] * 4
    scores = [1.0, 1.0, 0.0, 0.0], [1.0] * 4
    dollars = ledger(before, after, scores, (Price(2.5, 10.0), Price(5.0, 10.0)))["dollars"]
    assert (dollars["before"], dollars["after"]) == (0.0035, 0.007)
    assert dollars["interval"] == [0.0035, 0.0035]
    assert (dollars["before_per_success"], dollars["after_per_success"]) == (0.007, 0.007)
    assert "dollars" not in ledger(before, after, scores, (Price(2.5, 10.0), NO_PRICE))
    assert "dollars" not in ledger([], [], ([], []))


def test_success_is_a_measure_of_the_ledger() -> None:
    scores = [0.0] * 30 + [1.0] * 10 + [1.0] * 60, [1.0] * 30 + [0.0] * 10 + [1.0] * 60
    success = ledger([Spent()] * 100, [Spent()] * 100, scores)["success"]
    assert success == {"before": 0.7, "after": 0.9, "difference": 0.2, "interval": [0.0791, 0.3131]}


def test_intervals_of_independent_samples() -> None:
    assert doctest.testmod(statistics).failed == 0
    assert statistics.difference_of_means([1.0, 1.0], [3.0, 3.0]) == (2.0, 2.0)
    assert statistics.difference_of_shares((0, 0), (5, 5)) == (-1.0, 1.0)


async def test_live_traffic_counts_what_users_asked_of_the_same_agents(whorl: Whorl, acme: Actor) -> None:
    def run(
        adapter: str | None, tokens: int, *tags: str, agent: str = "default", status: str = "succeeded"
    ) -> Run:
        return Run(
            tenant_id=acme.tenant_id, id=new_id(), agent=agent, model="base", adapter=adapter, trace_id="0" * 32,
            status=status, input_tokens=tokens, output_tokens=10, cost=Decimal(tokens) / 1_000_000, tags=list(tags),
            started_at=now() - timedelta(seconds=2), ended_at=now(),
        )  # fmt: skip

    base, own = [run(None, 100 + n) for n in range(6)], [run("acme.v1", 200 + n) for n in range(4)]
    failed = run("acme.v1", 200, status="failed")
    others = [
        run(None, 9000, EVALUATION_TAG), run("acme.v1", 9000, EVALUATION_TAG), run(None, 9000, agent="other"),
        run("acme.v2", 9000), run(None, 9000, status="running"),
    ]  # fmt: skip
    judged = [(one, float(number == 0)) for number, one in enumerate(base)] + [(one, 1.0) for one in own]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        session.add_all([*base, *own, failed, *others])
        await session.flush()
        session.add_all(
            Outcome(tenant_id=acme.tenant_id, run_id=one.id, kind="thumb", value=value, source="user:a")
            for one, value in judged
        )
        await session.flush()
        found = await live_ledger(session, "acme.v1")
        nothing = await live_ledger(session, "acme.v3")
    assert found["kind"] == "live traffic, not paired"
    assert found["runs"] == {"before": 6, "after": 5} and found["judged"] == {"before": 6, "after": 5}
    assert (found["value"]["tokens"]["before"], found["value"]["tokens"]["after"]) == (112.5, 211.2)
    low, high = found["value"]["tokens"]["interval"]
    assert low < 98.7 < high and high - low < 10
    assert found["value"]["dollars"]["before"] == 0.0001025
    assert found["value"]["success"]["after"] == 0.8 and found["value"]["success"]["before"] == 0.1667
    assert nothing["runs"] == {"before": 0, "after": 0} and nothing["value"] == {}
