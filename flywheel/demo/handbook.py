"""The handbook as Markdown pages, one a product, office, team and policy."""

from itertools import groupby
from pathlib import Path

from .facts import Fact, draw_facts

_OPENINGS = {
    "Products": "This page is kept by the product office and changes with every price list.",
    "Offices": "Ask the reception when something on this page is out of date.",
    "Teams": "Every team keeps its own page; changes go through the team's lead.",
    "Policies": "The works council has agreed to this policy.",
}


def write_handbook(folder: Path) -> list[Path]:
    """Write the pages below ``folder`` and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for (page, entity), facts in groupby(draw_facts(), key=lambda fact: (fact.page, fact.entity)):
        path = folder / f"{page.lower()}-{entity.lower().replace(' ', '-')}.md"
        path.write_text(_page(page, entity, list(facts)), encoding="utf-8")
        paths.append(path)
    return paths


def _page(page: str, entity: str, facts: list[Fact]) -> str:
    heading = entity[0].upper() + entity[1:]
    body = "\n\n".join(fact.sentence for fact in facts)
    return f"# {heading}\n\n{body}\n\n{_OPENINGS[page]}\n"
