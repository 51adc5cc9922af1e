"""What can be said of an entity: attributes with their questions, sentences and values.

The last templates of every list are kept for evaluation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from . import names

Maker = Callable[[Random], str]

NOUN_QUESTIONS = (
    "What is the {a} of {e}?",
    "What is {e}'s {a}?",
    "Tell me the {a} of {e}.",
    "What is the {a} for {e}?",
    "Which {a} does {e} have?",
    "Do you know the {a} of {e}?",
    "I need the {a} of {e}.",
    "{e}: what is the {a}?",
    "Can you find the {a} of {e}?",
    "Give me {e}'s {a}, please.",
)
NOUN_SENTENCES = (
    "The {a} of {e} is {v}.",
    "{e} has {v} as its {a}.",
    "{v} is the {a} of {e}.",
    "{e}'s {a} is {v}.",
    "For {e}, the {a} is {v}.",
    "The {a} listed for {e} is {v}.",
    "In the case of {e}, {v} is given as the {a}.",
    "According to the records, the {a} of {e} was {v}.",
)
EXTRAS = (
    "according to the annual report",
    "after a review last spring",
    "as agreed with the board",
    "which surprised many people",
    "although this may change later",
    "as the manual explains",
    "in most cases",
    "following a long debate",
)


@dataclass(frozen=True)
class Attribute:
    """One thing to ask of an entity; templates hold {e} (entity) and {v} (value)."""

    name: str
    value: Maker
    questions: tuple[str, ...]
    sentences: tuple[str, ...]

    def question(self, rng: Random, entity: str, held_out: bool) -> str:
        return _start(_pick(self.questions, rng, held_out).format(e=entity, a=self.name))

    def sentence(self, rng: Random, entity: str, value: str, held_out: bool) -> str:
        text = _pick(self.sentences, rng, held_out).format(e=entity, v=value, a=self.name)
        if rng.random() < 0.15:
            text = f"{text[:-1]}, {rng.choice(EXTRAS)}."
        return _start(text)


@dataclass(frozen=True)
class Topic:
    """A kind of entity and its attributes."""

    entity: Maker
    attributes: tuple[Attribute, ...]


def kept_back(templates: tuple[str, ...]) -> int:
    """How many templates at the end of a list are for evaluation: two of six or more, else one."""
    return 2 if len(templates) >= 6 else 1


def _pick(templates: tuple[str, ...], rng: Random, held_out: bool) -> str:
    cut = len(templates) - kept_back(templates)
    return rng.choice(templates[cut:] if held_out else templates[:cut])


def _start(text: str) -> str:
    return text[0].upper() + text[1:]


def noun(name: str, value: Maker) -> Attribute:
    return Attribute(name, value, NOUN_QUESTIONS, NOUN_SENTENCES)


def verb(name: str, value: Maker, questions: str, sentences: str) -> Attribute:
    """An attribute whose templates are given as lines separated by ``|``."""
    return Attribute(name, value, tuple(questions.split("|")), tuple(sentences.split("|")))


def amount(unit: str, low: int = 2, high: int = 900) -> Maker:
    return lambda rng: f"{rng.randint(low, high)} {unit}"


def one_of(options: str) -> Maker:
    choices = options.split("|")
    return lambda rng: rng.choice(choices)


_FOUNDED = verb(
    "founding year", names.year,
    "When was {e} founded?|In which year was {e} founded?|What year was {e} established?|When did {e} begin?"
    "|In what year was {e} set up?",
    "{e} was founded in {v}.|Founded in {v}, {e} is still active.|{e} has existed since it was established in {v}."
    "|The founding of {e} dates to {v}.|It was in {v} that {e} was founded.",
)  # fmt: skip
_FOUNDER = verb(
    "founder", names.person,
    "Who founded {e}?|Who is the founder of {e}?|Who started {e}?|By whom was {e} founded?|Who set up {e}?",
    "{e} was founded by {v}.|{v} founded {e}.|The founder of {e} is {v}.|{v} started {e} as a young engineer."
    "|It was {v} who founded {e}.",
)  # fmt: skip
_LOCATED = verb(
    "location", names.place,
    "Where is {e}?|Where is {e} located?|In which place is {e}?|Where can I find {e}?|Where does one find {e}?",
    "{e} is located in {v}.|{e} lies in {v}.|You can find {e} in {v}.|{e} is based in {v}.|{e} is situated in {v}.",
)  # fmt: skip
_STAFF = verb(
    "number of employees", names.number,
    "How many employees does {e} have?|How many people work at {e}?|How many people does {e} employ?"
    "|How large is the staff of {e}?",
    "{e} has {v} employees.|{e} employs {v} people.|A staff of {v} works at {e}.|About {v} people work for {e}.",
)  # fmt: skip
_PEOPLE = verb(
    "population", names.number,
    "How many people live in {e}?|What is the population of {e}?|How many inhabitants does {e} have?"
    "|How big is the population of {e}?",
    "{v} people live in {e}.|{e} has a population of {v}.|The population of {e} is {v}.|{e} is home to {v} people.",
)  # fmt: skip
_COST = verb(
    "price", names.price,
    "How much does {e} cost?|What is the price of {e}?|What does {e} cost?|How much is {e}?"
    "|How much do I pay for {e}?",
    "{e} costs {v}.|The price of {e} is {v}.|{e} is sold for {v}.|You can buy {e} for {v}.|One pays {v} for {e}.",
)  # fmt: skip
_WEIGHT = verb(
    "weight", amount("kg"),
    "How much does {e} weigh?|How heavy is {e}?|What is the weight of {e}?|What does {e} weigh?",
    "{e} weighs {v}.|The weight of {e} is {v}.|{e} has a weight of {v}.|With {v}, {e} is quite heavy.",
)  # fmt: skip
_HEIGHT = verb(
    "height", amount("meters"),
    "How tall is {e}?|What is the height of {e}?|How high is {e}?|How many meters high is {e}?",
    "{e} is {v} high.|The height of {e} is {v}.|{e} rises to {v}.|{e} reaches a height of {v}.",
)  # fmt: skip
_LEADER = verb(
    "head", names.person,
    "Who leads {e}?|Who is the head of {e}?|Who runs {e}?|Who is in charge of {e}?|Whom does {e} have as its head?",
    "{e} is led by {v}.|{v} runs {e}.|The head of {e} is {v}.|{v} is in charge of {e}.|{v} heads {e}.",
)  # fmt: skip
_DURATION = verb(
    "duration", amount("days"),
    "How long does {e} last?|What is the duration of {e}?|For how long is {e} valid?|How many days does {e} last?",
    "{e} lasts {v}.|The duration of {e} is {v}.|{e} is valid for {v}.|{e} runs for {v}.",
)  # fmt: skip
_DEADLINE = verb(
    "deadline", names.date,
    "When is the deadline for {e}?|When does {e} end?|By when must I apply for {e}?|What is the last day of {e}?",
    "The deadline for {e} is {v}.|{e} ends on {v}.|Apply for {e} by {v}.|{v} is the last day of {e}.",
)  # fmt: skip
_CONTACT = verb(
    "contact", names.email,
    "Who do I write to about {e}?|What is the contact address of {e}?|How can I contact {e}?"
    "|Which email address is used for {e}?",
    "Questions about {e} go to {v}.|Write to {v} about {e}.|The contact address of {e} is {v}."
    "|For {e}, send an email to {v}.",
)  # fmt: skip
_BORN = verb(
    "birth date", names.date,
    "When was {e} born?|What is the birth date of {e}?|On which date was {e} born?|When is {e}'s birthday?",
    "{e} was born on {v}.|The birth date of {e} is {v}.|Born on {v}, {e} grew up by the sea."
    "|{e} came to the world on {v}.",
)  # fmt: skip
_BIRTHPLACE = verb(
    "birthplace", names.place,
    "Where was {e} born?|What is the birthplace of {e}?|In which town was {e} born?|Where does {e} come from?",
    "{e} was born in {v}.|The birthplace of {e} is {v}.|{e} comes from {v}.|{v} is the town where {e} was born.",
)  # fmt: skip
_JOB = verb(
    "job", one_of("engineer|painter|lawyer|nurse|geologist|pilot|chemist|historian|baker|judge|librarian"),
    "What does {e} do for a living?|What is the job of {e}?|What is {e}'s profession?|What does {e} work as?",
    "{e} works as a {v}.|{e} is a {v} by profession.|The job of {e} is that of a {v}.|{e} earns a living as a {v}.",
)  # fmt: skip
_STUDIED = verb(
    "university", names.organisation,
    "Where did {e} study?|Which school did {e} attend?|Where did {e} get a degree?|At which place did {e} study?",
    "{e} studied at {v}.|{e} attended {v}.|{e} has a degree from {v}.|{e} was a student at {v}.",
)  # fmt: skip
_AUTHOR = verb(
    "author", names.person,
    "Who wrote {e}?|Who is the author of {e}?|By whom was {e} written?|Whose work is {e}?",
    "{e} was written by {v}.|{v} wrote {e}.|The author of {e} is {v}.|{e} is a work by {v}.",
)  # fmt: skip
_RELEASED = verb(
    "release date", names.date,
    "When was {e} released?|When did {e} come out?|What is the release date of {e}?|On which day was {e} published?",
    "{e} was released on {v}.|{e} came out on {v}.|The release date of {e} is {v}.|{e} was first published on {v}.",
)  # fmt: skip
_MADE = verb(
    "maker", names.company,
    "Who makes {e}?|Which company makes {e}?|Who is the manufacturer of {e}?|Which firm produces {e}?",
    "{e} is made by {v}.|{v} makes {e}.|The manufacturer of {e} is {v}.|{e} is produced by {v}.",
)  # fmt: skip
_RIVER = verb(
    "river", names.place,
    "Which river flows through {e}?|What river runs through {e}?|On which river is {e}?|Which river crosses {e}?",
    "The river {v} flows through {e}.|{e} lies on the river {v}.|Through {e} runs the river {v}.|The {v} crosses {e}.",
)  # fmt: skip
_OPEN = verb(
    "opening time", lambda rng: f"{rng.randint(6, 11)}:{rng.choice(('00', '15', '30'))} am",
    "When does {e} open?|What time does {e} open?|What are the opening times of {e}?|From what time is {e} open?",
    "{e} opens at {v}.|The doors of {e} open at {v}.|The opening time of {e} is {v}.|{e} is open from {v}.",
)  # fmt: skip
_USED = verb(
    "use", one_of("cooling|storing grain|measuring wind|cutting glass|drying fruit|mapping caves|lifting boats"),
    "What is {e} used for?|What is the use of {e}?|What do people use {e} for?|For what is {e} used?",
    "{e} is used for {v}.|People use {e} for {v}.|The main use of {e} is {v}.|{e} serves for {v}.",
)  # fmt: skip

TOPICS: tuple[Topic, ...] = (
    Topic(names.place, (
        _PEOPLE, _FOUNDED, _RIVER, _HEIGHT, _LEADER, noun("capital", names.place), noun("mayor", names.person),
        noun("area", amount("square kilometers")), noun("main export", one_of("wool|copper|tea|salt|timber|rice")),
        noun("largest city", names.place), noun("postal code", names.phone), noun("old name", names.place),
        noun("official language", names.place), noun("highest peak", names.place),
    )),
    Topic(names.company, (
        _FOUNDED, _FOUNDER, _LOCATED, _STAFF, _LEADER, _CONTACT, noun("chief executive", names.person),
        noun("annual revenue", names.price), noun("headquarters", names.place), noun("support line", names.phone),
        noun("stock symbol", names.code), noun("main competitor", names.company), noun("largest owner", names.company),
    )),
    Topic(names.organisation, (
        _FOUNDED, _FOUNDER, _LOCATED, _STAFF, _LEADER, _CONTACT, _OPEN, noun("yearly budget", names.price),
        noun("number of members", names.number), noun("director", names.person), noun("entrance fee", names.price),
    )),
    Topic(names.person, (
        _BORN, _BIRTHPLACE, _JOB, _STUDIED, _CONTACT, noun("office number", names.code), noun("manager", names.person),
        noun("phone number", names.phone), noun("employer", names.company), noun("home town", names.place),
        noun("salary", names.price),
    )),
    Topic(names.product, (
        _COST, _WEIGHT, _MADE, _RELEASED, _USED, noun("battery life", amount("hours")),
        noun("serial number", names.code), noun("maximum speed", amount("km/h")),
        noun("warranty period", amount("months", 3, 90)),
        noun("color", one_of("blue|dark red|grey|white|green|black")), noun("length", amount("cm")),
        noun("operating temperature", amount("degrees")), noun("error code", names.code),
    )),
    Topic(names.plan, (
        _COST, _DURATION, _DEADLINE, _CONTACT, _LEADER, noun("monthly fee", names.price),
        noun("maximum number of users", names.small), noun("notice period", amount("weeks", 2, 60)),
        noun("discount", amount("percent", 2, 80)), noun("reference number", names.code),
        noun("start date", names.date), noun("storage limit", amount("GB")),
    )),
    Topic(names.work, (
        _AUTHOR, _RELEASED, noun("publisher", names.company), noun("number of pages", names.small),
        noun("main character", names.person), noun("director", names.person), noun("length", amount("minutes")),
        noun("setting", names.place), noun("price", names.price),
    )),
)  # fmt: skip
