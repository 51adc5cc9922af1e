"""Texts whose accents are written apart from their letters, as some systems name files: searched with both as one."""

import unicodedata


def is_composed(text: str) -> bool:
    """Whether each letter and its accents are one character, where there is one (Unicode's form NFC)."""
    return text.isascii() or unicodedata.is_normalized("NFC", text)


def composed(text: str) -> tuple[str, list[int]]:
    """The text in that form, and where each of its characters, and its end, stands in ``text``.

    >>> composed("e\\u0301a")
    ('éa', [0, 2, 3])
    """
    pieces: list[str] = []
    places: list[int] = []
    start = 0
    for at in range(1, len(text) + 1):
        if at < len(text) and unicodedata.combining(text[at]):
            continue
        piece = unicodedata.normalize("NFC", text[start:at])
        pieces.append(piece)
        places += [start] * len(piece)
        start = at
    return "".join(pieces), [*places, len(text)]
