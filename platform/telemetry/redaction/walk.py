"""Walking through a span's content: every text in it, keys and JSON inside strings included."""

import json
import re
from collections.abc import Callable
from typing import Any

from ...storable import storable
from .. import conventions as c
from ..record import SpanRecord
from .codes import is_field
from .labels import label_of, labelled, no_label

Change = Callable[[str], str]
# What fields of APIs are called: nobody's name is looked for in it.
_FIELD = re.compile(r"[a-z][a-z_]*(?:[A-Z][a-z]+)*(?:[.:/_-][a-z_]+(?:[A-Z][a-z]+)*)*|.{0,3}")
_fields: set[str] = set()
_MOST_FIELDS = 4096
# Smaller numbers identify nobody.
_MIN_NUMBER = 10_000_000
# What is code in a tool's definition, and what maps names of the author's choice to schemas.
_CODE = frozenset({"type", "name", "title", "required", "format", "strict", "$ref"})
_NAMED = frozenset({"properties", "$defs", "definitions", "patternProperties"})
# Values of a schema, which may be objects themselves.
_VALUES = frozenset({"default", "examples", "example", "enum", "const"})

# What a model, tool, agent or id is called: no blank in it, and no address or long number.
_IDENTIFIER = re.compile(
    r"[A-Za-z_/](?:(?!\d{7})[\w.:/+-]){0,127}|[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
)
# By what passages name their document: lineage follows it, and in its digits no name is looked for.
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# What model servers call a tool call or a message: digits and letters drawn at random behind a word.
_DRAWN = re.compile(
    r"(?:call|chatcmpl|chatcmpl-tool|msg|fc|resp|run|step|tooluse|toolu)[_-]"
    r"(?!.*\d{12})(?=(?:.*\d){2})(?:[0-9a-f]{16,48}|(?=.*[a-z].*[a-z])(?=.*[A-Z].*[A-Z])[0-9A-Za-z]{24})"
)
# Letters and signs that JSON or a program's source writes by their numbers, other than those that end a string.
_ESCAPE = re.compile(r"(?:\\+u[0-9a-fA-F]{4})+")
_NUMBER = re.compile(r"u([0-9a-fA-F]{4})")
# What a step is called by convention: its operation, and a model, tool or agent.
_STEP = re.compile(r"[a-z_]+(?: [a-zA-Z][\w.:/-]{0,63})?")


def visit_record(record: SpanRecord, given: Change) -> None:
    """Apply ``given`` to every content text of a record: name, status, attributes, events.

    What no store takes is replaced in it first, or neither redaction nor the log could go on.
    """

    def change(text: str) -> str:
        text = storable(text)
        plain = _unescaped(text) if "\\u" in text else text
        changed = given(plain)
        return text if changed == plain else changed

    foreign = c.SOURCE in record.attributes
    if not _STEP.fullmatch(record.name):
        record.name = _visit_identifier(record.name, change) if foreign else change(record.name)
    record.status_message = change(record.status_message) if record.status_message else ""
    record.attributes = _visit_attributes(record.attributes, change, foreign)
    record.events = [_visit_event(event, change, foreign) for event in record.events]


def _visit_event(event: dict[str, Any], change: Change, foreign: bool) -> dict[str, Any]:
    name = event["name"]
    name = _visit_identifier(name, change) if foreign else change(name)
    return {**event, "name": name, "attributes": _visit_attributes(event["attributes"], change, foreign)}


def _visit_attributes(attributes: dict[str, Any], change: Change, foreign: bool) -> dict[str, Any]:
    visited: dict[str, Any] = {}
    for name, value in attributes.items():
        key = name if _is_field(name) else change(name)
        visited[_free(key, visited)] = _visit_attribute(name, value, change, foreign)
    return visited


def _visit_attribute(name: str, value: Any, change: Change, foreign: bool) -> Any:
    if name in c.TOKEN_ATTRIBUTES:
        return value
    if name in c.STRUCTURE:
        return _visit_identifier(value, change) if foreign else value
    if foreign and name in c.FOREIGN_IDENTIFIERS:
        return _visit_identifier(value, change)
    if name == c.TOOL_DEFINITIONS:
        return _visit_definitions(value, change)
    if name == c.RETRIEVAL_DOCUMENTS:
        return _visit_documents(value, change, foreign)
    label = label_of(name.rpartition(".")[2])
    return visit_json(value, lambda text: text if _DRAWN.fullmatch(text) else change(text), label)


def _visit_documents(value: Any, change: Change, foreign: bool) -> Any:
    """What a search found: the ids of documents stay, and the numbers of Whorl's own passages, which are no card's."""

    def content(given: Any) -> Any:
        return visit_json(given, lambda text: text if _UUID.fullmatch(text) else change(text))

    if foreign:
        return content(value)
    given = json.loads(value)
    visited = [
        {name: item if name == c.PASSAGE_ID else content(item) for name, item in document.items()}
        for document in given
    ]
    return value if visited == given else json.dumps(visited, ensure_ascii=False)


def _visit_identifier(value: Any, change: Change) -> Any:
    """What another program calls an identifier: as it is where it looks like one, else as content."""
    if isinstance(value, list):
        return [_visit_identifier(item, change) for item in value]
    if isinstance(value, str) and _IDENTIFIER.fullmatch(value):
        return value
    return visit_json(value, change)


