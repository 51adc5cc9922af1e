"""The audit log: who did what to what, when."""

import uuid
from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.identity.audit import recent
from ..platform.identity.tables import AuditEvent
from .frame import Administrator, Context, render
from .people import names_of_sources

router = APIRouter(prefix="/admin/audit")
PAGE = 50


@dataclass(frozen=True, kw_only=True)
class AuditContext(Context):
    """A page of events, newest first; ``before`` leads to the next one."""

    template: ClassVar[str] = "audit.html"
    section: ClassVar[str] = "audit"
    events: list[AuditEvent]
    names: dict[str, str]
    first: bool
    before: uuid.UUID | None


@router.get("")
async def show_audit(actor: Administrator, request: Request, before: uuid.UUID | None = None) -> Response:
    """The events, ``PAGE`` at a time."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = await recent(session, PAGE + 1, before)
        events = found[:PAGE]
        # What an act was done to is often a person or a key as well.
        labels = {event.actor for event in events} | {
            f"{kind}:{event.target}" for event in events for kind in ("user", "key")
        }
        names = await names_of_sources(session, labels)
    return render(
        AuditContext(
            title="Audit log", actor=actor, events=events, names=names, first=before is None,
            before=events[-1].id if len(found) > PAGE else None,
        )
    )  # fmt: skip
