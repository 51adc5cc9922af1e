"""A person's own password: changed by whoever knows it, which ends their other sessions in every workspace."""

from sqlalchemy import delete, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.base import now
from ..database.session import count_of, open_session, tenant_session
from ..errors import AuthenticationError, ConflictError, InputError, PermissionDeniedError
from .access import Actor
from .audit import record
from .members import hash_password
from .secrets import digest
from .signin import check_password
from .tables import User, WebSession


async def change_password(
    engine: AsyncEngine, actor: Actor, session_secret: str, current: str, new: str, client: str
) -> None:
    """Give the actor's account another password; of their sessions only that of ``session_secret`` goes on.

    ``client`` is the address that the request comes from.

    Raises PermissionDeniedError for a key, ConflictError for an account without a password, InputError where the
    current one is wrong or the new one cannot be used, LimitError after many wrong ones.
    """
    if actor.user_id is None or actor.key_id is not None:
        raise PermissionDeniedError("A password is changed by the person it belongs to: sign in first.")
    async with open_session(engine) as session:
        user = await session.get_one(User, actor.user_id)
    if user.password_hash is None:
        raise ConflictError("The account has no password: its owner comes in by single sign-on.")
    if new == current:
        raise InputError("The new password is the current one. Choose another.", "new")
    hashed = await hash_password(new)
    try:
        user = await check_password(engine, user.email, current, client)
    except AuthenticationError:
        async with tenant_session(engine, actor.tenant_id) as session:
            record(session, actor, "password.refused", str(user.id))
        raise InputError("The current password is wrong.", "current") from None
    moment, own = now(), WebSession.digest == digest(session_secret)
    async with tenant_session(engine, actor.tenant_id) as session:
        unchanged = update(User).where(User.id == user.id, User.password_hash == user.password_hash)
        if not await count_of(session, unchanged.values(password_hash=hashed, sessions_since=moment)):
            raise ConflictError("The password was changed at the same moment. Sign in again.")
        await session.execute(delete(WebSession).where(WebSession.user_id == user.id, ~own))
        await session.execute(update(WebSession).where(own).values(created_at=moment))
        record(session, actor, "password.changed", str(user.id))
