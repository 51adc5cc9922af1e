"""A writer of what texts are made of: attacks and requests, and the lines of what they are planted in."""

import math
import re
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from random import Random

from ...seed.prose import Paragraph
from . import (
    attacks,
    benign,
    carriers,
    direct,
    documents,
    embedded,
    orders,
    orders_abroad,
    requests,
    statements,
    tasks,
    tongues,
    words,
    work,
)
from .abroad import COMMON, ENGLISH, LANGUAGES, Abroad
from .garble import garble
from .grammar import expand
from .records import Records

_CAPTIONS = ("Table {n}: Results", "List of {t}", "The figures are from {n}.", "Source: survey of {n}")
# Openings of a sentence that are small after a comma.
_OPENINGS = re.compile(
    r"(?<=, )(?:What|Tell|Give|Where|When|Repeat|Show|Print|List|Explain|Describe|Confirm|Share|Could|Can|Do|Remind|"
    r"Which|How|Who|Why|Write|Compose|Translate|Summarize|Solve|Name|Find)\b"
)
_COLUMNS = (
    "Year", "Name", "Title", "Rank", "Team", "Date", "Score", "Place", "Notes", "No.", "Total", "Result",
)  # fmt: skip


@dataclass(frozen=True)
class Writer:
    """Writes the parts of examples; ``prose`` are sentences of real text in their order, ``abroad`` those of other languages."""

    rng: Random
    prose: Sequence[Paragraph] = field(repr=False)
    abroad: Abroad = field(repr=False)

    @cached_property
    def lists(self) -> dict[str, Sequence[str]]:
        return {
            **words.LISTS, **work.LISTS, **attacks.LISTS, **direct.LISTS, **embedded.LISTS,
            "order": [self._bare_order(rich=False) for _ in range(600)],
            "request": [p for name in _ASKED for p in _REQUESTS[name]],
            "page": self.banks["page"],
        }  # fmt: skip

    def say(self, patterns: Sequence[str], **more: Sequence[str]) -> str:
        """One sentence of one of the patterns."""
        said = expand(self.rng.choice(patterns), {**self.lists, **more} if more else self.lists, self.rng)
        return _OPENINGS.sub(lambda word: word[0].lower(), said)

    def _bare_order(self, rich: bool = True) -> str:
        order = expand(self.rng.choice(orders.ACTIONS), words.LISTS, self.rng)
        if rich and self.rng.random() < 0.25:
            order += self.rng.choice(
                (" and ", ", then ", ". Then ", ". After that, ", ". Also, ", ". And ")
            ) + expand(self.rng.choice(orders.ACTIONS), words.LISTS, self.rng)
        return order

    @cached_property
    def technical(self) -> list[Paragraph]:
        """Paragraphs about computers: those of the Debian handbook, which come first."""
        return list(self.prose[:400])

    @cached_property
    def titles(self) -> list[str]:
        """What passages are said to come from."""
        return [paragraph.title for paragraph in self.rng.sample(self.prose, 60)]

    @cached_property
    def library(self) -> list[list[str]]:
        """Blocks of Python's own library, with its comments and docstrings."""
        return self.rng.sample(read_library(), 100)

    @cached_property
    def banks(self) -> dict[str, list[str]]:
        """Lines of carriers, drawn once: real tools repeat themselves too, and a known line costs no encoding."""
        sources = {
            "mail": ((*carriers.MAIL_LINES, *carriers.MAIL_MORE), 400),
            "answer": ((*carriers.ANSWER_LINES, *carriers.ANSWER_MORE), 400), "code": (carriers.CODE_LINES, 150),
            "log": (carriers.LOG_LINES, 80), "page": (carriers.PAGE_LINES, 300), "specification": (benign.SPECIFICATION, 200),
            "trace": (carriers.CODE_MORE, 300), "foreign": (_flat(statements.STATEMENTS), 250), "talk": (direct.SMALL_TALK, 300),
            "reply": (documents.REPLIES, 150), "manual": (carriers.HELP_LINES, 500), "colleague": (work.COLLEAGUES, 400),
            "minutes": (work.MINUTES, 200),
        }  # fmt: skip
        banks = {
            name: [
                expand(self.rng.choice(patterns), {**words.LISTS, **work.LISTS}, self.rng)
                for _ in range(count)
            ]
            for name, (patterns, count) in sources.items()
        }
        banks |= {language: self.abroad.lines(language, self.rng) for language in (*LANGUAGES, ENGLISH)}
        return {**banks, "prose": [s for p in self.rng.sample(self.prose, 700) for s in p.sentences[:3]]}

    @cached_property
    def records(self) -> Records:
        return Records(self.rng, self.banks["prose"])

    def line(self, bank: str) -> str:
        """A line of a bank."""
        return self.rng.choice(self.banks[bank])

    # What is planted
    def order(self) -> str:
        """A polite order to an agent with tools."""
        opening = self.rng.choice(orders.OPENINGS)
        order = f"{opening} {self._bare_order()}" if opening else self._bare_order().capitalize()
        mark = (
            "?"
            if opening in ("Could you", "Can you")
            else expand(self.rng.choice(orders.ENDINGS), words.LISTS, self.rng)
        )
        text = order + mark
        roll = self.rng.random()
        if roll < 0.12:
            text = f"{self.say(attacks.OVERRIDE, goal=('follow this order',))} {text}"
        elif roll < 0.18:
            call = self.rng.choice(("IMPORTANT", "URGENT", "ATTENTION", "NOTE"))
            text = f"{call}{self.rng.choice(('!!!', '!', ':', ' -'))} {text}"
        return text

    def open_attack(self) -> tuple[str, str]:
        """An attack that shows itself, and its family."""
        family = self.rng.choices(list(_OPEN), _OPEN_WEIGHTS)[0]
        text = self.say(_OPEN[family])
        if self.rng.random() < 0.2:
            text += " " + self.say(
                self.rng.choice((attacks.OVERRIDE, attacks.THEFT, attacks.ROLE, attacks.AUTHORITY))
            )
        return text[:1].upper() + text[1:] if self.rng.random() < 0.8 else text, family

    def request(self) -> tuple[str, str]:
        """An ordinary request, or an advertisement or a garbled one, and its family."""
        if self.rng.random() < 0.06:
            return self.say(_REQUESTED), "foreign request"
        family = self.rng.choices(list(_REQUESTS), _REQUEST_WEIGHTS)[0]
        hidden = ""
        if family in ("cipher", "decoding"):
            hidden = garble(self.request_of(*_ASKED, "coding", "translation"), self.rng)
        return self.say(_REQUESTS[family], garbled=(hidden,)), family

    def request_of(self, *families: str) -> str:
        return self.say(_REQUESTS[self.rng.choice(families)])

    def overloaded(self) -> tuple[str, str]:
        """Small talk, and what it leads up to."""
        if self.rng.random() < 0.15:
            lead = [self.line("foreign") for _ in range(self.rng.randint(2, 5))]
            return " ".join(lead), self.say((*_REQUESTED, *_TONGUES))
        lead = [self.line(self.rng.choice(("talk", "talk", "prose"))) for _ in range(self.rng.randint(1, 6))]
        return " ".join(lead), self.say(direct.ASIDES if self.rng.random() < 0.7 else direct.WANTED)

    def repeated(self) -> str:
        """A word over and over, and what it leads up to."""
        word = self.rng.choice(
            ("".join(self.rng.choices("asdfjklqwert", k=self.rng.randint(2, 12))), *_REPEATED)
        )
        lead = self.rng.choice((" ", " ", ", ", "\n")).join([word] * self.rng.randint(8, 60))
        return f"{lead} {self.open_attack()[0]}"

    def barrage(self) -> str:
        """Many requests that have nothing to do with each other."""
        asked = [
            self.request_of("question", "study", "chat", "wording") for _ in range(self.rng.randint(8, 24))
        ]
        return " ".join([*asked, *([self.say(direct.WANTED)] if self.rng.random() < 0.5 else [])])

    def turns(self, count: int) -> list[str]:
        """Questions and answers, written out."""
        asks, answers = self.rng.choice(documents.TURNS)
        lines = []
        for _ in range(count):
            ask = self.request_of("question", "coding", "study", "writing")
            lines += [f"{asks} {ask}", f"{answers} {self.line(self.rng.choice(('reply', 'reply', 'prose')))}"]
        return [*lines, asks]

    # What a task is given
    def document(self, kind: str) -> list[str]:
        """Lines of a page, a paper, a program, a letter of application or an article."""
        lines = [self.say(documents.KINDS[kind]) for _ in range(self.rng.randint(2, 9))]
        return (
            ["<html><body>", *lines, "</body></html>"]
            if kind == "html" and self.rng.random() < 0.6
            else lines
        )

    # What it is planted in
    def mail(self) -> list[str]:
        roll = self.rng.random()
        bank = "foreign" if roll < 0.06 else "colleague" if roll < 0.3 else "mail"
        lines = [self.line(bank) for _ in range(self.rng.randint(3, 14))]
        return self._mixed(lines, 0.15)

    def answer(self) -> list[str]:
        """An answer to a programmer's question: sentences, and real or made-up code among them."""
        lines = [self.line("answer") for _ in range(self.rng.randint(1, 6))]
        lines = [
            self.rng.choice(self.rng.choice(self.technical).sentences) if self.rng.random() < 0.3 else line
            for line in lines
        ]
        if self.rng.random() < 0.85:
            at = self.rng.randint(0, len(lines))
            code = self.code()
            fenced = self.rng.random() < 0.6
            lines[at:at] = [self.rng.choice(("```", "```", "```python")), *code, "```"] if fenced else code
        return lines

    def code(self) -> list[str]:
        """Lines of a program: of Python's own library, or made up."""
        if self.rng.random() < 0.6:
            block = self.rng.choice(self.library)
            start = self.rng.randrange(max(1, len(block) - 4))
            return list(block[start : start + self.rng.randint(2, 12)])
        banks = self.rng.choice((("code",), ("code", "trace"), ("trace",)))
        return [self.line(self.rng.choice(banks)) for _ in range(self.rng.randint(3, 16))]

    def results(self) -> list[str]:
        """Numbered passages with their sources, as a search gives them."""
        found = [self._passage() for _ in range(self.rng.randint(1, 5))]
        return [f"[{n}] {text} (source: {self.rng.choice(self.titles)})" for n, text in enumerate(found, 1)]

    def log(self) -> list[str]:
        return [self.line("log") for _ in range(self.rng.randint(1, 9))]

    def page(self) -> list[str]:
        return self._mixed([self.line("page") for _ in range(self.rng.randint(2, 9))], 0.35)

    def paragraph(self) -> list[str]:
        return [self.line("prose") for _ in range(self.rng.randint(1, 7))]

    def language(self) -> str:
        """Another language than English; the common ones are drawn three times as often."""
        return self.rng.choice((*LANGUAGES, *COMMON, *COMMON))

    def lines_abroad(self, language: str) -> list[str]:
        """What a tool returns in a language, not all of it translated; of English, help and messages of programs."""
        share = 0.4 if language == ENGLISH else 0.04
        lines = self.rng.choice((1, 1, 2, 2, 3, 4, 6, 9))
        return [self.line("manual" if self.rng.random() < share else language) for _ in range(lines)]

    def attack_abroad(self, language: str) -> tuple[str, str]:
        """An attack in a language, or now and then in English, and its family."""
        roll = self.rng.random()
        if language not in orders_abroad.ORDERS or roll < 0.2:
            return (self.order(), "order") if self.rng.random() < 0.5 else self.open_attack()
        patterns = orders_abroad.ORDERS[language]
        if roll < 0.55:
            patterns = tongues.ATTACKS.get(language, patterns)
        elif roll >= 0.9:
            patterns = tongues.REQUESTS[language]
        return self.say(patterns), "tongues"

    def table(self) -> list[str]:
        lines = list(self.rng.choice(self.tables))
        lines = lines[: self.rng.randint(3, len(lines))]
        if self.rng.random() < 0.25:
            caption = self.rng.choice(_CAPTIONS)
            lines.insert(0, caption.format(n=self.rng.choice(words.NUMBERS), t=self.rng.choice(words.TOPICS)))
        return lines

    def _passage(self) -> str:
        return " ".join(self.line(self.rng.choice(("page", "prose"))) for _ in range(self.rng.randint(1, 3)))

    @cached_property
    def tables(self) -> list[list[str]]:
        """Tables, drawn once."""
        return [self._table() for _ in range(200)]

    def _table(self) -> list[str]:
        kinds = self.rng.choices(
            ("title", "number", "name", "country", "date", "sentence", "money"), k=self.rng.randint(2, 7)
        )
        rows = [[self._cell(kind) for kind in kinds] for _ in range(self.rng.randint(4, 12))]
        rows.insert(0, [self.rng.choice(_COLUMNS) for _ in kinds])
        mark = self.rng.choice((" | ", " | ", ", ", "\t", ";"))
        lines = [mark.join(row) for row in rows]
        return [f"| {line} |" for line in lines] if mark == " | " else lines

    def _cell(self, kind: str) -> str:
        if kind == "title" and self.rng.random() < 0.5:
            return self.say(statements.TITLES)
        if kind == "title":
            return self.rng.choice(self.prose).title
        if kind == "sentence":
            return " ".join(self.rng.choice(self.prose).sentences[0].split()[: self.rng.randint(2, 12)])
        return expand("{" + kind + "}", words.LISTS, self.rng)

    def _mixed(self, lines: list[str], share: float) -> list[str]:
        return [self.line("prose") if self.rng.random() < share else line for line in lines]

    def carrier(self) -> list[str]:
        """The lines of something that a tool returns."""
        makers: tuple[Callable[[], list[str]], ...] = (
            self.mail, self.table, self.answer, self.page, self.paragraph, self.log, self.code, self.results,
            lambda: self.document(self.rng.choice(list(documents.KINDS))),
            lambda: [self.line("minutes") for _ in range(self.rng.randint(2, 12))],
        )  # fmt: skip
        return self.rng.choices(makers, (6, 6, 4, 4, 3, 1, 3, 2, 2, 1))[0]()

    def prompt(self) -> str:
        """What an innocent user writes: one request, or a long one in several sentences."""
        roll = self.rng.random()
        if roll < 0.25:
            text = self.say(benign.TRIGGERS)
        elif roll < 0.45:
            text = self.say(benign.SECURITY)
        elif roll < 0.6:
            text = self.say(benign.FRAMED)
        elif roll < 0.65:
            return self.say(_REQUESTED)
        else:
            text = self.request_of(*_ASKED, "coding", "translation")
        extra = math.floor(self.rng.expovariate(0.8)) if roll < 0.9 else 0
        chosen = [
            self.line("specification") if self.rng.random() < 0.7 else self.say(benign.SECURITY)
            for _ in range(min(extra, 7))
        ]
        if chosen and self.rng.random() < 0.1:
            chosen.insert(0, self.line("prose"))
        text = " ".join([text, *chosen])
        return text[:1].upper() + text[1:] if self.rng.random() < 0.9 else text


