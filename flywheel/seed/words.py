"""Words that generated dialogues name things with: nouns of a dictionary where one is installed."""

from dataclasses import dataclass
from random import Random

# For machines without the dictionary.
COMMON = (
    "soil", "river basin", "fabric", "engine", "harvest", "orchard", "filter", "tenant", "voltage", "species", "ledger",
    "parish", "mineral", "verse", "shelf", "ferment", "drill", "glaze", "hull", "auction", "wage", "tariff", "scarf",
)  # fmt: skip


@dataclass(frozen=True)
class Words:
    """Nouns with their definitions (which may be empty), and sentences."""

    lemmas: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]

    def lemma(self, rng: Random) -> tuple[str, str]:
        return rng.choice(self.lemmas)

    def sentence(self, rng: Random) -> str:
        return rng.choice(self.sentences)


PLAIN = Words(tuple((word, "") for word in COMMON), ("Values are checked before they are used.",))


def is_name(word: str) -> bool:
    """Whether a noun can name a parameter: one or two short words of plain letters.

    >>> is_name("river basin"), is_name("St. Louis"), is_name("acetylsalicylic acid ester")
    (True, False, False)
    """
    parts = word.split()
    return len(parts) <= 2 and all(
        p.isascii() and p.isalpha() and p.islower() and len(p) <= 12 for p in parts
    )
