"""``whorl demo``."""

import os
import sys
from pathlib import Path
from typing import Any

import click
from rich.text import Text

from ...agents.tools.mcp_config import McpConfig, McpServer
from ...platform.command import Terminal, run_alone
from ...platform.identity.bootstrap import ensure_tenant, operator_of, show_credentials
from ...platform.settings import Settings
from ..promotion_commands import show_kinds

SLUG = "halden"
ANSWER_TOKENS = 64
PASSAGES = 3


@click.command()
@click.option(
    "--build", type=click.Path(path_type=Path, file_okay=False), default=Path("build/demo"), show_default=True
)
@click.option("--seeds", type=click.IntRange(1, 10), default=3, show_default=True, help="Adapters to train.")
@click.option("--limit", type=click.IntRange(1), help="Only so many questions, for a quick look.")
@run_alone
async def demo(terminal: Terminal, build: Path, seeds: int, limit: int | None) -> None:
    """Turn the whole wheel once on a made-up company's handbook.

    \b
    Example: whorl demo --seeds 1
    """
    # With it come the libraries that models are read with, which no other command should wait for.
    from .run import Demo

    build.mkdir(parents=True, exist_ok=True)
    terminal.settings = demo_settings(terminal.settings, build)
    async with terminal.open_alone(loaded=True) as whorl:
        created = await ensure_tenant(whorl.engine, SLUG, "Halden Instruments", f"admin@{SLUG}.example")
        show_credentials(terminal, created)
        with terminal.progress() as bars:
            report = await Demo(
                whorl, operator_of(created.tenant), bars, build, tuple(range(seeds)), limit
            ).run()
    terminal.result(report, lambda: _show(terminal, report, build))


def demo_settings(settings: Settings, build: Path) -> Settings:
    """The stock system as MCP server, short answers, and several passages, of which the model must choose."""
    changes: dict[str, Any] = {"max_answer_tokens": min(settings.answer_tokens, ANSWER_TOKENS)}
    if settings.search_passages is None:
        changes["search_passages"] = PASSAGES
    if settings.mcp_config is None:
        changes["mcp_config"] = build / "mcp.json"
        text = inventory_server().model_dump_json(exclude_none=True)
        changes["mcp_config"].write_text(text, encoding="utf-8")
    return settings.model_copy(update=changes)


def inventory_server() -> McpConfig:
    """The stock system, started by the demonstration as a user would configure it."""
    server = McpServer(command=sys.executable, args=["-m", "whorl.flywheel.demo.inventory"])
    return McpConfig(mcpServers={"inventory": server})


def _show(terminal: Terminal, report: dict[str, Any], build: Path) -> None:
    say = terminal.console.print
    rows = []
    for seed, turn in report["seeds"].items():
        before, after = turn["before"], turn["after"]
        verdict = "better" if turn["significant"] else "NOT shown to be better"
        rows.append([
            seed, turn["adapter"], f"{before['success']:.1%} {_interval(before)}",
            f"{after['success']:.1%} {_interval(after)}",
            f"{turn['p_value']:.1e}", f"{turn['train_seconds']:.0f} s", verdict,
        ])  # fmt: skip
    say(f"\n[bold]Success on {report['n']} held-out questions[/bold]")
    terminal.table(["seed", "adapter", "before (95 %)", "after (95 %)", "p", "training", ""], rows)
    shown = next(turn for turn in report["seeds"].values() if turn["adapter"] == report["adapter"])
    say(f"\n[bold]Questions that {shown['adapter']} answers right, by kind[/bold]")
    show_kinds(terminal, shown["kinds"])
    say("\n[bold]Datasets[/bold]")
    terminal.table(["format", "rows", "held out"], [
        [name, d["rows"], d["held_out_rows"]] for name, d in report["datasets"].items()
    ])  # fmt: skip
    hidden = ", ".join(f"{count} {kind.lower()}" for kind, count in sorted(report["redactions"].items()))
    say(f"\n{report['spans']} spans captured; values redacted: {hidden or 'none'}.")
    for turn in report["seeds"].values():
        if turn.get("refused"):
            say(Text(turn["refused"], "yellow"))
    if report["swap_ms"] is not None:
        say(f"{report['adapter']} answers now; swapped without a restart in {report['swap_ms']:.0f} ms.")
    example = report["example"]
    say("\n[bold]One question, before and after[/bold]")
    terminal.table(
        ["", ""], [["asked", example["question"]], ["before", example["before"]], ["after", example["after"]]]
    )
    command = os.path.relpath(Path(sys.executable).with_name("whorl"))
    say(f"\nThe same as JSON: {build / 'report.json'}.")
    say(f"Next: make serve, then sign in; or {command} --help.")


def _interval(part: dict[str, Any]) -> str:
    low, high = part["interval"]
    return f"({low:.0%} to {high:.0%})"
