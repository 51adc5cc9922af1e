"""Spans lie in partitions by month: each in its own, none lost in an upgrade, and old months go once they are empty."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import psycopg
import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.conftest import Actor, Addresses, Whorl
from whorl.agents.runs import RunRequest
from whorl.platform.database.connections import Connections
from whorl.platform.database.migrate import migrate
from whorl.platform.database.session import create_engine
from whorl.platform.telemetry.months import AHEAD, prepare_months
from whorl.platform.telemetry.record import SpanRecord
from whorl.platform.telemetry.store import store_records

from .earlier import database_at, make_tenant

TENANT = uuid.UUID(int=5)
LATER = datetime(2250, 1, 1, tzinfo=UTC)
OLD = "spans_2020_{:02}"


def nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * 10**9


def span(began: datetime, tenant: uuid.UUID = TENANT) -> SpanRecord:
    """A span of a run, which is the same for the same moment."""
    name = f"{began:%Y%m%d}"
    start = nanoseconds(began)
    return SpanRecord(
        str(tenant), name, name, None, str(uuid.UUID(int=9)), "chat base", "chat", start, start + 5, "ok", "", None, None,
        None, {}, [],
    )  # fmt: skip


def this_month() -> datetime:
    return datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def month_after(month: datetime, number: int = 1) -> datetime:
    years, index = divmod(month.month - 1 + number, 12)
    return month.replace(year=month.year + years, month=index + 1)


async def store(url: str, *spans: SpanRecord) -> int:
    connections = Connections(url)
    try:
        return await store_records(connections, spans)
    finally:
        await connections.close()


def parts(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'spans'::regclass"
        )
        return {name for (name,) in found}


def places(url: str) -> dict[str, str]:
    """In which partition the spans of each trace lie."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT trace_id, tableoid::regclass::text FROM spans").fetchall()
    assert len(dict(found)) == len(found), "stored twice"
    return dict(found)


def make_month(url: str, number: int) -> str:
    """A partition of a month of 2020, which is long over."""
    name, month = OLD.format(number), datetime(2020, number, 1, tzinfo=UTC)
    with psycopg.connect(url) as connection:
        ends = nanoseconds(month_after(month))
        connection.execute(
            f"CREATE TABLE {name} PARTITION OF spans FOR VALUES FROM ({nanoseconds(month)}) TO ({ends})"
        )
    return name


@pytest_asyncio.fixture
async def engine(database: Addresses) -> AsyncIterator[AsyncEngine]:
    """What the application reaches of a database with a tenant."""
    make_tenant(database.admin, TENANT, "acme")
    opened = create_engine(database.app)
    yield opened
    await opened.dispose()


async def test_each_span_lies_in_its_month(engine: AsyncEngine, database: Addresses) -> None:
    month = this_month()
    months = [month_after(month, number) for number in range(AHEAD + 1)]
    assert parts(database.admin) == {"spans_default", *(f"spans_{each:%Y_%m}" for each in months)}
    last = month_after(month).timestamp() - 1
    ends = datetime.fromtimestamp(last, UTC)
    given = [span(each) for each in (*months, ends, datetime(1970, 1, 1, tzinfo=UTC), LATER)]
    assert await store(database.app, *given) == len({each.trace_id for each in given})
    assert await store(database.app, *given) == 0, "a replay is harmless"
    found = places(database.admin)
    assert {found[f"{each:%Y%m%d}"] for each in (month, ends)} == {f"spans_{month:%Y_%m}"}
    assert [found[f"{each:%Y%m%d}"] for each in months] == [f"spans_{each:%Y_%m}" for each in months]
    assert found["19700101"] == found[f"{LATER:%Y%m%d}"] == "spans_default"


async def test_a_partition_is_reached_through_the_table_alone(
    engine: AsyncEngine, database: Addresses
) -> None:
    await prepare_months(engine)
    for name in sorted(parts(database.admin)):
        for query in (f"SELECT FROM {name}", f"DELETE FROM {name}", f"INSERT INTO {name} DEFAULT VALUES"):
            with (
                psycopg.connect(database.app) as connection,
                pytest.raises(psycopg.errors.InsufficientPrivilege),
            ):
                connection.execute(query)


