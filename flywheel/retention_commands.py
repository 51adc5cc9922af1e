"""``whorl tenant retention``."""

from typing import Any

import click

from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.identity.commands import tenant
from .retention import Days, apply_days, change_days, days_of


@tenant.command("retention")
@click.option("--run-days", type=click.IntRange(1, 36_500), help="Days that runs are kept.")
@click.option("--conversation-days", type=click.IntRange(1, 36_500), help="Days that conversations are kept.")
@click.option("--forever", is_flag=True, help="Keep what is not given for ever.")
@click.option("--apply", "apply_now", is_flag=True, help="Delete what is too old now, not at night.")
@run_async
async def retention(terminal: Terminal, forever: bool, apply_now: bool, **given: Any) -> None:
    """Show how long the workspace's runs and conversations are kept, or set it.

    \b
    Example: whorl tenant retention --run-days 90 --conversation-days 365
    """
    changes = {name: value for name, value in given.items() if value is not None}
    gone: dict[str, int] = {}
    async with terminal.open() as (whorl, actor):
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            days = await days_of(session, actor.tenant_id)
            if changes or forever:
                kept = {} if forever else days.model_dump()
                days = Days(**{**kept, **changes})
                await change_days(session, actor, days)
        if apply_now:
            gone = await apply_days(whorl.engine, actor)
    value = {**days.model_dump(), "gone": gone}
    rows = [[name.replace("_", " "), number or "for ever"] for name, number in days.model_dump().items()]
    rows += [[f"{name} gone" if name != "held" else "runs held by datasets", n] for name, n in gone.items()]
    terminal.result(value, lambda: terminal.table(["", ""], rows))
