"""``whorl verify``: what a verifier pays for answers."""

import json
import sys
from typing import Any

import click

from ...platform.command import Terminal, run_async
from ...platform.errors import InputError
from ...platform.lines import STANDARD_INPUT, read_records
from .base import find, registered
from .record import id_of, judge_record


@click.command()
@click.argument("file", default=STANDARD_INPUT)
@click.option("--verifier", "name", help="The verifier's name; --list shows all.")
@click.option("--arguments", default="{}", metavar="JSON", help="Arguments for every record.")
@click.option("--list", "listed", is_flag=True, help="Show the verifiers and what each checks.")
@run_async
async def verify(terminal: Terminal, file: str, name: str | None, arguments: str, listed: bool) -> None:
    """Judge answers: JSON lines with prompt, answer and reference, from FILE or standard input.

    A record may also have arguments (an object), passages, calls and state. One result a record:
    the reward, 1 or 0, and the reason; a record that cannot be judged gets an error in place of a reward, and the
    exit status is 2 after all others were judged. A verifier that pays a cheat is refused.

    \b
    Example: whorl verify --verifier numeric answers.jsonl --json
    """
    if listed:
        _list(terminal)
        return
    if name is None:
        raise InputError("Name a verifier with --verifier; --list shows all.")
    find(name)
    further = _object(arguments)
    paid = count = 0
    failed = 0
    result: dict[str, object]
    for record in read_records(file, plain=False):
        count += 1
        try:
            verdict = judge_record(name, record, further)
        except InputError as error:
            failed += 1
            result, told = {"reward": None, "error": error.message, "verifier": name}, f"-  {error.message}"
        else:
            paid += int(verdict.score)
            result = {"reward": verdict.score, "reason": verdict.why, "verifier": name}
            told = f"{verdict.score:g}  {record.where.rsplit(', ', 1)[-1]}: {verdict.why}"
        key = id_of(record)
        result |= {} if key is None else {"id": key}
        terminal.result(result, lambda told=told: click.echo(told))  # type: ignore[misc]
    terminal.notes.print(f"{paid} of {count} paid by {name}.")
    if failed:
        terminal.notes.print(f"{failed} of {count} could not be judged.")
        sys.exit(InputError.exit_code)


def _list(terminal: Terminal) -> None:
    rows = [
        {"verifier": each.name, "checks": each.checks, "stands_alone": each.alone, "reference": each.refer is not None}
        for each in registered()
    ]  # fmt: skip
    terminal.result(
        rows,
        lambda: terminal.table(["verifier", "checks"], [[row["verifier"], row["checks"]] for row in rows]),
    )


def _object(text: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"--arguments is not JSON: {error}.") from error
    if not isinstance(value, dict):
        raise InputError(f"--arguments must be a JSON object, not {text[:60]!r}.")
    return value
