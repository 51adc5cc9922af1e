"""Made-up functions: a schema, and questions whose words hold the arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from . import names
from .parameters import PARAMETERS, Parameter, Value
from .search import filler
from .tools import ToolSchema
from .words import Words

VERBS = {
    "get": "Get|Show me|Fetch|What is",
    "find": "Find|Look for|Can you find",
    "create": "Create|Make|Please create|Set up",
    "book": "Book|Please book|I want to book|Reserve",
    "send": "Send|Please send|Can you send",
    "calculate": "Calculate|What is|Work out|Compute|Determine",
    "check": "Check|Please check|Can you check|Look up",
    "list": "List|Show|Give me",
    "update": "Update|Change|Please update",
    "delete": "Delete|Remove|Please delete",
    "track": "Track|Where is|Follow",
    "schedule": "Schedule|Plan|Please schedule",
    "order": "Order|Please order|I would like to order",
    "convert": "Convert|Please convert|Change",
    "predict": "Predict|Estimate|Forecast",
    "play": "Play|Start|Put on",
}
OBJECTS = [
    "weather", "order status", "invoice", "flight", "hotel room", "table", "meeting", "ticket", "song",
    "parcel", "exchange rate", "stock price", "recipe", "event", "reminder", "message", "report",
    "account balance", "train", "doctor appointment", "movie", "news", "route", "distance", "triangle area",
    "circle circumference", "loan payment", "interest", "body mass index", "density", "velocity", "energy",
    "population growth", "shipment", "discount", "tax", "subscription", "device", "temperature", "alarm",
    "photo", "file", "task", "product", "customer", "contract", "game score", "match result", "museum hours",
    "court case", "chemical formula", "gene", "plant", "planet", "insurance quote", "car rental", "painting",
    "sculpture", "concert", "restaurant", "password", "backup", "server", "license", "voucher", "bus", "ferry",
    "library book", "lesson", "course", "exam", "grade", "salary", "bonus", "holiday", "visa", "passport",
    "currency", "bond", "fund", "donation", "review", "comment", "survey", "poll", "vote", "coupon", "gift",
    "cake", "menu", "coffee", "bicycle", "engine", "battery", "sensor", "camera", "printer", "light", "door",
    "window", "garden", "tree", "forecast", "tide", "earthquake", "storm", "satellite", "orbit", "molecule",
    "protein", "vaccine", "blood test", "heart rate", "workout", "calorie count", "step count", "sleep",
    "diet", "square root", "prime factor", "matrix", "vector", "histogram", "average", "median", "probability",
    "integral", "derivative", "word count", "translation", "synonym", "summary", "poem", "playlist", "podcast",
    "channel", "stream", "game", "puzzle", "chess move", "league table", "player", "coach", "stadium",
    "tournament", "law", "patent", "trademark", "warrant", "license plate", "parking spot", "toll",
    "fuel price", "mileage", "tire", "warranty", "repair", "inspection",
]  # fmt: skip
REMARKS = (
    " The result is returned as a list of records with their details.",
    " It raises an error when a value is not valid.",
    " All values must be given in the units that are stated.",
    " This function is used by the service to answer requests of customers.",
)
# How a request may begin, {v} being the verb, and what may stand before it.
REQUESTS = (
    "{V}", "{V}", "Please {v}", "Can you {v}", "Could you {v}", "I want to {v}", "I need to {v}", "I would like to {v}",
    "Help me {v}", "I'd like you to {v}", "Could you please {v}", "Can you please {v}", "Now {v}",
)  # fmt: skip
LEADS = (
    "Hello.",
    "I need some help.",
    "I have a question.",
    "This is for my work.",
    "One more thing.",
    "Quick question:",
)
# How an invented parameter is spoken of; the last is kept for evaluation.
PHRASES = (
    "with {w} {{v}}", "with a {w} of {{v}}", "for {w} {{v}}", "having {w} {{v}}", "with {w} set to {{v}}",
    "where {w} is {{v}}", "and {{v}} as the {w}", "where the {w} is {{v}}", "with the {w} {{v}}", "of {w} {{v}}",
    "with {{v}} as {w}", "for the {w} {{v}}", "using {{v}} as the {w}", "{w} {{v}}", "{w}: {{v}}", "{w} = {{v}}",
    "given a {w} of {{v}}", "in the {w} {{v}}", "the {w} is {{v}}", "if the {w} is {{v}}", "with the {w} being {{v}}",
    "whose {w} is {{v}}",
)  # fmt: skip


@dataclass(frozen=True)
class Function:
    """A function: its schema and what a question must say to call it."""

    schema: ToolSchema
    verb: str
    thing: str
    parameters: tuple[Parameter, ...]
    required: int

    @property
    def name(self) -> str:
        return str(self.schema["function"]["name"])

    def ask(self, rng: Random, held_out: bool, loose: Words | None = None) -> tuple[str, dict[str, Value]]:
        """A request and the arguments that it states, in part in words at random where ``loose`` is given."""
        stated = self.required + (
            rng.randint(0, len(self.parameters) - self.required) if rng.random() < 0.4 else 0
        )
        arguments: dict[str, Value] = {}
        phrases = []
        for parameter in self.parameters[:stated]:
            arguments[parameter.name] = parameter.draw(rng)
            if loose and parameter.type != "boolean" and rng.random() < 0.6:
                if parameter.type == "string" and not parameter.enum and rng.random() < 0.4:
                    arguments[parameter.name] = some_words(rng, loose)
                phrases.append(at_random(parameter, rng, loose))
                continue
            phrases.append(parameter.phrases[-1] if held_out else rng.choice(parameter.phrases[:-1]))
        parts = [
            phrase.format(v=spoken(value)) for phrase, value in zip(phrases, arguments.values(), strict=True)
        ]
        if rng.random() < 0.5 and len(set(phrases)) == len(phrases):
            rng.shuffle(parts)
        if rng.random() < 0.5:
            opening = rng.choice(VERBS[self.verb].split("|"))
        else:
            opening = rng.choice(REQUESTS).format(v=self.verb, V=self.verb.title())
        article = rng.choice(("the ", "a ", "")) if self.verb not in ("list",) else ""
        joiner = rng.choice((" ", " ", " and ", ", "))
        end = "?" if opening.startswith(("What", "Where", "Can", "Could")) else rng.choice((".", "."))
        lead = f"{rng.choice(LEADS)} " if rng.random() < 0.06 else ""
        return f"{lead}{opening} {article}{self.thing} {joiner.join(parts)}{end}", arguments


def invented(rng: Random, words: Words) -> Parameter:
    """A parameter of any type, named by one or two words of the dictionary or by no word."""
    if rng.random() < 0.4:
        spoken = names.coined(rng).lower()
        spoken = f"{spoken} {rng.choice(names.THINGS).lower()}" if rng.random() < 0.5 else spoken
        meaning = ""
    else:
        spoken, meaning = words.lemma(rng)
        if rng.random() < 0.4:
            spoken, meaning = f"{spoken} {words.lemma(rng)[0]}", ""
    described = rng.choice((f"The {spoken}.", f"Value of {spoken}.", "", meaning, f"The {spoken} to use."))
    phrases = tuple(phrase.format(w=spoken) for phrase in PHRASES)
    roll = rng.random()
    if roll < 0.1:
        items, draw = _several(rng, words)
        return Parameter(written(spoken, rng), "array", described, draw, phrases, items=items)
    if roll < 0.2:
        enum = tuple(dict.fromkeys(words.lemma(rng)[0] for _ in range(rng.randint(2, 4))))
        return Parameter(written(spoken, rng), "string", described, lambda r: r.choice(enum), phrases, enum)
    kind, draw = _single(rng, words)
    return Parameter(written(spoken, rng), kind, described, draw, phrases)


def written(spoken: str, rng: Random, camel: float = 0.2) -> str:
    """A name as programmers write it, ``camel`` of the time with capitals inside."""
    first, *rest = spoken.replace("-", " ").replace("'", "").split()
    if rng.random() < camel:
        return first + "".join(word.title() for word in rest)
    return "_".join((first, *rest))


def _single(rng: Random, words: Words) -> tuple[str, Callable[[Random], Value]]:
    makers: tuple[tuple[str, Callable[[Random], Value]], ...] = (
        ("string", names.coined), ("string", names.code), ("string", names.person), ("string", names.place),
        ("string", lambda r: words.lemma(r)[0]), ("string", lambda r: words.lemma(r)[0]),
        ("string", lambda r: words.lemma(r)[0]), ("string", lambda r: words.lemma(r)[0].title()),
        ("integer", lambda r: r.randint(1, 9999)), ("integer", lambda r: r.randint(1, 30)),
        ("number", lambda r: r.randint(1, 99) / 4), ("number", lambda r: round(r.uniform(0, 100), r.randint(1, 3))),
        ("integer", lambda r: r.choice((100, 1000, 5000, 10_000, 50_000, 250_000))),
    )  # fmt: skip
    return rng.choice(makers)


def _several(rng: Random, words: Words) -> tuple[str, Callable[[Random], Value]]:
    """The type of the items of an array, and how an array is drawn."""
    count = rng.randint(2, 4)
    if rng.random() < 0.6:
        return "integer", lambda r: [r.randint(1, 99) for _ in range(count)]
    make = rng.choice((names.coined, lambda r: words.lemma(r)[0]))
    return "string", lambda r: [make(r) for _ in range(count)]


def function(
    rng: Random, held_out: bool, words: Words, coins: float = 0.4, near: Function | None = None
) -> Function:
    """A function whose verb, object and parameter set belong to the asked side of the split.

    ``coins`` is the share of invented parameters; the verb or the object is that of ``near`` where given.
    """
    verb = rng.choice(tuple(VERBS))
    thing = rng.choice(OBJECTS) if rng.random() < 0.6 else words.lemma(rng)[0]
    if near is not None:
        verb, thing = (near.verb, thing) if rng.random() < 0.5 else (verb, near.thing)
    same = near is not None and (verb, thing) == (near.verb, near.thing)
    if same or names.is_held_out(f"{verb} {thing}") != held_out:
        return function(rng, held_out, words, coins, near)
    if rng.random() < 0.25:
        thing = f"{rng.choice((names.coined(rng).lower(), words.lemma(rng)[0]))} {thing}"
    chosen: dict[str, Parameter] = {}
    for _ in range(rng.choice((1, 1, 2, 2, 3) if held_out else (1, 2, 2, 3, 4))):
        parameter = invented(rng, words) if rng.random() < coins else rng.choice(PARAMETERS)
        chosen[parameter.name] = parameter
    parameters = tuple(chosen.values())
    required = rng.randint(1, len(parameters))
    return Function(_schema(rng, verb, thing, parameters, required, words), verb, thing, parameters, required)


def _schema(
    rng: Random, verb: str, thing: str, parameters: tuple[Parameter, ...], required: int, words: Words
) -> ToolSchema:
    form = rng.choice(("{V} {t}.", "{V} the {t}.", "{V} a {t} with the given values.", "Use it to {v} {t}.",
                       "{V} {t}", "This function can {v} a {t}."))  # fmt: skip
    roll = rng.random()
    remark = rng.choice(REMARKS) if roll < 0.2 else f" {words.sentence(rng)}" if roll < 0.3 else ""
    properties: dict[str, Any] = {}
    for parameter in parameters:
        items = {"items": {"type": parameter.items}} if parameter.items else {}
        described = (
            {"description": parameter.description} if parameter.description and rng.random() < 0.7 else {}
        )
        enum = {"enum": list(parameter.enum)} if parameter.enum else {}
        properties[parameter.name] = {"type": parameter.type, **items, **described, **enum}
    return {
        "type": "function",
        "function": {
            "name": _named(rng, verb, thing),
            "description": form.format(V=verb.title(), v=verb, t=thing) + remark,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": [p.name for p in parameters[:required]],
            },
        },
    }


def _named(rng: Random, verb: str, thing: str) -> str:
    """The name of a function as programmers write it."""
    things = thing.replace("-", " ").replace("'", "").split()
    titles = "".join(word.title() for word in things)
    snake = "_".join(things)
    return rng.choice((
        f"{verb}_{snake}", f"{verb}_{snake}", f"{verb}{titles}", f"{things[-1]}.{verb}_{snake}", f"{snake}.{verb}",
        f"{snake}_{verb}", f"{verb.title()}{titles}", f"{things[0]}_{things[-1]}.{verb}",
    ))  # fmt: skip


def spoken(value: Value) -> str:
    """A value as a question words it.

    >>> spoken([3, 5, 9]), spoken(4.5)
    ('3, 5 and 9', '4.5')
    """
    if isinstance(value, list):
        return f"{', '.join(map(str, value[:-1]))} and {value[-1]}" if len(value) > 1 else str(value[0])
    return str(value)


def at_random(parameter: Parameter, rng: Random, words: Words) -> str:
    """A phrase for a parameter of any words around its name and its value ({v}), in any order."""
    name = "".join(f" {c.lower()}" if c.isupper() else c for c in parameter.name).replace("_", " ")
    parts = [name, "{v}"]
    rng.shuffle(parts)
    return " ".join(part for part in (filler(rng, words), parts[0], filler(rng, words), parts[1]) if part)


def some_words(rng: Random, words: Words) -> str:
    """A text of one to four words."""
    kinds = (words.lemma(rng)[0], names.coined(rng), words.lemma(rng)[0].title(), names.code(rng))
    return " ".join(rng.sample(kinds, rng.choice((1, 1, 2, 2, 3))))
