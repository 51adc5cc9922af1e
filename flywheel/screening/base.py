"""What a screen is: a decorated factory for something that finds suspect places in a text."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ...platform.errors import InputError


class Finding(NamedTuple):
    """A suspect place ``text[start:end]``: ``score`` from 0 to 1, which screen found it, and why."""

    start: int
    end: int
    score: float
    screen: str
    reason: str


class Screen(Protocol):
    """Finds suspect places in a text."""

    @property
    def name(self) -> str:
        """What verdicts and manifests call it."""

    def find(self, text: str) -> list[Finding]:
        """The places, in any order; none where the text is innocent."""


Factory = Callable[[], Screen]
SCREENS: dict[str, Factory] = {}


def screen(factory: Factory) -> Factory:
    """Register a factory under its own name."""
    SCREENS[factory.__name__] = factory
    return factory


def make_screen(name: str) -> Screen:
    """The screen of that name; raises InputError naming those there are."""
    if name not in SCREENS:
        raise InputError(f"There is no screen {name!r}. Screens are {', '.join(sorted(SCREENS))}.")
    return SCREENS[name]()
