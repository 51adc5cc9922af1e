"""Calls of a judge to the workspace's own model: requests of the workspace, counted and refused as any other."""

from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncEngine

from ...platform.database.session import tenant_session
from ...platform.identity.access import Actor
from ...platform.serving.messages import ChatCall, ChatReply
from ...platform.usage.admission import admit, let_in
from ...platform.usage.prices import Prices
from ...platform.usage.record import Used, record_usage
from .base import Chats

# The agent that judges' calls are counted under.
JUDGE = "judge"


@dataclass(frozen=True)
class MeteredChats:
    """Lets ``chats`` answer for an actor, in the turn of its tenant, and counts what that used as the model ``base``'s."""

    engine: AsyncEngine
    actor: Actor
    chats: Chats
    base: str
    prices: Prices

    async def chat(self, call: ChatCall) -> ChatReply:
        """The reply; raises QuotaError where a quota is used up."""
        tenant_id = self.actor.tenant_id
        async with tenant_session(self.engine, tenant_id) as session:
            [admitted] = await admit(session, tenant_id)
        let_in(admitted)
        reply = await self.chats.chat(replace(call, tenant=str(tenant_id)))
        read, written = reply.usage.prompt_tokens, reply.usage.completion_tokens
        cost = self.prices.of(self.base, call.model).of(read, written)
        async with tenant_session(self.engine, tenant_id) as session:
            await record_usage(
                session, tenant_id, Used(self.actor.label, JUDGE, self.base, read, written, cost)
            )
        return reply
