"""Reading on a Ray cluster: pages of runs are read and looked at wherever there is a processor to spare.

Ray Data keeps the order and repeats what a lost node had (https://docs.ray.io/en/latest/data/data.html).
Every node needs the package and a way to the database.
"""

import asyncio
import logging
import pickle
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

from anyio import to_thread
from sqlalchemy.ext.asyncio import AsyncSession

from ...platform.database.session import create_engine, tenant_session
from ...platform.errors import UpstreamError, missing_extra
from ...platform.portions import portions
from ..screening.looks import known_looks
from ..screening.screener import default_screener
from ..trajectory import PAGE, trajectories
from .base import Page, Reading, look


class RayReader:
    """See :class:`Reader`. ``url`` is the database as the application's role, ``address`` the cluster's, "" a new one.

    Raises PrerequisiteError without Ray, UpstreamError where the cluster cannot be reached or gives up.
    """

    def __init__(self, url: str, address: str = "") -> None:
        self._url, self._address = url, address

    async def pages(
        self, session: AsyncSession, run_ids: Sequence[uuid.UUID], reading: Reading
    ) -> AsyncIterator[Page]:
        rows = await to_thread.run_sync(self._rows, run_ids, reading)
        while (row := await to_thread.run_sync(_next, rows)) is not None:
            page: Page = pickle.loads(row["page"])
            yield page

    def _rows(self, run_ids: Sequence[uuid.UUID], reading: Reading) -> Iterator[dict[str, Any]]:
        ray = _ray(self._address)
        context = ray.data.DataContext.get_current()
        context.execution_options.preserve_order = True
        context.enable_progress_bars = False
        parts = [{"ids": page} for page in portions(map(str, run_ids), PAGE)]
        if not parts:
            return iter(())
        data = ray.data.from_items(parts, override_num_blocks=len(parts))
        looked = data.map(read_page, fn_kwargs={"url": self._url, "reading": pickle.dumps(reading)})
        rows: Iterator[dict[str, Any]] = iter(looked.iter_rows())
        return rows


def read_page(part: dict[str, Any], url: str, reading: bytes) -> dict[str, Any]:
    """One page, pickled: what a node does."""
    import torch

    torch.set_num_threads(1)
    ids = [uuid.UUID(run_id) for run_id in part["ids"]]
    return {"page": pickle.dumps(asyncio.run(_read(url, ids, pickle.loads(reading))))}


async def _read(url: str, run_ids: Sequence[uuid.UUID], reading: Reading) -> Page:
    engine = create_engine(url)
    try:
        async with tenant_session(engine, reading.tenant_id) as session:
            found = [run async for run in trajectories(session, run_ids, reading.as_of)]
            known = await known_looks(session, run_ids)
    finally:
        await engine.dispose()
    return look(found, reading, default_screener(), known)


def _next(rows: Iterator[dict[str, Any]]) -> dict[str, Any] | None:
    import ray

    try:
        return next(rows, None)
    except ray.exceptions.RayError as error:
        raise UpstreamError(f"The Ray cluster gave up on the build: {str(error).splitlines()[-1]}") from error


def _ray(address: str) -> Any:
    """Ray with its data library, connected; raises PrerequisiteError where it is not installed."""
    try:
        import ray
        import ray.data
    except ImportError as error:
        raise missing_extra("ray[data]", "ray") from error
    if not ray.is_initialized():
        try:
            ray.init(
                address=address or None,
                log_to_driver=False,
                logging_level=logging.ERROR,
                include_dashboard=None,
            )
        except ConnectionError as error:
            raise UpstreamError(f"There is no Ray cluster at {address}: {error}.") from error
    return ray
