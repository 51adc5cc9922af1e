"""What a request's ``model`` may name: an agent, the base model, or an adapter of the tenant's own."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..platform.database.session import tenant_session
from ..platform.errors import UnknownModelError
from ..platform.identity.access import Actor
from ..platform.serving.adapters import GONE, REWARD
from ..platform.serving.tables import Adapter, Route
from .names import DEFAULT_AGENT, MODEL
from .tables import AgentRow

_UNKNOWN = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Named:
    """A model that may be asked: an ``agent``, or a model itself, whose ``adapter`` is "" for the base.

    ``owner`` is whorl or the tenant's slug, ``parent`` the base of an adapter.
    """

    name: str
    agent: str | None
    adapter: str | None
    owner: str
    created_at: datetime = _UNKNOWN
    parent: str | None = None


async def models_of(session: AsyncSession, actor: Actor, base: str) -> list[Named]:
    """What the actor's tenant may ask: agents first, then the base model and the tenant's adapters."""
    routes = await session.execute(select(Route.agent, Route.changed_at))
    defined = await session.execute(select(AgentRow.name, AgentRow.changed_at))
    agents = {name: at for name, at in (*routes, *defined) if name != DEFAULT_AGENT}
    answering = select(Adapter).where(Adapter.method != REWARD, Adapter.state.not_in(GONE))
    adapters = await session.scalars(answering.order_by(Adapter.version.desc()))
    owner = actor.tenant_slug
    default, plain = _always(base)
    return [
        default,
        *(Named(name, name, None, owner, agents[name]) for name in sorted(agents)),
        plain,
        *(Named(each.name, None, each.name, owner, each.created_at, base) for each in adapters),
    ]


def _always(base: str) -> list[Named]:
    """What every tenant may ask."""
    return [Named(MODEL, DEFAULT_AGENT, None, "whorl"), Named(base, None, "", "whorl")]


def always_there(base: str, name: str) -> Named | None:
    """The model of that name where every tenant may ask it."""
    wanted = MODEL if name == DEFAULT_AGENT else name
    return next((model for model in _always(base) if model.name == wanted), None)


async def find_model(engine: AsyncEngine, actor: Actor, base: str, name: str) -> Named:
    """The model of that name; raises UnknownModelError, for another tenant's as for one that is nowhere."""
    known = always_there(base, name)
    if known is not None:
        return known
    async with tenant_session(engine, actor.tenant_id) as session:
        models = await models_of(session, actor, base)
    for model in models:
        if model.name == name:
            return model
    raise UnknownModelError(name)
