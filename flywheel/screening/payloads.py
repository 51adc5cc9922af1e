"""Encoded text, decoded and screened again: what a person does not see and a model may read."""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple
from urllib.parse import unquote

from .base import Finding, Screen, screen
from .rules import Rules

# Characters that show nothing. https://www.unicode.org/charts/PDF/UE0000.pdf
_TAGS = re.compile("[\U000e0001\U000e0020-\U000e007f]{4,}")
_ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff]")
_BITS = re.compile("[\u200b\u200c\u200d\u2060\ufeff]{16,}")
_BASE64 = re.compile(
    r"(?<![\w+/=])(?:[A-Za-z0-9+/_-]{4}){4,}(?:[A-Za-z0-9+/_-]{2}==|[A-Za-z0-9+/_-]{3}=)?(?![\w+/=])"
)
_BASE64_RUN = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_HEX = re.compile(r"(?:\\x[0-9a-fA-F]{2}){8,}|(?<![0-9a-zA-Z])(?:[0-9a-fA-F]{2}[ :]?){12,}(?![0-9a-zA-Z])")
_BINARY = re.compile(r"(?<![01])(?:[01]{8}[ ,\n]?){6,}(?![01])")
_CODES = re.compile(r"(?<![\d.])(?:\d{2,3}[ ,;]{1,2}){11,}\d{2,3}(?![\d.])")
_BASE32 = re.compile(r"(?<![\w=])[A-Z2-7]{16,}={0,6}(?![\w=])")
_PERCENT = re.compile(r"(?<![^\s\"'<>])(?:[^\s\"'<>]*?%[0-9a-fA-F]{2}){4}[^\s\"'<>]*")
_ENTITIES = re.compile(r"(?:&#x?[0-9a-fA-F]{2,5};[^&\s]{0,2}\s?){6,}")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4}){6,}")
_SPACED = re.compile(r"(?:\b\w[ .\-_*]){5,}\w\b")
_MORSE = re.compile(r"(?:[.\-·−]{1,5}[ /|]{1,3}){12,}[.\-·−]{0,5}")
_LEET = str.maketrans("4310057@$", "aeioosta" + "s")
_MORSE_CODE = dict(zip(
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --..".split(),
    "abcdefghijklmnopqrstuvwxyz", strict=True,
))  # fmt: skip
_DEPTH = 2


class Decoded(NamedTuple):
    """What ``text[start:end]`` says when it is decoded."""

    start: int
    end: int
    text: str
    how: str


class Payloads:
    """Decodes, and lets ``inner`` screen what comes out; hidden characters are suspect by themselves."""

    name = "payloads"

    def __init__(self, inner: Sequence[Screen] | None = None) -> None:
        self.inner = inner if inner is not None else (Rules(),)
        self._rules = Rules()

    def find(self, text: str) -> list[Finding]:
        return [*self._hidden(text), *self._encoded(text, _DEPTH), *self._disguised(text)]

    def _hidden(self, text: str) -> Iterator[Finding]:
        for match in _TAGS.finditer(text):
            said = "".join(chr(ord(c) - 0xE0000) for c in match[0] if ord(c) > 0xE001)
            yield Finding(
                match.start(), match.end(), 0.99, self.name, f"hides text in tag characters: {said[:80]!r}"
            )
        for match in _BITS.finditer(text):
            yield Finding(
                match.start(), match.end(), 0.95, self.name, "hides bits in characters without width"
            )

    def _encoded(self, text: str, depth: int) -> Iterator[Finding]:
        for piece in decoded(text):
            found = [finding for each in self.inner for finding in each.find(piece.text)]
            if depth > 1:
                found += self._encoded(piece.text, depth - 1)
            if found:
                best = max(found, key=lambda finding: finding.score)
                reason = f"{piece.how} that {best.reason}: {piece.text[:80]!r}"
                yield Finding(piece.start, piece.end, best.score, self.name, reason)

    def _disguised(self, text: str) -> Iterator[Finding]:
        """The whole text read in another way; by rules only, of which nonsense breaks none."""
        for how, read in _READINGS.items():
            other = read(text)
            if other == text:
                continue
            if found := [
                f for f in self._rules.find(other) if f.screen not in ("rules: marker", "rules: image leak")
            ]:
                start, end = _place(text, other, found[0], how)
                yield Finding(start, end, found[0].score, self.name, f"{how} that {found[0].reason}")


def _place(text: str, other: str, finding: Finding, how: str) -> tuple[int, int]:
    """Where a reading's finding stands in the text: exactly where lengths agree, else the whole."""
    if len(other) != len(text):
        return 0, len(text)
    if how == "reversed text":
        return len(text) - finding.end, len(text) - finding.start
    return finding.start, finding.end


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    return "".join(c for c in folded if unicodedata.category(c) not in ("Cf", "Mn"))


