"""Password sign-in: throttled, and the same answer for an unknown user as for a wrong password."""

import time
import uuid
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..database.base import now
from ..database.session import open_session, tenant_session
from ..errors import AuthenticationError, LimitError
from .access import Actor, parse_role
from .attempts import forgive_attempt, take_attempt
from .audit import record_of
from .members import verify_password
from .secrets import digest, new_secret, tenant_of, tenant_or
from .tables import Membership, Tenant, User, WebSession

PREFIX = "session"
LIFETIME = timedelta(days=14)
ShownBy = Literal["password", "password_link", "sso", "invitation", "operator"]
WRONG = "The e-mail address or the password is wrong."
RESET = (
    "The password was set by a link of your account's own workspace: it opens no workspace that you joined before that. "
    "Ask an administrator there to remove you and to invite you again."
)
# Verified when the user is unknown, so that both cases take the time of one Argon2 check.
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$MSV4p7Gw9gQ0jZyDq8mXo3M6uwuwDSbFx0u5ZRb0ZzY"


class Throttle:
    """At most ``limit`` failures an address in ``window`` seconds, for the 10,000 latest addresses."""

    def __init__(
        self, limit: int = 8, window: float = 300.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.limit, self.window, self.clock = limit, window, clock
        self._failures: OrderedDict[str, list[float]] = OrderedDict()

    def check(self, address: str) -> None:
        """Raise LimitError when the address has failed too often."""
        recent = [at for at in self._failures.get(address, []) if at > self.clock() - self.window]
        if len(recent) >= self.limit:
            raise LimitError(
                "Too many failed sign-ins. Wait some minutes and try again.",
                retry_after=recent[0] + self.window - self.clock(),
            )

    def take(self, name: str) -> bool:
        """Count something, and whether there was less of it than the limit."""
        try:
            self.check(name)
        except LimitError:
            return False
        self.fail(name)
        return True

    def forgive(self, address: str) -> None:
        """Take the latest failure back, if there is one."""
        if self._failures.get(address):
            self._failures[address].pop()

    def fail(self, address: str) -> None:
        """Count a failure."""
        self._failures.setdefault(address, []).append(self.clock())
        self._failures.move_to_end(address)
        self._failures[address] = self._failures[address][-self.limit :]
        if len(self._failures) > 10_000:
            self._failures.popitem(last=False)


async def sign_in(engine: AsyncEngine, email: str, password: str, workspace: str = "", *, client: str) -> str:
    """The session secret for a cookie, asked for from the address ``client``; raises AuthenticationError or LimitError."""
    began = now()
    user = await check_password(engine, email, password, client)
    tenant_id = user.home_tenant_id
    if workspace:
        async with open_session(engine) as session:
            tenant_id = await session.scalar(select(Tenant.id).where(Tenant.slug == workspace))
    # Said of whatever other workspace, so that it tells nothing of who is a member there.
    reset = user.password_reset_at is not None and tenant_id != user.home_tenant_id
    refusal = AuthenticationError(RESET if reset else WRONG)
    if tenant_id is None:
        raise refusal
    try:
        return await open_web_session(engine, tenant_id, user.id, by="password", began=began)
    except AuthenticationError:
        raise refusal from None


async def check_password(engine: AsyncEngine, email: str, password: str, client: str) -> User:
    """The account of an e-mail address and its password, which come from the address ``client``.

    Raises AuthenticationError, or LimitError after many that were wrong for the account or from the address.
    """
    email = email.strip().lower()
    attempt = await take_attempt(engine, email, client)
    async with open_session(engine) as session:
        user = await session.scalar(select(User).where(User.email == email))
    matches = await verify_password((user and user.password_hash) or _NOBODY, password)
    if not matches or user is None:
        raise AuthenticationError(WRONG)
    await forgive_attempt(engine, attempt)
    return user


async def open_web_session(
    engine: AsyncEngine,
    tenant_id: uuid.UUID,
    user_id: uuid.UUID,
    *,
    by: ShownBy = "operator",
    began: datetime | None = None,
) -> str:
    """Open a browser session for a member; raises AuthenticationError for anybody else.

    ``by`` is how the person showed who that is; a password opens only memberships that it may. ``began`` is when they
    began to: a session of a password that was changed meanwhile is over from the start.
    """
    secret = new_secret(PREFIX, tenant_id)
    async with tenant_session(engine, tenant_id) as session:
        membership = await session.get(Membership, (tenant_id, user_id))
        if membership is None or (by == "password" and not await _password_opens(session, membership)):
            raise AuthenticationError(WRONG)
        await session.execute(delete(WebSession).where(WebSession.expires_at < now()))
        unused = update(User).where(User.id == user_id, User.first_password.is_not(None))
        await session.execute(unused.values(first_password=None))
        record_of(session, tenant_id, f"user:{user_id}", "signin.done", str(user_id), by=by)
        session.add(
            WebSession(
                tenant_id=tenant_id,
                digest=secret.digest,
                user_id=user_id,
                created_at=began or now(),
                expires_at=now() + LIFETIME,
            )
        )
    return secret.text


async def _password_opens(session: AsyncSession, membership: Membership) -> bool:
    """Whether the account's password opens a membership: it must be the owner's own, or the tenant's."""
    user = await session.get_one(User, membership.user_id)
    if user.home_tenant_id == membership.tenant_id or user.password_reset_at is None:
        return membership.by_password
    return membership.by_password and membership.created_at > user.password_reset_at


async def authenticate_session(engine: AsyncEngine, text: str) -> Actor:
    """The actor behind a session cookie; raises AuthenticationError when it is over."""
    tenant_id = tenant_or(lambda: AuthenticationError("Sign in first."), PREFIX, text)
    async with tenant_session(engine, tenant_id) as session:
        found = (
            await session.execute(
                select(User, Membership.role, Tenant.slug)
                .join(WebSession, WebSession.user_id == User.id)
                .join(Membership, Membership.user_id == User.id)
                .join(Tenant, Tenant.id == WebSession.tenant_id)
                .where(WebSession.digest == digest(text), WebSession.expires_at > now(), _counts())
            )
        ).one_or_none()
    if found is None:
        raise AuthenticationError("The session is over. Sign in again.")
    user, role, slug = found
    return Actor(tenant_id, slug, parse_role(role), user.name or user.email, user_id=user.id)


def _counts() -> ColumnElement[bool]:
    return or_(User.sessions_since.is_(None), WebSession.created_at >= User.sessions_since)


async def sign_out(engine: AsyncEngine, text: str) -> None:
    """End a browser session."""
    tenant_id = tenant_of(PREFIX, text)
    if tenant_id is None:
        return
    async with tenant_session(engine, tenant_id) as session:
        await session.execute(delete(WebSession).where(WebSession.digest == digest(text)))
