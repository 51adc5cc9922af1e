"""Forgetting: what runs keep as it was said goes with them or with their conversation, wherever it lies."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.database.conditions import one_of
from ..platform.database.session import count_of
from .checkpoints import forget_checkpoints
from .tables import Approval, Conversation, Message, Run, RunEventRow
from .waiting import give_up


async def forget_words(session: AsyncSession, runs: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete what runs told, the calls that waited for a person, and checkpoints; how many rows of each table went.

    What is still to be written of them is not kept, see ``keeps_words``.
    """
    await session.execute(update(Run).where(one_of(Run.id, runs)).values(forgotten_at=now()))
    counts = await forget_checkpoints(session, runs)
    for table in (RunEventRow, Approval):
        counts[table.__tablename__] = await count_of(session, delete(table).where(one_of(table.run_id, runs)))
    return counts


async def delete_conversations(session: AsyncSession, conversations: Sequence[uuid.UUID]) -> dict[str, int]:
    """Delete conversations with their messages and the words of their runs; how many rows of each table went.

    Runs that wait for a person are given up. A run under way ends by itself and keeps no word, see
    ``keeps_words``. Runs are locked before conversations, as they are where they end.
    """
    here = Run.conversation_id.in_(conversations)
    under_way = select(Run).where(here, Run.status.in_(["running", "waiting"])).order_by(Run.id)
    for run in list(await session.scalars(under_way.with_for_update())):
        if run.status == "waiting":
            await give_up(session, run)
    locked = select(Conversation.id).where(Conversation.id.in_(conversations)).order_by(Conversation.id)
    await session.execute(locked.with_for_update())
    counts = await forget_words(session, list(await session.scalars(select(Run.id).where(here))))
    said = delete(Message).where(Message.conversation_id.in_(conversations))
    counts["messages"] = await count_of(session, said)
    gone = delete(Conversation).where(Conversation.id.in_(conversations))
    counts["conversations"] = await count_of(session, gone)
    return counts
