"""A plain Presidio analyzer, as fast as it can be here.

presidio-analyzer's AnalyzerEngine with its default English recognizers, over a blank spaCy pipeline
(tokens only): no model of spaCy's can be downloaded here. So it finds no names, and it is faster
than Presidio as installed, which runs spaCy's en_core_web_lg on every text. tldextract uses the
suffix list in its package.
"""

import logging
from typing import Any

from whorl.platform.telemetry.redaction.base import Finding

NAME = "presidio-analyzer, default recognizers, blank spaCy pipeline (no names)"


def plain_analyzer() -> Any:
    """The analyzer, ready to use."""
    import spacy
    import tldextract
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class BlankEngine(SpacyNlpEngine):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__(models=[{"lang_code": "en", "model_name": "blank"}])
            self.nlp = {"en": spacy.blank("en")}

        def load(self) -> None:
            """The pipeline is there already."""

    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(
        suffix_list_urls=(), cache_dir=None
    )
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=BlankEngine(), supported_languages=["en"])


def find(analyzer: Any, texts: list[str]) -> list[list[Finding]]:
    """The analyzer's findings of each text."""
    return [
        [
            Finding(r.start, r.end, r.entity_type, r.score)
            for r in analyzer.analyze(text, language="en")
            if r.entity_type != "URL"
        ]
        for text in texts
    ]
