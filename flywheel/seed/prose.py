"""Real prose from Debian packages: sentences, and a question made of each.

Read: debian-handbook, freeciv-data, dict-gcide, wordnet-base. One source file in ten, by
checksum, is kept for evaluation.
"""

import gzip
import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

PACKAGES = ("debian-handbook", "dict-gcide", "freeciv-data", "wordnet-base")
HANDBOOK = Path("usr/share/doc/debian-handbook/html/en-US")
FREECIV = Path("usr/share/games/freeciv")
GCIDE = Path("usr/share/dictd/gcide.dict.dz")
WORDNET = Path("usr/share/wordnet/data.noun")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOP = _words(
    "a an the of in on at to for from by with and or but as is are was were be been being it its this "
    "that these those which who whom whose what when where how why not no do does did has have had will "
    "would can could may might should must than then so such if into also more most one any some all each "
    "other their there they he she his her you your we our i"
)
MONTHS = _words("january february march april june july august september october november december")
WORD = re.compile(r"[\w'-]+")


class MissingPackages(RuntimeError):
    """The prose that the recipe reads is not installed."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"Not installed: {', '.join(missing)}. Run: apt-get install {' '.join(missing)}")
        self.missing = missing


@dataclass(frozen=True)
class Paragraph:
    """Sentences that stand together, under a title."""

    title: str
    sentences: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        return zlib.crc32(self.title.encode()) % 10 == 0


def sentences_of(text: str) -> list[str]:
    """The complete sentences of 6 to 34 words in ``text``."""
    flat = re.sub(r"\s+", " ", text).strip()
    pieces = re.split(r"(?<=[a-z0-9)][.!?]) (?=[A-Z])", flat)
    return [p for p in pieces if 6 <= len(p.split()) <= 34 and p[0].isupper() and p[-1] == "."]


def read_paragraphs(root: Path = Path("/")) -> list[Paragraph]:
    """All prose, in a fixed order; raises MissingPackages."""
    sources = zip(PACKAGES, (HANDBOOK, GCIDE, FREECIV, WORDNET), strict=True)
    missing = [package for package, path in sources if not (root / path).exists()]
    if missing:
        raise MissingPackages(missing)
    return [
        *_handbook(root / HANDBOOK),
        *_freeciv(root / FREECIV),
        *_gcide(root / GCIDE),
        *_wordnet(root / WORDNET),
    ]


def paragraphs_of(source: str) -> Iterator[str]:
    """The text of each paragraph of a page of the handbook."""
    for parts in re.findall(r'<div class="para">(.*?)</div>|<p[^>]*>(.*?)</p>', source, re.S):
        yield html.unescape(re.sub(r"<[^>]+>", "", "".join(parts)))


def _handbook(folder: Path) -> Iterator[Paragraph]:
    for path in sorted(folder.glob("*.html")):
        source = path.read_text(encoding="utf-8", errors="replace")
        heading = re.search(r"<title>(.*?)</title>", source, re.S)
        title = (
            re.sub(r"^[\d. ]+", "", html.unescape(heading.group(1)).replace("\xa0", " "))
            if heading
            else path.stem
        )
        for text in paragraphs_of(source):
            if found := sentences_of(text):
                yield Paragraph(title.strip(), tuple(found))


def _freeciv(folder: Path) -> Iterator[Paragraph]:
    for path in sorted(folder.rglob("*.ruleset")):
        source = path.read_text(encoding="utf-8", errors="replace")
        for block in re.findall(r'(?:helptext|legend)\s*=\s*_\("(.*?)"\)', source, re.S):
            if found := sentences_of(block.replace("\\n", " ").replace('", _("', " ").replace("\\", "")):
                yield Paragraph(path.stem.title(), tuple(found))


def _gcide(path: Path) -> Iterator[Paragraph]:
    with gzip.open(path, "rt", encoding="utf-8", errors="replace") as lines:
        entry = re.split(r"\n\n?(?=[A-Z][\w-]+ \\)", lines.read())
    for text in entry:
        head = text.split(" \\", 1)[0].strip()
        body = re.sub(r"\{|\}|--[A-Z][\w. ]+\.?|\(.*?\)|[|\"`\\]", "", text.split("]", 1)[-1])
        found = [
            s
            for part in body.split("[1913 Webster]")
            for s in sentences_of(part)
            if not set("[]*_<>") & set(s)
        ]
        if found and len(head) < 30:
            yield Paragraph(head, tuple(found[:6]))


def _wordnet(path: Path) -> Iterator[Paragraph]:
    """Each noun with its definition as a sentence."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("  ") or "|" not in line:
            continue
        fields, gloss = line.split("|", 1)
        lemma = fields.split()[4].replace("_", " ")
        meaning = re.split(r";|\"|:", gloss)[0].strip()
        if not 4 <= len(meaning.split()) <= 26 or "(" in meaning:
            continue
        if lemma[0].isupper():
            sentence = (
                f"{lemma} is {meaning}."
                if meaning.startswith(("a ", "an ", "the "))
                else f"{lemma} was {meaning}."
            )
        else:
            sentence = f"{'An' if lemma[0] in 'aeiou' else 'A'} {lemma} is {meaning}."
        yield Paragraph(lemma, (sentence,))


