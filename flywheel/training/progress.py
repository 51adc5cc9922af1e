"""How far a training is: noted in its row as it goes on, where whoever looks finds it and may stop it."""

import logging
import uuid
from contextlib import suppress
from typing import Any

import anyio
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ...platform.database.outage import AWAY
from ...platform.database.session import tenant_session
from ...platform.errors import ConflictError
from ..tables import Training
from .curves import curves_of

_log = logging.getLogger(__name__)
# Seconds between two notes.
EVERY = 3.0
CANCELLED = "cancelled"


class CancelledTrainingError(ConflictError):
    """Somebody stopped the training."""

    def __init__(self) -> None:
        super().__init__("The training was stopped.")


class Noting:
    """Notes a training's step, its loss curve and its distance to the base in its row every few seconds.

    ``stopped`` says whether somebody was seen to have stopped the training.
    """

    def __init__(self, engine: AsyncEngine, tenant_id: uuid.UUID, training_id: uuid.UUID) -> None:
        self._engine, self._tenant_id, self._training_id = engine, tenant_id, training_id
        self._history: list[dict[str, Any]] = []
        self._latest: dict[str, float] = {}
        self._noted = 0.0
        self.stopped = False

    async def until_stopped(self) -> None:
        """Return when somebody has stopped the training, however long a step takes; while the database is away it goes on."""
        wanted = select(Training.status).where(Training.id == self._training_id)
        while not self.stopped:
            await anyio.sleep(EVERY)
            with suppress(*AWAY):
                async with tenant_session(self._engine, self._tenant_id) as session:
                    self.stopped = await session.scalar(wanted) == CANCELLED

    async def note(self, told: dict[str, Any]) -> None:
        """Take what the training process told: ``step``, ``steps``, ``loss`` and, where it was taken, ``kl``.

        Raises CancelledTrainingError for a training that was stopped meanwhile. While the database is away nothing
        is noted, and the training goes on.
        """
        loss = told["loss"]
        kl = {"kl": told["kl"]} if "kl" in told else {}
        self._history.append({"step": told["step"], "loss": float("nan") if loss is None else loss, **kl})
        self._latest.update(kl)
        if anyio.current_time() - self._noted < EVERY:
            return
        self._noted = anyio.current_time()
        progress = {"step": told["step"], "steps": told["steps"], **self._latest}
        try:
            async with tenant_session(self._engine, self._tenant_id) as session:
                training = await session.get_one(
                    Training, (self._tenant_id, self._training_id), with_for_update=True
                )
                if training.status == CANCELLED:
                    raise CancelledTrainingError
                training.report = {
                    **training.report,
                    "progress": progress,
                    "curves": curves_of(self._history),
                }
        except AWAY as error:
            _log.warning("The progress of a training is not noted: %s", type(error).__name__)
