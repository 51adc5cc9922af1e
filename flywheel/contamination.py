"""Contamination: runs whose user asked what an evaluation asks, in the same words or nearly so.

Words alone do not say whether two questions are one: "When does the Bergen office shut?" shares as many with "When does
the Bergen office close?" as the same question about Lisbon does. MinHash over the words therefore only finds candidates.
Of them those count that name the same numbers and mean the same to MiniLM. Both thresholds were measured, see
docs/concepts.md; tests/flywheel/test_contamination.py has the questions.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from types import TracebackType
from typing import Any, NamedTuple, Self

from .screening.remembered import Remembered
from .screening.screener import default_screener
from .screening.windows import DIMENSION, PieceEncoder
from .sketches import band_keys, bands
from .split import group_of
from .trajectory import Trajectory

CONTAMINATED = "contaminated: an evaluation asks it"
NEARLY = "contaminated: an evaluation asks nearly it"
# What the sets that were run here are called beside the files that were named.
RUN_HERE = "evaluations that were run"
# Longer texts are compared whole: MiniLM would see their beginning alone.
MOST_WORDS = 150
# Questions of the evaluations that one question is held against: those most like it, first by bands and then by words.
_BY_BANDS, _BY_WORDS = 64, 8
_REMEMBERED = 30_000
# Missing a candidate is worse than looking at one for nothing.
_MISSES = 0.9
# Redaction numbers what it hides anew in each run.
_PLACEHOLDER = re.compile(r"\b([a-z][a-z_]*)_(?:\d+|[0-9a-f]{12})\b")


@dataclass(frozen=True)
class Near:
    """From which Jaccard similarity of their words, 0.5 to 1, and which cosine of their vectors two questions are one."""

    similarity: float = 0.5
    meaning: float = 0.9


@dataclass
class Checked:
    """A set of questions that runs were checked against: how many runs it cost, those of the same words and the others.

    ``digest`` is that of a named file's questions, None for the evaluations that were run.
    """

    name: str
    digest: str | None
    questions: int = 0
    exact: int = 0
    near: int = 0

    def value(self) -> dict[str, Any]:
        """As JSON values."""
        return asdict(self)


class Match(NamedTuple):
    """The sets that have a question, by their numbers: in its words, and nearly."""

    exact: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()


@dataclass(frozen=True)
class _Candidate:
    """A question of an evaluation that shares words with a run's, and the sets that have it (bit by bit)."""

    text: str
    sets: int


def near_form(group: str) -> str:
    """A question's words with placeholders named alike.

    >>> near_form(group_of("Where does <PERSON_2> live?"))
    'where does person live'
    """
    return _PLACEHOLDER.sub(r"\1", group)


