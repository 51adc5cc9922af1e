"""A loaded document to its stored form: chunks, vectors, sentence vectors. No storage here."""

import hashlib
import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict

from .chunk import Chunk, ChunkRules, chunk_text
from .embed.base import Embedder
from .load.base import LoadedDocument
from .sentence_vectors import group_by_sentence
from .store import IndexRow, StoredChunk, StoredDocument

_BATCH = 64  # chunks embedded at a time, so that a long document needs bounded memory


def document_id(collection_id: uuid.UUID, source: str) -> uuid.UUID:
    """The same source in the same collection is the same document."""
    return uuid.uuid5(collection_id, source)


def store_form(
    collection_id: uuid.UUID, loaded: LoadedDocument, embedder: Embedder, rules: ChunkRules
) -> StoredDocument:
    """The document to store, with the hash that tells whether its chunks must be made anew."""
    depends = {**asdict(loaded), "rules": asdict(rules), "embedder": embedder.name}
    return StoredDocument(
        id=document_id(collection_id, loaded.source),
        source=loaded.source,
        title=loaded.title,
        text=loaded.text,
        media_type=loaded.media_type,
        markup=loaded.markup,
        metadata=dict(loaded.metadata),
        content_hash=hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest(),
    )


def make_chunks(document: StoredDocument, embedder: Embedder, rules: ChunkRules) -> list[StoredChunk]:
    """Chunks with their vectors. A chunk is embedded below its title and heading."""
    chunks = chunk_text(document.text, embedder.count_tokens, rules, document.markup)
    made: list[StoredChunk] = []
    for at in range(0, len(chunks), _BATCH):
        made.extend(_embed(document, chunks[at : at + _BATCH], embedder))
    return made


def _embed(document: StoredDocument, chunks: Sequence[Chunk], embedder: Embedder) -> list[StoredChunk]:
    heads = [context(document.title, chunk.heading) for chunk in chunks]
    tokens = embedder.embed_tokens([head + chunk.text for head, chunk in zip(heads, chunks, strict=True)])
    return [
        StoredChunk(
            row=IndexRow(
                id=chunk_id(document, chunk.ordinal),
                document_id=document.id,
                title=document.title,
                heading=chunk.heading,
                text=chunk.text,
                metadata=document.metadata,
                vector=vectors.pooled,
            ),
            source=document.source,
            ordinal=chunk.ordinal,
            start=chunk.start,
            end=chunk.end,
            sentences=group_by_sentence(chunk.text, vectors, len(head)).to_bytes(),
        )
        for head, chunk, vectors in zip(heads, chunks, tokens, strict=True)
    ]


def context(title: str, heading: str) -> str:
    """The lines above a chunk's text wherever it is embedded or indexed.

    Cut to a length that leaves the text its room in the embedder's window.
    """
    lines = [" ".join(line.split())[:160] for line in (title, heading)]
    return "".join(f"{line}\n" for line in dict.fromkeys(lines) if line)


def chunk_id(document: StoredDocument, ordinal: int) -> int:
    """A positive int64 that names this chunk of this content: old ones are never reused."""
    name = f"{document.id}/{document.content_hash}/{ordinal}".encode()
    return int.from_bytes(hashlib.sha256(name).digest()[:8], "big") >> 1