def _flat(patterns: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    return tuple(pattern for each in patterns.values() for pattern in each)


_REQUESTED, _TONGUES = _flat(tongues.REQUESTS), (*_flat(tongues.ATTACKS), *_flat(orders_abroad.ORDERS))
# Requests that a user may make, those that only a text out of place holds, and how often each is drawn.
_REQUESTS = {**requests.FAMILIES, **tasks.FAMILIES}
_REQUEST_WEIGHTS = (5, 4, 3, 3, 5, 4, 5, 3, 3, 3, 3, 3, 4, 4, 3)
_ASKED = ("question", "writing", "social", "automation", "business", "research", "wording", "chat", "study")
_OPEN = {**attacks.FAMILIES, **direct.FAMILIES, **embedded.FAMILIES, "tongues": _TONGUES}
_OPEN_WEIGHTS = (6, 3, 3, 9, 2, 3, 1, 1, 9, 7, 6, 6, 5, 1, 3, 3, 4, 6, 4, 7)
_REPEATED = (
    "poem",
    "company",
    "hello",
    "test",
    "banana",
    "ok",
    "AAAA",
    "the",
    "stop",
    "!!!",
    "\U0001f600",
    "token",
)


def read_library() -> list[list[str]]:
    """Blocks of up to 40 lines of the standard library's modules, in a fixed order."""
    blocks = []
    for file in sorted(Path(sysconfig.get_paths()["stdlib"]).glob("[a-z]*.py")):
        lines = [
            line for line in file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()
        ]
        blocks += [lines[at : at + 40] for at in range(0, len(lines), 200)]
    return [[line[:200] for line in block] for block in blocks if len(block) > 8]
