"""Corrected tool calls: redacted as their run was, and what rows come of them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.conftest import Settings
from tests.flywheel.test_datasets import rows
from whorl.agents.runs import RunRequest
from whorl.flywheel.build import build_rows
from whorl.flywheel.call_edits import aligned, parse_edit
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.spool import Spool
from whorl.flywheel.trajectory import Judged, Trajectory, trajectories
from whorl.platform.app import open_whorl
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text

QUESTION = "Book a table for Zuzanna Kowalczyk and ada@planted.example at noon."


def model(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    last = messages[-1]
    return call_text("calculator", expression="1 + 1") if last["role"] == "user" else "I do not know."


async def corrected(settings: Settings, keep: bool, text: str, **given: Any) -> Trajectory:
    """A run whose first call somebody corrected, as datasets see it."""
    async with open_whorl(settings, backend=ScriptedBackend(model)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "edits")).tenant)
        ended = await whorl.agents.answer(actor, RunRequest(QUESTION, keep=keep))
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            feedback = Feedback("call_edit", 1.0, "tester", text=text)
            await record_outcome(session, actor.tenant_id, ended.run_id, feedback, whorl.redactor, **given)
            (run,) = [run async for run in trajectories(session, [ended.run_id], now())]
    return run


@pytest.mark.parametrize(("keep", "given"), [(True, {}), (False, {"question": QUESTION})])
async def test_a_corrected_call_has_the_placeholders_of_its_run(
    settings: Settings, keep: bool, given: dict[str, Any]
) -> None:
    arguments = {
        "guest": "Zuzanna Kowalczyk",
        "copy": ["ADA@planted.example", "bob@planted.example"],
        "seats": 2,
    }
    run = await corrected(settings, keep, json.dumps({"name": "book", "arguments": arguments}), **given)
    ((at, edit),) = run.call_edits
    assert at == 2 and run.messages[at]["tool_calls"][0]["function"]["name"] == "calculator"
    for value in (edit.arguments["guest"], edit.arguments["copy"][0]):
        assert value.startswith("<") and value in run.question
    other = edit.arguments["copy"][1]
    assert other.startswith("<EMAIL_ADDRESS_") and other not in run.question
    assert edit.arguments["seats"] == 2

    (sft,) = rows("sft", run)
    assert [m["role"] for m in sft["messages"]] == ["system", "user", "assistant"]
    assert sft["messages"][-1]["tool_calls"][0]["function"]["name"] == "book"
    (dpo,) = rows("dpo", run)
    sides = [dpo[side][0]["tool_calls"][0]["function"]["name"] for side in ("chosen", "rejected")]
    assert sides == ["book", "calculator"] and dpo["prompt"] == sft["messages"][:-1]
    assert [row["label"] for row in rows("kto", run)] == [True, False]
    assert run.reward is None, "a corrected call says nothing of the answer"
    bad = replace(run, outcomes=(*run.outcomes, Judged("thumb", 0.0, 1.0, None)))
    assert rows("kto", bad) == rows("kto", run), "the fault lies in the call, not in what came of it"
    with Spool[Trajectory]() as spool:
        spool.add(bad)
        assert [row["label"] for row in build_rows("kto", spool, rules=1)] == [True, False, False]


async def test_a_step_that_the_run_did_not_take_gives_no_row(settings: Settings) -> None:
    run = await corrected(settings, True, '{"name": "book", "arguments": {}}')
    far = Trajectory(**{**vars(run), "outcomes": tuple(_moved(o, 7) for o in run.outcomes)})
    assert far.call_edits == [] and rows("sft", far) == []


def _moved(outcome: Any, step: int) -> Any:
    return type(outcome)(outcome.kind, outcome.value, outcome.weight, outcome.text, step)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "book",
        "[1]",
        '{"arguments": {}}',
        '{"name": "book", "arguments": []}',
        '{"name": 3, "arguments": {}}',
    ],
)
def test_what_is_no_call_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="A corrected call is JSON"):
        parse_edit(text, 0)
    with pytest.raises(InputError):
        Feedback("call_edit", 1.0, "tester", text=text).check()


def test_alignment_is_exact_or_nothing() -> None:
    redacted = "From <LOCATION_1> to <LOCATION_2> for <PERSON_1>."
    assert aligned("From Oslo to Vigo for Ann.", redacted) == {
        "Oslo": "<LOCATION_1>", "Vigo": "<LOCATION_2>", "Ann": "<PERSON_1>",
    }  # fmt: skip
    assert aligned("Something else.", redacted) == {}
