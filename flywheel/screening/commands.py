"""``whorl screen``: texts from a file or standard input, screened one by one; needs no database."""

import json
import sys
from collections.abc import Iterator
from dataclasses import asdict
from typing import NamedTuple

import click

from ...platform.command import fail
from ...platform.errors import InputError, WhorlError
from ...platform.lines import Record, read_records
from .screener import Role, Verdict, default_screener

FLAGGED = 3
SHOWN = ("flagged", "score", "reason", "screen", "start", "end", "excerpt")


class Text(NamedTuple):
    """A text to screen, who wrote it, and where in the input it stands; ``name`` is its record's id, None without one."""

    text: str
    role: Role
    where: str
    name: str | None


@click.command()
@click.argument("file", default="-", metavar="[FILE|-]")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object a line: verdict, score, reason, span, place."
)
@click.option("--all", "every", is_flag=True, help="Of messages, screen every one, not only those of tools.")
@click.option("--fail", "fails", is_flag=True, help=f"End with exit code {FLAGGED} when a text is flagged.")
def screen(file: str, as_json: bool, every: bool, fails: bool) -> None:
    """Find instructions to the model, secrets and hidden payloads in what tools return.

    Reads plain text as one text, or JSON lines with a "text" or a "messages" field. Of messages,
    those of the role tool are screened, one result each; a message of a user or the system is held
    against the rules alone, as a user may ask for anything.

    \b
    Examples:
      curl -s https://example.com | whorl screen
      whorl screen results.jsonl --json --fail
    """
    flagged = False
    try:
        for text in _texts(read_records(file), every):
            verdict = default_screener().screen_text(text.text, text.role)
            flagged |= verdict.flagged
            click.echo(_line(text, verdict) if as_json else _sentence(text, verdict))
    except (WhorlError, KeyboardInterrupt) as error:
        fail(error, as_json)
    except BrokenPipeError:
        sys.stderr.close()
    if flagged and fails:
        sys.exit(FLAGGED)


def _texts(records: Iterator[Record], every: bool) -> Iterator[Text]:
    for record in records:
        if "messages" in record.fields:
            yield from _of_messages(record, every)
        else:
            yield Text(record.text("text"), "tool", record.where, _name(record))


def _of_messages(record: Record, every: bool) -> Iterator[Text]:
    messages = record.fields["messages"]
    if not isinstance(messages, list):
        raise InputError(f"{record.where}: the field 'messages' is {type(messages).__name__}, not a list.")
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise InputError(f"{record.where}: message {number} is no object with a role.")
        tool = message["role"] in ("tool", "function")
        text = _content(message.get("content"))
        if text and (tool or every):
            yield Text(text, "tool" if tool else "user", f"{record.where}, message {number}", _name(record))


def _name(record: Record) -> str | None:
    name = record.fields.get("id")
    return None if name is None else str(name)


def _content(content: object) -> str:
    """A message's text: plain, or the text parts of a list of parts."""
    if isinstance(content, list):
        return "\n".join(str(part["text"]) for part in content if isinstance(part, dict) and "text" in part)
    return content if isinstance(content, str) else ""


def _line(text: Text, verdict: Verdict) -> str:
    values = asdict(verdict)
    found = {name: values[name] for name in SHOWN}
    return json.dumps({"id": text.name, "where": text.where, **found}, ensure_ascii=False)


def _sentence(text: Text, verdict: Verdict) -> str:
    if not verdict.flagged:
        return f"{text.where}: nothing found ({verdict.score:.2f})"
    place = f"characters {verdict.start} to {verdict.end}"
    return f"{text.where}: flagged by {verdict.screen} ({verdict.score:.2f}), {place}: {verdict.reason}: {verdict.excerpt!r}"
