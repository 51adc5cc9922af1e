"""Consent: whose runs a workspace learns from, who may say so, and that every way of saying it is heard."""

import uuid
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.conftest import Actor, Whorl
from tests.flywheel.test_datasets import collect
from tests.platform.test_api import Site, site
from whorl.agents.tables import Run
from whorl.flywheel.consent import Rule, change_rule, consents_of, keep_consent, people_of
from whorl.flywheel.datasets import create_dataset
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import PermissionDeniedError
from whorl.platform.identity.members import add_member
from whorl.platform.telemetry.otlp.records import pseudonym

__all__ = ["site"]


async def ada_of(whorl: Whorl, acme: Actor) -> Actor:
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        user, _ = await add_member(session, acme.tenant_id, "ada@acme.example", "member")
    return Actor(acme.tenant_id, acme.tenant_slug, "member", "Ada", user_id=user.id)


@pytest.mark.parametrize(
    ("rule", "said", "learnt"),
    [
        ("opt-out", None, {"ada", "nobody"}),
        ("opt-out", False, {"nobody"}),
        ("opt-in", None, set()),
        ("opt-in", True, {"ada"}),
        ("never", True, set()),
    ],
)
async def test_a_dataset_has_the_runs_of_those_who_consent(
    whorl: Whorl, acme: Actor, tmp_path: Path, rule: Rule, said: bool | None, learnt: set[str]
) -> None:
    ada = await ada_of(whorl, acme)
    await collect(whorl, ada, 2)
    await collect(whorl, acme, 2)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.user_id != ada.user_id).values(user_id=None))
        await change_rule(session, acme, rule)
        await keep_consent(session, ada, [ada.user_id or uuid.uuid4()], said)
    if not learnt:
        with pytest.raises(Exception, match="no consent: 4"):
            await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
        return
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    assert dataset.rows == 2 * len(learnt)
    assert dataset.manifest["left_out"] == ({"no consent": 2} if len(learnt) == 1 else {})
    assert dataset.manifest["consent"] == f"{rule}-2"


async def test_a_user_of_another_program_may_be_named_before_any_run_comes(whorl: Whorl, acme: Actor) -> None:
    outside = pseudonym(acme.tenant_id, "user", "customer-7")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        people = await people_of(session, acme.tenant_id, " customer-7 ")
        assert people == [outside]
        await keep_consent(session, acme, people, False)
        assert not (await consents_of(session, acme.tenant_id)).allow(outside)
        await keep_consent(session, acme, people, None)
        assert (await consents_of(session, acme.tenant_id)).allow(outside)


async def test_members_speak_for_themselves_only(whorl: Whorl, acme: Actor) -> None:
    ada = await ada_of(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        with pytest.raises(PermissionDeniedError):
            await keep_consent(session, ada, await people_of(session, acme.tenant_id, "customer-7"), True)
        with pytest.raises(PermissionDeniedError):
            await change_rule(session, ada, "opt-in")
        both = await people_of(session, acme.tenant_id, "Ada@acme.example")
        assert both == [ada.user_id, pseudonym(acme.tenant_id, "user", "Ada@acme.example")]


async def test_consent_over_http_is_kept_and_audited(site: Site) -> None:
    async with site.client("owner") as client:
        assert (await client.get("/api/consent")).json() == {"rule": "opt-out", "training": None}
        assert (await client.put("/api/consent", json={"rule": "opt-in"})).json()["rule"] == "opt-in"
        refused = await client.put("/api/consent", json={"rule": "perhaps"})
        own = await client.put("/api/me/consent", json={"training": "true"})
        mine = (await client.get("/api/consent")).json()
        await client.put("/api/me/consent", json={})
        named = await client.put("/api/consents", json={"subject": "customer-7", "training": False})
        said = (await client.get("/api/consents")).json()
    assert (refused.status_code, own.status_code) == (422, 204) and mine["training"] is True
    assert named.status_code == 204 and [(each["email"], each["training"]) for each in said] == [("", False)]
    async with site.client("viewer") as client:
        forbidden = [
            await client.put("/api/consent", json={"rule": "never"}),
            await client.put("/api/consents", json={"subject": "customer-7", "training": True}),
            await client.get("/api/consents"),
        ]
        nobody = await client.put("/api/me/consent", json={"training": True})
    assert [answer.status_code for answer in forbidden] == [403] * 3
    assert nobody.status_code == 422 and "PUT /api/consents" in nobody.json()["detail"]
    async with site.client("owner") as client:
        told = [(each["action"], each["details"]) for each in (await client.get("/api/audit")).json()]
    assert ("consent.rule", {"rule": "opt-in"}) in told and ("consent.said", {"training": False}) in told
