"""Made-up functions: a schema, and questions whose words hold the arguments."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from . import names
from .tools import ToolSchema

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
    "weather",
    "order status",
    "invoice",
    "flight",
    "hotel room",
    "table",
    "meeting",
    "ticket",
    "song",
    "parcel",
    "exchange rate",
    "stock price",
    "recipe",
    "event",
    "reminder",
    "message",
    "report",
    "account balance",
    "train",
    "doctor appointment",
    "movie",
    "news",
    "route",
    "distance",
    "triangle area",
    "circle circumference",
    "loan payment",
    "interest",
    "body mass index",
    "density",
    "velocity",
    "energy",
    "population growth",
    "shipment",
    "discount",
    "tax",
    "subscription",
    "device",
    "temperature",
    "alarm",
    "photo",
    "file",
    "task",
    "product",
    "customer",
    "contract",
    "game score",
    "match result",
    "museum hours",
    "court case",
    "chemical formula",
    "gene",
    "plant",
    "planet",
    "insurance quote",
    "car rental",
    "painting",
    "sculpture",
    "concert",
    "restaurant",
    "password",
    "backup",
    "server",
    "license",
    "voucher",
]
REMARKS = (
    " The result is returned as a list of records with their details.",
    " It raises an error when a value is not valid.",
    " All values must be given in the units that are stated.",
    " This function is used by the service to answer requests of customers.",
)
NOTES = (
    " It must be given.",
    " Default is none.",
    " For example, as it is written in the request.",
    " In full.",
)
Value = str | int | float | bool


@dataclass(frozen=True)
class Parameter:
    """A parameter, how its value is drawn, and the words that carry it ({v}) in a question."""

    name: str
    type: str
    description: str
    draw: Callable[[Random], Value]
    phrases: tuple[str, ...]
    enum: tuple[str, ...] = ()


def _text(name: str, description: str, draw: Callable[[Random], str], phrases: str) -> Parameter:
    return Parameter(name, "string", description, draw, tuple(phrases.split("|")))


def _whole(name: str, description: str, low: int, high: int, phrases: str) -> Parameter:
    return Parameter(name, "integer", description, lambda r: r.randint(low, high), tuple(phrases.split("|")))


def _decimal(name: str, description: str, phrases: str) -> Parameter:
    def draw(rng: Random) -> Value:
        return rng.choice((rng.randint(1, 5000), round(rng.uniform(0, 100), rng.randint(1, 2))))

    return Parameter(name, "number", description, draw, tuple(phrases.split("|")))


def _choice(name: str, description: str, options: str, phrases: str) -> Parameter:
    enum = tuple(options.split("|"))
    return Parameter(name, "string", description, lambda r: r.choice(enum), tuple(phrases.split("|")), enum)


PARAMETERS: tuple[Parameter, ...] = (
    _text("city", "The city.", names.place, "in {v}|for {v}|for the city of {v}"),
    _text("location", "The location, as a city name.", names.place, "in {v}|near {v}|around {v}"),
    _text("country", "Name of the country.", names.place, "in {v}|of {v}|for the country {v}"),
    _text("destination", "Where to go.", names.place, "to {v}|going to {v}|with destination {v}"),
    _text("origin", "Where to start.", names.place, "from {v}|starting in {v}|leaving from {v}"),
    _text("name", "The full name.", names.person, "for {v}|with the name {v}|named {v}"),
    _text("recipient", "Who receives it.", names.person, "to {v}|addressed to {v}|with {v} as recipient"),
    _text("artist", "Name of the artist.", names.person, "by {v}|of the artist {v}|from {v}"),
    _text("company", "The company name.", names.company, "of {v}|for the company {v}|from {v}"),
    _text("title", "The title.", names.work, "called '{v}'|with the title {v}|titled {v}"),
    _text("order_id", "Identifier of the order.", names.code, "with order id {v}|for order {v}|number {v}"),
    _text("code", "The code.", names.code, "with code {v}|using code {v}|for code {v}"),
    _text("date", "The date.", names.date, "on {v}|for {v}|dated {v}"),
    _text("start_date", "First day.", names.date, "from {v}|starting on {v}|beginning {v}"),
    _text("end_date", "Last day.", names.date, "until {v}|ending on {v}|up to {v}"),
    _text("email", "The email address.", names.email, "with email {v}|at {v}|using the address {v}"),
    _text("product", "The product name.", names.product, "for the {v}|of {v}|for product {v}"),
    _text("phone", "Phone number.", names.phone, "with phone {v}|at the number {v}|calling {v}"),
    _whole("people", "Number of people.", 1, 40, "for {v} people|for {v} guests|with {v} persons"),
    _whole("days", "Number of days.", 1, 90, "for {v} days|over the next {v} days|within {v} days"),
    _whole("quantity", "How many.", 1, 900, "with a quantity of {v}|{v} times|{v} pieces"),
    _whole("year", "The year.", 1700, 2040, "in {v}|for the year {v}|of the year {v}"),
    _whole("limit", "Maximum number of results.", 1, 100, "with at most {v} results|limited to {v}|up to {v} results"),
    _whole("age", "Age in years.", 1, 99, "aged {v}|who is {v} years old|at the age of {v}"),
    _whole("base", "Length of the base.", 1, 900, "with a base of {v}|with base {v}|whose base is {v} units"),
    _whole("radius", "The radius.", 1, 900, "with a radius of {v}|with radius {v}|whose radius is {v}"),
    _decimal("height", "The height.", "with a height of {v}|with height {v}|that is {v} high"),
    _decimal("width", "The width.", "with a width of {v}|with width {v}|that is {v} wide"),
    _decimal("weight", "Weight in kilograms.", "with a weight of {v} kg|weighing {v} kg|of {v} kilograms"),
    _decimal("amount", "The amount.", "with an amount of {v}|for the amount {v}|of {v} dollars"),
    _decimal("rate", "The rate, in percent.", "at a rate of {v}|with a rate of {v} percent|at {v} percent"),
    _decimal("temperature", "The temperature.", "at a temperature of {v}|at {v} degrees|with temperature {v}"),
    _decimal("speed", "The speed.", "at a speed of {v}|with speed {v}|moving at {v} m/s"),
    _decimal("mass", "The mass.", "with a mass of {v}|of mass {v} kg|with mass {v}"),
    _decimal("time", "Time in seconds.", "after {v} seconds|for a time of {v}|in {v} seconds"),
    _choice("unit", "Unit of the result.", "celsius|fahrenheit|kelvin", "in {v}|in degrees {v}|as {v}"),
    _choice("size", "The size.", "small|medium|large", "in size {v}|that is {v}|of {v} size"),
    _choice("language", "The language.", "english|french|german|spanish", "in {v}|in the {v} language|written in {v}"),
    _choice("priority", "The priority.", "low|normal|high|urgent", "with {v} priority|with priority {v}|marked {v}"),
    _choice("color", "The color.", "red|blue|green|black|white", "in {v}|with color {v}|colored {v}"),
    _choice("format", "The format.", "pdf|csv|json|html", "as {v}|in {v} format|formatted as {v}"),
    _choice("currency", "The currency.", "USD|EUR|GBP|JPY", "in {v}|with currency {v}|paid in {v}"),
    Parameter("express", "boolean", "Whether to be fast.", lambda r: True, ("with express", "as express")),
    Parameter("verbose", "boolean", "Show details.", lambda r: True, ("with verbose output", "verbose")),
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


def invented(rng: Random) -> Parameter:
    """A parameter with a name that is no word, of any type."""
    name = names.coined(rng).lower()
    name = f"{name}_{rng.choice(names.THINGS).lower()}" if rng.random() < 0.5 else name
    words = name.replace("_", " ")
    phrases = (f"with {words} {{v}}", f"with a {words} of {{v}}", f"whose {words} is {{v}}")
    draw: Callable[[Random], Value] = rng.choice((names.coined, names.code, names.person))
    kind = "string"
    if rng.random() < 0.5:
        kind, draw = rng.choice(
            (("integer", lambda r: r.randint(1, 9999)), ("number", lambda r: r.randint(1, 99) / 4))
        )
    return Parameter(name, kind, rng.choice((f"The {words}.", f"Value of {words}.", "")), draw, phrases)


def function(rng: Random, held_out: bool) -> Function:
    """A function whose verb, object and parameter set belong to the asked side of the split."""
    verb, thing = rng.choice(tuple(VERBS)), rng.choice(OBJECTS)
    if names.is_held_out(f"{verb} {thing}") != held_out:
        return function(rng, held_out)
    if rng.random() < 0.3:
        thing = f"{names.coined(rng).lower()} {thing}"
    chosen: dict[str, Parameter] = {}
    for _ in range(rng.choice((1, 1, 2, 2, 3))):
        parameter = invented(rng) if rng.random() < 0.3 else rng.choice(PARAMETERS)
        chosen[parameter.name] = parameter
    parameters = tuple(chosen.values())
    required = rng.randint(1, len(parameters))
    return Function(_schema(rng, verb, thing, parameters, required), verb, thing, parameters, required)


def _schema(
    rng: Random, verb: str, thing: str, parameters: tuple[Parameter, ...], required: int
) -> ToolSchema:
    words = f"{verb} {thing}".split()
    name = rng.choice(("_".join(words), "_".join(words), words[0] + "".join(w.title() for w in words[1:]),
                       f"{words[-1]}.{'_'.join(words)}"))  # fmt: skip
    form = rng.choice(("{V} {t}.", "{V} the {t}.", "{V} a {t} with the given values.", "Use it to {v} {t}."))
    remark = rng.choice(REMARKS) if rng.random() < 0.25 else ""
    properties: dict[str, Any] = {}
    for parameter in parameters:
        described = (
            {"description": parameter.description} if parameter.description and rng.random() < 0.7 else {}
        )
        enum = {"enum": list(parameter.enum)} if parameter.enum else {}
        properties[parameter.name] = {"type": parameter.type, **described, **enum}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": form.format(V=verb.title(), v=verb, t=thing) + remark,
            "parameters": {
                "type": "object",
                "properties": properties,
                "required": [p.name for p in parameters[:required]],
            },
        },
    }


def ask(made: Function, rng: Random, held_out: bool) -> tuple[str, dict[str, Value]]:
    """A question for ``made`` and the arguments that it states."""
    stated = made.required + (
        rng.randint(0, len(made.parameters) - made.required) if rng.random() < 0.4 else 0
    )
    arguments: dict[str, Value] = {}
    parts = []
    for parameter in made.parameters[:stated]:
        value = parameter.draw(rng)
        arguments[parameter.name] = value
        phrase = parameter.phrases[-1] if held_out else rng.choice(parameter.phrases[:-1])
        parts.append(phrase.format(v=value))
    if rng.random() < 0.5:
        rng.shuffle(parts)
    opening = rng.choice(VERBS[made.verb].split("|"))
    article = rng.choice(("the ", "a ", "")) if made.verb not in ("list",) else ""
    joiner = rng.choice((" ", " ", " and ", ", "))
    end = "?" if opening.startswith(("What", "Where", "Can")) else rng.choice((".", "."))
    return f"{opening} {article}{made.thing} {joiner.join(parts)}{end}", arguments
