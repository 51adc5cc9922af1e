"""Whole texts with the place of what was planted in them."""

import json
from dataclasses import dataclass
from random import Random

from . import carriers, direct, documents, records, requests
from .abroad import ENGLISH
from .writer import Writer

Span = tuple[int, int]


@dataclass(frozen=True)
class Example:
    """A text, and the places of what was planted in it; no place means that it is innocent."""

    text: str
    planted: tuple[Span, ...] = ()
    family: str = ""


def _assemble(lines: list[str], planted: str | None, at: int, rng: Random, family: str) -> Example:
    """Lines joined, in one of the forms of a tool's result, with the planted text at line ``at``."""
    parts = [*lines]
    if planted is not None:
        parts.insert(at, planted)
    roll = rng.random()
    if roll < 0.22:
        text = _record(parts, rng)
    elif roll < 0.4:
        text = " ".join(parts)
    else:
        text = rng.choice(("\n", "\n", "\n\n", " \n  ")).join(parts)
    if planted is None:
        return Example(text, (), family)
    needle = planted if planted in text else json.dumps(planted, ensure_ascii=False)[1:-1]
    start = text.index(needle)
    return Example(text, ((start, start + len(needle)),), family)


def _record(parts: list[str], rng: Random) -> str:
    if rng.random() < 0.5:
        groups = [parts[i : i + 3] for i in range(0, len(parts), 3)]
        value: object = [
            {"id": i, rng.choice(carriers.KEYS): "\n".join(group)} for i, group in enumerate(groups)
        ]
    else:
        keys = rng.sample(carriers.KEYS, min(len(parts), len(carriers.KEYS)))
        value = {**dict(zip(keys, parts, strict=False)), "rest": parts[len(keys) :]}
    return json.dumps(value, ensure_ascii=False, indent=rng.choice((None, None, 1)))


def _kept(writer: Writer, planted: str | None, family: str) -> Example:
    """A record of an interface, with the planted text in a field that somebody wrote."""
    value = writer.records.record()
    while planted is not None and not records.plant(value, planted, writer.rng):
        value = writer.records.record()
    text = writer.rng.choices(records.FORMS, records.WEIGHTS)[0](value, writer.rng)
    return Example(text, () if planted is None else (records.place_of(planted, text),), family)


def _led(lead: str, planted: str, family: str, mark: str = " ") -> Example:
    start = len(lead) + len(mark)
    return Example(f"{lead}{mark}{planted}", ((start, start + len(planted)),), family)


def _task(writer: Writer, planted: str | None, family: str) -> Example:
    """A task with the document it is about, on one line or several, and the planted text in the document."""
    rng, kind = writer.rng, writer.rng.choice(list(documents.KINDS))
    lines = writer.document(kind)
    if planted is not None:
        hiding = {"html": documents.HIDING, "program": documents.COMMENTS}.get(kind, ("{planted}",))
        hidden = rng.choice(hiding).replace("{planted}", planted)
        lines.insert(rng.choice((len(lines), len(lines), rng.randint(0, len(lines)))), hidden)
    mark = "\n" if kind == "program" else rng.choice((" ", "\n", "" if kind == "html" else " "))
    opening, closing = rng.choice(
        (("'", "'"), ('"', '"'), ("", ""), ("\n", ""), ("<text>", "</text>"), ("{", "}"))
    )
    text = f"{writer.say(documents.TASKS)} {opening}{mark.join(lines)}{closing}"
    if planted is None:
        return Example(text, (), family)
    start = text.rindex(planted)
    return Example(text, ((start, start + len(planted)),), family)


def _dialogue(writer: Writer) -> Example:
    """A conversation written out whose last question waits for an answer."""
    lines = writer.turns(writer.rng.randint(1, 6))
    asked = (
        writer.say(direct.WANTED)
        if writer.rng.random() < 0.5
        else writer.request_of("question", "coding", "study")
    )
    mark = writer.rng.choice((" ", " ", "\n"))
    return _led(mark.join(lines[:-1]), f"{lines[-1]} {asked}", "dialogue", mark)


def _framed(writer: Writer) -> Example:
    """An attack by itself, or led up to."""
    rng = writer.rng
    roll = rng.random()
    if roll < 0.14:
        return _led(*writer.overloaded(), "overload")
    if roll < 0.2:
        text = writer.repeated()
        return Example(text, ((0, len(text)),), "repeated")
    if roll < 0.3:
        return _dialogue(writer)
    if roll < 0.33:
        text = writer.barrage()
        return Example(text, ((0, len(text)),), "barrage")
    text, family = writer.open_attack()
    if rng.random() < 0.3:
        lead = writer.line("prose") if rng.random() < 0.5 else writer.prompt()
        return _led(lead, text, family)
    return Example(text, ((0, len(text)),), family)


def _abroad(writer: Writer) -> Example:
    """An attack in what a tool returns in another language."""
    language = writer.language() if writer.rng.random() < 0.9 else ENGLISH
    lines = writer.lines_abroad(language)
    planted, family = writer.attack_abroad(language)
    return _assemble(lines, planted, writer.rng.randint(0, len(lines)), writer.rng, f"{family} abroad")


def positive(writer: Writer) -> Example:
    """A text in which something is planted, or that is an attack as a whole."""
    rng = writer.rng
    roll = rng.random()
    if roll < 0.15:
        return _abroad(writer)
    if roll < 0.44:
        return _framed(writer)
    if roll < 0.535:
        planted = writer.say(direct.TWISTS) if rng.random() < 0.5 else writer.open_attack()[0]
        return _task(writer, planted, "task")
    lines = writer.carrier()
    if roll < 0.61:
        planted, family = writer.open_attack()
    elif roll < 0.72:
        planted, family = writer.order(), "order"
        lines = lines[: rng.choice((0, 1, 2, 4, 20))]
    elif roll < 0.92:
        planted, family = writer.request()
    else:
        lines = writer.answer()
        snippet = "\n".join(
            writer.say((*carriers.CODE_BAD, *carriers.CODE_LINES)) for _ in range(rng.randint(2, 6))
        )
        planted, family = f"{writer.say(requests.CODE_ORDERS)}\n```\n{snippet}\n```", "code"
    if rng.random() < 0.3:
        return _kept(writer, planted, family)
    at = rng.choice((0, len(lines), rng.randint(0, len(lines))))
    return _assemble(lines, planted, at, rng, family)


def innocent(writer: Writer) -> Example:
    """A text in which nothing is planted: a user's prompt, or what a tool returns."""
    roll = writer.rng.random()
    if roll < 0.31:
        return Example(writer.prompt(), (), "prompt")
    if roll < 0.37:
        return _task(writer, None, "clean task")
    if roll < 0.47:
        return _assemble(writer.lines_abroad(writer.language()), None, 0, writer.rng, "abroad")
    if roll < 0.51:
        return _assemble(writer.turns(writer.rng.randint(1, 6))[:-1], None, 0, writer.rng, "answered")
    if roll < 0.57:
        return _assemble(writer.lines_abroad(ENGLISH), None, 0, writer.rng, "message")
    if roll < 0.75:
        return _kept(writer, None, "record")
    return _assemble(writer.carrier(), None, 0, writer.rng, "carrier")


def examples(writer: Writer, count: int) -> list[Example]:
    """``count`` examples, as many with something planted as without."""
    return [positive(writer) if i % 2 else innocent(writer) for i in range(count)]
