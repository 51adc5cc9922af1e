"""``whorl runs``: which runs it lists, in which order, and what it says of them."""

import asyncio
import doctest
import functools
import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import delete, update

from tests.conftest import Actor, Addresses, Settings, Whorl, quote_first
from tests.flywheel.test_datasets import collect
from whorl.agents.names import SHADOW_TAG
from whorl.agents.tables import Run
from whorl.flywheel import listing, runs_commands
from whorl.flywheel.listing import latest
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.platform import app
from whorl.platform.app import open_whorl
from whorl.platform.cli import main
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.telemetry.tables import Span


async def ids(whorl: Whorl, actor: Actor, limit: int, where: str | None = None) -> list[uuid.UUID]:
    async with tenant_session(whorl.engine, actor.tenant_id) as session:
        return [each.run.id async for each in latest(session, limit, where)]


@pytest.fixture(params=[2, 200])
def page(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the runs need several pages or one."""
    monkeypatch.setattr(listing, "PAGE", request.param)


@pytest.mark.usefixtures("page")
async def test_the_newest_come_first_and_only_as_many_as_are_asked_for(
    whorl: Whorl, acme: Actor, rival: Actor
) -> None:
    runs = await collect(whorl, acme, 5)
    theirs = await collect(whorl, rival, 1)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == runs[3]).values(tags=[SHADOW_TAG]))
    newest = [runs[at] for at in (4, 2, 1, 0)]
    assert await ids(whorl, acme, 9) == newest
    assert await ids(whorl, acme, 3) == newest[:3]
    assert await ids(whorl, rival, 9) == theirs
    good = [runs[at] for at in (4, 2, 0)]
    assert await ids(whorl, acme, 9, "reward = 1") == good
    assert await ids(whorl, acme, 2, "reward = 1") == good[:2]
    assert await ids(whorl, acme, 9, "reward = 1 and question ilike '%TIDE 2%' and 'search' in tools") == [
        runs[2]
    ]
    assert await ids(whorl, acme, 9, "reward = 1 and agent = 'nobody'") == []
    with pytest.raises(InputError, match="is not a field"):
        await ids(whorl, acme, 9, "salary > 1")


async def test_a_run_that_failed_is_found_by_its_words_and_its_status(whorl: Whorl, acme: Actor) -> None:
    runs = await collect(whorl, acme, 3)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == runs[0]).values(status="failed"))
        await session.execute(delete(Span).where(Span.run_id == runs[2]))
    assert await ids(whorl, acme, 9, "status = 'failed' and question ilike '%TIDE 0%'") == [runs[0]]
    assert await ids(whorl, acme, 9, "answer is null") == [runs[2]]
    assert await ids(whorl, acme, 9, "edited = false") == [runs[2], runs[1], runs[0]]
    assert await ids(whorl, acme, 9, "reward >= 0") == [runs[2], runs[1], runs[0]]


@pytest.fixture
def stored(settings: Settings) -> list[uuid.UUID]:
    """Three runs of acme, the oldest first, the first of them corrected by somebody, and one of a rival."""

    async def fill() -> list[uuid.UUID]:
        async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as whorl:
            acme = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
            runs = await collect(whorl, acme, 3, asking="[/b] How often\n does \x1b[2J tide {} turn?")
            await collect(whorl, operator_of((await ensure_tenant(whorl.engine, "rival")).tenant), 1)
            async with tenant_session(whorl.engine, acme.tenant_id) as session:
                edit = Feedback("edit", 1.0, "user:ann", text="Twice.")
                await record_outcome(session, acme.tenant_id, runs[0], edit, whorl.redactor)
        return runs

    return asyncio.run(fill())


@pytest.fixture
def command(
    settings: Settings, database: Addresses, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Runs ``whorl runs`` on the settings' database."""
    values = {
        "WHORL_DATA_DIR": str(settings.data_dir), "WHORL_DATABASE_URL": database.app,
        "WHORL_DATABASE_ADMIN_URL": database.admin, "WHORL_EMBEDDER": "hashing", "WHORL_RERANKER": "identity",
        "COLUMNS": "200",
    }  # fmt: skip
    monkeypatch.setattr(
        app, "open_whorl", functools.partial(open_whorl, backend=ScriptedBackend(quote_first))
    )
    return lambda *arguments: CliRunner().invoke(main, ["runs", *arguments], env=values)


def test_the_command_lists_and_chooses(command: Callable[..., Result], stored: list[uuid.UUID]) -> None:
    def listed(*options: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = json.loads(command("--json", *options).stdout)
        return rows

    every = listed()
    assert [row["id"] for row in every] == [str(run) for run in reversed(stored)]
    last = every[2]
    assert (last["agent"], last["model"], last["status"], last["source"]) == (
        "default", "scripted", "succeeded", "whorl",
    )  # fmt: skip
    assert (last["reward"], last["outcomes"]) == (1.0, ["thumb", "edit"])
    assert last["question"] == "[/b] How often\n does \x1b[2J tide 0 turn?", "whole, as it was asked"
    assert [row["id"] for row in listed("--where", "edited")] == [str(stored[0])]
    assert [row["id"] for row in listed("--limit", "1", "--where", "reward = 1")] == [str(stored[2])]
    [theirs] = listed("--tenant", "rival")
    assert theirs["id"] not in {row["id"] for row in every}


def test_the_table_shows_a_run_on_a_line(command: Callable[..., Result], stored: list[uuid.UUID]) -> None:
    heading, *lines = command().stdout.splitlines()
    assert heading.split() == ["id", "started", "agent", "model", "outcome", "question"]
    assert [line.split()[0] for line in lines] == [str(run) for run in reversed(stored)]
    assert lines[2].endswith("scripted  1.00 thumb, edit  [/b] How often does [2J tide 0 turn?")
    assert lines[1].split("scripted")[1].startswith("  0.00 thumb ")
    assert "tide 0" in command(str(stored[0])).stdout, "one run's spans"


def test_of_one_run_it_says_what_it_could_teach(
    command: Callable[..., Result], stored: list[uuid.UUID]
) -> None:
    found = {
        each["format"]: each for each in json.loads(command(str(stored[0]), "--datasets", "--json").stdout)
    }
    assert found["sft"] == {"format": "sft", "rows": 1, "reason": ""}
    assert found["grpo"]["rows"] == 0
    table = command(str(stored[1]), "--datasets").stdout
    assert "its reward, 0.00, is below 0.75" in table


def test_what_the_command_does_not_take(command: Callable[..., Result]) -> None:
    nobody = command("--datasets")
    assert nobody.exit_code == 2 and "--datasets is of one run" in nobody.stderr
    wrong = command("--where", "salary > 1")
    assert wrong.exit_code == 2 and "'salary > 1' is not a field" in wrong.stderr
    both = command(str(uuid.uuid4()), "--where", "edited")
    assert both.exit_code == 2 and "leave it out, or the id" in both.stderr
    assert command("--where", "").exit_code == 2
    assert command("--limit", "0").exit_code == 2


def test_long_questions_are_shortened() -> None:
    assert doctest.testmod(runs_commands) == (0, 2)
