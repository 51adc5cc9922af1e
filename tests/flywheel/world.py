"""A workspace with two members, what they did, and what was made of it."""

import uuid
from pathlib import Path
from typing import Any

from tests.conftest import Actor, Whorl
from whorl.agents.runs import RunRequest
from whorl.flywheel.datasets import create_dataset, find_dataset
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.tables import Dataset, Training
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.idempotency.tables import IdempotentAnswer
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.identity.password_links import create_link
from whorl.platform.identity.tables import Identity, Invitation
from whorl.platform.serving.adapters import register_adapter, routed_adapter, switch_route
from whorl.platform.serving.engine.scripted import call_text

SECRET = "my heliotrope accordion"


def model(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """Calculates, then says what was asked."""
    last = messages[-1]
    if last["role"] == "user":
        return call_text("calculator", expression="6 * 7")
    return f"About {next(m['content'] for m in messages if m['role'] == 'user')}: {last['content']}."


class World:
    """A workspace with two members whose runs made a dataset, an adapter and a route."""

    def __init__(self, whorl: Whorl, owner: Actor, ann: Actor, bob: Actor) -> None:
        self.whorl, self.owner, self.ann, self.bob = whorl, owner, ann, bob
        self.dataset: Dataset
        self.runs: dict[str, list[uuid.UUID]] = {"ann": [], "bob": []}

    async def live(self, datasets: Path) -> None:
        for name, actor, topic in (("ann", self.ann, SECRET), ("bob", self.bob, "the tide")):
            for number in range(3):
                ended = await self.whorl.agents.answer(actor, RunRequest(f"Tell me {number} of {topic}"))
                self.runs[name].append(ended.run_id)
                async with tenant_session(self.whorl.engine, actor.tenant_id) as session:
                    given = Feedback("thumb", 1.0, actor.label)
                    await record_outcome(session, actor.tenant_id, ended.run_id, given, self.whorl.redactor)
        await self.whorl.flush()
        tenant = self.owner.tenant_id
        self.dataset = await create_dataset(self.whorl.engine, tenant, datasets, "sft", held_out=0.0)
        async with tenant_session(self.whorl.engine, tenant) as session:
            await register_adapter(
                session, tenant, f"{self.owner.tenant_slug}.v1", method="sft", base_hash="b",
                dataset_id=self.dataset.id, folder=datasets / "adapter", card={},
            )  # fmt: skip
            session.add(
                Training(
                    tenant_id=tenant, id=new_id(), method="sft", dataset_id=self.dataset.id, status="succeeded",
                    adapter=self.adapter,
                )
            )  # fmt: skip
            await switch_route(session, tenant, "default", self.adapter)

    @property
    def adapter(self) -> str:
        return f"{self.owner.tenant_slug}.v1"

    async def answers(self) -> str | None:
        async with tenant_session(self.whorl.engine, self.owner.tenant_id) as session:
            return await routed_adapter(session, "default")

    async def stored(self) -> Dataset:
        async with tenant_session(self.whorl.engine, self.owner.tenant_id) as session:
            return await find_dataset(session, self.dataset.id)


async def make_world(whorl: Whorl, slug: str, datasets: Path) -> World:
    owner = operator_of((await ensure_tenant(whorl.engine, slug)).tenant)
    actors = []
    for name in ("ann", "bob"):
        async with tenant_session(whorl.engine, owner.tenant_id) as session:
            user, _ = await add_member(session, owner.tenant_id, f"{name}@{slug}.example", "member")
            actors.append(Actor(owner.tenant_id, slug, "member", name, user_id=user.id))
    world = World(whorl, owner, *actors)
    await world.live(datasets)
    return world


async def sign_on_and_invite(whorl: Whorl, owner: Actor, person: Actor, email: str) -> None:
    """What a provider and an administrator leave of a person."""
    common = {"tenant_id": person.tenant_id}
    assert person.user_id is not None
    async with tenant_session(whorl.engine, person.tenant_id) as session:
        session.add(
            Identity(**common, issuer="https://login.example", subject=SECRET, user_id=person.user_id)
        )
        session.add(Invitation(**common, email=email, role="member", digest="0", expires_at=now()))
        await create_link(session, owner, person.user_id)


async def talk_live(whorl: Whorl, person: Actor) -> None:
    """A run whose events are kept, asked for with a key by which an answer is kept."""
    async with tenant_session(whorl.engine, person.tenant_id) as session:
        key, _ = await create_key(session, person.tenant_id, "own", "member", user_id=person.user_id)
        session.add(
            IdempotentAnswer(
                tenant_id=person.tenant_id, caller=key.digest, key="1", request_hash="0", expires_at=now()
            )
        )
    started = await whorl.live.start(person, RunRequest(f"Once more of {SECRET}", adapter=""))
    await whorl.live.result(person, started.run_id)
    await whorl.live.settle()
    await whorl.flush()