@dataclass
class Contamination:
    """Says of runs whether an evaluation asks what their users asked; use as a context.

    Without ``near`` the last question of a run alone is looked up, in its words; ``marks`` says which those are
    (``split.py``). The questions of the evaluations lie in a private database that SQLite keeps in a temporary file, so that
    memory grows neither with them nor with the runs.
    """

    near: Near | None = None
    encoder: PieceEncoder | None = None
    checked: list[Checked] = field(default_factory=list)
    marks: bool = True

    def __post_init__(self) -> None:
        self._group = partial(group_of, marks=self.marks)
        self._bands = bands(self.near.similarity, _MISSES) if self.near else []
        self._known = Remembered[Match](_REMEMBERED)
        self._base = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._base.execute(
            "CREATE TABLE questions (id INTEGER PRIMARY KEY, text TEXT UNIQUE, sets INTEGER, near TEXT)"
        )
        self._base.execute("CREATE TABLE bands (band BLOB, id INTEGER, PRIMARY KEY (band, id)) WITHOUT ROWID")
        self._base.execute("BEGIN")

    def add(self, name: str, questions: Iterable[str], digest: str | None = None) -> None:
        """Check against the questions of one more set."""
        checked, bit = Checked(name, digest), 1 << len(self.checked)
        groups = {self._group(question) for question in questions}
        if self.near is not None:
            groups.discard("")
        for group in sorted(groups):
            checked.questions += 1
            self._add(group, bit)
        self.checked.append(checked)

    def _add(self, group: str, bit: int) -> None:
        known = self._base.execute("SELECT id FROM questions WHERE text = ?", (group,)).fetchone()
        if known is not None:
            self._base.execute("UPDATE questions SET sets = sets | ? WHERE id = ?", (bit, *known))
            return
        near = near_form(group)
        added = self._base.execute(
            "INSERT INTO questions (text, sets, near) VALUES (?, ?, ?)", (group, bit, near)
        )
        rows = ((key, added.lastrowid) for key in self._keys(near))
        self._base.executemany("INSERT OR IGNORE INTO bands VALUES (?, ?)", rows)

    def _keys(self, near: str) -> list[bytes]:
        words = set(near.split())
        return band_keys(words, "", self._bands) if words and len(near.split()) <= MOST_WORDS else []

    def prepare(self, runs: Iterable[Trajectory]) -> None:
        """Look up what the users of runs that are asked about next said: the meaning of all of it is found at once."""
        asked = {group: None for run in runs for group in self._asked(run) if group not in self._known}
        found = {group: list(self._candidates(group)) for group in asked}
        texts = {near_form(group) for group, alike in found.items() if alike}
        texts.update(each.text for alike in found.values() for each in alike)
        self._encode(sorted(texts))
        for group, alike in found.items():
            self._known.of(group, partial(self._match, group, alike))

    def refusal(self, run: Trajectory) -> str:
        """Why a run is left out, or an empty text; the sets that have its question count it."""
        if not self.checked:
            return ""
        matches = [self._known.of(group, partial(self._match, group)) for group in self._asked(run)]
        exact = frozenset[int]().union(*(match.exact for match in matches))
        near = frozenset[int]().union(*(match.near for match in matches)) - exact
        for number in exact:
            self.checked[number].exact += 1
        for number in near:
            self.checked[number].near += 1
        return CONTAMINATED if exact else NEARLY if near else ""

    def _asked(self, run: Trajectory) -> Iterator[str]:
        """What is looked up of a run: with ``near`` whatever its user said, as all of it may be learnt from."""
        if self.near is None:
            yield self._group(run.question)
            return
        said = (str(message["content"] or "") for message in run.messages if message["role"] == "user")
        yield from filter(None, dict.fromkeys(map(self._group, said)))

    def _match(self, group: str, alike: Sequence[_Candidate] | None = None) -> Match:
        alike = list(self._candidates(group)) if alike is None else alike
        same = self._base.execute("SELECT sets FROM questions WHERE text = ?", (group,)).fetchone()
        exact = _numbers_of(same[0]) if same is not None else frozenset()
        sets = 0
        if alike and self.near is not None:
            own, *others = self._encode([near_form(group), *(each.text for each in alike)])
            for each, vector in zip(alike, others, strict=True):
                if each.text == near_form(group) or float(own @ vector) >= self.near.meaning:
                    sets |= each.sets
        return Match(exact, _numbers_of(sets) - exact)

    def _candidates(self, group: str) -> Iterator[_Candidate]:
        """Questions in nearly the words of one, with its numbers, the most alike first; itself is not among them."""
        near = near_form(group)
        keys = self._keys(near)
        if not keys or self.near is None:
            return
        places = ", ".join("?" * len(keys))
        alike = self._base.execute(
            f"SELECT near, sets FROM questions JOIN (SELECT id, count(*) AS shared FROM bands WHERE band IN ({places}) "
            f"GROUP BY id) USING (id) WHERE text <> ? ORDER BY shared DESC, text LIMIT {_BY_BANDS}",
            (*keys, group),
        ).fetchall()
        words = set(near.split())
        ranked = sorted((-_jaccard(words, set(text.split())), text, sets) for text, sets in alike)
        wanted = (
            _Candidate(text, sets)
            for similarity, text, sets in ranked
            if -similarity >= self.near.similarity and _figures(text) == _figures(near)
        )
        yield from (each for each, _ in zip(wanted, range(_BY_WORDS), strict=False))

    def _encode(self, texts: list[str]) -> list[Any]:
        """The vectors of texts as all-MiniLM-L6-v2 has them, [384] each."""
        if not texts:
            return []
        encoder = self.encoder or default_screener().classifier.encoder
        return [piece.vector[:DIMENSION] for piece in encoder.encode(texts)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()


def _numbers_of(sets: int) -> frozenset[int]:
    return frozenset(number for number in range(sets.bit_length()) if sets >> number & 1)


def _jaccard(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)


def _figures(text: str) -> list[str]:
    """The words with a digit in them."""
    return sorted({word for word in text.split() if any(each.isdigit() for each in word)})
