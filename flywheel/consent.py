"""Consent: whose runs may be learnt from. It is asked for whenever a dataset is built.

A workspace has a rule, and each person may say something else than it assumes: a member, or a user of another program
whose runs are captured, whom the program's own id names.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from sqlalchemy import delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.database.session import put_row
from ..platform.errors import InputError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.identity.tables import Membership, User
from ..platform.telemetry.otlp.records import pseudonym
from .lineage import find_user
from .tables import Consent, ConsentRule

# opt-out: all but who objected; opt-in: only who agreed; never: nobody.
Rule = Literal["opt-out", "opt-in", "never"]
DEFAULT: Rule = "opt-out"
# Goes up when a rule comes to mean something else.
_VERSION = 2


@dataclass(frozen=True)
class Consents:
    """A workspace's rule, and who agreed and who objected, by the ids that runs have of their users."""

    rule: Rule = DEFAULT
    agreed: frozenset[uuid.UUID] = frozenset()
    objected: frozenset[uuid.UUID] = frozenset()

    @property
    def policy(self) -> str:
        """The rule as manifests name it."""
        return f"{self.rule}-{_VERSION}"

    def allow(self, person: uuid.UUID | None) -> bool:
        """Whether a person's runs may be learnt from; None is whoever is not known.

        >>> Consents("opt-out").allow(None), Consents("opt-in").allow(None), Consents("never").allow(None)
        (True, False, False)
        """
        if self.rule == "opt-in":
            return person in self.agreed
        return self.rule == "opt-out" and person not in self.objected


@dataclass(frozen=True)
class Said:
    """What somebody has said; ``email`` of a member, empty for a user of another program."""

    person: uuid.UUID
    email: str
    training: bool
    changed_at: datetime


async def consents_of(session: AsyncSession, tenant_id: uuid.UUID) -> Consents:
    """A workspace's rule and what its people have said."""
    rule = await rule_of(session, tenant_id)
    said = [
        (person, training)
        for person, training in await session.execute(select(Consent.person, Consent.training))
    ]
    return Consents(
        rule,
        frozenset(person for person, training in said if training),
        frozenset(person for person, training in said if not training),
    )


async def rule_of(session: AsyncSession, tenant_id: uuid.UUID) -> Rule:
    """A workspace's rule; opt-out where nobody set any."""
    row = await session.get(ConsentRule, tenant_id)
    return DEFAULT if row is None else cast(Rule, row.rule)


async def change_rule(session: AsyncSession, actor: Actor, rule: Rule) -> None:
    """Set the workspace's rule."""
    actor.require("administer")
    await put_row(session, ConsentRule, tenant_id=actor.tenant_id, rule=rule, changed_at=now())
    record(session, actor, "consent.rule", actor.tenant_slug, rule=rule)


async def said_by(session: AsyncSession, person: uuid.UUID) -> bool | None:
    """What a person has said; None for nothing."""
    said: bool | None = await session.scalar(select(Consent.training).where(Consent.person == person))
    return said


async def list_said(
    session: AsyncSession, limit: int | None = None, before: tuple[datetime, uuid.UUID] | None = None
) -> list[Said]:
    """What people have said, the latest first: all, or ``limit`` of what was said before a time, and by whom."""
    place = tuple_(Consent.changed_at, Consent.person)
    query = (
        select(Consent.person, User.email, Consent.training, Consent.changed_at)
        .outerjoin(User, User.id == Consent.person)
        .order_by(Consent.changed_at.desc(), Consent.person.desc())
        .limit(limit)
    )
    rows = await session.execute(query if before is None else query.where(place < before))
    return [Said(person, email or "", training, at) for person, email, training, at in rows]


async def keep_consent(
    session: AsyncSession, actor: Actor, people: Sequence[uuid.UUID], training: bool | None
) -> None:
    """Keep what people say of training on their runs; None takes back what was said.

    Everybody speaks for themselves, and an administrator for all.
    """
    if list(people) != [actor.user_id]:
        actor.require("administer")
    for person in people:
        if training is None:
            await session.execute(delete(Consent).where(Consent.person == person))
        else:
            said = {"person": person, "training": training}
            await put_row(session, Consent, tenant_id=actor.tenant_id, changed_at=now(), **said)
        await session.execute(
            update(Membership).where(Membership.user_id == person).values(training=training is not False)
        )
        record(session, actor, "consent.said", str(person), training=training)


async def people_of(session: AsyncSession, tenant_id: uuid.UUID, subject: str) -> list[uuid.UUID]:
    """Whom a name stands for: a member by e-mail address, a user of a program by the id that the program gives them.

    It may be either, so both are meant; whoever has no runs yet may be named, too. Raises InputError for no name.
    """
    outside = pseudonym(tenant_id, "user", subject.strip())
    if outside is None:
        raise InputError("Name a member's e-mail address, or the id that a program gives its user.")
    member = await find_user(session, subject)
    return [outside] if member is None else [member, outside]
