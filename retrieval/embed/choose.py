"""The embedder that a setting names."""

from .base import Embedder
from .hashing import HashingEmbedder
from .minilm import MiniLMEmbedder


def choose_embedder(name: str = "minilm", *, device: str | None = None) -> Embedder:
    """``minilm``, ``hashing``, or a sentence-transformers folder or hub id."""
    if name == "hashing":
        return HashingEmbedder()
    return MiniLMEmbedder(None if name == "minilm" else name, device=device)
