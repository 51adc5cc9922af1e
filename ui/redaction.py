"""Redaction: the workspace's policy, and what of each kind redaction was measured to find."""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, get_args

from fastapi import APIRouter, Request
from starlette.responses import Response

from ..platform.database.session import tenant_session
from ..platform.telemetry.redaction import names, patterns
from ..platform.telemetry.redaction.measured import Measured, measured
from ..platform.telemetry.redaction.policy import Operator, RedactionPolicy
from ..platform.telemetry.redaction.stored import policy_history
from ..platform.telemetry.tables import RedactionPolicyVersion
from .frame import Administrator, Context, render
from .people import names_of_sources

router = APIRouter(prefix="/admin/redaction")
SHOWN_VERSIONS = 20
MEANS: dict[Operator, str] = {
    "replace": "a numbered placeholder",
    "mask": "asterisks",
    "hash": "a keyed digest",
    "keep": "found and left",
    "off": "not looked for",
}


class KindRow(NamedTuple):
    """A kind with what is done with it, "" for the default; ``recall`` by measured set, None where it was not."""

    kind: str
    chosen: str
    done: Operator
    recall: list[float | None]


@dataclass(frozen=True, kw_only=True)
class RedactionContext(Context):
    """The policy in force, its earlier versions, and the measurements of this release."""

    template: ClassVar[str] = "redaction.html"
    section: ClassVar[str] = "redaction"
    version: int
    policy: RedactionPolicy
    kinds: list[KindRow]
    measured: Measured
    operators: dict[Operator, str]
    history: list[RedactionPolicyVersion]
    sources: dict[str, str]


@router.get("")
async def show_redaction(actor: Administrator, request: Request) -> Response:
    """The policy as a form."""
    async with tenant_session(request.app.state.whorl.engine, actor.tenant_id) as session:
        history = await policy_history(session, SHOWN_VERSIONS)
        sources = await names_of_sources(session, {row.actor for row in history})
    policy = RedactionPolicy.model_validate(history[0].policy) if history else RedactionPolicy()
    found = measured()
    return render(
        RedactionContext(
            title="Redaction", actor=actor, version=history[0].version if history else 0, policy=policy,
            kinds=_rows(policy, found), measured=found, operators={name: MEANS[name] for name in get_args(Operator)},
            history=history, sources=sources,
        )
    )  # fmt: skip


def _rows(policy: RedactionPolicy, found: Measured) -> list[KindRow]:
    """The kinds that are looked for, measured or named by the policy, by name."""
    by_set = [{kind.kind: kind.recall for kind in each.kinds} for each in found.sets]
    kinds = {*patterns.KINDS, *names.KINDS, *policy.operators} - {""}
    return [
        KindRow(
            kind,
            policy.operators.get(kind, ""),
            policy.operator(kind),
            [recall.get(kind) for recall in by_set],
        )
        for kind in sorted(kinds)
    ]
