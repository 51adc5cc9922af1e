"""Redaction of all spans of a run at once: first find, then replace everywhere.

A value found in any span of the run is replaced in all of them by the same placeholder, so that
co-reference survives and a miss in one place is made good by a find in another.
"""

import re
from collections import Counter
from collections.abc import Iterable

from ...portions import portions
from ...storable import storable
from .. import conventions as c
from ..record import SpanRecord
from .base import Detector, Finding, resolve
from .codes import Known
from .composed import composed, is_composed
from .labels import MARK, lead_of
from .memory import Memories, Memory
from .names import NameDetector
from .patterns import PatternDetector
from .peoples import find_peoples
from .placeholders import PLACEHOLDER, Placeholders
from .policy import DefaultPolicies, Policies, RedactionPolicy, TenantPolicy, any_of
from .presidio import find_national
from .walk import visit_record

# Rises when other values are found or written differently.
RULES_VERSION = "2026-11-6"
_MIN_SHARED = 4
_AT_ONCE = 256
# Blanks at which no line breaks, as web pages set them between groups of digits.
_BLANK = re.compile("[\u00a0\u2007\u202f]")


class Redactor:
    """Hides personal data in spans and texts, as each tenant's policy says; ``known`` tells ordinary words from names."""

    def __init__(
        self, detectors: list[Detector], policies: Policies | None = None, known: Known | None = None
    ) -> None:
        self.detectors, self.known = detectors, known
        self.policies = policies or DefaultPolicies()
        names = "+".join(detector.name for detector in detectors)
        self.rules = f"{RULES_VERSION}/{names}"

    def redact_text(self, text: str, placeholders: Placeholders | None = None, *, tenant_id: str = "") -> str:
        """A single text, such as a comment, redacted by the tenant's policy or the placeholders' own."""
        placeholders = placeholders or Placeholders(self.policies.of(tenant_id))
        text = storable(text)
        found = self.find([text], placeholders.tenant.policy)
        return Replacement({text: found[0]}, placeholders, self.known).text(text)

    def redact_texts(self, texts: Iterable[str], tenant_id: str) -> list[str]:
        """Many texts that have nothing to do with each other, ``_AT_ONCE`` searched together."""
        tenant = self.policies.of(tenant_id)
        hidden: list[str] = []
        for some in portions(map(storable, texts), _AT_ONCE):
            found = self.find(some, tenant.policy) if tenant.policy.hides else [[] for _ in some]
            for text, findings in zip(some, found, strict=True):
                hidden.append(Replacement({text: findings}, Placeholders(tenant), self.known).text(text))
        return hidden

    def hides(self, tenant_id: str) -> bool:
        """Whether the tenant's policy hides anything."""
        return self.policies.of(tenant_id).policy.hides

    def redact_run(self, records: list[SpanRecord], memories: Memories | None = None) -> None:
        """Redact the spans of one run in place; texts that repeat are searched once.

        ``memories`` holds what is known of runs whose spans come piece by piece.
        """
        for tenant_id, own in _by_tenant(records).items():
            tenant = self.policies.of(tenant_id)
            if memories is None or not tenant.policy.hides:
                self._redact(own, tenant, Memory(Placeholders(tenant)))
                continue
            with memories.of(tenant, tenant_id, records[0].trace_id) as memory:
                self._redact(own, tenant, memory)

    def redact_runs(self, runs: list[list[SpanRecord]]) -> None:
        """Redact the spans of several runs in place, each run by itself, but search their texts together.

        It may fail for all where one cannot be redacted; what was changed until then may be redacted once more.
        """
        for tenant_id in {record.tenant_id: None for records in runs for record in records}:
            tenant = self.policies.of(tenant_id)
            own = [[record for record in records if record.tenant_id == tenant_id] for records in runs]
            texts = [_texts_of(records) if tenant.policy.hides else {} for records in own]
            every = list({text: None for each in texts for text in each})
            found = dict(zip(every, self.find(every, tenant.policy), strict=True)) if every else {}
            for records, each in zip(own, texts, strict=True):
                self._replace(records, tenant, Memory(Placeholders(tenant), found), each)

    def _redact(self, records: list[SpanRecord], tenant: TenantPolicy, memory: Memory) -> None:
        texts = _texts_of(records) if tenant.policy.hides else {}
        new = [text for text in texts if text not in memory.found]
        if new:
            memory.learn(new, self.find(new, tenant.policy))
        self._replace(records, tenant, memory, texts)

    def _replace(
        self, records: list[SpanRecord], tenant: TenantPolicy, memory: Memory, texts: dict[str, None]
    ) -> None:
        """Replace what ``memory`` knows to be in ``texts``, which are all that the records have."""
        found = {text: memory.found[text] for text in texts}
        for record in records:
            record.redaction_policy = f"{self.rules}@{tenant.version}"
            record.redactions = {}
        if not memory.placeholders.by_value and not any(found.values()):
            return
        replacement = Replacement(found, memory.placeholders, self.known)
        for record in records:
            replacement.counts.clear()
            before = replacement.total
            visit_record(record, replacement.text)
            record.redactions = dict(replacement.counts)
            if replacement.total != before:
                for name in c.TOKEN_ATTRIBUTES:
                    record.attributes.pop(name, None)

    def find(self, texts: list[str], policy: RedactionPolicy) -> list[list[Finding]]:
        """What counts under the policy in each text, by position; what it keeps is there too."""
        masked = [_without_placeholders(text) for text in texts]
        apart = {
            number: composed(text)
            for number, text in enumerate(masked)
            if not (text.isascii() or is_composed(text))
        }
        for number, (text, _) in apart.items():
            masked[number] = text
        by_detector = [detector.find(masked) for detector in self.detectors]
        by_detector.append(find_national(masked, policy.named_kinds))
        by_detector.append(find_peoples(masked, policy.named_kinds))
        for number, text in enumerate(masked):
            if text[:1] == MARK:
                lead = lead_of(text)
                for found in by_detector:
                    found[number] = [finding for finding in found[number] if finding.start >= lead]
        resolved = [
            resolve(policy.apply(text, (finding for one in found for finding in one)), text)
            for text, *found in zip(masked, *by_detector, strict=True)
        ]
        for number, (_, places) in apart.items():
            resolved[number] = [
                f._replace(start=places[f.start], end=places[f.end]) for f in resolved[number]
            ]
        return resolved


