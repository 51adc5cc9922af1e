"""Parameters of functions described at length: how each is described, how a value is drawn, and how people say it."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from . import names, vocabulary
from .functions import spoken, written
from .parameters import Value
from .words import Words

# How a quantity or a text {v} is said under its name {w}; the last is kept for evaluation.
NAMED = (
    "with a {w} of {v}", "with {w} {v}", "{w} of {v}", "a {w} of {v}", "the {w} {v}", "{w} = {v}", "{w}={v}", "{w} is {v}",
    "where {w} is {v}", "{v} as the {w}", "{v} {w}", "{w}: {v}", "whose {w} is {v}", "given a {w} of {v}", "and {w} {v}",
    "for {w} {v}", "with {w} set to {v}", "if the {w} is {v}", "having a {w} of {v}", "at a {w} of {v}", "using {w} {v}",
    "and the {w} being {v}",
)  # fmt: skip
# How a value is said without its name, where its kind tells: a place, a person …
BARE: dict[str, tuple[str, ...]] = {
    "place": ("in {v}", "at {v}", "near {v}", "for {v}", "around {v}"),
    "person": ("of {v}", "by {v}", "for {v}", "called {v}", "named {v}"),
    "company": ("at {v}", "of {v}", "for {v}", "by {v}", "from {v}"),
    "word": ("for {v}", "of {v}", "about {v}", "with {v}", "on {v}", "using {v}"),
    "work": ("called '{v}'", "titled '{v}'", "of '{v}'", 'named "{v}"', "for {v}"),
    "code": ("for {v}", "with {v}", "number {v}", "of {v}", "'{v}'"),
    "date": ("on {v}", "for {v}", "from {v}", "as of {v}"),
    "formula": ("{v}", "of {v}", "f(x) = {v}", "for {v}"),
    "number": ("of {v}", "for {v}", "{v}", "with {v}", "within {v}", "over {v}", "after {v}", "at {v}"),
}
# Share of the names of parameters that are written with capitals inside.
CAMEL = 0.15
COUNTS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")


@dataclass(frozen=True)
class Field:
    """A parameter: its schema, and how a value and the words that carry it are drawn; ``bare`` are words without a name."""

    name: str
    schema: dict[str, Any]
    draw: Callable[[Random], tuple[Value, str]]
    said: str
    bare: tuple[str, ...] = ()
    named: tuple[str, ...] = NAMED


def _described(rng: Random, kind: str, text: str, **more: Any) -> dict[str, Any]:
    """A parameter's schema, in some order, mostly with a description."""
    parts = [("type", kind), *more.items()]
    if text and rng.random() < 0.9:
        parts.insert(rng.choice((len(parts), len(parts), 1)), ("description", text))
    return dict(parts)


def _about(rng: Random, said: str, subject: str, note: str = "") -> str:
    form = rng.choice((
        "The {w} of the {s}", "The {w}", "The {w} of the {s}", "{W} of the {s}", "{W}", "The {w} to use", "The {w} for the {s}",
        "Specifies the {w} of the {s}", "The {w} at which the {s} is considered", "The value of the {w}",
    ))  # fmt: skip
    return form.format(w=said, W=said.capitalize(), s=subject) + (f" {note}" if note else "") + "."


def _spelled(rng: Random, said: str) -> str:
    return (
        f"num {said.removeprefix('number of ')}"
        if said.startswith("number of ") and rng.random() < 0.5
        else said
    )


