"""The rows of other programs' runs: the same, whether their spans were told just now or are read from the store."""

import json
import uuid
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sqlalchemy import inspect

from tests.platform.otlp.spans import a_chat, a_span, export
from whorl.agents.captured import CapturedRuns, refresh
from whorl.agents.captured_steps import steps_of, stored_steps
from whorl.agents.tables import Run
from whorl.platform.app import Whorl
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import Actor
from whorl.platform.telemetry import conventions as c
from whorl.platform.telemetry.otlp.records import read_records
from whorl.platform.telemetry.otlp.request import parse_request
from whorl.platform.telemetry.record import SpanRecord
from whorl.platform.telemetry.store import store_records
from whorl.platform.telemetry.tables import ErasedRun

# Values of types that the conventions do not have, and counts that are none.
ODD: list[dict[str, Any]] = [
    {}, {c.REQUEST_MODEL: 7, c.RESPONSE_MODEL: ["gpt", "é"]}, {c.RESPONSE_MODEL: ""}, {c.AGENT_NAME: True},
    {c.INPUT_TOKENS: "12", c.OUTPUT_TOKENS: "many"}, {c.INPUT_TOKENS: 2.5, c.OUTPUT_TOKENS: -1},
    {c.INPUT_TOKENS: 10**15, c.OUTPUT_TOKENS: "١٢"}, {c.AGENT_NAME: ""},
    {"session.id": "s1", "user.id": "u1", c.INPUT_MESSAGES: "Żółw 🐢"},
]  # fmt: skip


def told(acme: Actor, *spans: dict[str, Any]) -> list[SpanRecord]:
    """Records of spans as ingest reads them."""
    body = json.dumps(export(*spans)).encode()
    request = parse_request(body, "application/json", ExportTraceServiceRequest)
    return read_records(request, acme.tenant_id, 1_750_000_000_000_000_000).records


async def row_of(whorl: Whorl, acme: Actor, run_id: str | None) -> dict[str, Any] | None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        run = await session.get(Run, (acme.tenant_id, uuid.UUID(run_id)))
        if run is None:
            return None
        return {column.key: getattr(run, column.key) for column in inspect(Run).column_attrs}


@pytest.mark.parametrize("odd", ODD)
async def test_spans_just_told_and_stored_ones_give_the_same_steps_and_rows(
    whorl: Whorl, acme: Actor, odd: dict[str, Any]
) -> None:
    told_now = told(
        acme,
        a_span(3, "tool", parent=1, attributes={c.OPERATION: "execute_tool", **odd}),
        a_span(1, "invoke_agent shop", attributes={c.AGENT_NAME: "shop"}, status={"code": 2}),
        a_span(2, parent=1, attributes={**a_chat(), **odd}),
    )
    connections, tenant_id, run_id = whorl.drain.connections, str(acme.tenant_id), str(told_now[0].run_id)
    await store_records(connections, told_now)
    await CapturedRuns(connections, whorl.prices).follow(told_now)
    written = await row_of(whorl, acme, run_id)
    assert written is not None and written["status"] == "failed"
    async with connections.of_tenant(tenant_id) as connection:
        assert steps_of(told_now) == (await stored_steps(connection, tenant_id, [run_id]))[run_id]
        await refresh(connection, tenant_id, {run_id: []}, whorl.prices)
    assert await row_of(whorl, acme, run_id) == written


async def test_a_run_with_a_row_is_read_whole(whorl: Whorl, acme: Actor) -> None:
    connections = whorl.drain.connections
    follow = CapturedRuns(connections, whorl.prices).follow
    for number in (3, 2, 1):
        parent = {} if number == 1 else {"parent": 1}
        piece = told(acme, a_span(number, attributes=a_chat(), **parent))
        await store_records(connections, piece)
        await follow(piece)
        row = await row_of(whorl, acme, piece[0].run_id)
        assert row is not None
        assert (row["steps"], row["input_tokens"]) == (4 - number, 10 * (4 - number))
    assert row["status"] == "succeeded"


async def test_of_spans_with_the_same_id_the_stored_one_counts(whorl: Whorl, acme: Actor) -> None:
    connections = whorl.drain.connections
    span = a_span(1, attributes=a_chat())
    twice = told(acme, span, {**span, "name": "again"})
    assert await store_records(connections, twice) == 1
    await CapturedRuns(connections, whorl.prices).follow(twice)
    row = await row_of(whorl, acme, twice[0].run_id)
    assert row is not None and (row["steps"], row["input_tokens"]) == (1, 10)


async def test_an_erased_run_gets_no_row(whorl: Whorl, acme: Actor) -> None:
    late = told(acme, a_span(1, attributes=a_chat()))
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        session.add(ErasedRun(tenant_id=acme.tenant_id, run_id=uuid.UUID(late[0].run_id)))
    assert await store_records(whorl.drain.connections, late) == 0
    await CapturedRuns(whorl.drain.connections, whorl.prices).follow(late)
    assert await row_of(whorl, acme, late[0].run_id) is None
