"""``whorl feedback``."""

import sys
from typing import Any, TypeVar

import click
from pydantic import ValidationError

from ..platform.command import Terminal, run_async
from ..platform.errors import InputError
from ..platform.ids import parse_uuid
from ..platform.lines import Record, read_records
from ..platform.validation import first_fault
from .feedback import NamedFeedback, NewFeedback, Taken, give_feedback, give_named
from .outcomes import KINDS, STARS

Given = TypeVar("Given", bound=NewFeedback)
_THUMBS = {"up": 1.0, "down": 0.0}


@click.command()
@click.argument("run_id", required=False)
@click.argument("kind", required=False, type=click.Choice([*KINDS, *_THUMBS]))
@click.option(
    "--value", type=click.FloatRange(0, 1), help="1 is good, 0 is bad; by default 0 for a retry, else 1."
)
@click.option("--stars", type=click.IntRange(1, STARS), help="A score as stars: 1 is the value 0, 5 is 1.")
@click.option(
    "--weight", type=click.FloatRange(0, 1), help="How much it counts beside what others say; by default 1."
)
@click.option("--text", help="The corrected answer of an edit, a corrected call as JSON, or a comment.")
@click.option(
    "--step", type=click.IntRange(0), help="The model's turn it is about, from 0; none: the whole run."
)
@click.option("--span-id", help="The span it is about, as whorl runs show has it.")
@click.option("--replaced-by", help="Of a retry: the run that was asked the same question in its place.")
@click.option(
    "--program", help="The program that judges, of which more is taken in an hour than of a person."
)
@click.option(
    "--file", "source", help="JSON lines of outcomes, each with run_id or trace_id; - is standard input."
)
@run_async
async def feedback(
    terminal: Terminal, run_id: str | None, kind: str | None, source: str | None, **said: Any
) -> None:
    """Say what became of a run: up, down, edit --text …, call_edit --text …, score --value …, retry.

    Or of many: a line that cannot be taken is named, and keeps no other out.

    \b
    Example: whorl feedback 0199e6a0-0000-7000-8000-000000000000 up
             whorl feedback --file outcomes.jsonl --program nightly-check
    """
    if source is not None:
        if run_id is not None or any(value is not None for name, value in said.items() if name != "program"):
            raise InputError("A file says all of its outcomes itself: leave the rest out but --program.")
        await _give_file(terminal, source, said["program"])
        return
    if run_id is None or kind is None:
        raise InputError("Name a run and what became of it, or a --file of outcomes.")
    if kind in _THUMBS:
        if said["value"] is not None or said["stars"] is not None:
            raise InputError(
                f"{kind} says all that a thumb can: leave out --value and --stars, or give a score."
            )
        said["value"], kind = _THUMBS[kind], "thumb"
    if said["replaced_by"] is not None:
        said["replaced_by"] = parse_uuid(said["replaced_by"], "run")
    given = _read(
        NewFeedback, {"kind": kind, **{name: value for name, value in said.items() if value is not None}}
    )
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        outcome = await give_feedback(
            whorl.engine, whorl.queue, whorl.redactor, actor, parse_uuid(run_id, "run"), given
        )
    terminal.result(
        {"id": outcome.id, "kind": outcome.kind}, lambda: click.echo("Thank you: the outcome is stored.")
    )


async def _give_file(terminal: Terminal, source: str, program: str | None) -> None:
    """Exit code 2 where a line was not taken, once all that could be are."""
    refused: list[dict[str, str]] = []
    stored = 0
    async with terminal.open() as (whorl, actor):
        await whorl.flush()
        for record in read_records(source, plain=False):
            taken = await _give_line(whorl, actor, record, program)
            if taken.error is None:
                stored += 1
                continue
            refused.append({"where": record.where, "error": taken.error})
            if not terminal.json:
                click.echo(f"{record.where}: {taken.error}", err=True)
    terminal.result(
        {"stored": stored, "refused": refused},
        lambda: click.echo(f"{stored} stored, {len(refused)} refused."),
    )
    if refused:
        sys.exit(InputError.exit_code)


async def _give_line(whorl: Any, actor: Any, record: Record, program: str | None) -> Taken:
    fields = {"program": program, **record.fields} if program else record.fields
    try:
        given = _read(NamedFeedback, fields)
    except InputError as error:
        return Taken(status=error.status, error=error.message)
    return await give_named(whorl.engine, whorl.queue, whorl.redactor, actor, given)


def _read(kind: type[Given], fields: dict[str, Any]) -> Given:
    try:
        return kind.model_validate(fields)
    except ValidationError as error:
        raise InputError(first_fault(error)) from error
