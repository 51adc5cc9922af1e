"""Redaction of all spans of a run at once: first find, then replace everywhere.

A value found in any span of the run is replaced in all of them by the same placeholder, so that
co-reference survives and a miss in one place is made good by a find in another.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .. import conventions as c
from ..record import SpanRecord
from .base import Detector, Finding, resolve

POLICY_VERSION = "2026-11-1"
_MIN_SHARED = 4
_PLACEHOLDER = re.compile(r"<[A-Z_]+_\d+>")


@dataclass
class Placeholders:
    """The placeholders of one run: the same value (by case-folded text) gets the same one."""

    by_value: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def of(self, value: str, kind: str) -> str:
        """The placeholder of a value, ``<KIND_n>``, numbered by first appearance."""
        key = " ".join(value.casefold().split())
        if key not in self.by_value:
            self.counts[kind] += 1
            self.by_value[key] = f"<{kind}_{self.counts[kind]}>"
        return self.by_value[key]


class Redactor:
    """Replaces personal data in spans and texts by placeholders."""

    def __init__(self, detectors: list[Detector]) -> None:
        self.detectors = detectors
        names = "+".join(detector.name for detector in detectors)
        self.policy = f"{POLICY_VERSION}/{names}"

    def redact_text(self, text: str, placeholders: Placeholders | None = None) -> str:
        """A single text, such as a comment, redacted."""
        placeholders = placeholders or Placeholders()
        found = self._find([text])
        self._register(found, placeholders)
        return _Replacement(found, placeholders).text(text)

    def redact_run(self, records: list[SpanRecord]) -> None:
        """Redact the spans of one run in place; texts that repeat are searched once."""
        texts: dict[str, None] = {}
        for record in records:
            _visit(record, lambda text: texts.setdefault(text) or text)
        placeholders = Placeholders()
        found = self._find(list(texts))
        self._register(found, placeholders)
        replacement = _Replacement(found, placeholders)
        for record in records:
            replacement.counts.clear()
            before = replacement.total
            _visit(record, replacement.text)
            record.redaction_policy = self.policy
            record.redactions = dict(replacement.counts)
            if replacement.total != before:
                for name in c.TOKEN_ATTRIBUTES:
                    record.attributes.pop(name, None)

    def _find(self, texts: list[str]) -> dict[str, list[Finding]]:
        masked = [_PLACEHOLDER.sub(lambda m: " " * len(m[0]), text) for text in texts]
        by_detector = [detector.find(masked) for detector in self.detectors]
        return {
            text: resolve(finding for findings in by_detector for finding in findings[index])
            for index, text in enumerate(texts)
        }

    def _register(self, found: dict[str, list[Finding]], placeholders: Placeholders) -> None:
        for text, findings in found.items():
            for finding in findings:
                placeholders.of(text[finding.start : finding.end], finding.kind)


class _Replacement:
    """Replaces findings, then every further occurrence of a value found anywhere in the run."""

    def __init__(self, found: dict[str, list[Finding]], placeholders: Placeholders) -> None:
        self.found, self.placeholders = found, placeholders
        self.counts: Counter[str] = Counter()
        self.total = 0
        shared = sorted((v for v in placeholders.by_value if len(v) >= _MIN_SHARED), key=len, reverse=True)
        words = [r"\s+".join(map(re.escape, value.split())) for value in shared]
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE) if words else None
        self._done: dict[str, tuple[str, Counter[str]]] = {}

    def text(self, text: str) -> str:
        if text not in self._done:
            self._done[text] = self._replace(text)
        replaced, counts = self._done[text]
        self.counts.update(counts)
        self.total += counts.total()
        return replaced

    def _replace(self, text: str) -> tuple[str, Counter[str]]:
        counts: Counter[str] = Counter()
        pieces, at = [], 0
        for start, end, kind, _ in self.found.get(text, []):
            pieces += [self._rest(text[at:start], counts), self.placeholders.of(text[start:end], kind)]
            counts[kind] += 1
            at = end
        pieces.append(self._rest(text[at:], counts))
        return "".join(pieces), counts

    def _rest(self, text: str, counts: Counter[str]) -> str:
        if self._known is None or not text:
            return text

        def replace(match: re.Match[str]) -> str:
            placeholder = self.placeholders.of(match[0], "UNKNOWN")
            counts[placeholder[1:].rsplit("_", 1)[0]] += 1
            return placeholder

        return self._known.sub(replace, text)


def _visit(record: SpanRecord, change: Callable[[str], str]) -> None:
    """Apply ``change`` to every content text of a record: values, keys, events, messages, name."""
    record.name = change(record.name)
    record.status_message = change(record.status_message) if record.status_message else ""
    record.attributes = _visit_attributes(record.attributes, change)
    record.events = [
        {**event, "name": change(event["name"]), "attributes": _visit_attributes(event["attributes"], change)}
        for event in record.events
    ]


def _visit_attributes(attributes: dict[str, Any], change: Callable[[str], str]) -> dict[str, Any]:
    return {
        name if _is_standard(name) else change(name): _visit_attribute(name, value, change)
        for name, value in attributes.items()
    }


def _is_standard(name: str) -> bool:
    return name.startswith(("gen_ai.", "whorl.", "exception.", "error."))


def _visit_attribute(name: str, value: Any, change: Callable[[str], str]) -> Any:
    if name in c.STRUCTURE or name in c.TOKEN_ATTRIBUTES:
        return value
    if isinstance(value, str) and (name in c.JSON_ATTRIBUTES or value[:1] in ("{", "[")):
        try:
            parsed = json.loads(value)
        except json.JSONDecodeError:
            return change(value)
        return json.dumps(visit_json(parsed, change), ensure_ascii=False)
    return visit_json(value, change)


def visit_json(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with ``change`` applied to every string in it, keys included.

    Strings that are themselves JSON objects or arrays, as tool arguments are, stay JSON. A number
    that ``change`` would alter as text (a card number, say) becomes the placeholder.
    """
    if isinstance(value, str):
        return _visit_string(value, change)
    if isinstance(value, dict):
        return {
            change(key) if len(key) >= _MIN_SHARED else key: visit_json(v, change) for key, v in value.items()
        }
    if isinstance(value, list):
        return [visit_json(item, change) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= 10_000_000:
        text = str(value)
        changed = change(text)
        return value if changed == text else changed
    return value


def _visit_string(value: str, change: Callable[[str], str]) -> str:
    if value[:1] in ("{", "["):
        try:
            parsed = json.loads(value)
        except json.JSONDecodeError:
            return change(value)
        if isinstance(parsed, dict | list):
            changed = visit_json(parsed, change)
            return value if changed == parsed else json.dumps(changed, ensure_ascii=False)
    return change(value)
