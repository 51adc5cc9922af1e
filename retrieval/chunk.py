"""Cut a document into chunks that fit the embedder, along its structure, with exact offsets."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..platform.errors import InputError
from .blocks import Markup, split_blocks, split_units
from .sentences import Span

CountTokens = Callable[[Sequence[str]], list[int]]

# A word-piece tokenizer counts a long run without spaces as one token; this bounds such runs.
_CHARACTERS_PER_TOKEN = 16


@dataclass(frozen=True)
class ChunkRules:
    """Tokens of a chunk at most, and tokens repeated from the chunk before within a section."""

    limit: int = 200
    overlap: int = 40

    def __post_init__(self) -> None:
        if self.limit < 8:
            raise InputError(f"A chunk limit of {self.limit} tokens is too small; use 8 or more.")
        if not 0 <= self.overlap <= self.limit // 2:
            raise InputError(
                f"An overlap of {self.overlap} tokens does not suit chunks of {self.limit}; "
                f"use 0 to {self.limit // 2}."
            )


@dataclass(frozen=True)
class Chunk:
    """``document.text[start:end] == text``; ``heading`` is like ``Guide > Install``."""

    ordinal: int
    start: int
    end: int
    text: str
    heading: str


@dataclass(frozen=True)
class _Unit:
    """A span that is never cut, the tokens in it, and the block it belongs to."""

    start: int
    end: int
    tokens: int
    block: int
    heading: tuple[str, ...]


def chunk_text(
    text: str,
    count_tokens: CountTokens,
    rules: ChunkRules = ChunkRules(),
    markup: Markup = "markdown",
) -> list[Chunk]:
    """Chunks in order. A block stays whole where it fits; a chunk never crosses a heading."""
    chunks: list[Chunk] = []
    for heading, units in groupby(_units(text, count_tokens, rules, markup), key=lambda unit: unit.heading):
        for span in _pack(list(units), rules):
            chunk = text[span.start : span.end]
            chunks.append(Chunk(len(chunks), span.start, span.end, chunk, " > ".join(heading)))
    return chunks


def _units(text: str, count: CountTokens, rules: ChunkRules, markup: Markup) -> list[_Unit]:
    placed = [
        (piece, number, block.heading)
        for number, block in enumerate(split_blocks(text, markup))
        for span in split_units(text, block)
        for piece in _short(text, span, rules.limit * _CHARACTERS_PER_TOKEN)
    ]
    tokens = count([text[span.start : span.end] for span, _, _ in placed])
    units: list[_Unit] = []
    for (span, number, heading), size in zip(placed, tokens, strict=True):
        for piece, share in _fit(text, span, size, count, rules.limit):
            least = -(-(piece.end - piece.start) // _CHARACTERS_PER_TOKEN)
            units.append(_Unit(piece.start, piece.end, max(share, least), number, heading))
    return units


def _short(text: str, span: Span, limit: int) -> Iterator[Span]:
    """``span`` in pieces of at most ``limit`` characters, cut at a space where there is one."""
    start = span.start
    while span.end - start > limit:
        space = text.rfind(" ", start + limit // 2, start + limit)
        end = space if space > 0 else start + limit
        yield Span(start, end)
        start = end + 1 if space > 0 else end
    if start < span.end:
        yield Span(start, span.end)


def _fit(text: str, span: Span, tokens: int, count: CountTokens, limit: int) -> Iterator[tuple[Span, int]]:
    """``span`` in pieces of at most ``limit`` tokens, halved by characters until each fits."""
    if tokens <= limit or span.end - span.start < 2:
        yield span, tokens
        return
    halves = list(_short(text, span, (span.end - span.start + 1) // 2))
    for half, size in zip(halves, count([text[a:b] for a, b in halves]), strict=True):
        yield from _fit(text, half, size, count, limit)


def _pack(units: list[_Unit], rules: ChunkRules) -> Iterator[Span]:
    """Fill chunks with blocks, and cut a block that no chunk can hold into even parts."""
    open_units: list[_Unit] = []
    for _, members in groupby(units, key=lambda unit: unit.block):
        block = list(members)
        size = sum(unit.tokens for unit in block)
        if open_units and _tokens(open_units) + size > rules.limit:
            yield _span(open_units)
            open_units = _tail(open_units, min(rules.overlap, rules.limit - size))
        if size <= rules.limit:
            open_units.extend(block)
            continue
        parts = -(-size // (rules.limit - rules.overlap))
        target = min(rules.limit, size / parts + rules.overlap)
        for unit in block:
            if open_units and _tokens(open_units) + unit.tokens > target:
                yield _span(open_units)
                open_units = _tail(open_units, min(rules.overlap, rules.limit - unit.tokens))
            open_units.append(unit)
    if open_units:
        yield _span(open_units)


def _tail(units: list[_Unit], room: int) -> list[_Unit]:
    """The last units of a closed chunk that fit in ``room`` tokens; never all of it."""
    kept = len(units)
    while kept > 1 and units[kept - 1].tokens <= room:
        kept -= 1
        room -= units[kept].tokens
    return units[kept:]


def _tokens(units: list[_Unit]) -> int:
    return sum(unit.tokens for unit in units)


def _span(units: list[_Unit]) -> Span:
    return Span(units[0].start, units[-1].end)
