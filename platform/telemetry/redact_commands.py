"""``whorl redact``; it needs no database."""

import json
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import click
from pydantic import ValidationError

from ..command import fail
from ..errors import InputError, WhorlError
from ..lines import STANDARD_INPUT, Record, read_records
from ..validation import first_fault
from .redaction.base import Finding
from .redaction.kinds import require_kinds
from .redaction.labels import label_of, lead_of
from .redaction.placeholders import Placeholders
from .redaction.policy import RedactionPolicy, TenantPolicy
from .redaction.redactor import Redactor, Replacement, default_redactor
from .redaction.walk import Change, texts_of, visit_json

# Records that are searched together.
_TOGETHER = 256


class Redacted(NamedTuple):
    """A record, the record without its values, and what was found in its texts."""

    record: Record
    fields: dict[str, Any]
    found: dict[str, list[Finding]]


@click.command()
@click.argument("file", default=STANDARD_INPUT, metavar="[FILE|-]")
@click.option(
    "--json", "as_json", is_flag=True, help="Print a JSON object a line: the text and what was found in it."
)
@click.option(
    "--policy", "policy_file", metavar="FILE", help="A policy, as PUT /api/redaction/policy takes it."
)
def redact(file: str, as_json: bool, policy_file: str | None) -> None:
    """Hide personal data in a text, or in JSON lines with a "text" or "messages" field.

    Reads standard input without a file. Each JSON line is redacted by itself, in these two fields; others
    are printed as they are. With --json, entities have their start and end in the input text; where
    "operator" is keep, the text still has them.

    \b
    Examples:
      echo "Call Ada Byron on 020 7946 0958" | whorl redact
      whorl redact chats.jsonl --json
    """
    try:
        policy = read_policy(policy_file) if policy_file else RedactionPolicy()
        for each in _redacted(default_redactor(), policy, read_records(file)):
            if as_json:
                click.echo(json.dumps(_result(each, policy), ensure_ascii=False))
            elif each.record.plain:
                click.echo(each.fields["text"], nl=False)
            else:
                click.echo(json.dumps(each.fields, ensure_ascii=False))
    except (WhorlError, KeyboardInterrupt) as error:
        fail(error, as_json)
    except BrokenPipeError:
        sys.stderr.close()


def read_policy(file: str) -> RedactionPolicy:
    """The policy of a file, as PUT /api/redaction/policy takes it; raises InputError for what is none."""
    try:
        policy = RedactionPolicy.model_validate_json(Path(file).read_bytes())
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        raise InputError(f"{file} is not a redaction policy: {first_fault(error)}.") from error
    require_kinds(policy)
    return policy


def _redacted(redactor: Redactor, policy: RedactionPolicy, records: Iterator[Record]) -> Iterator[Redacted]:
    """Each record with what was found; raises InputError for one that has nothing to redact."""
    while batch := list(islice(records, _TOGETHER)):
        texts = list(dict.fromkeys(text for record in batch for text in _texts(record)))
        found = dict(zip(texts, redactor.find(texts, policy), strict=True))
        for record in batch:
            own = {text: found[text] for text in _texts(record)}
            replacement = Replacement(own, Placeholders(TenantPolicy(policy)), redactor.known)
            yield Redacted(record, _visit(record, replacement.text), own)


def _messages(record: Record) -> list[dict[str, Any]]:
    """The messages of a record; raises InputError where it has neither those nor a text."""
    if "text" not in record.fields and "messages" not in record.fields:
        raise InputError(f'{record.where} has no "text" and no "messages" field.')
    if "text" in record.fields:
        record.text("text")
    messages = record.fields.get("messages", [])
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise InputError(f'{record.where}: "messages" is not a list of objects.')
    return messages


def _visit(record: Record, change: Change) -> dict[str, Any]:
    """A record with ``change`` applied to its text and to all strings of its messages."""
    changed: dict[str, Any] = dict(record.fields)
    if "text" in record.fields:
        changed["text"] = visit_json(record.fields["text"], change)
    if "messages" in record.fields:
        changed["messages"] = [
            {name: item if name == "role" else visit_json(item, change) for name, item in message.items()}
            for message in _messages(record)
        ]
    return changed


def _texts(record: Record) -> list[str]:
    """Every text of a record; its own as it is written, too, for the offsets in it.

    Raises InputError for JSON within a text that nests too deep to say what its escapes hide.
    """
    contents = [item for message in _messages(record) for name, item in message.items() if name != "role"]
    own = [record.text("text")] if "text" in record.fields else []
    try:
        return [*own, *(text for content in (*own, *contents) for text in texts_of(content, label_of))]
    except RecursionError as error:
        raise InputError(f"{record.where}: JSON within a text nests too deep to be redacted.") from error


def _result(each: Redacted, policy: RedactionPolicy) -> dict[str, Any]:
    """The record as it is printed: what was found, with offsets into the text or the message's text."""
    record, fields, found = each
    entities = []
    if "text" in record.fields:
        text = record.text("text")
        entities += [_entity(finding, text, policy) for finding in found[text]]
    for index, message in enumerate(_messages(record)):
        entities += [
            {"message": index, "field": name, **_entity(finding, text, policy)}
            for name, item in message.items()
            if name != "role"
            for text in texts_of(item, label_of)
            for finding in found[text]
        ]
    return {name: fields[name] for name in ("id", "text", "messages") if name in fields} | {
        "entities": entities
    }


def _entity(finding: Finding, text: str, policy: RedactionPolicy) -> dict[str, Any]:
    lead = lead_of(text)
    return {
        "start": finding.start - lead, "end": finding.end - lead, "kind": finding.kind, "score": round(finding.score, 3),
        "text": text[finding.start : finding.end], "operator": policy.operator(finding.kind),
    }  # fmt: skip
