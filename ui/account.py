"""A person's own account: who they are here, their password, and whether their runs may be learnt from."""

from dataclasses import dataclass
from typing import ClassVar

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..flywheel.consent import Rule, rule_of, said_by
from ..platform.database.session import tenant_session
from ..platform.identity.members import MIN_PASSWORD
from ..platform.identity.tables import User
from .frame import Context, PageActor, render

router = APIRouter(prefix="/account")


@dataclass(frozen=True, kw_only=True)
class AccountContext(Context):
    """Whoever is signed in; ``has_password`` is not so for who comes in by single sign-on alone.

    ``training`` is what they have said of training on their runs, None for nothing; ``rule`` holds then.
    """

    template: ClassVar[str] = "account.html"
    email: str
    has_password: bool
    rule: Rule
    training: bool | None
    shortest: int = MIN_PASSWORD


@router.get("")
async def show_account(actor: PageActor, request: Request) -> Response:
    """The account; a key has none."""
    user, training = None, None
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        if actor.user_id is not None:
            user = await session.get_one(User, actor.user_id)
            training = await said_by(session, actor.user_id)
        rule = await rule_of(session, actor.tenant_id)
    email, has_password = (user.email, user.password_hash is not None) if user else ("", False)
    return render(
        AccountContext(
            title="Your account", actor=actor, email=email, has_password=has_password, rule=rule, training=training
        )
    )  # fmt: skip