@pytest.mark.parametrize("superuser", [True, False])
async def test_old_months_go_once_they_are_empty(
    superuser: bool, engine: AsyncEngine, database: Addresses
) -> None:
    """Whoever owns the tables: row-level security must not make a month look empty."""
    empty, full = (make_month(database.admin, number) for number in (1, 2))
    await store(database.app, span(datetime(2020, 2, 3, tzinfo=UTC)))
    owner = f"keeper_{uuid.uuid4().hex[:8]}"
    with psycopg.connect(database.admin) as connection:
        if not superuser:
            connection.execute(f"CREATE ROLE {owner} NOLOGIN")
            connection.execute(f"GRANT CREATE, USAGE ON SCHEMA public TO {owner}")
            for name in ("tenants", "spans", *parts(database.admin)):
                connection.execute(f"ALTER TABLE {name} OWNER TO {owner}")
            connection.execute(f"ALTER FUNCTION prepare_span_months OWNER TO {owner}")
    await prepare_months(engine)
    assert parts(database.admin) & {empty, full} == {full}
    with psycopg.connect(database.admin) as connection:
        connection.execute(f"DELETE FROM {full}")
        connection.execute(f"DROP TABLE spans_{month_after(this_month(), AHEAD):%Y_%m}")
    await prepare_months(engine)
    assert full not in parts(database.admin)
    assert f"spans_{month_after(this_month(), AHEAD):%Y_%m}" in parts(database.admin), (
        "one that is missing is made"
    )


async def test_a_month_of_which_spans_lie_elsewhere_already_is_not_made(
    engine: AsyncEngine, database: Addresses
) -> None:
    month = month_after(this_month(), AHEAD)
    with psycopg.connect(database.admin) as connection:
        connection.execute(f"DROP TABLE spans_{month:%Y_%m}")
    await store(database.app, span(month))
    await prepare_months(engine)
    assert places(database.admin) == {f"{month:%Y%m%d}": "spans_default"}
    assert f"spans_{month:%Y_%m}" not in parts(database.admin)


async def test_a_month_in_use_is_left_to_another_night(engine: AsyncEngine, database: Addresses) -> None:
    name = make_month(database.admin, 1)
    with psycopg.connect(database.admin) as reader:
        reader.execute("SELECT FROM spans")
        with pytest.raises(Exception, match="lock timeout"):
            await prepare_months(engine)
    assert name in parts(database.admin)
    await prepare_months(engine)
    assert name not in parts(database.admin)


async def test_several_processes_may_prepare_at_once(engine: AsyncEngine, database: Addresses) -> None:
    name = make_month(database.admin, 1)
    await asyncio.gather(*(prepare_months(engine) for _ in range(4)))
    assert name not in parts(database.admin)


@pytest.fixture
def before(template_database: Addresses) -> Addresses:
    """A database as the release before this schema left it, with a tenant."""
    addresses = database_at("0016", template_database)
    make_tenant(addresses.admin, TENANT, "acme")
    return addresses


async def test_an_upgrade_keeps_every_span_and_its_tenant(before: Addresses) -> None:
    """Those of a wrong clock, too; what is told of any again is not stored twice."""
    given = [span(each) for each in (datetime(1970, 1, 1, tzinfo=UTC), this_month(), LATER)]
    assert await store(before.app, *given) == 3
    migrate(before.admin)
    following = f"{month_after(this_month()):%Y_%m}"
    old = f"spans_before_{following}"
    assert parts(before.admin) == {"spans_default", old} | {
        f"spans_{month_after(this_month(), number):%Y_%m}" for number in range(1, AHEAD + 1)
    }
    assert places(before.admin) == {
        given[0].trace_id: old, given[1].trace_id: old, given[2].trace_id: "spans_default",
    }  # fmt: skip
    new = span(month_after(this_month()))
    assert await store(before.app, *given, new) == 1
    assert places(before.admin)[new.trace_id] == f"spans_{following}"
    with psycopg.connect(before.app) as connection:
        assert connection.execute("SELECT count(*) FROM spans").fetchone() == (0,)
        connection.execute("SELECT set_config('whorl.tenant_id', %s, true)", [str(TENANT)])
        assert connection.execute("SELECT count(*) FROM spans").fetchone() == (4,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute(f"SELECT FROM {old}")


def test_an_upgrade_without_spans_keeps_no_partition_of_before(before: Addresses) -> None:
    migrate(before.admin)
    assert f"spans_{this_month():%Y_%m}" in parts(before.admin)
    assert not any(name.startswith("spans_before") for name in parts(before.admin))


async def test_chats_go_on_while_an_upgrade_holds_the_spans(
    whorl: Whorl, acme: Actor, database: Addresses
) -> None:
    """Their spans wait in the write-ahead log, and are stored when the table is free again."""
    with psycopg.connect(database.admin) as upgrade:
        upgrade.execute("LOCK TABLE spans IN ACCESS EXCLUSIVE MODE")
        async with asyncio.timeout(30):
            answered = [
                await whorl.agents.answer(acme, RunRequest(f"When does it turn, {n}?")) for n in range(3)
            ]
    assert {each.status for each in answered} == {"succeeded"}
    await whorl.flush()
    with psycopg.connect(database.admin) as connection:
        stored = {run for (run,) in connection.execute("SELECT DISTINCT run_id FROM spans")}
    assert stored == {each.run_id for each in answered}