def _quantity(rng: Random, words: Words, subject: str) -> Field:
    said, _, units = rng.choice(vocabulary.QUANTITIES).partition(":")
    unit = rng.choice(units.split(";"))
    if rng.random() < 0.35:
        said = f"{rng.choice(vocabulary.MODIFIERS)} {said}"
    text, kind = rng.random() < 0.06, rng.choice(("integer", "integer", "number"))
    share = unit == "%" and kind == "number" and rng.random() < 0.5
    note = f"in {unit.strip()}" if unit.strip() and rng.random() < 0.5 else ""
    if share:
        note = rng.choice(
            ("as a decimal", "as a decimal, e.g. 0.05 for 5%", "in decimal form", "(e.g., 0.1 for 10%)")
        )

    def draw(r: Random) -> tuple[Value, str]:
        if said.endswith("year"):
            number: int | float = r.randint(1200, 2040)
        elif share:
            percent = r.choice((r.randint(1, 99), r.randint(1, 99), r.randint(1, 99) + r.choice((0.5, 0.25))))
            return round(percent / 100, 6), f"{percent}%" if r.random() < 0.8 else f"{percent} percent"
        elif kind == "integer":
            number = r.choice(
                (
                    r.randint(1, 20),
                    r.randint(1, 100),
                    r.randint(1, 999),
                    r.randint(1, 99) * 100,
                    r.randint(1, 99) * 1000,
                )
            )
        else:
            number = r.choice(
                (
                    r.randint(1, 100),
                    round(r.uniform(0, 1), r.randint(1, 3)),
                    round(r.uniform(0, 500), r.randint(1, 3)),
                )
            )
        if unit == "$":
            digits = f"{number:,}" if r.random() < 0.5 else str(number)
            shown = f"${digits}" if r.random() < 0.75 else f"{digits} dollars"
        elif isinstance(number, int) and 2 <= number <= 12 and r.random() < 0.15:
            shown = COUNTS[number - 2] + (unit if unit.startswith(" ") else "")
        else:
            digits = (
                f"{number:,}"
                if isinstance(number, int)
                and number >= 1000
                and not said.endswith("year")
                and r.random() < 0.2
                else str(number)
            )
            shown = digits + (unit if r.random() < 0.75 else "")
        return (str(number), shown) if text else (number, shown)

    bare = BARE["number"] if unit.strip() or said.endswith("year") else ()
    bare = ("in {v}", "for {v}", "from {v}", "in the year {v}", "of {v}") if said.endswith("year") else bare
    schema = _described(rng, "string" if text else kind, _about(rng, said, subject, note))
    return Field(written(_spelled(rng, said), rng, CAMEL), schema, draw, said, bare)


def _letter(rng: Random, words: Words, subject: str) -> Field:
    name = rng.choice(vocabulary.LETTERS)
    what = rng.choice(("coefficient", "value", "number", "coordinate", "constant", "term"))
    kind = rng.choice(("integer", "integer", "number"))

    def draw(r: Random) -> tuple[Value, str]:
        number = (
            r.randint(1, 40)
            if kind == "integer" or r.random() < 0.5
            else round(r.uniform(0, 50), r.randint(1, 2))
        )
        return number, str(number)

    note = (
        f"The {what} {name}."
        if rng.random() < 0.6
        else f"The {rng.choice(('first', 'second', 'third', 'last'))} {what}."
    )
    named = ("{w}={v}", "{w} = {v}", "{w} is {v}", "{w} {v}", "{w} as {v}", "{w}: {v}", "{w} being {v}")
    return Field(name, _described(rng, kind, note), draw, name, ("{v}",) if rng.random() < 0.2 else (), named)


def _text(rng: Random, words: Words, subject: str) -> Field:
    kind = rng.choice(
        ("place", "place", "person", "company", "word", "word", "word", "work", "code", "date", "formula")
    )
    said = rng.choice(vocabulary.TEXTS[kind])
    if kind == "word" and rng.random() < 0.3:
        said = words.lemma(rng)[0]
    form = ""
    if kind == "place" and rng.random() < 0.35:
        form = rng.choice(
            (
                "in the format 'City, State'",
                "such as 'Berlin, Germany'",
                "as city and state, e.g. 'Austin, TX'",
            )
        )
    if kind == "date" and rng.random() < 0.6:
        form = rng.choice(
            ("in the format of 'YYYY-MM-DD'", "in YYYY-MM-DD format", "formatted as 'YYYY-MM-DD'")
        )
    iso = kind == "date" and bool(form)

    def draw(r: Random) -> tuple[Value, str]:
        if iso:
            return _day(r)
        value = TEXT_MAKERS[kind](r, words, bool(form))
        quoted = kind in ("work", "code", "formula", "word") and r.random() < 0.2
        return value, r.choice(("'{}'", '"{}"')).format(value) if quoted else value

    return Field(
        written(said, rng, CAMEL),
        _described(rng, "string", _about(rng, said, subject, form)),
        draw,
        said,
        BARE[kind],
    )


