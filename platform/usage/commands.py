"""``whorl usage`` and ``whorl tenant quota``."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import click
from pydantic import ValidationError

from ..command import Terminal, run_async
from ..database.session import tenant_session
from ..errors import InputError
from ..identity.audit import record
from ..identity.commands import tenant
from ..identity.operator import note
from ..validation import first_fault
from .quotas import Quotas, change_quotas, quotas_of
from .record import BY, By, period, usage_by

_DAY = click.DateTime(["%Y-%m-%d"])


@click.command()
@click.option("--by", type=click.Choice(BY), default="day", show_default=True)
@click.option("--since", type=_DAY, help="First day (UTC); by default 30 days ago.")
@click.option("--until", type=_DAY, help="Last day (UTC); by default today.")
@run_async
async def usage(terminal: Terminal, by: By, since: datetime | None, until: datetime | None) -> None:
    """What the workspace used: runs, tokens, dollars.

    \b
    Example: whorl usage --by model --since 2026-11-01
    """
    first, last = period(since and since.date(), until and until.date())
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        value = await usage_by(session, by, first, last)
    columns = [by, "runs", "read", "written", "dollars"]
    terminal.result(value, lambda: terminal.table(columns, [each.values() for each in value]))


@tenant.command("quota")
@click.option("--requests-per-minute", type=click.IntRange(0))
@click.option("--tokens-per-day", type=click.IntRange(0))
@click.option("--dollars-per-month", type=click.FloatRange(0))
@click.option("--concurrent-runs", type=click.IntRange(0))
@click.option(
    "--agents", help="Those alone may be asked: names by commas, * for any characters; '' for none."
)
@click.option(
    "--models", help="Those alone may be asked directly, as with --agents; the embedder is one, too."
)
@click.option("--none", "unlimited", is_flag=True, help="Lift all that are not given.")
@run_async
async def quota(terminal: Terminal, unlimited: bool, **given: Any) -> None:
    """Show the workspace's quotas and what it may ask, or set what is given.

    \b
    Example: whorl tenant quota --requests-per-minute 60 --concurrent-runs 4 --models 'acme.*'
    """
    changes = {name: value for name, value in given.items() if value is not None}
    for kind in ("agents", "models"):
        if kind in changes:
            changes[kind] = [name.strip() for name in changes[kind].split(",") if name.strip()]
    if "dollars_per_month" in changes:
        changes["dollars_per_month"] = Decimal(str(changes["dollars_per_month"])).quantize(Decimal("0.01"))
    async with terminal.open() as (whorl, actor), tenant_session(whorl.engine, actor.tenant_id) as session:
        quotas = await quotas_of(session, actor.tenant_id)
        if changes or unlimited:
            kept = {} if unlimited else quotas.model_dump()
            quotas = _quotas({**kept, **changes})
            await change_quotas(session, actor.tenant_id, quotas)
            record(session, actor, "quotas.changed", actor.tenant_slug, **quotas.model_dump(mode="json"))
            note(session, "quotas.changed", actor.tenant_slug, **quotas.model_dump(mode="json"))
        base = whorl.servers.base
        if quotas.uncounted(whorl.prices.of(base)):
            terminal.notes.print(
                f"The model {base} has no price here: what is asked of it does not count towards the dollars. Name "
                "a file of prices that has it (WHORL_PRICES), where the server runs, too.",
                markup=False, soft_wrap=True,
            )  # fmt: skip
    value = quotas.model_dump(mode="json")
    rows = [[name.replace("_", " "), _told(most)] for name, most in value.items()]
    terminal.result(value, lambda: terminal.table(["quota", "at most"], rows))


def _quotas(given: dict[str, Any]) -> Quotas:
    try:
        return Quotas(**given)
    except ValidationError as error:
        raise InputError(f"{first_fault(error)}.") from error


def _told(most: Any) -> Any:
    if most is None:
        return "unlimited"
    return (", ".join(most) or "none") if isinstance(most, list) else most
