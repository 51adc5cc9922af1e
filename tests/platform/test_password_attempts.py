"""Passwords cannot be guessed faster by guessing in parallel, at several replicas, or for many accounts."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import count

import pytest
from sqlalchemy import text

from tests.conftest import Actor, Addresses, Whorl
from whorl.platform.database.base import now
from whorl.platform.database.session import create_engine, open_session, tenant_session
from whorl.platform.errors import AuthenticationError, LimitError
from whorl.platform.identity import attempts, signin
from whorl.platform.identity.attempts import MOST_OF_ACCOUNT, MOST_OF_ADDRESS, WINDOW
from whorl.platform.identity.members import add_member
from whorl.platform.identity.signin import check_password, sign_in

PASSWORD, EMAIL = "correct horse battery", "ada@acme.example"


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The passwords that were verified; verifying takes a moment in which others come, but no core."""
    seen: list[str] = []

    async def verify(stored: str, password: str) -> bool:
        seen.append(password)
        await asyncio.sleep(0.05)
        return stored != signin._NOBODY and password == PASSWORD

    monkeypatch.setattr(signin, "verify_password", verify)
    return seen


@pytest.fixture
def addresses() -> Iterator[str]:
    """Addresses of clients, each another."""
    return (f"192.0.2.{number}" for number in count(1))


async def add_ada(whorl: Whorl, acme: Actor) -> None:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await add_member(session, acme.tenant_id, EMAIL, "member", password=PASSWORD)


async def test_parallel_guesses_at_two_replicas_are_few(
    whorl: Whorl, acme: Actor, database: Addresses, verified: list[str], addresses: Iterator[str]
) -> None:
    await add_ada(whorl, acme)
    other = create_engine(database.app)
    guesses = [
        check_password(engine, EMAIL, f"guess {number}", next(addresses))
        for number in range(20)
        for engine in (whorl.engine, other)
    ]
    failures = await asyncio.gather(*guesses, return_exceptions=True)
    await other.dispose()
    assert len(verified) == MOST_OF_ACCOUNT
    refused = [failure for failure in failures if isinstance(failure, LimitError)]
    assert len(refused) == 40 - MOST_OF_ACCOUNT
    assert all(error.retry_after and 0 < error.retry_after <= WINDOW.total_seconds() for error in refused)
    with pytest.raises(LimitError):
        await check_password(whorl.engine, f" {EMAIL.upper()} ", PASSWORD, next(addresses))


async def test_one_address_cannot_try_many_accounts(
    whorl: Whorl, acme: Actor, verified: list[str], addresses: Iterator[str]
) -> None:
    await add_ada(whorl, acme)
    client = next(addresses)
    sprayed = [
        check_password(whorl.engine, f"{number}@acme.example", "Winter2026!", client)
        for number in range(MOST_OF_ADDRESS + 10)
    ]
    failures = await asyncio.gather(*sprayed, return_exceptions=True)
    assert len(verified) == MOST_OF_ADDRESS
    assert sum(isinstance(failure, LimitError) for failure in failures) == 10
    with pytest.raises(LimitError):
        await check_password(whorl.engine, EMAIL, PASSWORD, client)
    assert (await check_password(whorl.engine, EMAIL, PASSWORD, next(addresses))).email == EMAIL


async def test_a_right_password_does_not_count(
    whorl: Whorl, acme: Actor, verified: list[str], addresses: Iterator[str]
) -> None:
    await add_ada(whorl, acme)
    client = next(addresses)
    for _ in range(MOST_OF_ADDRESS + 1):
        await sign_in(whorl.engine, EMAIL, PASSWORD, client=client)
    assert len(verified) == MOST_OF_ADDRESS + 1


async def test_attempts_are_forgotten_after_the_window(
    whorl: Whorl, verified: list[str], addresses: Iterator[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, began = next(addresses), now()
    moment = began

    def clock() -> datetime:
        return moment

    monkeypatch.setattr(attempts, "now", clock)
    for _ in range(MOST_OF_ACCOUNT):
        with pytest.raises(AuthenticationError):
            await check_password(whorl.engine, EMAIL, "wrong", client)
    moment = began + WINDOW - timedelta(seconds=1)
    with pytest.raises(LimitError) as refused:
        await check_password(whorl.engine, EMAIL, "wrong", client)
    assert refused.value.retry_after == 1
    moment = began + WINDOW + timedelta(seconds=1)
    with pytest.raises(AuthenticationError):
        await check_password(whorl.engine, "somebody@acme.example", "wrong", next(addresses))
    async with open_session(whorl.engine) as session:
        left = await session.scalar(text("SELECT count(*) FROM password_attempts"))
    assert left == 2, "of what is over nothing is kept"
    with pytest.raises(AuthenticationError):
        await check_password(whorl.engine, EMAIL, "wrong", client)


async def test_addresses_and_accounts_are_kept_as_digests(
    whorl: Whorl, verified: list[str], addresses: Iterator[str]
) -> None:
    client = next(addresses)
    with pytest.raises(AuthenticationError):
        await check_password(whorl.engine, EMAIL, "wrong", client)
    async with open_session(whorl.engine) as session:
        kept = list(await session.scalars(text("SELECT a::text FROM password_attempts a")))
    assert len(kept) == 2 and not any(client in row or EMAIL in row for row in kept)
