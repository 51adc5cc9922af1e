"""The partitions of spans, one a month: made before they are needed, dropped once they are old and empty."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from ..database.session import open_session

# Months that there is room for, beside this one.
AHEAD = 3


async def prepare_months(engine: AsyncEngine) -> None:
    """Make the partitions of this month and the next ones, and drop those of the past that nothing is left in.

    Spans that began in no month that there is a partition of are stored beside them. Raises where the table is in use
    by somebody who does not let go of it within two seconds; nobody waits for longer.
    """
    async with open_session(engine) as session:
        await session.execute(text("SELECT prepare_span_months(:ahead)"), {"ahead": AHEAD})
