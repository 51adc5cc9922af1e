"""Names in place of the labels that outcomes and audit events carry (``user:…``, ``key:…``)."""

import uuid
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.identity.bootstrap import OPERATOR
from ..platform.identity.tables import ApiKey, Membership, User

# On the machine or over HTTP.
_OPERATOR = f"key:{OPERATOR}"
_WORKER = f"key:{uuid.UUID(int=1)}"


async def names_of_sources(session: AsyncSession, sources: Iterable[str]) -> dict[str, str]:
    """A name for each source; one that is no person or key of the workspace keeps its label."""
    wanted = set(sources)
    users, keys = _ids(wanted, "user:"), _ids(wanted, "key:")
    names = {source: source for source in wanted}
    names |= {_OPERATOR: "the operator", _WORKER: "the worker"}
    members = await session.execute(
        select(User.id, User.name, User.email)
        .join(Membership, Membership.user_id == User.id)
        .where(User.id.in_(users))
    )
    names |= {f"user:{id}": name or email for id, name, email in members}
    found = await session.execute(select(ApiKey.id, ApiKey.name).where(ApiKey.id.in_(keys)))
    return names | {f"key:{id}": f"the key “{name}”" for id, name in found}


def _ids(sources: set[str], prefix: str) -> list[uuid.UUID]:
    ids = []
    for source in sources:
        if source.startswith(prefix):
            try:
                ids.append(uuid.UUID(source.removeprefix(prefix)))
            except ValueError:
                continue
    return ids
