"""Recorded runs as rows and spans: redacted, logged, stored, then judged."""

import asyncio
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ...agents.names import IMPORTED_TAG
from ...agents.tables import Run
from ...platform.database.base import now
from ...platform.database.conditions import one_of
from ...platform.database.session import tenant_session
from ...platform.errors import InputError
from ...platform.identity.access import Actor
from ...platform.identity.audit import record as audit
from ...platform.portions import portions
from ...platform.storable import storable
from ...platform.telemetry import conventions as c
from ...platform.telemetry.capture import Capture
from ...platform.telemetry.drain import Drain
from ...platform.telemetry.otlp.records import described, pseudonym
from ...platform.telemetry.otlp.values import storable_value
from ...platform.telemetry.record import SpanRecord
from ...platform.telemetry.redaction.redactor import Redactor
from ...platform.telemetry.tables import ErasedRun
from ..attempts import TASK_TAG
from ..outcomes import Feedback, record_outcome
from ..split import GROUP_TAG
from ..tables import Outcome
from .base import Message, Recorded
from .moments import moment_of

PAGE = 50
# Whose spans those of imported traces are: not ones that came by OTLP, whose runs follow them.
SOURCE = "import"
# Who says what a source thought of its runs.
_VERDICT = "import:"
_SPAN_ID = re.compile(r"(?!0{16})[0-9a-f]{16}")
_PLAIN = re.compile(r"[\w/:-]{1,64}", re.ASCII)


@dataclass
class Imported:
    """What an import did: runs stored, runs there before, runs that were erased and stay so, outcomes.

    ``doubles`` are runs with the id of one before them in the same source, which alone is stored.
    """

    new: int = 0
    known: int = 0
    erased: int = 0
    outcomes: int = 0
    doubles: int = 0


async def import_runs(
    engine: AsyncEngine, drain: Drain, capture: Capture, actor: Actor, source: str, runs: Iterable[Recorded]
) -> Imported:
    """Store runs that ``source`` recorded; a run that was imported before stays as it is, one that was erased stays so.

    A reward that a run did not have when it was imported is given to it.

    Spans reach the store before their run does, so that an import that is cut short is made whole
    by another. Raises InputError from the reader, with what was read and is kept before it.
    """
    actor.require("write")
    done = Imported()
    try:
        await _import(engine, drain, capture, actor, source, runs, done)
    except InputError as error:
        kept = f"Before it {done.new} new runs were imported, and are kept; mend it and import again."
        raise InputError(f"{error.message} {kept}") from error
    async with tenant_session(engine, actor.tenant_id) as session:
        audit(
            session,
            actor,
            "runs.imported",
            source,
            new=done.new,
            known=done.known,
            erased=done.erased,
            doubles=done.doubles,
        )
    return done


async def _import(
    engine: AsyncEngine,
    drain: Drain,
    capture: Capture,
    actor: Actor,
    source: str,
    runs: Iterable[Recorded],
    done: Imported,
) -> None:
    seen: set[uuid.UUID] = set()
    for page in portions(runs, PAGE):
        by_id: dict[uuid.UUID, Recorded] = {}
        for run in page:
            run_id = _run_id(actor.tenant_id, source, run.key)
            if run_id not in seen:
                by_id[run_id] = run
            seen.add(run_id)
        done.doubles += len(page) - len(by_id)
        async with tenant_session(engine, actor.tenant_id) as session:
            known = set(await session.scalars(select(Run.id).where(one_of(Run.id, by_id))))
            erased = set(
                await session.scalars(select(ErasedRun.run_id).where(one_of(ErasedRun.run_id, by_id)))
            )
        given = {run_id: run for run_id, run in by_id.items() if run_id not in known | erased}
        fresh = await asyncio.to_thread(_hidden, capture.redactor, actor.tenant_id, given)
        judged = {run_id: by_id[run_id] for run_id in known if by_id[run_id].reward is not None}
        await _judge_known(engine, capture, actor, source, judged, done)
        done.erased += len(erased - known)
        done.known += len(by_id) - len(fresh) - len(erased - known)
        for run_id, run in fresh.items():
            await asyncio.to_thread(capture.write_runs, [spans_of(actor, run_id, run)])
        await drain.log(capture.log)
        await _store(engine, capture, actor, source, fresh, done)


