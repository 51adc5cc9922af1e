"""Screening: instructions to the model, secrets and hidden payloads in what tools and retrieval return."""

from .base import SCREENS, Finding, Screen, make_screen, screen
from .screener import Screener, Verdict, default_screener, screen_text, version

__all__ = [
    "SCREENS", "Finding", "Screen", "Screener", "Verdict", "default_screener", "make_screen", "screen", "screen_text", "version",
]  # fmt: skip
