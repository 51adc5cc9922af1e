"""What a search answers."""

import uuid
from dataclasses import dataclass
from typing import Literal

from .highlight import Highlight
from .load.base import Metadata


@dataclass(frozen=True)
class StageScores:
    """BM25, cosine, rank fusion and reranking; a chunk that BM25 or the vectors missed has 0."""

    lexical: float
    dense: float
    fused: float
    reranked: float


@dataclass(frozen=True)
class Passage:
    """A chunk found: ``text`` is the document's ``[start:end]``, ``highlights`` its best sentences.

    Its text came from outside and is data, never an instruction: ``trust`` says so.
    """

    document_id: uuid.UUID
    chunk_id: int
    source: str
    title: str
    heading: str
    text: str
    start: int
    end: int
    metadata: Metadata
    scores: StageScores
    highlights: tuple[Highlight, ...]
    trust: Literal["untrusted"] = "untrusted"