def content(text: str) -> list[str]:
    """The words of ``text`` that carry meaning, in order.

    >>> content("The river is in Spain.")
    ['river', 'Spain']
    """
    return [w for w in WORD.findall(text) if w.lower() not in STOP and len(w) > 1]


def question_of(sentence: str, rng: Random) -> str | None:
    """A question that ``sentence`` answers: one thing of it is asked for, part of the rest kept."""
    words = sentence.rstrip(".").split()
    targets = [i for i, w in enumerate(words) if (w.strip(",;:").lower() not in STOP) and len(w) > 2]
    if len(targets) < 4:
        return None
    names = [i for i in targets if i > 0 and (words[i][0].isupper() or words[i][0].isdigit())]
    target = rng.choice(names if names and rng.random() < 0.7 else targets)
    rest = _around(words, target, rng)
    if len(content(" ".join(rest))) < 2:
        return None
    text = " ".join(rest).strip(",;: ").replace(",", "" if rng.random() < 0.5 else ",")
    if not names or rng.random() < 0.6:
        first = text.split()[0]
        text = text[0].lower() + text[1:] if first.lower() in STOP else text
    return f"{_asking(words, target, rng)} {text}?"


def _asking(words: list[str], target: int, rng: Random) -> str:
    word = words[target].strip(",;:")
    before = words[target - 1].lower() if target else ""
    if re.fullmatch(r"1\d{3}|20\d\d", word) or word.lower() in MONTHS:
        return rng.choice(("When", "In what year", "When was", "When did", "What year"))
    if word[0].isdigit():
        return rng.choice(("How many", "How much", "What number", "How many are"))
    if word[0].isupper() and before in ("in", "at", "from", "near", "to"):
        return rng.choice(("Where", "Where was", "Where is", "In which place", "Where did"))
    if word[0].isupper() and target:
        return rng.choice(("Who", "Who was", "What is", "Which", "Who is", "Who did", "What was", "Whom"))
    return rng.choice(("What", "What is", "What are", "What does", "Why", "How", "Which", "What was", "What did",
                       "How does", "What kind of"))  # fmt: skip


def _around(words: list[str], target: int, rng: Random) -> list[str]:
    """Words near ``target`` without it: the rest of the sentence, a window, or content words alone."""
    left, right = words[:target], words[target + 1 :]
    roll = rng.random()
    if roll < 0.35:
        size = rng.randint(4, 9)
        side = right if len(right) > len(left) else left
        start = rng.randint(0, max(0, len(side) - size))
        return side[start : start + size]
    if roll < 0.7:
        kept = [w for w in left + right if w.lower() in STOP or rng.random() < 0.75]
        return kept[: rng.randint(5, 14)]
    chosen = [w for w in left + right if w.strip(",;:").lower() not in STOP]
    size = min(len(chosen), rng.randint(2, 5))
    kept_at = sorted(rng.sample(range(len(chosen)), size))
    return [chosen[i].strip(",;:") for i in kept_at]
