"""What runs were asked: the questions of their trajectories, without the rest of them."""

from collections.abc import AsyncIterator

from sqlalchemy import ColumnElement, and_, exists, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.tables import Run
from ..platform.telemetry import conventions as c
from ..platform.telemetry.tables import Span
from .trajectory import PAGE, messages_of, question_of


async def questions(
    session: AsyncSession, *wanted: ColumnElement[bool], failed: bool = True
) -> AsyncIterator[str]:
    """The question of each run of which ``wanted`` holds, in no order; "" of one that none was captured of.

    Without ``failed`` also of one that did not succeed, or whose content was dropped.
    For runs of Whorl's own, whose last model call has the whole chat: nothing else of them is read,
    ``PAGE`` of them at a time.
    """
    own = Span.run_id == Run.id
    last = (
        select(
            Span.attributes[c.INPUT_MESSAGES].astext.label("given"),
            Span.attributes[c.OUTPUT_MESSAGES].astext.label("said"),
        )
        .where(own, Span.operation == "chat")
        .order_by(Span.start_ns.desc(), Span.span_id.desc())
        .limit(1)
        .lateral()
    )
    whole = and_(Run.status == "succeeded", ~exists().where(own, Span.content_dropped))
    joined = select(last.c.given, last.c.said).select_from(Run).outerjoin(last, true() if failed else whole)
    query = joined.where(*wanted)
    async for given, said in await session.stream(query.execution_options(yield_per=PAGE)):
        yield question_of(messages_of(given, said))
