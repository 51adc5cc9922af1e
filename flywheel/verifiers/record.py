"""A record of a data set as a task and an attempt: ``prompt``, ``answer``, ``reference`` and what goes with them."""

import re
from collections.abc import Mapping
from typing import Any

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Attempt, Call, Judge, Verdict, Verifier, admitted, find, judged
from .programs import task_code

_DEFINED = re.compile(r"^def (\w+)\(", re.M)


def id_of(record: Record) -> object:
    """The record's own id; None where it has none."""
    return record.fields.get("id", record.fields.get("task_id"))


def judge_record(name: str, record: Record, further: Mapping[str, Any]) -> Verdict:
    """The verdict of the verifier ``name`` on a record.

    ``answer`` is the reply. The task is ``reference`` or ``arguments``, or both; ``further`` are
    arguments for every record. ``passages`` (a list, cited from 1, or an object by number),
    ``calls`` and ``state`` are what the run was shown and did.

    Raises:
        InputError: a field is missing or of the wrong shape.
        ConflictError: the verifier pays a cheat.
    """
    found = find(name)
    verifier = admitted(name) if found.alone else found
    return judged(_judge(verifier, record, further), attempt_of(record))


def _judge(verifier: Verifier, record: Record, further: Mapping[str, Any]) -> Judge:
    try:
        return verifier.judge(_arguments(verifier, record, further))
    except (InputError, ValueError) as error:
        raise InputError(f"{record.where}: {error}") from error


def _arguments(verifier: Verifier, record: Record, further: Mapping[str, Any]) -> dict[str, Any]:
    given = record.fields.get("arguments", {})
    if not isinstance(given, dict):
        raise InputError("'arguments' is not an object.")
    reference = record.fields.get("reference")
    stated = {} if reference is None else _of_reference(verifier, reference)
    arguments = {**stated, **further, **given}
    return _of_prompt(record, arguments) if verifier.name == "unit_tests" else arguments


def _of_reference(verifier: Verifier, reference: object) -> dict[str, Any]:
    if verifier.refer is None:
        raise InputError(f"{verifier.name!r} takes no reference: give its arguments in 'arguments'.")
    return verifier.refer(reference)


def _of_prompt(record: Record, arguments: dict[str, Any]) -> dict[str, Any]:
    """Arguments of unit tests with what a prompt of code says: what stands before the reply, and the function."""
    prompt = record.fields.get("prompt")
    code = task_code(prompt) if isinstance(prompt, str) else ""
    entry = record.fields.get("entry_point") or (_DEFINED.findall(code)[-1:] or [None])[0]
    defaults = {"setup": code, **({"entry_point": entry} if entry else {})}
    return {**defaults, **arguments}


def attempt_of(record: Record) -> Attempt:
    """What is judged of a record."""
    prompt = record.fields.get("prompt", "")
    state = record.fields.get("state", {})
    if not isinstance(prompt, str) or not isinstance(state, dict):
        raise InputError(f"{record.where}: 'prompt' must be text and 'state' an object.")
    return Attempt(record.text("answer"), prompt, _passages(record), _calls(record), state)


def _passages(record: Record) -> dict[int, str]:
    given = record.fields.get("passages", [])
    try:
        if isinstance(given, dict):
            return {int(number): str(text) for number, text in given.items()}
        if isinstance(given, list):
            return {number: str(text) for number, text in enumerate(given, 1)}
    except ValueError as error:
        raise InputError(f"{record.where}: 'passages' has a number that is none: {error}.") from error
    raise InputError(f"{record.where}: 'passages' must be a list of texts, or an object by number.")


def _calls(record: Record) -> list[Call]:
    given = record.fields.get("calls", [])
    shape = f"{record.where}: 'calls' must be a list of objects with 'tool' and 'arguments'."
    if not isinstance(given, list):
        raise InputError(shape)
    calls = []
    for each in given:
        if not isinstance(each, dict) or not isinstance(each.get("arguments"), dict) or "tool" not in each:
            raise InputError(shape)
        result, failed = str(each.get("result", "")), bool(each.get("failed", False))
        calls.append(Call(str(each["tool"]), each["arguments"], result, failed))
    return calls