def _day(rng: Random) -> tuple[str, str]:
    """A day as a description wants it, and as people say it."""
    year, month, day = rng.randint(1950, 2030), rng.randint(1, 12), rng.randint(1, 28)
    suffix = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd"}.get(day, "th")
    name = names.MONTHS[month - 1]
    said = rng.choice(
        (
            f"{name} {day}, {year}",
            f"{name} {day}{suffix}, {year}",
            f"{name} {day}{suffix} {year}",
            f"{day} {name} {year}",
            f"the {day}{suffix} of {name} {year}",
            f"{year}-{month:02}-{day:02}",
        )
    )
    return f"{year}-{month:02}-{day:02}", said


def _place(rng: Random, words: Words, region: bool) -> str:
    city = rng.choice(vocabulary.CITIES) if rng.random() < 0.4 else names.place(rng)
    return f"{city}, {rng.choice(vocabulary.REGIONS)}" if region or rng.random() < 0.15 else city


def _phrase(rng: Random, words: Words, _: bool) -> str:
    roll = rng.random()
    first = words.lemma(rng)[0]
    if roll < 0.5:
        return first if roll < 0.35 else first.title()
    return f"{first} {words.lemma(rng)[0]}" if roll < 0.75 else names.coined(rng)


def _formula(rng: Random, words: Words, _: bool) -> str:
    x = rng.choice("xxxyt")
    first = rng.choice(
        (
            f"{rng.randint(2, 9)}{x}^{rng.randint(2, 4)}",
            f"{x}^{rng.randint(2, 5)}",
            f"{rng.randint(2, 9)}{x}**{rng.randint(2, 4)}",
            f"sin({x})",
            f"e^{x}",
        )
    )
    return rng.choice(
        (first, f"{first} + {rng.randint(2, 9)}{x} - {rng.randint(1, 9)}", f"{first} - {rng.randint(1, 20)}")
    )


TEXT_MAKERS: dict[str, Callable[[Random, Words, bool], str]] = {
    "place": _place,
    "person": lambda r, w, _: names.person(r),
    "company": lambda r, w, _: names.company(r),
    "word": _phrase,
    "work": lambda r, w, _: names.work(r),
    "code": lambda r, w, _: r.choice(
        (names.code(r), names.code(r).replace(" ", "").lower(), f"{r.choice('abrsxv')}{r.randint(10, 99999)}")
    ),
    "date": lambda r, w, _: names.date(r),
    "formula": _formula,
}


def _choice(rng: Random, words: Words, subject: str) -> Field:
    said, _, options = rng.choice(vocabulary.CHOICES).partition(":")
    values = options.split("|")
    if rng.random() < 0.3:
        values = list(dict.fromkeys(words.lemma(rng)[0] for _ in range(rng.randint(2, 4))))
        said = words.lemma(rng)[0]
    if rng.random() < 0.3:
        values = [value.title() for value in values]
    listed = rng.random() < 0.8
    about = _about(rng, said, subject, "" if listed and rng.random() < 0.6 else f"({', '.join(values)})")

    def draw(r: Random) -> tuple[Value, str]:
        value = r.choice(values)
        return value, r.choice((value, value, value, value.lower(), value.title()))

    named = (
        "with {w} {v}",
        "in {v}",
        "{v} {w}",
        "{w} {v}",
        "using {v}",
        "with {v}",
        "as {v}",
        "{w} set to {v}",
        "and {w} being {v}",
    )
    more = {"enum": values} if listed else {}
    return Field(
        written(said, rng, CAMEL),
        _described(rng, "string", about, **more),
        draw,
        said,
        ("{v}", "in {v}", "for {v}"),
        named,
    )


