"""Sentences made hard to read, as attacks hide what they ask for."""

import codecs
import re
from collections.abc import Callable
from random import Random

_SOUNDS = {
    "to": "two", "for": "four", "you": "ewe", "the": "thee", "write": "right", "by": "buy", "be": "bee", "know": "no",
    "their": "there", "one": "won", "sea": "see", "our": "hour", "sun": "son", "made": "maid", "would": "wood",
    "here": "hear", "weather": "whether", "of": "off", "what": "watt", "in": "inn", "tell": "tel", "main": "mane",
    "are": "r", "how": "hough", "plain": "plane", "piece": "peace", "new": "knew",
}  # fmt: skip
_LEET = str.maketrans({"a": "4", "e": "3", "i": "1", "o": "0", "s": "5", "t": "7"})


def _words(text: str, change: Callable[[str], str]) -> str:
    return re.sub(r"[A-Za-z]+", lambda word: change(word[0]), text)


def _shuffled(word: str, rng: Random, inner: bool) -> str:
    if len(word) < 4:
        return word
    letters = list(word[1:-1] if inner else word)
    rng.shuffle(letters)
    mixed = "".join(letters)
    return word[0] + mixed + word[-1] if inner else mixed


def _misspelt(word: str, rng: Random) -> str:
    if len(word) < 4 or rng.random() < 0.3:
        return word
    at = rng.randrange(1, len(word) - 1)
    doubled, swapped = word[:at] + word[at] + word[at:], word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return rng.choice(
        (word[:at] + word[at + 1 :], doubled, swapped, word.replace("c", "k").replace("ph", "f"))
    )


def _grouped(text: str, rng: Random) -> str:
    size, flat = rng.choice((2, 3, 4, 5)), text.replace(" ", "")
    return " ".join(flat[at : at + size] for at in range(0, len(flat), size))


def _numbers(text: str, rng: Random) -> str:
    mark = rng.choice(("-", " ", ".", ","))
    words = [mark.join(str(ord(c) - 96) for c in w.lower() if "a" <= c <= "z") for w in text.split()]
    return rng.choice(("  ", " / ", " | ")).join(word for word in words if word)


def garble(text: str, rng: Random) -> str:
    """``text`` in one of a dozen disguises.

    >>> garble("Write a poem", Random(1)) != "Write a poem"
    True
    """
    ways: tuple[Callable[[], str], ...] = (
        lambda: text.translate(_LEET),
        lambda: text.lower().translate(_LEET),
        lambda: _words(text, lambda w: _shuffled(w, rng, True)),
        lambda: _words(text, lambda w: _shuffled(w, rng, False)),
        lambda: _words(text, lambda w: _misspelt(w, rng)),
        lambda: _words(text, lambda w: _misspelt(_misspelt(w, rng), rng)),
        lambda: _words(text, lambda w: _SOUNDS.get(w.lower(), w)),
        lambda: text.replace(" ", ""),
        lambda: _grouped(text, rng),
        lambda: _numbers(text, rng),
        lambda: codecs.encode(text, "rot13"),
        lambda: text[::-1],
        lambda: _words(text, lambda w: w[::-1]),
        lambda: " ".join(text.replace(" ", "")),
        lambda: re.sub(r"(?<=\w)[aeiou]", "", text),
        lambda: _words(text, lambda w: w[1:] + w[0].lower() + "ay" if len(w) > 2 else w),
        lambda: "".join(c.upper() if rng.random() < 0.5 else c.lower() for c in text),
    )
    return rng.choice(ways)()
