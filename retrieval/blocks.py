"""The blocks of a Markdown or plain text: paragraphs, lists, code and tables under their headings."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .sentences import Span, split_sentences

Markup = Literal["markdown", "plain"]
Kind = Literal["paragraph", "list", "code", "table", "heading"]

_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(.+?)[ \t]*#*[ \t]*$")
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_TABLE = re.compile(r"[ \t]*\|")
_ITEM = re.compile(r"[ \t]*(?:[-*+•]|\d{1,3}[.)])[ \t]+\S")


@dataclass(frozen=True)
class Block:
    """``text[start:end]``; ``heading`` is the path of headings above it, outermost first."""

    kind: Kind
    start: int
    end: int
    heading: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Line:
    start: int
    end: int
    text: str


def split_blocks(text: str, markup: Markup = "markdown") -> list[Block]:
    """Blocks in order, covering every visible character except headings that have text below.

    >>> [(b.kind, b.heading) for b in split_blocks("# A\\n\\nSome text.\\n\\n- one\\n- two")]
    [('paragraph', ('A',)), ('list', ('A',))]
    """
    return _without_used_headings(list(_scan(_lines(text), markup)))


def split_units(text: str, block: Block) -> list[Span]:
    """The parts a too long block may be cut between: lines of code and tables, else sentences."""
    if block.kind in ("code", "table"):
        lines = _lines(text[block.start : block.end])
        return [Span(block.start + line.start, block.start + line.end) for line in lines if line.text.strip()]
    return [
        Span(block.start + span.start, block.start + span.end)
        for span in split_sentences(text[block.start : block.end])
    ]


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position = 0
    for raw in text.splitlines(keepends=True):
        content = raw.rstrip("\r\n\v\f\x1c\x1d\x1e\x85\u2028\u2029")
        lines.append(_Line(position, position + len(content), content))
        position += len(raw)
    return lines


def _scan(lines: list[_Line], markup: Markup) -> Iterator[Block]:
    path: list[tuple[int, str]] = []
    at = 0
    while at < len(lines):
        line = lines[at]
        if not line.text.strip():
            at += 1
            continue
        heading = _HEADING.match(line.text) if markup == "markdown" else None
        if heading:
            level = len(heading.group(1))
            path = [entry for entry in path if entry[0] < level]
            names = tuple(name for _, name in path)
            path.append((level, heading.group(2)))
            yield _block("heading", lines[at : at + 1], names)
            at += 1
            continue
        kind, end = _extent(lines, at, markup)
        yield _block(kind, lines[at:end], tuple(name for _, name in path))
        at = end


def _extent(lines: list[_Line], at: int, markup: Markup) -> tuple[Kind, int]:
    """The kind of the block that starts at line ``at``, and the line after its last."""
    fence = _FENCE.match(lines[at].text) if markup == "markdown" else None
    if fence:
        closing = fence.group(1)
        for end in range(at + 1, len(lines)):
            if lines[end].text.strip().startswith(closing):
                return "code", end + 1
        return "code", len(lines)
    kind: Kind = "paragraph"
    if _TABLE.match(lines[at].text):
        kind = "table"
    if _ITEM.match(lines[at].text):
        kind = "list"
    end = at + 1
    while end < len(lines) and _continues(lines[end].text, kind, markup):
        end += 1
    return kind, end


def _continues(text: str, kind: Kind, markup: Markup) -> bool:
    if not text.strip():
        return False
    if markup == "markdown" and (_HEADING.match(text) or _FENCE.match(text)):
        return False
    if kind == "paragraph":
        return not (_TABLE.match(text) or _ITEM.match(text))
    return kind == "list" or bool(_TABLE.match(text))


def _block(kind: Kind, lines: list[_Line], heading: tuple[str, ...]) -> Block:
    start, end = lines[0].start, lines[-1].end
    first, last = lines[0].text, lines[-1].text
    if kind != "code":  # the indentation of code is part of it
        start += len(first) - len(first.lstrip())
    return Block(kind, start, end - (len(last) - len(last.rstrip())), heading)


def _without_used_headings(blocks: list[Block]) -> list[Block]:
    """Drop headings that the blocks below them carry; one with nothing below stays as text."""
    kept: list[Block] = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=False):
        below = following is not None and len(following.heading) > len(block.heading)
        if block.kind != "heading" or not below:
            kept.append(block)
    return kept
