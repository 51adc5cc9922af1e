"""Functions described at length, as those of public interfaces are, and requests as people word them.

What is asked for stands under names that a request seldom repeats to the letter: numbers with units, money, shares,
flags, choices, dates that a description wants in another form. Options that a request leaves out are left out.
"""

from dataclasses import dataclass
from random import Random

from . import names, vocabulary
from .fields import Field, draw_fields
from .functions import spoken, written
from .parameters import Value
from .tools import ToolSchema
from .words import Words

ASKS = (
    "Calculate", "Compute", "Find", "Determine", "Get", "Estimate", "Predict", "Show me", "Tell me", "Give me", "Find out",
    "I need", "I want to know", "Can you calculate", "Can you find", "Could you tell me", "Could you get", "Help me find",
    "Please provide", "Fetch", "Retrieve", "Look up", "Search for", "Work out", "Check", "Analyze", "Generate", "Identify",
    "I'd like to see", "Please find", "What is", "What is", "What's", "What are", "What was", "What would be",
)  # fmt: skip
VERBS = (
    "calculate", "calc", "compute", "get", "find", "estimate", "predict", "fetch", "retrieve", "search", "lookup", "analyze",
    "determine", "generate", "create", "update", "book", "check", "list", "solve", "convert", "evaluate", "identify",
)  # fmt: skip
SPACES = ("math", "physics", "finance", "geometry", "stats", "biology", "chemistry", "sports", "travel", "music", "law", "history",
          "weather", "api", "utils", "tools", "service", "data", "shop", "calendar")  # fmt: skip
DESCRIPTIONS = (
    "{V} the {r} of a {s} given its {p}.", "{V} the {r} of a {s} based on {p}.", "{V}s the {r} for a specified {s}.",
    "This function {v}s the {r} of the {s} using {p}.", "{V} {r} of a {s}.", "{V} the {r} for a given {s}, {p}.",
    "{V} the {s} {r} from the {p}.", "Returns the {r} of a {s} for the given {p}.", "{V}s {s} {r} according to {p}.",
    "{V} the {r} based on the {p} provided.", "Function to {v} {r} of a {s}.", "A service to {v} the {r} of any {s}.",
    "{V} detailed {r} about a {s} by {p}.",
)  # fmt: skip
MORE = ("Returns a list of results.", "The result is given in standard units.", "Returns an error if a value is missing.",
        "This is useful for planning.", "Only values in the given range are accepted.")  # fmt: skip
OPENINGS = (
    "{a} the {r} of {the} {s} {p}", "{a} the {r} of {the} {s} {p}", "{a} the {r} for {the} {s} {p}", "{a} the {s} {r} {p}",
    "{a} {r} of {the} {s} {p}", "{a} the {r} {p}", "{r} of {the} {s} {p}", "Given {p}, {l} the {r} of {the} {s}",
    "If {the} {s} has {p}, {l} its {r}", "{The} {s} has {p}. {a} its {r}", "I have {the} {s} with {p}. {a} its {r}",
    "{a} the {r} if {the} {s} has {p}", "For {the} {s} {p}, {l} the {r}", "{a} the {r}. It is {the} {s} {p}",
    "Use {n} to find the {r} of {the} {s} {p}", "I am looking for the {r} of {the} {s} {p}", "{a} {the} {s}'s {r} {p}",
    "What {r} does {the} {s} have {p}", "How do I get the {r} of {the} {s} {p}",
)  # fmt: skip
LACKING = ("Default is {d}.", "Defaults to {d}.", "Optional, default is {d}.", "(optional, defaults to {d} if not specified)",
           "If not given, {d} is used.")  # fmt: skip


@dataclass(frozen=True)
class Described:
    """A function with what is asked of it: ``result`` of ``subject``."""

    schema: ToolSchema
    result: str
    subject: str
    fields: tuple[Field, ...]

    @property
    def name(self) -> str:
        return str(self.schema["function"]["name"])

    def ask(self, rng: Random, held_out: bool, loose: Words | None = None) -> tuple[str, dict[str, Value]]:
        """A request, and the arguments that it states."""
        required = self.schema["function"]["parameters"]["required"]
        stated = [f for f in self.fields if f.name in required or rng.random() < 0.35]
        arguments, parts = dict[str, Value](), list[str]()
        in_order, nameless = rng.random() < 0.7, rng.choice((0.4, 1.0))
        for each in stated:
            arguments[each.name], words = each.draw(rng)
            # Out of order, a number without its name could be anybody's.
            bare = in_order or each.schema["type"] == "string"
            ways = each.bare if bare and each.bare and rng.random() < nameless else each.named
            way = ways[-1] if held_out and len(ways) > 1 else rng.choice(ways[:-1] or ways)
            parts.append(way.format(w=each.said, v=words))
        if not in_order:
            rng.shuffle(parts)
        return _worded(self, parts, rng, loose), arguments


