"""What this release's redaction was measured to find; written by ``make bench-redaction``."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

MEASURED = Path(__file__).with_name("measured.json")


class KindMeasured(BaseModel):
    """Of ``words`` words in values of a kind, the share that is hidden, as whatever kind."""

    model_config = ConfigDict(frozen=True)

    kind: str
    words: int
    recall: float


class SetMeasured(BaseModel):
    """A labelled set of ``texts`` texts: each kind's recall, and recall, precision and F2 over all."""

    model_config = ConfigDict(frozen=True)

    name: str
    texts: int
    kinds: tuple[KindMeasured, ...]
    recall: float
    precision: float
    f2: float


class Measured(BaseModel):
    """Measurements of one day, with the rules that were measured."""

    model_config = ConfigDict(frozen=True)

    date: str
    rules: str
    sets: tuple[SetMeasured, ...]


def measured() -> Measured:
    """The measurements shipped with this release."""
    return Measured.model_validate_json(MEASURED.read_text(encoding="utf-8"))
