"""Questions that the handbook of Halden does not answer, which is what the agent should say."""

import random
from typing import NamedTuple

from .facts import CITIES, POLICIES, SEED, TEAMS, products


class Unanswered(NamedTuple):
    """A question and what it asks about; questions about one thing are learnt from or measured on together."""

    question: str
    about: str


# What is never told of a product, an office, a team and a policy.
_UNTOLD: dict[str, tuple[str, ...]] = {
    "products": (
        "Who designed the {e}?", "Which colour is the {e}?", "Where is the {e} assembled?", "How loud is the {e}?",
        "Which software version runs on the {e}?", "How many of the {e} were sold last year?",
        "How long is the cable of the {e}?", "Which customers use the {e}?", "How tall is the {e}?",
    ),
    "offices": (
        "Who cleans the {e} office?", "How many windows does the {e} office have?", "What is the rent of the {e} office?",
        "Which artist decorated the {e} office?", "How far is the {e} office from the airport?",
        "Which bank is next to the {e} office?", "How many people visited the {e} office last year?",
        "Which alarm system protects the {e} office?",
    ),
    "teams": (
        "How many people work in the {e} team?", "When was the {e} team founded?",
        "Who led the {e} team before?", "What is the telephone number of the {e} team?", "Which printer does the {e} team use?",
        "How old is the lead of the {e} team?", "Where did the {e} team celebrate last summer?",
    ),
    "policies": (
        "Who wrote the rules for {e}?", "How many people asked for {e} last year?", "Since when are there rules for {e}?",
        "In which country may {e} not be used?", "How often may one ask for {e}?", "Which form is needed for {e}?",
    ),
}  # fmt: skip
EACH = 2


def draw_unanswered() -> list[Unanswered]:
    """``EACH`` questions about everything that is never told, in a fixed order."""
    draw = random.Random(SEED + 3)
    entities = {
        "products": products(),
        "offices": list(CITIES),
        "teams": list(TEAMS),
        "policies": list(POLICIES),
    }
    return [
        Unanswered(form.format(e=entity), form)
        for page, forms in _UNTOLD.items()
        for form in forms
        for entity in draw.sample(entities[page], EACH)
    ]