def structure_of(attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes that are known to be no content, without a search.

    What another program calls identifiers is so where each looks like one, and so are its scores.
    """
    if c.SOURCE not in attributes:
        return {name: value for name, value in attributes.items() if name in c.STRUCTURE}
    names = c.STRUCTURE | c.FOREIGN_IDENTIFIERS | {c.EVALUATION_VALUE}
    return {name: value for name, value in attributes.items() if name in names and _says_nothing(value)}


def _says_nothing(value: Any) -> bool:
    """Whether a value of another program is an identifier, or a number that identifies nobody."""
    if isinstance(value, list):
        return all(map(_says_nothing, value))
    if isinstance(value, str):
        return _IDENTIFIER.fullmatch(value) is not None
    return isinstance(value, float) or (isinstance(value, int) and abs(value) < _MIN_NUMBER)


def _visit_definitions(value: Any, change: Change) -> Any:
    """Tool definitions with ``change`` applied to all but what is known to be code in them.

    Names of tools and parameters, types and titles say nothing of a person, and a prompt that is
    trained on must be the prompt that was served.
    """
    try:
        parsed = json.loads(value) if isinstance(value, str) else value
    except json.JSONDecodeError:
        return visit_json(value, change)
    changed = _visit_schema(parsed, change)
    if changed == parsed:
        return value
    return json.dumps(changed, ensure_ascii=False) if isinstance(value, str) else changed


def _visit_schema(value: Any, change: Change) -> Any:
    if isinstance(value, list):
        return [_visit_schema(item, change) for item in value]
    if not isinstance(value, dict):
        return visit_json(value, change)
    visited = {}
    for word, item in value.items():
        if word in _NAMED and isinstance(item, dict):
            visited[word] = {name: _visit_schema(each, change) for name, each in item.items()}
        elif word in _CODE:
            visited[word] = item
        else:
            visited[word] = visit_json(item, change) if word in _VALUES else _visit_schema(item, change)
    return visited


def visit_json(value: Any, change: Change, label: str = "", label_of: Change = label_of) -> Any:
    """A JSON value with ``change`` applied to every string in it, keys included.

    What stands under a key that ``label_of`` has a label for is changed behind that label, and so is the value itself
    behind ``label``.

    Strings that are themselves JSON objects or arrays, as tool arguments are, stay JSON, and stay as
    they were written where nothing in them changes. Those that nest too deep to be read are changed as
    plain text, but RecursionError is raised where an escape may hide what they say. A number that ``change`` would alter as text (a
    card number, say) becomes text. Where an object has a key twice, each has a value of its own.
    """
    if isinstance(value, str):
        return _visit_string(value, change, label, label_of)
    if isinstance(value, dict):
        visited: dict[str, Any] = {}
        for key, item in value.items():
            changed = key if _is_field(key) else change(key)
            visited[_free(changed, visited)] = visit_json(item, change, label_of(key), label_of)
        return visited
    if isinstance(value, list | tuple):
        return [visit_json(item, change, label, label_of) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and (label or abs(value) >= _MIN_NUMBER):
        text = str(value)
        changed = labelled(text, change, label) if label else change(text)
        return value if changed == text else changed
    return value


def texts_of(value: Any, label_of: Change = no_label) -> list[str]:
    """Every text of a JSON value, in the order that :func:`visit_json` comes to them, by default without labels."""
    texts: list[str] = []

    def note(text: str) -> str:
        texts.append(text)
        return text

    visit_json(value, note, label_of=label_of)
    return texts


def _visit_string(value: str, change: Change, label: str, label_of: Change) -> str:
    if value.lstrip()[:1] in ("{", "["):
        try:
            parsed = json.loads(value, object_pairs_hook=_object)
            changed = visit_json(parsed, change, label_of=label_of)
        except json.JSONDecodeError:
            return change(value)
        except RecursionError:
            if "\\" in value:
                raise
            return change(value)
        return value if changed == parsed else json.dumps(changed, ensure_ascii=False)
    return labelled(value, change, label) if label else change(value)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with all that its text has: where a key comes again, it has a number."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    for key, value in pairs:
        found[_free(key, found)] = value
    return found


def _unescaped(text: str) -> str:
    """A text with its letters in place of their numbers; what would end a string or a line in JSON stays a number."""
    return _ESCAPE.sub(_letters, text)


def _letters(match: re.Match[str]) -> str:
    units = b"".join(int(number, 16).to_bytes(2, "little") for number in _NUMBER.findall(match[0]))
    letters = storable(units.decode("utf-16-le", "surrogatepass"))
    return letters if letters.isprintable() and not set(letters) & set('"\\\ufffd') else match[0]


def _is_field(key: str) -> bool:
    """Whether a key is what a field is called; such keys come again and again."""
    if key in _fields:
        return True
    if _FIELD.fullmatch(key) is None and not is_field(key):
        return False
    if len(_fields) < _MOST_FIELDS:
        _fields.add(key)
    return True


def _free(key: str, taken: dict[str, Any]) -> str:
    """A key that is not taken: two values may have got the same placeholder."""
    free, number = key, 2
    while free in taken:
        free, number = f"{key} ({number})", number + 1
    return free
