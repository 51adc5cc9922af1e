"""Many rows of a table in one statement, told as one JSON array."""

from collections.abc import Sequence

from sqlalchemy import FromClause
from sqlalchemy.dialects import postgresql

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def recordset(table: FromClause, columns: Sequence[str]) -> tuple[str, str]:
    """The columns' names, and what reads one parameter, an array of objects, as rows ``record`` of their types.

    What an object does not have is NULL. COPY would be quicker, but refuses tables under row-level security.

    >>> from sqlalchemy import Column, Integer, MetaData, Table
    >>> recordset(Table("books", MetaData(), Column("pages", Integer)), ["pages"])
    ('pages', 'jsonb_to_recordset(%s::jsonb) AS record (pages INTEGER)')
    """
    types = ", ".join(f"{name} {table.columns[name].type.compile(_DIALECT)}" for name in columns)
    return ", ".join(columns), f"jsonb_to_recordset(%s::jsonb) AS record ({types})"
