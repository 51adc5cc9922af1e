"""Verifiers: what may pay reward. Importing the package registers all of them."""

from . import code, form, numbers, outcome, text

__all__ = ["code", "form", "numbers", "outcome", "text"]
