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
from .screener import Role, Verdict, default_screener, version

FLAGGED = 3
NOTHING = Verdict(False, 0.0, "nothing that a tool returned", "", 0, 0, "", version())
# Who speaks for himself; other roles are names for what tools return.
_SPEAKERS = frozenset({"system", "developer", "user", "assistant", "human", "ai", "model"})
_RESULTS = frozenset({"tool_result", "tool_call_response", "function_call_output"})
_NO_TEXT = frozenset({"image", "image_url", "input_image", "input_audio", "audio", "file", "input_file"})
SHOWN = ("flagged", "score", "reason", "screen", "start", "end", "excerpt")


class Text(NamedTuple):
    """A text to screen, who wrote it, and where in the input it stands; ``name`` is its record's id, None without one.

    ``text`` is None of a record in which there is nothing to screen.
    """

    text: str | None
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
    what tools returned is screened, one result each: those of another role than user, assistant, system
    and developer, and parts that are a tool's result. With --all the others are held against the rules
    alone, as a user may ask for anything. A record without any such message has one result that says so.

    \b
    Examples:
      curl -s https://example.com | whorl screen
      whorl screen results.jsonl --json --fail
    """
    flagged = False
    try:
        for text in _texts(read_records(file), every):
            verdict = NOTHING if text.text is None else default_screener().screen_text(text.text, text.role)
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
    found = False
    for number, message in enumerate(messages, 1):
        if not isinstance(message, dict) or not isinstance(message.get("role"), str):
            raise InputError(f"{record.where}: message {number} is no object with a role.")
        where, content = f"{record.where}, message {number}", message.get("content")
        if message["role"] not in _SPEAKERS:
            texts: list[tuple[str, Role]] = [(_content(content), "tool")]
        else:
            parts = content if isinstance(content, list) else [content]
            texts = [(_content(part), "tool") for part in parts if _is_result(part)]
            if every:
                texts.append((_content([part for part in parts if not _is_result(part)]), "user"))
        for text, role in texts:
            if text:
                found = True
                yield Text(text, role, where, _name(record))
    if not found:
        yield Text(None, "tool", record.where, _name(record))


def _name(record: Record) -> str | None:
    name = record.fields.get("id")
    return None if name is None else str(name)


def _is_result(part: object) -> bool:
    """Whether a part of a message is what a tool returned, as Anthropic's API and the GenAI conventions have it."""
    return isinstance(part, dict) and part.get("type") in _RESULTS


def _content(content: object) -> str:
    """All text of a content: of parts the text that they have, of other objects their JSON, of images and files nothing."""
    if isinstance(content, list):
        return "\n".join(filter(None, map(_content, content)))
    if not isinstance(content, dict):
        return "" if content is None else str(content)
    if content.get("type") in _NO_TEXT:
        return ""
    told = next(
        (content[name] for name in ("text", "content", "response", "output") if name in content), content
    )
    return json.dumps(content, ensure_ascii=False) if told is content else _content(told)


def _line(text: Text, verdict: Verdict) -> str:
    values = asdict(verdict)
    found = {name: values[name] for name in SHOWN}
    return json.dumps({"id": text.name, "where": text.where, **found}, ensure_ascii=False)


def _sentence(text: Text, verdict: Verdict) -> str:
    if not verdict.flagged:
        return f"{text.where}: {verdict.reason or 'nothing found'} ({verdict.score:.2f})"
    place = f"characters {verdict.start} to {verdict.end}"
    return f"{text.where}: flagged by {verdict.screen} ({verdict.score:.2f}), {place}: {verdict.reason}: {verdict.excerpt!r}"
