"""A workspace with something on every page: documents, a conversation, runs, a dataset, adapters."""

import json
import uuid
from dataclasses import dataclass
from typing import Any

from tests.conftest import Whorl
from whorl.agents.runs import RunRequest
from whorl.flywheel.datasets import create_dataset
from whorl.flywheel.evaluation import store_evaluation
from whorl.flywheel.kinds import ANSWERED, paired
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.tables import Training
from whorl.flywheel.value import Spent, ledger
from whorl.platform.database.base import now
from whorl.platform.database.session import tenant_session
from whorl.platform.identity.access import ROLES, Actor, Role
from whorl.platform.identity.audit import record
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.identity.keys import create_key
from whorl.platform.identity.members import add_member
from whorl.platform.serving.adapters import register_adapter
from whorl.platform.usage.prices import Price
from whorl.retrieval.load.base import LoadedDocument

PASSWORD = "correct horse battery"
HOSTILE = '<img src=x onerror="alert(1)"></script><script>alert(2)</script>'
DOCUMENTS = [
    LoadedDocument(
        "leave.md", "Leave", "# Leave 🌿\n\nEmployees have 28 days of leave a year. Unused days expire in March. "
        "Parental leave lasts up to 14 months and is asked for in writing, seven weeks before it begins.\n\n"
        "Sabbaticals are possible after five years.", "text/markdown",
    ),
    LoadedDocument(
        "travel.md", "Travel", "# Travel\n\nTrains are preferred to planes below 800 kilometres. "
        "The daily allowance is 34 euros. Receipts are handed in within a month.", "text/markdown",
    ),
    LoadedDocument(
        "visitors.md", "Visitors", "# Visitors\n\nVisitors sign in at the desk and wear a badge. "
        "The desk is open from 7 to 19 o'clock.", "text/markdown",
    ),
]  # fmt: skip
QUESTIONS = [
    "How many days of leave do employees have?",
    "What is the daily allowance?",
    "When is the desk open for visitors?",
    "My colleague anna.kern@firm.example asks how long parental leave lasts.",
]


@dataclass(frozen=True)
class Seeded:
    """What was made, by what tests ask for."""

    tenant_id: uuid.UUID
    people: dict[Role, Actor]
    runs: list[uuid.UUID]
    conversation_id: uuid.UUID
    dataset_id: uuid.UUID
    training_id: uuid.UUID
    adapter: str

    @property
    def owner(self) -> Actor:
        return self.people["owner"]


def address(role: str, slug: str = "acme") -> str:
    """The e-mail address of a role's holder."""
    return f"{role}@{slug}.example"


async def seed(whorl: Whorl, slug: str = "acme", hostile: str = "") -> Seeded:
    """Fill a workspace; ``hostile`` goes wherever a stranger's words can go."""
    tenant = (await ensure_tenant(whorl.engine, slug, email=f"first@{slug}.example")).tenant
    people: dict[Role, Actor] = {}
    async with tenant_session(whorl.engine, tenant.id) as session:
        for role in ROLES:
            name = f"{role.capitalize()} {hostile}".strip()
            user, _ = await add_member(
                session, tenant.id, address(role, slug), role, name=name, password=PASSWORD
            )
            people[role] = Actor(tenant.id, slug, role, name, user_id=user.id)
        await create_key(session, tenant.id, f"billing {hostile}".strip(), "member", days=90)
    documents = [
        *DOCUMENTS,
        *(
            [LoadedDocument(f"{hostile}.md", hostile, f"Danger. {hostile}", "text/markdown")]
            if hostile
            else []
        ),
    ]
    async for _ in whorl.library.ingest(tenant.id, documents):
        pass
    owner = people["owner"]
    runs, conversation_id = await _ask(whorl, owner, hostile)
    await whorl.flush()
    dataset = await create_dataset(
        whorl.engine, tenant.id, whorl.settings.path("datasets"), "sft", held_out=0.3
    )
    await create_dataset(whorl.engine, tenant.id, whorl.settings.path("datasets"), "dpo", held_out=0)
    training_id, adapter = await _train(whorl, owner, dataset.id, hostile)
    return Seeded(tenant.id, people, runs, conversation_id, dataset.id, training_id, adapter)


