"""The style sheet's colours can be read (WCAG 2.2 AA), in light and in dark."""

import re
from pathlib import Path

import pytest

import whorl.ui.frame

CSS = (Path(whorl.ui.frame.__file__).parent / "static" / "app.css").read_text()
# Text on ground: 4.5; lines that say where a control is: 3.
TEXT = [
    ("ink", "ground"), ("ink", "surface"), ("ink", "sunken"), ("muted", "ground"), ("muted", "surface"),
    ("muted", "sunken"), ("accent", "ground"), ("accent", "surface"), ("accent", "tint"),
    ("accent-ink", "accent"), ("ink", "tint"), ("bad", "bad-tint"), ("bad", "surface"), ("good", "ground"),
    ("warn", "ground"), ("mark-ink", "mark"),
]  # fmt: skip
LINES = [
    ("edge", "surface"),
    ("edge", "ground"),
    ("accent", "ground"),
    ("chat", "sunken"),
    ("tool", "sunken"),
]


def colours(scheme: str) -> dict[str, str]:
    roots = re.findall(r":root \{(.*?)\n\s*\}", CSS, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", root)) for root in roots[:2])
    return light if scheme == "light" else {**light, **dark}


def luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(a: str, b: str) -> float:
    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_contrast(scheme: str) -> None:
    found = colours(scheme)
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    for pairs, least in ((TEXT, 4.5), (LINES, 3.0)):
        for front, back in pairs:
            assert contrast(found[front], found[back]) >= least, (scheme, front, back)
