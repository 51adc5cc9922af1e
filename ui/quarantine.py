"""The quarantine: runs that screening flagged, with the words that did it, released or confirmed."""

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from sqlalchemy import func, select
from starlette.responses import Response

from ..flywheel.screening.quarantine import STATES, State, list_quarantine
from ..flywheel.tables import Quarantine
from ..platform.database.session import tenant_session
from .frame import Context, Reader, render
from .people import names_of_sources

router = APIRouter(prefix="/admin/quarantine")
PAGE = 25


@dataclass(frozen=True, kw_only=True)
class QuarantineContext(Context):
    """A page of the queue, newest first; ``before`` leads to the next one."""

    template: ClassVar[str] = "quarantine.html"
    section: ClassVar[str] = "quarantine"
    entries: list[Quarantine]
    counts: dict[str, int]
    names: dict[str, str]
    state: State
    states: tuple[State, ...]
    first: bool
    before: uuid.UUID | None


@router.get("")
async def show_quarantine(
    actor: Reader, request: Request, state: State = "held", before: uuid.UUID | None = None
) -> Response:
    """The runs of one state, ``PAGE`` at a time."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = await list_quarantine(session, state, PAGE + 1, before)
        entries = found[:PAGE]
        rows = await session.execute(select(Quarantine.state, func.count()).group_by(Quarantine.state))
        counts: dict[str, int] = {name: count for name, count in rows}
        names = await names_of_sources(session, _deciders(entries))
    return render(
        QuarantineContext(
            title="Quarantine", actor=actor, entries=entries, counts=counts, names=names, state=state, states=STATES,
            first=before is None, before=entries[-1].run_id if len(found) > PAGE else None,
        )
    )  # fmt: skip


def _deciders(entries: list[Quarantine]) -> set[str]:
    decisions: list[dict[str, Any]] = [decision for entry in entries for decision in entry.decisions]
    return {decision["by"] for decision in decisions}
