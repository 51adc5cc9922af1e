"""``whorl evaluate``, ``promote``, ``rollback`` and ``status``: an adapter's way to serving, and back."""

from pathlib import Path
from typing import Any

import click
from sqlalchemy import select

from ..agents.names import DEFAULT_AGENT
from ..platform.command import Terminal, run_async
from ..platform.database.session import tenant_session
from ..platform.errors import InputError
from ..platform.serving.tables import Route
from .evaluation import load_tasks
from .gate import OPTIONAL
from .leaks import load_planted
from .measure import baseline_of, evaluate_adapter, evaluate_safety, evaluate_secrets
from .promotion import SHARE, start_trial, stop_trials
from .promotion import promote as promote_adapter
from .promotion import rollback as roll_back
from .safety import safety_tasks
from .status import AdapterStatus, adapter_status, all_statuses
from .traffic import live_ledger


@click.group("evaluate")
def evaluate_group() -> None:
    """Measure adapters and agents on held-out questions."""


@evaluate_group.command("adapter")
@click.argument("name")
@click.option("--tasks", type=click.Path(path_type=Path, dir_okay=False), required=True,
              help="JSON lines: question, answers (or verifier and arguments), optionally kind.")  # fmt: skip
@click.option("--kind", type=click.Choice(["held-out", "general"]), default="held-out", show_default=True,
              help="What the adapter was trained for, or what it must not forget.")  # fmt: skip
@run_async
async def evaluate_one(terminal: Terminal, name: str, tasks: Path, kind: Any) -> None:
    """Compare an adapter with the base, and with the SFT adapter of the same runs, on the same questions.

    \b
    Example: whorl evaluate adapter acme.v1 --tasks held_out.jsonl
    """
    wanted = load_tasks(tasks)
    async with terminal.open(loaded=True) as (whorl, actor):
        with terminal.progress() as bars:
            baseline = await baseline_of(whorl.agents, actor, name, kind)
            sides = 2 if baseline is None or baseline.adapter is None else 3
            bar = bars.add_task("asking base and adapter", total=sides * len(wanted))
            report = await evaluate_adapter(
                whorl.agents, actor, name, wanted, tasks.name, kind=kind, progress=lambda: bars.advance(bar)
            )
    terminal.result(report, lambda: _show_comparison(terminal, report))


@evaluate_group.command("safety")
@click.argument("name")
@run_async
async def evaluate_safe(terminal: Terminal, name: str) -> None:
    """Ask base and adapter the built-in safety set: injected orders, others' data, what must be refused.

    \b
    Example: whorl evaluate safety acme.v1
    """
    async with terminal.open(loaded=True) as (whorl, actor):
        with terminal.progress() as bars:
            bar = bars.add_task("asking base and adapter", total=2 * len(safety_tasks()))
            report = await evaluate_safety(whorl.agents, actor, name, lambda: bars.advance(bar))
    terminal.result(report, lambda: _show_comparison(terminal, report))


@evaluate_group.command("secrets")
@click.argument("name")
@click.option("--planted", type=click.Path(path_type=Path, dir_okay=False),
              help="JSON lines of secrets that you put into the data: secret, before.")  # fmt: skip
@run_async
async def evaluate_leaks(terminal: Terminal, name: str, planted: Path | None) -> None:
    """Ask an adapter for the secrets of its training data by what stood before them.

    \b
    Example: whorl evaluate secrets acme.v1 --planted canaries.jsonl
    """
    known = load_planted(planted) if planted is not None else []
    async with terminal.open(loaded=True) as (whorl, actor):
        report = await evaluate_secrets(whorl.agents, actor, name, known)
    terminal.result(report, lambda: _show_checks(terminal, report["gate"]))


@click.command()
@click.argument("name")
@click.option("--agent", default=DEFAULT_AGENT, show_default=True)
@click.option("--stage", type=click.Choice(["shadow", "canary", "serving"]), default="serving", show_default=True,
              help="Try it unseen, on a share of conversations, or let it answer all.")  # fmt: skip
@click.option("--share", type=click.FloatRange(0, 1, min_open=True),
              help=f"Of conversations, for shadow and canary; by default {SHARE}.")  # fmt: skip
@click.option("--auto", is_flag=True, help="Promote the canary once its test says that it is ready.")
@click.option(
    "--without", multiple=True, metavar="CHECK", help=f"Need not have been done: {', '.join(OPTIONAL)}."
)
@click.option("--force", is_flag=True, help="Promote although the gate does not pass; the audit log says so.")
@run_async
async def promote(
    terminal: Terminal, name: str, agent: str, stage: Any, share: float | None, auto: bool, without: tuple[str, ...],
    force: bool,
) -> None:  # fmt: skip
    """Let an adapter that passed the gate answer from now on, or try it first.

    \b
    Example: whorl promote acme.v1
    Example: whorl promote acme.v1 --stage canary --share 0.1
    """
    if auto and stage != "canary":
        raise InputError(f"--auto is for --stage canary, not {stage}.")
    if share is not None and stage == "serving":
        raise InputError("--share is for --stage shadow or canary: without one the adapter answers all.")
    share = SHARE if share is None else share
    async with terminal.open(loaded=True) as (whorl, actor):
        if stage != "serving":
            trial = await start_trial(
                whorl.engine, whorl.servers, actor, name, stage, share,
                agent=agent, auto=auto, force=force, without=without,
            )  # fmt: skip
            value = {"adapter": name, "stage": stage, "share": share, "trial": trial.id}
            terminal.result(
                value, lambda: click.echo(f"{name} is the {stage} for {share:.0%} of conversations.")
            )
            return
        swap = await promote_adapter(
            whorl.engine, whorl.servers, actor, name, agent=agent, force=force, without=without
        )
    terminal.result(
        {"adapter": name, "swap_ms": swap}, lambda: click.echo(f"{name} answers now ({swap:.0f} ms).")
    )


