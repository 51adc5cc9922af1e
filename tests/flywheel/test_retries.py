"""Answers that were asked for again, and turns that were judged by themselves: against which they count."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
from asgi_lifespan import LifespanManager
from sqlalchemy import select

from tests.conftest import Settings
from tests.flywheel.test_datasets import BAD, GOOD, a_run, rows
from tests.platform.test_api import Site
from whorl.flywheel.outcomes import KINDS, Feedback, value_of
from whorl.flywheel.tables import Outcome
from whorl.flywheel.trajectory import Judged, Trajectory, trajectories
from whorl.platform.app import create_app
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend


def retried(run: Trajectory, by: Trajectory) -> Trajectory:
    """``run``, whose answer was not wanted and in whose place ``by`` was asked."""
    retry = Judged("retry", 0.0, 1.0, None, source="user:ann", replaced_by=str(by.run_id))
    return replace(run, outcomes=(*run.outcomes, retry))


def answers(row: dict[str, Any]) -> tuple[str, str]:
    return row["chosen"][0]["content"], row["rejected"][0]["content"]


def test_the_answer_that_was_kept_is_preferred_to_those_that_were_asked_for_again() -> None:
    last = a_run("At noon.")
    middle = retried(a_run("At two."), last)
    first = retried(a_run("At one."), middle)
    built = rows("dpo", first, middle, last)
    assert [answers(row) for row in built] == [("At noon.", "At one."), ("At noon.", "At two.")]
    assert built[0]["source"] == [str(last.run_id), str(first.run_id)]
    assert [row["label"] for row in rows("kto", first, middle, last)] == [False, False]
    assert rows("sft", first, middle, last) == []


def test_nothing_is_preferred_after_another_history_or_where_nothing_was_kept() -> None:
    other = a_run("At noon.", question="Really?")
    assert rows("dpo", retried(a_run("At one."), other), other) == []
    bad = a_run("At noon.", BAD)
    assert rows("dpo", retried(a_run("At one."), bad), bad) == []
    gone = a_run("At noon.")
    assert rows("dpo", retried(a_run("At one."), gone)) == []
    one, two = a_run("At one."), a_run("At two.")
    assert rows("dpo", retried(one, two), retried(two, one)) == [], "each is said to stand for the other"


def test_a_denied_call_is_blamed_and_not_the_answer() -> None:
    denied = a_run("I could not.", Judged("approval", 0.0, 1.0, None, step=0, source="user:ann"))
    assert denied.reward is None
    [row] = rows("kto", denied)
    assert row["label"] is False and row["completion"][0]["tool_calls"] and len(row["prompt"]) == 2
    approved = a_run("At noon.", Judged("approval", 1.0, 1.0, None, step=0, source="user:ann"))
    [row] = rows("kto", approved)
    assert row["label"] is True and row["completion"][0]["tool_calls"]
    liked = replace(denied, outcomes=(*denied.outcomes, GOOD))
    assert rows("sft", liked) == [], "its call is not to be learnt"
    assert [row["label"] for row in rows("kto", liked)] == [False, True]


def test_a_step_that_is_not_there_is_nobodys(
    far: Judged = Judged("score", 0.0, 1.0, None, step=9),
) -> None:
    assert rows("kto", a_run("At noon.", far)) == []


def test_values_are_by_kind_or_stars() -> None:
    assert {kind: value_of(kind) for kind in KINDS if value_of(kind) != 1} == {"retry": 0.0}
    assert [value_of("score", stars=stars) for stars in (1, 3, 5)] == [0.0, 0.5, 1.0]
    for kind, value, stars in (("thumb", None, 3), ("score", 0.5, 3), ("score", None, 6)):
        with pytest.raises(InputError, match="tars"):
            value_of(kind, value, stars)
    with pytest.raises(InputError, match="not wanted"):
        Feedback("retry", 1.0, "user:ann").check()
    with pytest.raises(InputError, match="Only a retry"):
        Feedback("thumb", 1.0, "user:ann", replaced_by=uuid.uuid4()).check()
    with pytest.raises(InputError, match="call_edit"):
        Feedback("edit", 1.0, "user:ann", text="x", step=1).check()


@pytest_asyncio.fixture
async def site(settings: Settings) -> AsyncIterator[Site]:
    """An application whose model answers otherwise each time."""
    said = iter(range(100))
    backend = ScriptedBackend(lambda *_: f"Answer {next(said)}.")
    app = create_app(settings, backend=backend)
    async with LifespanManager(app, startup_timeout=60, shutdown_timeout=60):
        made = await ensure_tenant(app.state.whorl.engine, "acme")
        yield Site(app, {"owner": str(made.key)})


async def test_a_run_is_asked_again_with_what_came_before_it(site: Site) -> None:
    async with site.client("owner") as client:
        first = (await client.post("/api/runs", json={"question": "What is up?"})).json()
        asked = {"question": "And now?", "conversation_id": first["conversation_id"]}
        second = (await client.post("/api/runs", json=asked)).json()
        again = {**asked, "in_place_of": second["run_id"]}
        third = (await client.post("/api/runs", json=again)).json()
        path = f"/api/runs/{second['run_id']}/feedback"
        stored = await client.post(path, json={"kind": "retry", "replaced_by": third["run_id"]})
        assert (stored.status_code, stored.json()["value"]) == (201, 0.0)
        dataset = (await client.post("/api/datasets", json={"format": "dpo", "held_out": 0})).json()
        assert (dataset["rows"], dataset["manifest"]["left_out"]) == (1, {"no outcome": 1})
        lone = {**again, "conversation_id": None}
        assert (await client.post("/api/runs", json=lone)).status_code == 422
        other = {**again, "in_place_of": str(uuid.uuid4())}
        assert (await client.post("/api/runs", json=other)).status_code == 404
        whorl = site.app.state.whorl
        tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
        ids = [uuid.UUID(each["run_id"]) for each in (second, third)]
        async with tenant_session(whorl.engine, tenant) as session:
            before, after = [run async for run in trajectories(session, ids, now())]
    assert before.prompt == after.prompt and len(before.prompt) == 4
    assert before.replaced_by == third["run_id"]


async def test_feedback_on_what_is_not_there_is_refused(site: Site) -> None:
    async with site.client("owner") as client:
        run = (await client.post("/api/runs", json={"question": "What is up?"})).json()["run_id"]
        path = f"/api/runs/{run}/feedback"
        await site.app.state.whorl.flush()
        spans = (await client.get(f"/api/runs/{run}/spans")).json()
        for given, told in (
            ({"kind": "thumb", "step": 1}, "no step 1 of its model: steps are 0 to 0"),
            ({"kind": "thumb", "span_id": "f" * 16}, "no span"),
            ({"kind": "retry", "replaced_by": str(uuid.uuid4())}, "no run"),
            ({"kind": "retry", "replaced_by": run}, "its own place"),
            ({"kind": "retry", "value": 1}, "not wanted"),
            ({"kind": "thumb", "stars": 4}, "say score"),
        ):
            answer = await client.post(path, json=given)
            assert answer.status_code == 422 and told in answer.json()["detail"], given
        placed = {"kind": "score", "stars": 4, "step": 0, "span_id": spans[0]["span_id"]}
        assert (await client.post(path, json=placed)).json()["value"] == 0.75
        light = (await client.post(path, json={"kind": "thumb", "weight": 0.25})).json()
        assert light["weight"] == 0.25
        for heavy in (1.5, -1):
            assert (await client.post(path, json={"kind": "thumb", "weight": heavy})).status_code == 422
        missing = f"/api/runs/{uuid.uuid4()}/feedback"
        assert (await client.post(missing, json={"kind": "thumb"})).status_code == 404


async def test_many_outcomes_are_taken_each_by_itself(site: Site) -> None:
    async with site.client("owner") as client:
        runs = [(await client.post("/api/runs", json={"question": "What is up?"})).json() for _ in range(2)]
        trace = (await client.get(f"/api/runs/{runs[1]['run_id']}")).json()["trace_id"]
        outcomes = [
            {"run_id": runs[0]["run_id"], "kind": "thumb", "value": 0, "program": "nightly"},
            {"trace_id": trace, "kind": "comment", "text": "Call Ada Byron on 020 7946 0958."},
            {"run_id": str(uuid.uuid4()), "kind": "thumb"},
            {"trace_id": "0" * 32, "kind": "thumb"},
            {"run_id": runs[0]["run_id"], "trace_id": trace, "kind": "thumb"},
            {"kind": "thumb"},
            {"run_id": runs[0]["run_id"], "kind": "edit"},
            {"run_id": runs[1]["run_id"], "kind": "verdict", "value": 1, "program": "tickets"},
        ]
        answer = await client.post("/api/feedback", json={"outcomes": outcomes})
        assert answer.status_code == 200
        taken = answer.json()
        assert [each["status"] for each in taken] == [201, 201, 404, 404, 422, 422, 422, 201]
        assert [each["run_id"] for each in taken if each["id"]] == [
            runs[0]["run_id"], runs[1]["run_id"], runs[1]["run_id"],
        ]  # fmt: skip
        assert "by run_id or by trace_id" in taken[4]["error"] and "needs a text" in taken[6]["error"]
        wrong: dict[str, Any]
        for wrong in (
            {"outcomes": []},
            {"outcomes": [{"kind": "thumb", "valu": 1}]},
            {"outcomes": [{}] * 1001},
        ):
            assert (await client.post("/api/feedback", json=wrong)).status_code == 422
    whorl = site.app.state.whorl
    tenant = (await ensure_tenant(whorl.engine, "acme")).tenant.id
    async with tenant_session(whorl.engine, tenant) as session:
        stored = list(await session.scalars(select(Outcome).order_by(Outcome.id)))
    assert [each.source.split(":")[0] for each in stored] == ["judge", "user", "verifier"]
    assert stored[1].text is not None and "Ada" not in stored[1].text and "0958" not in stored[1].text


async def test_a_members_key_judges_no_run_of_others_and_is_no_program(site: Site) -> None:
    async with site.client("owner") as client:
        run = (await client.post("/api/runs", json={"question": "What is up?"})).json()["run_id"]
        trace = (await client.get(f"/api/runs/{run}")).json()["trace_id"]
        site.keys["member"] = (
            await client.post("/api/keys", json={"name": "chat", "role": "member"})
        ).json()["key"]
    async with site.client("member") as member:
        own = (await member.post("/api/runs", json={"question": "What is up?"})).json()["run_id"]
        outcomes = [
            {"run_id": run, "kind": "thumb"}, {"run_id": own, "kind": "thumb"},
            {"run_id": own, "kind": "thumb", "program": "nightly"},
            {"trace_id": trace, "kind": "thumb"},
        ]  # fmt: skip
        taken = (await member.post("/api/feedback", json={"outcomes": outcomes})).json()
    assert [each["status"] for each in taken] == [404, 201, 403, 404]
    assert run not in taken[3]["error"], "nor learns which run is of a trace"