def _uncommented(text: str) -> str:
    """The text without comments and marks of emphasis; what opens a comment that nothing closes is left."""
    kept, at, searched, unclosed = [], 0, 0, set()
    while opening := _OPENING.search(text, searched):
        mark = _CLOSING.get(opening[0], "")
        closed = -1 if mark in unclosed else text.find(mark, opening.end())
        if closed < 0:
            unclosed.add(mark)
            searched = opening.start() + 1
            continue
        kept.append(text[at : opening.start()])
        at = searched = closed + len(mark)
    return "".join([*kept, text[at:]])


_OPENING = re.compile(r"<!--|/\*|\*\*|__")
_CLOSING = {"<!--": "-->", "/*": "*/"}
# Letters of other scripts that look like Latin ones.
_LOOKALIKES = str.maketrans("аеорсухіјѕԁһӏοαερνικτ", "aeopcyxijsdhloaepvikt")
_READINGS: dict[str, Callable[[str], str]] = {
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed text": lambda text: text[::-1],
    "look-alike or invisible characters": lambda text: text if text.isascii() else _plain(text),
    "digits for letters": lambda text: re.sub(
        r"\b\w*[a-zA-Z@$]\w*\b", lambda word: word[0].translate(_LEET), text
    ),
    "spaced letters": lambda text: _SPACED.sub(lambda run: re.sub(r"[ .\-_*]", "", run[0]), text),
    "comments between letters": lambda text: _uncommented(text),
}


def decoded(text: str) -> Iterator[Decoded]:
    """The parts of a text that decode to something readable."""
    for pattern, how, decode in _CODECS:
        for match in _base64_runs(text) if pattern is _BASE64 else pattern.finditer(text):
            said = decode(match[0])
            if said is not None and said != match[0] and _readable(said):
                yield Decoded(match.start(), match.end(), said, how)


def _base64_runs(text: str) -> Iterator[re.Match[str]]:
    """What ``_BASE64`` finds. A run may begin after each of its hyphens, by fours: where one fails, those in step with it do."""
    for run in _BASE64_RUN.finditer(text):
        end, failed = run.start(), set[int]()
        for start in (0, *(hyphen.end() for hyphen in re.finditer("-", run[0]))):
            at = run.start() + start
            if at < end or at % 4 in failed:
                continue
            if match := _BASE64.match(text, at):
                yield match
                end = match.end()
            elif start:
                failed.add(at % 4)


def _base64(run: str) -> str | None:
    try:
        return base64.b64decode(run.translate(str.maketrans("-_", "+/")), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _hex(run: str) -> str | None:
    try:
        return bytes.fromhex(re.sub(r"\\x|[ :]", "", run)).decode("utf-8")
    except (ValueError, UnicodeDecodeError):
        return None


def _base32(run: str) -> str | None:
    body = run.rstrip("=")
    try:
        return base64.b32decode(body + "=" * (-len(body) % 8)).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return None


def _binary(run: str) -> str | None:
    bits = re.sub("[^01]", "", run)
    try:
        return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8)).decode("utf-8")
    except UnicodeDecodeError:
        return None


def _codes(run: str) -> str | None:
    try:
        return bytes(int(code) for code in re.findall(r"\d+", run)).decode("ascii")
    except ValueError:
        return None


def _morse(run: str) -> str | None:
    letters = run.translate(str.maketrans("·−", ".-"))
    words = [
        [_MORSE_CODE.get(sign, "") for sign in word.split()] for word in re.split(r"/|\||\s{2,}", letters)
    ]
    return " ".join("".join(word) for word in words if word)


def _escapes(run: str) -> str | None:
    return re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), run)


_CODECS: tuple[tuple[re.Pattern[str], str, Callable[[str], str | None]], ...] = (
    (_BASE64, "base64", _base64),
    (_HEX, "hexadecimal", _hex),
    (_BINARY, "binary", _binary),
    (_CODES, "codes of characters", _codes),
    (_BASE32, "base32", _base32),
    (_PERCENT, "percent-encoded text", unquote),
    (_ENTITIES, "HTML entities", html.unescape),
    (_ESCAPES, "escaped characters", _escapes),
    (_MORSE, "Morse code", _morse),
)


def _readable(text: str) -> bool:
    letters = sum(c.isalpha() or c.isspace() for c in text)
    return len(text) >= 8 and letters / len(text) > 0.7 and text.isprintable() | ("\n" in text)


@screen
def payloads() -> Screen:
    """Instructions in a code (base64, Morse, entities …), reversed, spaced, or in characters that are not seen."""
    return Payloads()
