"""Questions without their runs: the same as the trajectories', whatever the runs, in bounded memory."""

import json
import random
import tracemalloc
import uuid
from datetime import timedelta
from typing import Any

import pytest

from tests.conftest import Actor, Whorl
from whorl.agents.tables import Run
from whorl.flywheel import questions as module
from whorl.flywheel.curate import EVALUATION_TAG, evaluation_questions
from whorl.flywheel.questions import questions
from whorl.flywheel.split import group_of
from whorl.flywheel.trajectory import trajectories
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.tables import Span


def said(role: str, *parts: str | dict[str, Any]) -> dict[str, Any]:
    return {
        "role": role,
        "parts": [{"type": "text", "content": p} if isinstance(p, str) else p for p in parts],
    }


def evaluated(actor: Actor, **given: Any) -> Run:
    """A run of an evaluation, which is not stored yet."""
    run_id = new_id()
    values: dict[str, Any] = {
        "agent": "default", "model": "scripted", "adapter": None, "trace_id": run_id.hex, "status": "succeeded",
        "tags": [EVALUATION_TAG], "started_at": now(),
    }  # fmt: skip
    return Run(tenant_id=actor.tenant_id, id=run_id, **{**values, **given})


def span(run: Run, number: int, operation: str, dropped: bool = False, **attributes: Any) -> Span:
    return Span(
        tenant_id=run.tenant_id, trace_id=run.trace_id, span_id=f"{number:016x}", run_id=run.id, name=operation,
        operation=operation, start_ns=number // 2, end_ns=number, status="unset", attributes=attributes, events=[],
        redaction_policy="p", redactions={}, content_dropped=dropped,
    )  # fmt: skip


def chat(run: Run, number: int, given: list[Any], answer: list[Any]) -> Span:
    messages = {c.INPUT_MESSAGES: json.dumps(given), c.OUTPUT_MESSAGES: json.dumps(answer)}
    return span(run, number, "chat", **messages)


def any_run(draw: random.Random, actor: Actor) -> tuple[Run, list[Span]]:
    """A run as it may lie in the store: whole, failed, without content, with turns of all kinds."""
    run = evaluated(actor, status=draw.choice(["succeeded", "succeeded", "succeeded", "failed", "running"]))
    if draw.random() < 0.2:
        run.started_at = now() + timedelta(hours=1)
    image = {"type": "blob", "modality": "image", "content": "aGk="}
    history, spans = [said("system", "Be kind.")], [span(run, 0, "invoke_agent")]
    for number in range(1, draw.randrange(6)):
        word = f"Question {draw.randrange(9)} \0?".replace("\0", draw.choice(["é", "\\u0000", "\"'"]))
        parts: list[str | dict[str, Any]] = draw.choice([[word], [image, word], ["Twice: ", word], []])
        history.append(said("user", *parts))
        answer = draw.choice([[said("assistant", "Noon.")], [*history, said("assistant", "So.")], []])
        if draw.random() < 0.1:
            answer = [said("user", "Who?"), said("assistant", "Ann.")]
        spans.append(chat(run, number, history, answer))
        result = {"type": "tool_call_response", "id": "a", "response": "[1] At noon."}
        spans.append(span(run, number + 50, "execute_tool", draw.random() < 0.05, **{c.TOOL_RESULT: "noon"}))
        history = [*history, said("assistant", "Noon."), said("tool", result)]
    if draw.random() < 0.1:
        spans.append(span(run, 99, "chat"))
    return run, spans


async def store(whorl: Whorl, actor: Actor, *runs: tuple[Run, list[Span]]) -> None:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        session.add_all([run for run, _ in runs])
        await session.flush()
        session.add_all([span for _, spans in runs for span in spans])


async def test_they_are_those_of_the_trajectories(
    whorl: Whorl, acme: Actor, rival: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    draw = random.Random(2)
    runs = [any_run(draw, acme) for _ in range(300)]
    await store(whorl, acme, *runs)
    theirs = evaluated(rival)
    await store(
        whorl, rival, (theirs, [chat(theirs, 1, [said("user", "Secret?")], [said("assistant", "!")])])
    )
    others = evaluated(acme, tags=["a"])
    await store(whorl, acme, (others, [chat(others, 1, [said("user", "Live?")], [said("assistant", "!")])]))
    monkeypatch.setattr(module, "PAGE", 7)
    moment = now()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        known = [run.id for run, _ in runs if run.started_at <= moment]
        told = [run async for run in trajectories(session, known, moment)]
        wanted = [run.question for run in told]
        ruled = Run.tags.contains([EVALUATION_TAG]), Run.started_at <= moment
        found = [question async for question in questions(session, *ruled)]
        groups = await evaluation_questions(session, moment)
        whole = [question async for question in questions(session, *ruled, failed=False)]
    assert sorted(found) == sorted(wanted) and len(set(found)) > 20
    assert groups == {group_of(question) for question in wanted}
    broken = ("the run failed", "the run running", "redaction failed and the content was dropped")
    assert sorted(whole) == sorted("" if run.trainable in broken else run.question for run in told)
    assert len(set(whole)) < len(set(found))


async def test_memory_does_not_grow_with_the_evaluations(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Peak of what Python allocates for 40 runs and for 400, each with 20 kB of text."""
    monkeypatch.setattr(module, "PAGE", 20)
    page = {c.TOOL_RESULT: "word " * 4000}
    peaks = []
    for count in (40, 400):
        for _ in range(count):
            run = evaluated(acme, tags=[EVALUATION_TAG, str(count)])
            asked = [said("system", "word " * 4000), said("user", f"Question {uuid.uuid4()}?")]
            spans = [span(run, 0, "execute_tool", **page), chat(run, 1, asked, [said("assistant", "Noon.")])]
            await store(whorl, acme, (run, spans))
        async with tenant_session(whorl.engine, acme.tenant_id) as session:
            tracemalloc.start()
            found = {question async for question in questions(session, Run.tags.contains([str(count)]))}
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
        assert len(found) == count
    assert peaks[1] < peaks[0] + 1_000_000