def _hidden(
    redactor: Redactor, tenant_id: uuid.UUID, runs: dict[uuid.UUID, Recorded]
) -> dict[uuid.UUID, Recorded]:
    """The runs with names that tell of nobody: redacted agents, and pseudonyms for groups that are no plain ids."""
    plain = {run.group for run in runs.values() if run.group and _PLAIN.fullmatch(run.group)}
    names = sorted(plain | {run.agent for run in runs.values()})
    shown = dict(zip(names, redactor.redact_texts(names, str(tenant_id)), strict=True))

    def tie(group: str) -> str:
        return (
            group if group in plain and shown[group] == group else f"{pseudonym(tenant_id, 'group', group)}"
        )

    return {
        run_id: replace(run, agent=shown[run.agent], group=tie(run.group) if run.group else None)
        for run_id, run in runs.items()
    }


async def _store(
    engine: AsyncEngine,
    capture: Capture,
    actor: Actor,
    source: str,
    fresh: dict[uuid.UUID, Recorded],
    done: Imported,
) -> None:
    async with tenant_session(engine, actor.tenant_id) as session:
        for run_id, run in fresh.items():
            tied = [f"{GROUP_TAG}{run.group}", f"{TASK_TAG}{run.group}"] if run.group else []
            started, ended = _times(run)
            tags = [IMPORTED_TAG, f"{IMPORTED_TAG}:{source}", *tied]
            session.add(
                Run(
                    tenant_id=actor.tenant_id, id=run_id, user_id=pseudonym(actor.tenant_id, "user", run.user),
                    agent=run.agent, model=run.model, adapter=None,
                    trace_id=run_id.hex, status="succeeded", stop_reason="imported", started_at=started, ended_at=ended,
                    input_tokens=run.input_tokens, output_tokens=run.output_tokens, tags=tags,
                    steps=sum(m["role"] == "assistant" for m in run.messages),
                )
            )  # fmt: skip
        await session.flush()
        for run_id, run in fresh.items():
            done.new += 1
            await _judge(session, capture, actor, run_id, run, (*_reward(source, run), *run.feedback), done)


async def _judge_known(
    engine: AsyncEngine,
    capture: Capture,
    actor: Actor,
    source: str,
    known: dict[uuid.UUID, Recorded],
    done: Imported,
) -> None:
    """Give runs their reward that were imported without one, such as before their score was named."""
    if not known:
        return
    async with tenant_session(engine, actor.tenant_id) as session:
        query = select(Outcome.run_id).where(
            one_of(Outcome.run_id, known), Outcome.kind == "verdict", Outcome.source == f"{_VERDICT}{source}"
        )
        has = set(await session.scalars(query))
        for run_id, run in known.items():
            if run_id not in has:
                await _judge(session, capture, actor, run_id, run, _reward(source, run), done)


def _reward(source: str, run: Recorded) -> tuple[Feedback, ...]:
    return () if run.reward is None else (Feedback("verdict", run.reward, f"{_VERDICT}{source}"),)


async def _judge(
    session: AsyncSession, capture: Capture, actor: Actor, run_id: uuid.UUID, run: Recorded, said: Sequence[Feedback],
    done: Imported,
) -> None:  # fmt: skip
    asked = [m["content"] for m in run.messages if m["role"] == "user"]
    question = asked[-1] if asked else None
    for given in said:
        await record_outcome(session, actor.tenant_id, run_id, given, capture.redactor, question=question)
        done.outcomes += 1


def _run_id(tenant_id: uuid.UUID, source: str, key: str) -> uuid.UUID:
    return uuid.uuid5(tenant_id, f"{source}\0{key}")


def _times(run: Recorded) -> tuple[datetime, datetime]:
    """When a run began and ended; now, where its source does not say."""
    started = run.period.started or now()
    return started, run.period.ended or started


def spans_of(actor: Actor, run_id: uuid.UUID, run: Recorded) -> list[SpanRecord]:
    """The spans of a run: those of its own trace, or else its last model call with the whole chat, the agent, and each tool result.

    Placeholders are numbered in this order, so that runs which begin with the same messages have the same in them.
    """
    if run.spans:
        return _own_spans(actor, run_id, run)
    question = next((m for m in run.messages if m["role"] == "user"), run.messages[0])
    chat: dict[str, Any] = {
        c.OPERATION: "chat", c.REQUEST_MODEL: run.model, **_chat(run),
        **{name: n for name, n in ((c.INPUT_TOKENS, run.input_tokens), (c.OUTPUT_TOKENS, run.output_tokens)) if n},
    }  # fmt: skip
    times = _times(run)
    whole = {c.OPERATION: "invoke_agent", c.INPUT_MESSAGES: _json([_parts(question)])}
    spans = [_span(actor, run_id, run, times, 0, f"invoke_agent {run.agent}", whole)]
    names = _tools_by_call(run.messages)
    for message in run.messages:
        if message["role"] == "tool":
            call = message["tool_call_id"]
            attributes = {
                c.OPERATION: "execute_tool", c.TOOL_NAME: names.get(call, "unknown"), c.TOOL_CALL_ID: call,
                c.TOOL_RESULT: message["content"], c.TRUST: "untrusted",
            }  # fmt: skip
            name = f"execute_tool {attributes[c.TOOL_NAME]}"
            spans.append(_span(actor, run_id, run, times, len(spans), name, attributes))
    return [_span(actor, run_id, run, times, len(spans), f"chat {run.model}", chat), *spans]


