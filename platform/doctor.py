"""``whorl doctor``: every prerequisite, what is wrong with it, and what to do."""

import importlib.util
import shutil
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass

import click
import httpx
from rich.text import Text

from .command import Terminal
from .database.embedded import start_embedded
from .database.migrate import check_application_role
from .errors import WhorlError, install_command
from .identity.sealing import load_sealer
from .serving.base_model import model_folder
from .settings import Settings


@dataclass(frozen=True)
class Finding:
    """One check: ``advice`` is empty where all is well."""

    name: str
    ok: bool
    detail: str
    advice: str = ""


def _python(settings: Settings) -> Finding:
    version = sys.version.split()[0]
    return Finding("python", sys.version_info >= (3, 11), version, "Install Python 3.11 or newer.")


def _packages(settings: Settings) -> Finding:
    wanted = ["torch", "transformers", "peft", "trl", "sentence_transformers", "langgraph", "mcp", "faiss"]
    missing = [name for name in wanted if importlib.util.find_spec(name) is None]
    return Finding("packages", not missing, ", ".join(missing) or "all there", install_command("cpu"))


def _accelerator(settings: Settings) -> Finding:
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "none, the CPU is used"
    return Finding("accelerator", True, name)


def _disk(settings: Settings) -> Finding:
    folder = settings.path("x").parent
    free = shutil.disk_usage(folder).free / 2**30
    return Finding("disk", free > 2, f"{free:.0f} GiB free under {folder}", "Free at least 2 GiB.")


def _database(settings: Settings) -> Finding:
    try:
        if settings.database_url is None:
            start_embedded(settings.path("postgres"))
            return Finding("database", True, "embedded PostgreSQL")
        check_application_role(settings.database_url)
    except WhorlError as error:
        return Finding("database", False, "does not answer as it should", error.message)
    return Finding("database", True, "PostgreSQL at WHORL_DATABASE_URL")


def _secrets(settings: Settings) -> Finding:
    try:
        keys = load_sealer(settings).keys
    except WhorlError as error:
        return Finding("secrets", False, "no keys for stored secrets", error.message)
    return Finding("secrets", True, f"{len(keys)} {'key' if len(keys) == 1 else 'keys'} for stored secrets")


def _model(settings: Settings) -> Finding:
    if settings.model_url is None:
        try:
            return Finding("model", True, f"embedded: {model_folder(settings).name}")
        except WhorlError as error:
            return Finding("model", False, "no weights", error.message)
    down = []
    for url in settings.model_url.split(","):
        try:
            httpx.get(f"{url.strip().rstrip('/')}/v1/models", timeout=5).raise_for_status()
        except httpx.HTTPError as error:
            down.append(f"{url}: {type(error).__name__}")
    return Finding(
        "model", not down, "; ".join(down) or settings.model_url, "Start vLLM, or correct WHORL_MODEL_URL."
    )


def _port(settings: Settings) -> Finding:
    with socket.socket() as probe:
        taken = probe.connect_ex((settings.host, settings.port)) == 0
    return Finding(
        "port", not taken, f"{settings.port} is {'in use' if taken else 'free'}",
        "Another program (perhaps Whorl itself) listens there; whorl serve --port chooses another.",
    )  # fmt: skip


# The rooms above add what only they can check.
CHECKS: list[Callable[[Settings], Finding]] = [
    _python, _packages, _accelerator, _disk, _database, _secrets, _model, _port,
]  # fmt: skip


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
@click.pass_obj
def doctor(terminal: Terminal, as_json: bool) -> None:
    """Check every prerequisite and say what to do.

    \b
    Example: whorl doctor
    """
    terminal.json = as_json
    findings = [check(terminal.settings) for check in CHECKS]
    rows = [
        ["ok" if f.ok else Text("wrong", "red"), f.name, f.detail, "" if f.ok else f.advice] for f in findings
    ]
    value = [
        {"check": f.name, "ok": f.ok, "detail": f.detail, "advice": "" if f.ok else f.advice}
        for f in findings
    ]
    terminal.result(value, lambda: terminal.table(["", "check", "found", "what to do"], rows))
    if not all(f.ok for f in findings):
        raise SystemExit(6)