@click.command()
@click.argument("name", required=False)
@click.option("--agent", default=DEFAULT_AGENT, show_default=True)
@run_async
async def rollback(terminal: Terminal, name: str | None, agent: str) -> None:
    """End the canary, or without one let the adapter before the present one answer again.

    With NAME only the trials of that adapter end, a shadow as well.

    \b
    Example: whorl rollback
    """
    async with terminal.open() as (whorl, actor):
        if name is not None:
            actor.require("administer")
            ended = await stop_trials(whorl.engine, whorl.servers, actor, name, f"stopped by {actor.label}")
            value = {"adapter": name, "ended": [trial.stage for trial in ended]}
            terminal.result(value, lambda: click.echo(f"{len(ended)} trials of {name} ended."))
            return
        target = await roll_back(whorl.engine, whorl.servers, actor, agent=agent)
    terminal.result({"adapter": target}, lambda: click.echo(f"{target or 'The base model'} answers now."))


@click.command()
@click.argument("name", required=False)
@run_async
async def status(terminal: Terminal, name: str | None) -> None:
    """Where adapters stand: state, trial, the gate's checks, and who answers.

    \b
    Example: whorl status acme.v1
    """
    async with terminal.open() as (whorl, actor):
        actor.require("read")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            found = [await adapter_status(session, name)] if name else await all_statuses(session)
            live = await live_ledger(session, name) if name else None
            routes = list(await session.scalars(select(Route).order_by(Route.agent)))
    answers = {route.agent: route.adapter or whorl.servers.base for route in routes}
    answers = answers or {DEFAULT_AGENT: whorl.servers.base}
    value = {
        "adapters": [one.value() for one in found],
        "routes": answers,
        **({"live": live} if live else {}),
    }
    terminal.result(value, lambda: _show_status(terminal, found, answers, live))


def _show_status(
    terminal: Terminal, found: list[AdapterStatus], answers: dict[str, str], live: dict[str, Any] | None
) -> None:
    terminal.table(["agent", "answers"], answers.items())
    columns = ["adapter", "state", "trial", "share", "n", "success", "verdict", "gate"]
    terminal.table(columns, (_row(one) for one in found))
    if live is None:
        return
    terminal.table(
        [live["kind"], "base", "adapter", "difference", "95 %"],
        [["runs", *live["runs"].values(), "", ""], ["judged", *live["judged"].values(), "", ""]]
        + [[name, *one.values()] for name, one in live["value"].items()],
    )
    for one in found:
        if one.state != "tainted":
            _show_checks(terminal, one.gate)
        if one.trial is not None:
            terminal.table(["trial", ""], {**one.trial, **one.trial["report"], "report": ""}.items())


def _row(one: AdapterStatus) -> list[Any]:
    gate = one.refusal or "passes"
    if one.trial is None:
        return [one.adapter, one.state, "", "", "", "", "", gate]
    report = one.trial["report"]
    counts, success = report.get("n", ""), ""
    if "candidate" in report:
        sides = (report["candidate"], report["incumbent"])
        counts = " : ".join(str(side["n"]) for side in sides)
        success = " : ".join("–" if side["success"] is None else f"{side['success']:.0%}" for side in sides)
    trial = one.trial
    return [one.adapter, one.state, trial["stage"], trial["share"], counts, success, trial["verdict"], gate]


def _show_checks(terminal: Terminal, gate: list[dict[str, Any]]) -> None:
    terminal.table(
        ["check", "verdict", "reason"], [[check["name"], check["verdict"], check["reason"]] for check in gate]
    )


def _show_comparison(terminal: Terminal, report: dict[str, Any]) -> None:
    terminal.table(["", "success", "95 %"], [
        [part, f"{report[part]['success']:.1%}", report[part]["interval"]] for part in ("before", "after")
    ] + [["p", f"{report['p_value']:.2g}", ""]] + [
        [f"more {name} an answer", f"{value['difference']:+.4g}", value["interval"]]
        for name, value in report["value"].items()
    ])  # fmt: skip
    show_kinds(terminal, report["kinds"])
    if "baseline" in report:
        _show_baseline(terminal, report["baseline"])
    _show_checks(terminal, report["gate"])


def show_kinds(terminal: Terminal, kinds: dict[str, dict[str, Any]]) -> None:
    """What of each kind of question base and adapter got right, as ``compare`` found it."""
    terminal.table(
        ["kind of question", "n", "before", "after", "better", "worse", "p"],
        [
            [
                kind,
                *(one[name] for name in ("n", "before", "after", "better", "worse")),
                f"{one['p_value']:.2g}",
            ]
            for kind, one in kinds.items()
        ],
    )


def _show_baseline(terminal: Terminal, found: dict[str, Any]) -> None:
    if found["adapter"] is None:
        click.echo(found["advice"])
        return
    terminal.table(["SFT baseline", "success", "95 %", "p", "adapter better", "worse"], [
        [found["adapter"], f"{found['success']:.1%}", found["interval"], f"{found['p_value']:.2g}",
         found["better"], found["worse"]],
    ])  # fmt: skip