def _by_tenant(records: list[SpanRecord]) -> dict[str, list[SpanRecord]]:
    owned: dict[str, list[SpanRecord]] = {}
    for record in records:
        owned.setdefault(record.tenant_id, []).append(record)
    return owned


def _texts_of(records: list[SpanRecord]) -> dict[str, None]:
    """Every text of the records, each once, in order; what no store takes is replaced in them meanwhile."""
    texts: dict[str, None] = {}

    def note(text: str) -> str:
        texts.setdefault(text)
        return text

    for record in records:
        visit_record(record, note)
    return texts


def _without_placeholders(text: str) -> str:
    """The text with blanks where placeholders are, so that they are not taken for values, and of blanks one kind."""
    if not text.isascii() and _BLANK.search(text):
        text = _BLANK.sub(" ", text)
    return PLACEHOLDER.sub(lambda match: " " * len(match[0]), text) if "<" in text else text


def default_redactor(policies: Policies | None = None) -> Redactor:
    """The redactor with all of Whorl's detectors."""
    names = NameDetector()
    return Redactor([PatternDetector(), names], policies, names.tagger)


class Replacement:
    """Replaces findings, then every further occurrence of a value found anywhere in the run.

    But ordinary words in small letters are no name for being taken for one in another place.
    """

    def __init__(
        self, found: dict[str, list[Finding]], placeholders: Placeholders, known: Known | None = None
    ) -> None:
        operator = placeholders.tenant.policy.operator
        self._found = {
            text: [finding for finding in findings if operator(finding.kind) != "keep"]
            for text, findings in found.items()
        }
        self._placeholders, self._words = placeholders, known
        self.counts: Counter[str] = Counter()
        self.total = 0
        for text, findings in self._found.items():
            for finding in findings:
                placeholders.of(text[finding.start : finding.end], finding.kind)
        shared = [value for value in placeholders.by_value if len(value) >= _MIN_SHARED]
        self._known = any_of(shared) if shared else None
        self._done: dict[str, tuple[str, Counter[str]]] = {}

    def text(self, text: str) -> str:
        """The text with its values replaced."""
        if text not in self._done:
            self._done[text] = self._replace(text)
        replaced, counts = self._done[text]
        self.counts.update(counts)
        self.total += counts.total()
        return replaced

    def _replace(self, text: str) -> tuple[str, Counter[str]]:
        counts: Counter[str] = Counter()
        pieces, at = [], 0
        for start, end, kind, _ in self._found.get(text, []):
            pieces += [self._rest(text[at:start], counts), self._placeholders.of(text[start:end], kind).text]
            counts[kind] += 1
            at = end
        pieces.append(self._rest(text[at:], counts))
        return "".join(pieces), counts

    def _rest(self, text: str, counts: Counter[str]) -> str:
        if self._known is None or not text:
            return text

        def replace(match: re.Match[str]) -> str:
            if self._is_ordinary(match[0]):
                return match[0]
            hidden = self._placeholders.of(match[0], "UNKNOWN")
            counts[hidden.kind] += 1
            return hidden.text

        return self._known.sub(replace, text)

    def _is_ordinary(self, value: str) -> bool:
        """Whether a value that is found elsewhere is nothing but ordinary words here, in small letters."""
        return self._words is not None and value.islower() and all(map(self._words.is_word, value.split()))