def _chat(run: Recorded) -> dict[str, Any]:
    """The whole chat as attributes."""
    return {
        c.TOOL_DEFINITIONS: _json(run.tools), c.INPUT_MESSAGES: _json([_parts(m) for m in run.messages[:-1]]),
        c.OUTPUT_MESSAGES: _json([_parts(run.messages[-1])]),
    }  # fmt: skip


def _own_spans(actor: Actor, run_id: uuid.UUID, run: Recorded) -> list[SpanRecord]:
    """The spans of a run's own trace, with its tree; the one that has the chat comes first, and has it as the run does."""
    ids = {each.id: _span_id(each.id) for each in run.spans if each.id}
    began, _ = _times(run)
    user = pseudonym(actor.tenant_id, "user", run.user)
    records = []
    for number, each in enumerate(sorted(run.spans, key=lambda span: span is not run.best)):
        started = moment_of(each.started) or moment_of(each.ended) or began
        ended = moment_of(each.ended) or started
        # The number keeps the order of what began at the same time, and is less than a source tells apart.
        start, end = (_nanoseconds(moment) + number for moment in (started, max(started, ended)))
        own = {name: value for name, value in each.span.attributes.items() if not name.startswith("whorl.")}
        said = {**own, **described(each.reading, own), **(_chat(run) if each is run.best else {})}
        records.append(
            SpanRecord(
                tenant_id=str(actor.tenant_id), trace_id=run_id.hex, span_id=ids.get(each.id) or f"{number + 1:016x}",
                parent_span_id=ids.get(each.parent) if each.parent != each.id else None, run_id=str(run_id),
                name=storable(each.span.name), operation=each.reading.operation, start_ns=start, end_ns=end,
                status="unset" if each.fault is None else "error", status_message=storable(each.fault or ""),
                user_id=None if user is None else str(user), agent=run.agent, adapter=None,
                attributes={**storable_value(said), c.SOURCE: SOURCE}, events=[],
            )
        )  # fmt: skip
    return records


def _span_id(given: str) -> str:
    """A span's id as OpenTelemetry has them; of another kind of id, one that is the same for the same."""
    return given if _SPAN_ID.fullmatch(given) else hashlib.sha256(given.encode()).hexdigest()[:16]


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp() * 1e6) * 1000


def _span(
    actor: Actor,
    run_id: uuid.UUID,
    run: Recorded,
    times: tuple[datetime, datetime],
    number: int,
    name: str,
    attributes: dict[str, Any],
) -> SpanRecord:
    """A span, in its order; the agent and its call of the model last until the end."""
    started, ended = map(_nanoseconds, times)
    at = started + number
    last = at if attributes[c.OPERATION] == "execute_tool" else max(at, ended)
    user = pseudonym(actor.tenant_id, "user", run.user)
    return SpanRecord(
        tenant_id=str(actor.tenant_id), trace_id=run_id.hex, span_id=f"{number + 1:016x}",
        parent_span_id=None if number == 0 else f"{1:016x}", run_id=str(run_id), name=name,
        operation=str(attributes[c.OPERATION]), start_ns=at, end_ns=last, status="unset", status_message="",
        user_id=None if user is None else str(user), agent=run.agent, adapter=None,
        attributes={c.AGENT_NAME: run.agent, **attributes}, events=[],
    )  # fmt: skip


def _tools_by_call(messages: list[Message]) -> dict[str, str]:
    return {
        call["id"]: call["function"]["name"]
        for m in messages
        for call in m.get("tool_calls", ())
        if call["id"]
    }


def _parts(message: Message) -> dict[str, Any]:
    """A message in the shape of the conventions."""
    if message["role"] == "tool":
        part = {"type": "tool_call_response", "id": message["tool_call_id"], "response": message["content"]}
        return {"role": "tool", "parts": [part]}
    words = (("reasoning", message.get("reasoning_content")), ("text", message["content"]))
    said = [{"type": kind, "content": content} for kind, content in words if content]
    called = [
        {"type": "tool_call", "id": call["id"], "name": call["function"]["name"],
         "arguments": call["function"]["arguments"]}
        for call in message.get("tool_calls", ())
    ]  # fmt: skip
    return {"role": message["role"], "parts": [*said, *called]}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
