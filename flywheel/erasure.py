"""Erasure of a person: it follows the lineage and leaves a receipt, as recalls do."""

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.forgetting import forget_words
from ..agents.tables import Conversation, Message, Run
from ..platform.database.base import new_id, now
from ..platform.database.conditions import one_of
from ..platform.database.session import count_of, tenant_session
from ..platform.idempotency.tables import IdempotentAnswer
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.identity.members import forget_member, require_removable
from ..platform.identity.tables import ApiKey, Identity, Invitation, WebSession
from ..platform.serving.servers import ModelServers
from ..platform.telemetry.tables import ErasedRun, Span, WaitingMessage
from ..platform.usage.record import forget_actor
from .lineage import Descent, descendants, descendants_of_runs, find_node, find_people, find_user, union
from .sources import take_turn
from .tables import Outcome, Quarantine, Receipt
from .withdrawal import Withdrawn, withdraw


async def erase_subject(engine: AsyncEngine, servers: ModelServers, actor: Actor, subject: str) -> Receipt:
    """Erase a person: account, conversations, runs, spans, feedback, and what was made of them.

    The person is a member by e-mail address, or a user of a program whose runs were captured by the program's
    id. Datasets lose runs of others that the person corrected, too.

    Raises NotFoundError for anybody else, ConflictError where the last owner would go.
    The receipt names the person by a hash alone. An erasure that was cut short is made whole by
    another: the account goes last. A dataset that is stored meanwhile is followed as well.
    """
    actor.require("administer")
    undone = Withdrawn()
    async with tenant_session(engine, actor.tenant_id) as session:
        node = await find_node(session, f"user:{subject}")
        member = await find_user(session, subject)
        if member is not None:
            await require_removable(session, actor, member)
    async with tenant_session(engine, actor.tenant_id) as session:
        own = await descendants(session, node)
        reach = union([own, await _spoken_of(session, member)])
        # Before anything is deleted, so that what a process is storing meanwhile is there to be deleted.
        await _refuse_later(session, actor.tenant_id, own.runs)
    while True:
        undone.add(await withdraw(engine, servers, actor, reach, "a person behind its data was erased"))
        async with tenant_session(engine, actor.tenant_id) as session:
            await take_turn(session, actor.tenant_id)
            own = await descendants(session, node)
            reach = union([own, await _spoken_of(session, member)])
            await _refuse_later(session, actor.tenant_id, own.runs)
            if not reach.datasets:
                counts = await _delete(session, actor, subject, own.runs)
                return leave_receipt(session, actor, "erasure", _hash(subject), counts, undone)


async def _spoken_of(session: AsyncSession, member: uuid.UUID | None) -> Descent:
    """What came of the runs of others that a member corrected or commented on: rows may have the member's words."""
    said = Outcome.source == f"user:{member}", Outcome.text.is_not(None)
    runs = await session.scalars(select(Outcome.run_id).where(*said).distinct().order_by(Outcome.run_id))
    return await descendants_of_runs(session, [str(run) for run in runs])


async def list_receipts(session: AsyncSession) -> list[Receipt]:
    """The workspace's receipts, the newest first."""
    return list(await session.scalars(select(Receipt).order_by(Receipt.id.desc())))


async def _refuse_later(session: AsyncSession, tenant_id: uuid.UUID, runs: Sequence[str]) -> None:
    """Let nothing be stored any more of runs that are being erased: a log may still have spans of them."""
    rows = [{"tenant_id": tenant_id, "run_id": uuid.UUID(run)} for run in runs]
    if rows:
        await session.execute(insert(ErasedRun).on_conflict_do_nothing(), rows)


async def _delete(session: AsyncSession, actor: Actor, subject: str, runs: Sequence[str]) -> dict[str, int]:
    """Delete what is a person's own, dependents first; how many rows of each table went."""
    keys = [uuid.UUID(run) for run in runs]
    people = await find_people(session, subject)
    member = await find_user(session, subject)
    if member is not None:
        await forget_member(session, actor, subject)
    conversations = select(Conversation.id).where(Conversation.user_id.in_(people))
    label = f"user:{member}"
    own = dict(
        outcomes=await count_of(session, delete(Outcome).where(Outcome.source == label)),
        spans=await count_of(session, delete(Span).where(Span.user_id.in_(people))),
        messages=await count_of(
            session,
            delete(Message).where(
                or_(one_of(Message.run_id, keys), Message.conversation_id.in_(conversations))
            ),
        ),
    )
    counts = await delete_runs(session, keys)
    for name, number in own.items():
        counts[name] = counts.get(name, 0) + number
    steps: list[tuple[str, Any]] = [
        ("conversations", delete(Conversation).where(Conversation.user_id.in_(people))),
        ("idempotent_answers", delete(IdempotentAnswer).where(IdempotentAnswer.caller.in_(_secrets(member)))),
        ("api_keys", delete(ApiKey).where(ApiKey.user_id == member)),
        ("invitations", delete(Invitation).where(Invitation.email == subject.strip().lower())),
        ("identities", delete(Identity).where(Identity.user_id == member)),
        ("web_sessions", delete(WebSession).where(WebSession.user_id == member)),
    ]
    for name, statement in steps:
        counts[name] = await count_of(session, statement)
    counts["usage_days"] = await forget_actor(session, actor.tenant_id, label)
    return counts


def _secrets(member: uuid.UUID | None) -> Any:
    """The digests of a member's keys and sessions, as answers that are kept for them name their caller."""
    keys = select(ApiKey.digest).where(ApiKey.user_id == member)
    return keys.union(select(WebSession.digest).where(WebSession.user_id == member))


async def delete_runs(session: AsyncSession, runs: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete runs with all that hangs on them, dependents first; how many rows of each table went.

    Messages are the conversation's, not the run's.
    """
    counts = await forget_words(session, runs)
    steps: list[tuple[str, Any]] = [
        ("outcomes", delete(Outcome).where(one_of(Outcome.run_id, runs))),
        ("quarantine", delete(Quarantine).where(one_of(Quarantine.run_id, runs))),
        ("waiting_messages", delete(WaitingMessage).where(one_of(WaitingMessage.run_id, runs))),
        ("spans", delete(Span).where(one_of(Span.run_id, runs))),
        ("runs", delete(Run).where(one_of(Run.id, runs))),
    ]
    for name, statement in steps:
        counts[name] = await count_of(session, statement)
    return counts


def leave_receipt(
    session: AsyncSession, actor: Actor, kind: str, subject: str, counts: dict[str, int], undone: Withdrawn
) -> Receipt:
    """Store what an erasure or recall took away, and audit that it was done."""
    told = {
        **counts, "rows": undone.rows, "adapters": undone.adapters,
        "routes": [{"agent": a, "from": before, "to": after} for a, before, after in undone.routes],
        "rebuild": [f"whorl train {dataset}" for dataset in undone.rows],
    }  # fmt: skip
    receipt = Receipt(
        tenant_id=actor.tenant_id, id=new_id(), kind=kind, subject=subject, actor=actor.label, counts=told,
        created_at=now(),
    )  # fmt: skip
    session.add(receipt)
    record(session, actor, f"{kind}.done", str(receipt.id))
    return receipt


def _hash(subject: str) -> str:
    """SHA-256 of the address, so that a receipt can be shown to belong to whoever knows it."""
    return f"sha256:{hashlib.sha256(subject.strip().lower().encode()).hexdigest()}"
