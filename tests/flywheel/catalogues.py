"""Compiled catalogues of gettext, https://www.gnu.org/software/gettext/manual/html_node/MO-Files.html."""

import struct
from pathlib import Path


def write_messages(root: Path, language: str, told: dict[str, str]) -> None:
    """The messages of a program and their translation, as its package carries them."""
    folder = root / "locale" / language / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "django.mo").write_bytes(_catalogue({"": "Content-Type: text/plain; charset=UTF-8\n", **told}))


def _catalogue(pairs: dict[str, str]) -> bytes:
    texts = [text.encode() for column in zip(*sorted(pairs.items()), strict=True) for text in column]
    start, tables, body = 28 + 8 * len(texts), b"", b""
    for text in texts:
        tables += struct.pack("<II", len(text), start + len(body))
        body += text + b"\0"
    count = len(pairs)
    return struct.pack("<IIIIIII", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0) + tables + body
