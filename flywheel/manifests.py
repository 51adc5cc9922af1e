"""Manifests of dataset versions in the database, with the ids of their runs, which may be a million.

The ids go there sixteen bytes each and come back by portions: as texts in a list they would take a tenth of
a gigabyte, and as much again in the statement.
"""

import uuid
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Text, Uuid, cast, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncSession

from .run_ids import AT_ONCE, SIZE, RunIds
from .tables import Dataset


def whole(manifest: dict[str, Any], run_ids: RunIds) -> ColumnElement[Any]:
    """The manifest with the ids of its runs, as the database makes it."""
    number = func.generate_series(0, len(run_ids) - 1).column_valued("number")
    packed = literal(run_ids.packed, LargeBinary)
    run_id = cast(cast(func.encode(func.substr(packed, number * SIZE + 1, SIZE), "hex"), Uuid), Text)
    ids = select(func.coalesce(func.jsonb_agg(aggregate_order_by(run_id, number)), literal([], JSONB)))
    return literal(manifest, JSONB).op("||")(func.jsonb_build_object("runs", ids.scalar_subquery()))


async def runs_of_dataset(session: AsyncSession, dataset_id: uuid.UUID) -> RunIds:
    """The runs that a dataset was made of, in the order of its manifest."""
    names = select(func.jsonb_array_elements_text(Dataset.whole_manifest["runs"], type_=Text))
    query = names.where(Dataset.id == dataset_id).execution_options(yield_per=AT_ONCE)
    found = RunIds()
    async for name in await session.stream_scalars(query):
        found.append(uuid.UUID(name))
    return found
