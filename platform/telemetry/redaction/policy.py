"""What a tenant wants hidden, and how. Policies never change: a change is a new version."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, NamedTuple, Protocol

import regex
from pydantic import BaseModel, ConfigDict, Field, field_validator

from .base import Finding

# ``replace`` by a placeholder, ``mask`` by asterisks, ``hash`` by a keyed digest that is the same in
# all of a tenant's runs; ``keep`` finds and leaves, ``off`` does not look.
Operator = Literal["replace", "mask", "hash", "keep", "off"]
Kind = Annotated[str, Field(pattern=r"^[A-Z][A-Z_]{1,38}[A-Z]$")]
# Found in nearly every text, and nobody's by themselves.
_KEPT: dict[str, Operator] = {"URL": "keep", "TITLE": "keep"}
_CUSTOM_SCORE = 1.0
# The kind of what a policy always hides.
DENIED = "DENIED"
# Seconds that a tenant's own expressions may take for one text.
_PATIENCE = 0.5


class CustomPattern(BaseModel):
    """An expression (Python's syntax) whose matches are of ``kind``.

    >>> CustomPattern(kind="CONTRACT", pattern=r"C-[0-9]{6}").kind
    'CONTRACT'
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    pattern: str = Field(min_length=1, max_length=500)

    @field_validator("pattern")
    @classmethod
    def _compiles(cls, pattern: str) -> str:
        try:
            matches_nothing = regex.compile(pattern).search("", timeout=_PATIENCE)
        except regex.error as error:
            raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error
        if matches_nothing:
            raise ValueError(f"{pattern!r} matches an empty text, so it would match everywhere")
        return pattern


class RedactionPolicy(BaseModel):
    """Operators by kind, what is never hidden, what always is, and a tenant's own expressions.

    A kind without an operator has ``default``, except that URL and TITLE are kept. ``allow`` and
    ``deny`` hold whole values; case and runs of blanks do not matter. What is denied is of the kind
    DENIED.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operators: dict[Kind, Operator] = Field(default_factory=dict)
    default: Operator = "replace"
    allow: tuple[Annotated[str, Field(min_length=1, max_length=500)], ...] = Field((), max_length=10_000)
    deny: tuple[Annotated[str, Field(min_length=2, max_length=500)], ...] = Field((), max_length=10_000)
    patterns: tuple[CustomPattern, ...] = Field((), max_length=100)

    @property
    def named_kinds(self) -> tuple[str, ...]:
        """Kinds that have an operator of their own and are looked for."""
        return tuple(kind for kind, operator in self.operators.items() if operator != "off")

    @cached_property
    def hides(self) -> bool:
        """Whether anything at all is hidden under the policy."""
        used = {self.default, *self.operators.values()}
        return bool(used - {"off", "keep"})

    @property
    def hashes(self) -> bool:
        """Whether values of any kind are hashed under the policy."""
        return "hash" in {self.default, *self.operators.values()}

    def operator(self, kind: str) -> Operator:
        """What is done with values of a kind."""
        return self._chosen.get(kind, self.default)

    @cached_property
    def _chosen(self) -> dict[str, Operator]:
        """Operators of the kinds that have not the default."""
        return {**(_KEPT if self.default != "off" else {}), **self.operators}

    def apply(self, text: str, findings: Iterable[Finding]) -> list[Finding]:
        """Findings that count under the policy: without those off or allowed, with its own."""
        counted = []
        for finding in (*findings, *self._own(text)):
            start, end, kind, score = finding
            operator = self.operator(kind)
            if operator == "off" or (self.allow and folded(text[start:end]) in self._allowed):
                continue
            # What is hidden goes before what is kept, or a kept address would show the name in it.
            counted.append(Finding(start, end, kind, score / 10) if operator == "keep" else finding)
        return counted

    @cached_property
    def _allowed(self) -> frozenset[str]:
        return frozenset(folded(value) for value in self.allow)

    def _own(self, text: str) -> list[Finding]:
        """Matches of the policy's own expressions and denied values; raises TimeoutError."""
        if not self.patterns and not self.deny:
            return []
        found = [
            Finding(match.start(), match.end(), pattern.kind, _CUSTOM_SCORE)
            for pattern in self.patterns
            for match in regex.finditer(pattern.pattern, text, timeout=_PATIENCE)
            if match.end() > match.start()
        ]
        if self.deny:
            found += [
                Finding(*match.span(), DENIED, _CUSTOM_SCORE)
                for match in any_of(filter(str.strip, self.deny)).finditer(text)
                if match.end() > match.start()
            ]
        return found


class TenantPolicy(NamedTuple):
    """A tenant's policy with its version, 0 where none was ever stored, and the key of ``hash``."""

    policy: RedactionPolicy
    version: int = 0
    hash_key: bytes = b""


class Policies(Protocol):
    """Knows every tenant's policy."""

    def of(self, tenant_id: str) -> TenantPolicy:
        """The tenant's policy in force."""

    def knows(self, tenant_id: str) -> bool:
        """Whether the tenant's policy is known without asking anybody."""


class DefaultPolicies:
    """The default policy for every tenant; the fake of :class:`Policies`."""

    def of(self, tenant_id: str) -> TenantPolicy:
        """The default, whoever asks."""
        return TenantPolicy(RedactionPolicy())

    def knows(self, tenant_id: str) -> bool:
        """Always."""
        return True


def folded(value: str) -> str:
    """A value without what does not distinguish it: case and runs of blanks."""
    return " ".join(value.casefold().split())


def any_of(values: Iterable[str]) -> re.Pattern[str]:
    """An expression for whole values, the longest first, whatever blanks and case they are written in."""
    words = [r"\s+".join(map(re.escape, value.split())) for value in sorted(values, key=len, reverse=True)]
    return re.compile(rf"(?<!\w)(?:{'|'.join(words)})(?!\w)", re.IGNORECASE)
