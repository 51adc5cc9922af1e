"""Verifiers: what may pay reward. Importing the package registers all of them."""

from . import choices, code, form, numbers, outcome, text

__all__ = ["choices", "code", "form", "numbers", "outcome", "text"]