async def _ask(whorl: Whorl, owner: Actor, hostile: str) -> tuple[list[uuid.UUID], uuid.UUID]:
    runs, conversation_id = [], None
    for number, question in enumerate([*QUESTIONS, *([f"Danger? {hostile}"] if hostile else [])]):
        wanted = RunRequest(question, conversation_id=conversation_id)
        async for event in whorl.agents.stream(owner, wanted):
            if event.event == "run.started":
                runs.append(event.run_id)
                conversation_id = event.conversation_id
        outcomes = [Feedback("thumb", float(number != 1), owner.label)]
        if number == 1:
            outcomes.append(Feedback("edit", 1.0, owner.label, text=f"34 euros a day. [1] {hostile}".strip()))
        async with tenant_session(whorl.engine, owner.tenant_id) as session:
            for outcome in outcomes:
                await record_outcome(session, owner.tenant_id, runs[-1], outcome, whorl.redactor)
    assert conversation_id is not None
    return runs, conversation_id


async def _train(whorl: Whorl, owner: Actor, dataset_id: uuid.UUID, hostile: str) -> tuple[uuid.UUID, str]:
    """Rows as trainings and evaluations leave them; the folder is what the scripted model asks for."""
    losses = [2.2 * 0.9**step + 0.04 * (step % 3) for step in range(30)]
    report = {
        "recipe": {"method": "sft", "seed": 0, "epochs": 2.0, "learning_rate": 0.001},
        "rows": 4, "steps": 30, "loss_first": losses[0], "loss_last": losses[-1],
        "curves": {
            "loss": [[step, loss] for step, loss in enumerate(losses, 1)],
            "evaluation_loss": [[10, 2.0], [20, 1.0], [30, 1.9]],
            "entropy": [[step, 1 / step] for step in range(1, 31)],
        },
        "warnings": [{"name": "overfit", "seen": "The evaluation loss rose.", "change": f"Set early_stop. {hostile}"}],
        "seconds": 12.5, "base_hash": whorl.servers.base_hash, "dataset_hash": "0" * 64,
    }  # fmt: skip
    names = [f"{owner.tenant_slug}.v1", f"{owner.tenant_slug}.v2"]
    async with tenant_session(whorl.engine, owner.tenant_id) as session:
        for name in names:
            folder = whorl.settings.adapters / name
            folder.mkdir(parents=True)
            (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA"}))
            card = {"dataset": {"id": str(dataset_id), "rows": 4}, "note": hostile or "Trained in a test."}
            await register_adapter(
                session, owner.tenant_id, name, method="sft", base_hash=whorl.servers.base_hash,
                dataset_id=dataset_id, folder=folder, card=card,
            )  # fmt: skip
        training = Training(
            tenant_id=owner.tenant_id, method="sft", dataset_id=dataset_id, status="succeeded",
            adapter=names[0], report=report, ended_at=now(),
        )  # fmt: skip
        session.add(training)
        session.add(
            Training(
                tenant_id=owner.tenant_id, method="sft", dataset_id=dataset_id, status="failed",
                error=f"The loss became nan. {hostile}".strip(),
            )
        )  # fmt: skip
        record(session, owner, "adapter.trained", names[0], dataset=str(dataset_id), note=hostile)
        await session.flush()
        training_id = training.id
    await pass_gate(whorl, owner, names[0])
    return training_id, names[0]


async def pass_gate(whorl: Whorl, actor: Actor, adapter: str) -> None:
    """Evaluations of every kind that let an adapter pass."""
    safe, general = ({**evaluation(20, 20, 24), "kind": kind} for kind in ("safety", "general"))
    secrets = {"kind": "secrets", "secrets": 0, "places": 8, "asked": 8, "leaked": 0}
    held_out = {**evaluation(21, 52, 60), "verifiers": {"numeric": []}}
    for report in (held_out, general, safe, secrets):
        suite = f"{report.get('kind', 'held-out')} questions"
        await store_evaluation(whorl.engine, actor, adapter, suite, report)


def evaluation(before: int, after: int, n: int) -> dict[str, Any]:
    """A report as comparisons write them."""

    def side(successes: int) -> dict[str, Any]:
        share = successes / n
        interval = [max(0, share - 0.12), min(1, share + 0.12)]
        return {"success": share, "successes": successes, "n": n, "interval": interval}

    better = max(0, after - before)
    return {
        "n": n, "before": side(before), "after": side(after), "better": better, "worse": max(0, before - after),
        "p_value": 0.0004 if after > before else 1.0,
        "kinds": {ANSWERED: paired([1.0] * n, [1.0] * n)},
        "value": ledger(
            [Spent(400, 20, 0.5)] * n, [Spent(400, 20 + i % 3, 0.6) for i in range(n)],
            ([1.0] * before + [0.0] * (n - before), [1.0] * after + [0.0] * (n - after)),
            (Price(2.5, 10.0), Price(2.5, 10.0)),
        ),
    }  # fmt: skip