def described(rng: Random, held_out: bool, words: Words, near: Described | None = None) -> Described:
    """A function on the asked side of the split; of the same subject as ``near``, where given, or with its result."""
    result = rng.choice(vocabulary.RESULTS) if rng.random() < 0.75 else words.lemma(rng)[0]
    subject = rng.choice(vocabulary.SUBJECTS) if rng.random() < 0.75 else words.lemma(rng)[0]
    if near is not None:
        result, subject = (near.result, subject) if rng.random() < 0.5 else (result, near.subject)
    same = near is not None and (result, subject) == (near.result, near.subject)
    if same or names.is_held_out(f"{result} {subject}") != held_out:
        return described(rng, held_out, words, near)
    fields = draw_fields(rng, words, subject)
    count = rng.randint(1, len(fields))
    required = [f.name for f in (fields[:count] if rng.random() < 0.7 else rng.sample(fields, count))]
    return Described(_schema(rng, result, subject, fields, required, words), result, subject, fields)


def _worded(made: Described, parts: list[str], rng: Random, loose: Words | None) -> str:
    ask, name = rng.choice(ASKS), made.name
    subject = rng.choice((made.subject, made.subject, f"{names.coined(rng)} {made.subject}"))
    the = rng.choice(("a", "the", "the", "my", "this"))
    joiner = rng.choice((" and ", ", ", " "))
    said = f"{', '.join(parts[:-1])}{joiner}{parts[-1]}" if len(parts) > 1 else parts[0]
    if len(parts) > 2 and rng.random() < 0.2:
        half = rng.randint(1, len(parts) - 1)
        said = f"{' '.join(parts[:half])}, and also {', '.join(parts[half:])}"
    form = rng.choice(OPENINGS)
    text = form.format(
        a=ask, l=ask[0].lower() + ask[1:], r=made.result, s=subject, the=the, The=the.title(), p=said, n=name
    )
    text = text[0].upper() + text[1:]
    if loose and rng.random() < 0.15:
        text = f"{loose.sentence(rng)} {text}" if rng.random() < 0.5 else f"{text}. {loose.sentence(rng)}"
    if text[-1] in ".?":
        return text
    asks = text.startswith(("What", "How", "Can", "Could"))
    return text + (rng.choice(("?", "?", "")) if asks else rng.choice((".", ".", ".", "", "?")))


def _schema(
    rng: Random, result: str, subject: str, fields: tuple[Field, ...], required: list[str], words: Words
) -> ToolSchema:
    verb = rng.choice(VERBS)
    text = spoken([f.said for f in fields])
    full = "calculate" if verb == "calc" else "look up" if verb == "lookup" else verb
    about = rng.choice(DESCRIPTIONS).format(v=full, V=full.capitalize(), r=result, s=subject, p=text)
    roll = rng.random()
    if roll < 0.3:
        about += " " + (rng.choice(MORE) if roll < 0.15 else words.sentence(rng))
    properties = {f.name: dict(f.schema) for f in fields}
    for each in fields:
        if each.name not in required and rng.random() < 0.6:
            value, _ = each.draw(rng)
            note = rng.choice(LACKING).format(d=repr(value) if isinstance(value, str) else str(value).lower())
            if rng.random() < 0.7:
                before = str(properties[each.name].get("description", "")).removesuffix(".")
                properties[each.name]["description"] = f"{before}. {note}" if before else note
            else:
                properties[each.name]["default"] = value
    return {
        "type": "function",
        "function": {
            "name": _named(rng, verb, result, subject),
            "description": about,
            "parameters": {"type": "object", "properties": properties, "required": required},
        },
    }


def _named(rng: Random, verb: str, result: str, subject: str) -> str:
    r, s = (written(text, rng, 0.0) for text in (result, subject))
    title = "".join(word.capitalize() for word in f"{r}_{s}".split("_"))
    space = rng.choice(SPACES)
    return rng.choice((
        f"{verb}_{r}", f"{verb}_{s}_{r}", f"{verb}_{r}_of_{s}", f"{s}_{r}", f"{r}_{s}", f"{space}.{verb}_{r}", f"{space}.{r}",
        f"{s}.{verb}_{r}", f"{s}.{r}", f"{r}.{verb}", f"{s}_{r}.{verb}", f"{verb}{title}", f"{space}.{verb}{title}",
        f"{r}_calculator", f"{s}_{r}_{verb}", f"{space}_{s}.{verb}_{r}", f"{title}",
        f"{s}_{rng.randint(1, 3)}_{verb.title()}{r.title()}",
    ))  # fmt: skip
