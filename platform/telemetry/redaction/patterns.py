"""Presidio's pattern recognizers, without its language model and without the network."""

import re
from functools import cached_property
from typing import Any

import tldextract
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    CreditCardRecognizer,
    CryptoRecognizer,
    EmailRecognizer,
    IbanRecognizer,
    IpRecognizer,
    PhoneRecognizer,
    UsSsnRecognizer,
)

from .base import Finding

# Every recognizer below needs one of these in the text; most texts have neither.
_WORTH_A_LOOK = re.compile(r"[@\d]|(?:[A-Fa-f0-9]{0,4}:){2,}")
_PHONE_REGIONS = ("US", "GB", "DE", "FR", "IN", "ES", "IT", "CA", "AU", "IL")
MIN_SCORE = 0.35


class _OfflineEmail(EmailRecognizer):  # type: ignore[misc]
    """Checks the domain against the suffix list in tldextract's package, never a fetched one."""

    _extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

    def validate_result(self, pattern_text: str) -> bool:
        """Whether the domain ends in a public suffix; other well-formed addresses count too."""
        domain = pattern_text.rsplit("@", 1)[-1]
        return bool(self._extract(domain).fqdn) or "." in domain


_SECRETS = PatternRecognizer(
    supported_entity="SECRET",
    name="SecretRecognizer",
    patterns=[
        Pattern("prefixed key", r"\b(?:sk|pk|rk|ghp|gho|xox[abp]|whorl|AKIA)[-_A-Za-z0-9]{16,}", 0.9),
        Pattern("bearer", r"(?<=[Bb]earer )[-._~+/A-Za-z0-9]{16,}=*", 0.8),
    ],
)
_SSN_WITH_HYPHENS = PatternRecognizer(
    supported_entity="US_SSN",
    name="HyphenatedSsnRecognizer",
    patterns=[Pattern("ssn", r"\b(?!000|666|9\d\d)\d{3}-(?!00)\d{2}-(?!0000)\d{4}\b", 0.7)],
)
_GROUPED_PHONE = PatternRecognizer(
    supported_entity="PHONE_NUMBER",
    name="GroupedPhoneRecognizer",
    patterns=[
        Pattern("groups", r"(?<![\w.,-])\+?\(?\d{2,4}\)?(?:[ .-]\d{2,4}){2,4}(?![\w,-]|\.\d)", 0.4),
        Pattern(
            "after a cue",
            r"(?i)(?<=\bphone )\+?\d{7,15}\b|(?<=\btel )\+?\d{7,15}\b|(?<=\bcall )\+?\d{7,15}\b",
            0.5,
        ),
    ],
)


class PatternDetector:
    """E-mail, card, phone, IBAN, US social security number, IP address, wallet, and secret keys."""

    name = "presidio-patterns"

    @cached_property
    def _recognizers(self) -> list[EntityRecognizer]:
        return [
            _OfflineEmail(),
            CreditCardRecognizer(),
            IbanRecognizer(),
            PhoneRecognizer(supported_regions=_PHONE_REGIONS, leniency=1),
            UsSsnRecognizer(),
            IpRecognizer(),
            CryptoRecognizer(),
            _SSN_WITH_HYPHENS,
            _GROUPED_PHONE,
            _SECRETS,
        ]

    def find(self, texts: list[str]) -> list[list[Finding]]:
        """Findings of each text; see :class:`Detector`."""
        return [self._find(text) if _WORTH_A_LOOK.search(text) else [] for text in texts]

    def _find(self, text: str) -> list[Finding]:
        findings: list[Finding] = []
        for recognizer in self._recognizers:
            results: list[Any] = recognizer.analyze(text, recognizer.supported_entities, None) or []
            findings += [
                Finding(r.start, r.end, r.entity_type, r.score) for r in results if r.score >= MIN_SCORE
            ]
        return findings
