"""The reranker that a setting names."""

from ..highlight import Words
from .base import Reranker
from .cross_encoder import CrossEncoderReranker
from .identity import IdentityReranker
from .late_interaction import LateInteractionReranker


def choose_reranker(name: str, words: Words, *, device: str | None = None) -> Reranker:
    """``late-interaction``, ``identity``, or a cross-encoder folder or hub id."""
    if name == "late-interaction":
        return LateInteractionReranker(words)
    if name == "identity":
        return IdentityReranker()
    return CrossEncoderReranker(name, device=device)