def _flag(rng: Random, words: Words, subject: str) -> Field:
    what = rng.choice(vocabulary.FLAGS) if rng.random() < 0.8 else words.lemma(rng)[0]
    name = rng.choice(("include {}", "with {}", "{} included", "show {}", "return {}")).format(what)
    off = rng.random() < 0.25

    def draw(r: Random) -> tuple[Value, str]:
        return not off, what

    named: tuple[str, ...] = (
        "including {v}",
        "with {v}",
        "with {v} included",
        "and include {v}",
        "plus {v}",
        "together with {v}",
    )
    if off:
        named = ("excluding {v}", "without {v}", "not including {v}", "and no {v}", "leaving out {v}")
    about = rng.choice(
        (
            f"Whether to include {what}.",
            f"If true, {what} are included.",
            f"Include {what} in the result.",
            f"Flag for {what}.",
        )
    )
    return Field(written(name, rng, CAMEL), _described(rng, "boolean", about), draw, what, (), named)


def _list(rng: Random, words: Words, subject: str) -> Field:
    number = rng.random() < 0.55
    pool = (
        "values|numbers|data|scores|points|ages|prices|weights|x values|dataset a|dataset b|array"
        if number
        else (
            "items|ingredients|names|cities|features|keywords|players|teams|genres|interests|symptoms|topics|countries|columns|tags"
        )
    )
    said = rng.choice(pool.split("|"))
    whole = rng.random() < 0.7

    def draw(r: Random) -> tuple[Value, str]:
        count = r.randint(2, 5)
        form = r.random()
        if number:
            drawn = [r.randint(1, 200) if whole else round(r.uniform(0, 50), 1) for _ in range(count)]
            listed = ", ".join(map(str, drawn))
            return drawn, f"[{listed}]" if form < 0.3 else listed if form < 0.6 else spoken(drawn)
        texts = [_phrase(r, words, False) for _ in range(count)]
        if form < 0.3:
            return texts, ", ".join(f"'{text}'" for text in texts)
        return texts, spoken(texts) if form < 0.8 else ", ".join(texts)

    kind = ("integer" if whole else "number") if number else "string"
    about = (
        rng.choice(
            (
                f"A list of {said}",
                f"List of {said} of the {subject}",
                f"The {said}",
                f"An array of {said} to use",
            )
        )
        + "."
    )
    return Field(
        written(said, rng, CAMEL),
        _described(rng, "array", about, items={"type": kind}),
        draw,
        said,
        ("{v}", "for {v}", "of {v}"),
    )


def _pair(rng: Random, words: Words) -> dict[str, Field]:
    """Two quantities of one kind, told apart by their order."""
    first = _quantity(rng, words, "object")
    ways = rng.choice((("{}1", "{}2"), ("{}_1", "{}_2"), ("first_{}", "second_{}"), ("{}_a", "{}_b")))
    made = {}
    for way, rank in zip(ways, ("first", "second"), strict=True):
        schema = {"type": first.schema["type"], "description": f"The {first.said} of the {rank} object."}
        name = way.format(first.name)
        made[name] = Field(name, schema, first.draw, f"{first.said} of the {rank}", first.bare or ("{v}",))
    return made


MAKERS: dict[str, Callable[[Random, Words, str], Field]] = {
    "quantity": _quantity, "text": _text, "choice": _choice, "flag": _flag, "list": _list, "letter": _letter,
}  # fmt: skip
SHARES = (40, 38, 10, 6, 6, 2)


def draw_fields(rng: Random, words: Words, subject: str) -> tuple[Field, ...]:
    """One to six parameters of a function about ``subject``; at times letters alone, or two quantities of one kind."""
    kinds = rng.choices(tuple(MAKERS), SHARES, k=rng.choice((1, 2, 2, 3, 3, 3, 4, 4, 5, 6)))
    if rng.random() < 0.15:
        kinds = ["letter"] * rng.choice((2, 2, 3, 4))
    made: dict[str, Field] = {}
    for kind in kinds:
        each = MAKERS[kind](rng, words, subject)
        made.setdefault(each.name, each)
    if rng.random() < 0.08:
        made |= _pair(rng, words)
    return tuple(made.values())
