"""LLM-as-judge: judges, verdicts in both orders, and how far each judge can be believed."""

from . import model, reference, scripted

__all__ = ["model", "reference", "scripted"]
