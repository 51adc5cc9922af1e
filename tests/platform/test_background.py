"""Work beside what is asked for ends when it is told to, whatever a library makes of that."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy.exc import ResourceClosedError

from tests.conftest import Whorl
from whorl.platform.background import go_on_until_closed, stop
from whorl.platform.serving import servers


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stop, "__defaults__", (0.05,))


@pytest.mark.timeout(60)
async def test_a_cancellation_that_was_lost_is_made_again(
    whorl: Whorl, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As SQLAlchemy loses it while an engine connects for the first time."""
    monkeypatch.setattr(servers, "WATCH_SECONDS", 0.001)
    asked, lost = asyncio.Event(), list[str]()

    async def named(names: set[str]) -> servers.Named:
        asked.set()
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            if not lost:
                lost.append("once")
                raise ResourceClosedError("This Connection is closed") from None
            raise
        raise AssertionError

    monkeypatch.setattr(whorl.servers, "named", named)
    async with AsyncExitStack() as stack:
        go_on_until_closed(stack, whorl.servers.watch())
        await asked.wait()
    assert lost == ["once"]


async def test_what_a_task_ends_with_is_raised() -> None:
    async def fail() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise ValueError("on its way out")

    failing = asyncio.create_task(fail())
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="on its way out"):
        await stop(failing)
    done = asyncio.create_task(asyncio.sleep(0))
    await done
    await stop(done)
