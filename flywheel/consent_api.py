"""Consent to training over HTTP."""

from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.identity.http import CurrentActor
from ..platform.paging import OnePage, at_moment, moment_of
from ..platform.validation import Body
from .consent import Rule, Said, change_rule, keep_consent, list_said, people_of, rule_of, said_by

router = APIRouter(tags=["consent"])


class ConsentView(BaseModel):
    """The workspace's rule, and what whoever asks has said; null for nothing."""

    rule: Rule
    training: bool | None


class RuleChange(Body):
    """Whose runs may be learnt from: all but of who objected, only of who agreed, or nobody's."""

    rule: Rule


class OwnConsent(Body):
    """Whether your runs may be learnt from; null takes back what you said."""

    training: bool | None = None


class NewConsent(OwnConsent):
    """What somebody says: a member by e-mail address, or a user of a program by the id that the program gives them."""

    subject: str = Field(min_length=1, max_length=1000)


@router.get("/consent", response_model=ConsentView)
async def get_consent(actor: CurrentActor, request: Request) -> Any:
    """Whose runs the workspace learns from, and what you have said yourself."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        own = None if actor.user_id is None else await said_by(session, actor.user_id)
        return ConsentView(rule=await rule_of(session, actor.tenant_id), training=own)


@router.put("/consent", response_model=ConsentView)
async def put_consent(body: RuleChange, actor: CurrentActor, request: Request) -> Any:
    """Say whose runs the workspace learns from; it holds for the datasets that are built from now on."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await change_rule(session, actor, body.rule)
        own = None if actor.user_id is None else await said_by(session, actor.user_id)
    return ConsentView(rule=body.rule, training=own)


@router.put("/me/consent", status_code=204)
async def put_own_consent(body: OwnConsent, actor: CurrentActor, request: Request) -> Response:
    """Say whether your own runs may be learnt from; a key is nobody, unless it is a person's."""
    if actor.user_id is None:
        raise InputError("This key belongs to no person. Sign in, or name somebody with PUT /api/consents.")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        await keep_consent(session, actor, [actor.user_id], body.training)
    return Response(status_code=204)


@router.get("/consents", response_model=list[Said])
async def get_consents(actor: CurrentActor, request: Request, page: OnePage) -> Any:
    """What people have said, the latest first; the Link header leads to what was said before."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        found = await list_said(session, page.limit, page.place(moment_of))
    page.lead([at_moment(each.changed_at, each.person) for each in found])
    return found


@router.put("/consents", status_code=204)
async def put_consents(body: NewConsent, actor: CurrentActor, request: Request) -> Response:
    """Keep what somebody says of training on their runs."""
    actor.require("administer")
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        people = await people_of(session, actor.tenant_id, body.subject)
        await keep_consent(session, actor, people, body.training)
    return Response(status_code=204)
