"""Which runs a list shows, and in which order."""

import uuid

from sqlalchemy import ColumnElement, Select, select, tuple_

from ..platform.paging import at_moment, moment_of
from .names import SHADOW_TAG
from .tables import Run


def listed(limit: int, before: uuid.UUID | None = None) -> Select[Run]:
    """Runs that somebody asked for, those that began last first; ``before`` is the last run of the page before.

    Ids say nothing of the order: those of runs from outside are made of their traces' ids.
    """
    query = select(Run).where(~Run.tags.contains([SHADOW_TAG]))
    if before is not None:
        last = select(Run.started_at, Run.id).where(Run.id == before).scalar_subquery()
        query = query.where(tuple_(Run.started_at, Run.id) < last)
    return query.order_by(Run.started_at.desc(), Run.id.desc()).limit(limit)


def place_in(run: Run) -> str:
    """Where a run stands in the list, as text for a cursor."""
    return at_moment(run.started_at, run.id)


def place_after(cursor: str) -> ColumnElement[bool]:
    """The condition of the runs after a cursor's place; raises InputError for a cursor of another list."""
    return tuple_(Run.started_at, Run.id) < moment_of(cursor)


def source_of(run: Run) -> str:
    """Where a run came from: Whorl itself, or what captured or imported it.

    >>> source_of(Run(tags=["captured", "captured:otlp"])), source_of(Run(tags=[]))
    ('captured:otlp', 'whorl')
    """
    return next((tag for tag in run.tags if str(tag).startswith(("captured:", "imported:"))), "whorl")
