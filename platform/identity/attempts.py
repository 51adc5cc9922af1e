"""Password attempts: counted in the database before the password is verified, so that parallel ones and replicas add up."""

from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address
from typing import NamedTuple

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import open_session
from ..errors import LimitError
from .secrets import digest

WINDOW = timedelta(minutes=5)
# Within the window: wrong passwords for one account, and from one address for whatever accounts.
MOST_OF_ACCOUNT = 8
MOST_OF_ADDRESS = 50
_RECENT = "unnest(known.moments) AS moment WHERE moment > :since"
_TAKE = text(
    "INSERT INTO password_attempts AS known (digest, moments, expires_at) "
    "VALUES (:digest, ARRAY[CAST(:at AS timestamptz)], :until) ON CONFLICT (digest) DO UPDATE SET "
    f"moments = (SELECT array_agg(moment) FROM {_RECENT}) || CAST(:at AS timestamptz), expires_at = :until "
    f"WHERE (SELECT count(*) FROM {_RECENT}) < :most RETURNING digest"
)
_OLDEST = text(
    f"SELECT (SELECT min(moment) FROM {_RECENT}) FROM password_attempts AS known WHERE digest = :digest"
)
_FORGIVE = text(
    "UPDATE password_attempts SET moments = array_remove(moments, CAST(:at AS timestamptz)) WHERE digest = :digest"
)
# What others hold is left to them, so that nobody waits for anybody.
_FORGET = text(
    "DELETE FROM password_attempts WHERE digest IN (SELECT digest FROM password_attempts "
    "WHERE expires_at < :at LIMIT 100 FOR UPDATE SKIP LOCKED)"
)


class Attempt(NamedTuple):
    """One attempt: when it was counted, and under which digests of an address and an account."""

    at: datetime
    digests: tuple[str, str]


async def take_attempt(engine: AsyncEngine, email: str, client: str) -> Attempt:
    """Count an attempt as failed until it is forgiven; ``client`` is the address that it comes from.

    Raises LimitError, and counts nothing, after ``MOST_OF_ACCOUNT`` for the account or ``MOST_OF_ADDRESS`` from the
    address within ``WINDOW``.
    """
    attempt = Attempt(now(), (digest(f"address {network_of(client)}"), digest(f"account {email}")))
    async with open_session(engine) as session:
        for name, most in zip(attempt.digests, (MOST_OF_ADDRESS, MOST_OF_ACCOUNT), strict=True):
            await _take(session, name, most, attempt.at)
        await session.execute(_FORGET, {"at": attempt.at})
    return attempt


async def forgive_attempt(engine: AsyncEngine, attempt: Attempt) -> None:
    """Count an attempt no more: its password was right."""
    async with open_session(engine) as session:
        for name in attempt.digests:
            await session.execute(_FORGIVE, {"digest": name, "at": attempt.at})


async def _take(session: AsyncSession, name: str, most: int, at: datetime) -> None:
    since = at - WINDOW
    values = {"digest": name, "at": at, "since": since, "until": at + WINDOW, "most": most}
    if await session.scalar(_TAKE, values) is not None:
        return
    oldest: datetime | None = await session.scalar(_OLDEST, {"digest": name, "since": since})
    # One that was counted while this one waited for its turn is later than this one.
    wait = min(oldest - since, WINDOW).total_seconds() if oldest else 1.0
    raise LimitError("Too many failed sign-ins. Wait some minutes and try again.", retry_after=wait)


def network_of(client: str) -> str:
    """Whose attempts count together: those of an IPv4 address, or of the /64 that an IPv6 subscriber has.

    >>> network_of("192.0.2.7"), network_of("::ffff:192.0.2.7"), network_of("2001:db8::1:2:3:4")
    ('192.0.2.7', '192.0.2.7', '2001:db8::')
    """
    with suppress(ValueError):
        address = ip_address(client.partition("%")[0])
        if isinstance(address, IPv6Address):
            return str(address.ipv4_mapped or IPv6Address(int(address) >> 64 << 64))
    return client
