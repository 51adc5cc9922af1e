"""Generated sentences with marked names: people, places, organisations, and words that are none."""

import ast
import random
import re
import sysconfig
from pathlib import Path
from typing import Any, NamedTuple

LOCALES = (
    "en_US", "en_GB", "en_IN", "en_IE", "de_DE", "fr_FR", "es_ES", "es_MX", "it_IT", "pl_PL", "nl_NL", "sv_SE",
    "no_NO", "fi_FI", "da_DK", "cs_CZ", "pt_BR", "tr_TR", "ro_RO", "hr_HR",
)  # fmt: skip
_SLOT = re.compile(r"\{([PLOXA])\}")
_KIND = {"P": 1, "L": 2, "A": 2, "O": 3, "X": 0}

# P a person, L a place, A an address, O an organisation, X a capitalised word or phrase that is no name of these
TEMPLATES = (
    "I live at {A}.", "Ship it to {A}.", "My new address is {A}", "{P}\n{A}", "Send the parcel to {P}, {A}, please.",
    "Our office is at {A}.", "The shop on {A} is closed.", "Address: {A}", "Meet me at {A} at noon.",
    "My name is {P}.", "I am {P} and I live in {L}.", "Please call {P} at the office in {L}.",
    "{P} works for {O} in {L}.", "Can you send the invoice to {P}?", "Hi, this is {P} from {O}.",
    "Dear {P}, thank you for your order.", "Best regards,\n{P}", "Kind regards, {P}\n{O}", "Hello {P},",
    "Mr. {P} asked for a refund.", "Dr. {P} will see you on {X}.", "Mrs {P} and her husband {P} moved to {L}.",
    "What is the phone number of {P}?", "Who is {P}?", "Where does {P} work?", "When was {P} born?",
    "{P} was born in {L} in 1962.", "The contact for invoices is {P}.", "The contact person is {P}, {O}.",
    "{P} leads the {X} team.", "The {X} team is led by {P}.", "I spoke with {P} yesterday about the contract.",
    "According to {P}, the project is late.", "\"We are proud\", said {P}, who runs {O}.",
    "{P} joined {O} as an engineer.", "{O} hired {P} last year.", "{O} has its headquarters in {L}.",
    "{O} opened a branch in {L}.", "{O} and {O} signed an agreement in {L}.", "Shares of {O} fell by 3 percent.",
    "I ordered a laptop from {O} and it never came.", "Does {O} deliver to {L}?", "The {O} is based in {L}.",
    "She studied at {O} in {L}.", "He teaches history at {O}.", "A report by {O} was published on {X}.",
    "The weather in {L} is lovely in {X}.", "How do I get from {L} to {L}?", "We travelled through {L} and {L}.",
    "The train from {L} arrives at noon.", "Ship it to 12 High Street, {L}.", "My address is {L}, flat 3.",
    "The river flows through {L} into the sea.", "{L} is the capital of {L}.", "They met in {L} in {X}.",
    "Flights to {L} leave every {X}.", "The mayor of {L}, {P}, opened the fair.", "{P} of {L} won the prize.",
    "Book a table for {P} at eight.", "Email {P} the report and copy {P}.", "cc: {P}, {P}, {P}",
    "From: {P}\nTo: {P}\nSubject: {X}", "Signed: {P}", "Name: {P}\nCity: {L}\nCompany: {O}",
    "Customer {P} from {L} reported the fault.", "The patient, {P}, was admitted on {X}.",
    "Account holder: {P}", "Insurance of {P}, born 3 {X} 1980.", "Is {P} still with {O}?",
    "Tell {P} that I will be late.", "Give my best to {P}!", "Thanks {P}!", "{P}'s car is parked outside.",
    "{P}'s sister lives in {L}.", "My wife {P} and I would like to visit {L}.", "our colleague {P} left {O}",
    "The book by {P} is out of print.", "{P} wrote the report together with {P}.", "{P} discovered it in 1774.",
    "In {X}, {P} became director of {O}.", "The lawsuit of {P} against {O} was settled.",
    "{P}: can we meet on {X}?", "[1] {L}: {P} opened the office.", "[2] {X}: The {X} costs 40 euros.",
    "{\"name\": \"{P}\", \"city\": \"{L}\"}", "{\"query\": \"Who is {P}?\"}", "{\"employer\": \"{O}\"}",
    "You answer questions with the help of tools.", "Quote the passage that answers and cite it like [1].",
    "Search the documents.", "Calculate an arithmetic expression.", "The documents do not say.",
    "What does the {X} cost?", "How long is the warranty of the {X}?", "The {X} weighs 12 kilograms.",
    "The {X} was released in {X}.", "Install {X} and restart the computer.", "{X} is written in {X}.",
    "Our meeting is on {X}.", "In {X} the days are short.", "The {X} policy changed in {X}.", "{X} and {X} are both fine.",
    "Please read the chapter {X}.", "The {X} department answers on {X}.", "See {X} for details.", "{X}: {X}",
    "How many units of the {X} are in stock in {L}?", "The {X} office has 40 desks.", "Open the {X} menu and choose {X}.",
    "Is the {X} better than the {X}?", "Thank you! That helps.", "What is 12.5 % of 480?", "Where is my order?",
    "The price went up. The reason is not known.", "This is the end. It was a long day.", "Why is the sky blue?",
    "Great! When does it open?", "However, the results were mixed.", "Many people prefer tea.", "He said that it works.",
    "It was built by the Romans in the second century.", "The German text was translated into French.",
    "I love Italian food and Japanese films.", "Christmas falls on a Sunday.", "# {X}\n\nThe {X} is new.",
    "During the war {P} lived in {L}.", "The {O} team played against {O}.", "Call {O} support.", "{O} said on {X} that sales rose.",
    "{P} ({O}) and {P} ({O}) spoke at the conference in {L}.", "Who founded {O}?", "Who wrote {X}?", "{L} has 200,000 inhabitants.",
    "The company {O} was bought by {O}.", "A spokesman for {O} declined to comment.", "{P} moved from {L} to {L} to work for {O}.",
)  # fmt: skip
_PLAIN = (
    "Monday", "Tuesday", "Friday", "January", "March", "June", "October", "December", "Summer", "Winter",
    "Privacy Policy", "Terms of Service", "Settings", "File", "Python", "Excel", "Windows", "Linux", "Markdown",
    "Introduction", "Appendix B", "Chapter Two", "The Great Adventure", "PDF", "API", "HTTP", "SQL", "Firmware",
    "Calibration", "Logistics", "Payroll", "Research", "Marketing", "Human Resources", "Premium", "Starter Plan",
    "User Guide", "Release Notes", "Delivery Times", "Getting Started", "Returns", "Warranty", "Invoice", "Refund",
    "Travel Expenses", "Home Office", "Parental Leave", "English", "Spanish", "Internet", "Bluetooth", "Quality",
)  # fmt: skip
_PRODUCTS = (
    "probe",
    "meter",
    "sensor",
    "lamp",
    "kettle",
    "router",
    "drill",
    "camera",
    "printer",
    "monitor",
    "buoy",
)
_ORGANISATIONS = (
    "{C} Bank", "{C} University", "University of {L}", "{C} Institute of Technology", "{P} & Sons", "{P} Ltd",
    "{C} Inc.", "{C} GmbH", "{C} Group", "{C} Airlines", "{C} Foundation", "Ministry of {W}", "{L} City Council",
    "{C} Pharmaceuticals", "{C} Insurance", "{C} Hospital", "St. {P} Hospital", "{L} United", "{C} Holdings plc",
    "{C} Energy Corp.", "{C} Labs", "{C} Media", "{C} Systems", "Royal {C} Society", "{C} Partners LLP", "{C}",
)  # fmt: skip
_WORDS = ("Health", "Finance", "Education", "Transport", "Defence", "Justice", "Agriculture", "Energy")
_SYLLABLES = (
    "ka", "lo", "mi", "ra", "ten", "vor", "sha", "bel", "du", "nor", "vi", "za", "quin", "el", "mar", "tos", "gri", "hal",
    "fen", "oro", "dys", "wick", "ham", "lund", "berg", "ova", "ski", "son", "ez", "ian", "ula", "ton",
)  # fmt: skip


# Credits name people; ordinary sentences of documentation do not.
_PROSE = re.compile(r"^(?!.*(?:[Bb]y [A-Z]|[Aa]uthor|[Cc]opyright|\u00a9|@|>>>)).*[a-z]{3}", re.DOTALL)


class Marked(NamedTuple):
    """A text and its names: (start, end, kind), kind an index into ``names.KINDS``."""

    text: str
    names: list[tuple[int, int, int]]


def coined(draw: random.Random, pieces: int = 0) -> str:
    """A capitalised word of syllables that no list holds."""
    return "".join(draw.choices(_SYLLABLES, k=pieces or draw.choice((2, 2, 3)))).capitalize()


class Names:
    """Draws names from Faker's lists of many languages, and coins others."""

    def __init__(self, seed: int) -> None:
        from faker import Faker

        self.draw = random.Random(seed)
        self._fakers = [Faker(locale) for locale in LOCALES]
        for index, faker in enumerate(self._fakers):
            faker.seed_instance(seed + index)

    def _faker(self) -> Any:
        return self.draw.choice(self._fakers)

    def person(self) -> str:
        """A full name, mostly; sometimes a first or last name alone."""
        if self.draw.random() < 0.15:
            first, last = coined(self.draw), coined(self.draw)
        else:
            first, last = str(self._faker().first_name()), str(self._faker().last_name())
        form = self.draw.random()
        if form < 0.55:
            return f"{first} {last}"
        if form < 0.7:
            return first
        if form < 0.8:
            return last
        if form < 0.88:
            return f"{first} {self.draw.choice('ABCDEFGHJKLMNPRSTW')}. {last}"
        return (
            f"{first} {last}-{self._faker().last_name()}"
            if form < 0.93
            else f"{first} {coined(self.draw)} {last}"
        )

    def place(self) -> str:
        """A city or country."""
        form = self.draw.random()
        if form < 0.15:
            return coined(self.draw)
        if form < 0.4:
            return str(self._fakers[0].country()).split(" (")[0]
        return str(self._faker().city())

    def address(self) -> str:
        """A street with its number; often with postcode and city."""
        faker = self._faker()
        street = str(faker.street_address())
        if self.draw.random() < 0.5:
            return street
        return street + self.draw.choice((", ", "\n", " ")) + f"{faker.city()} {faker.postcode()}"

    def organisation(self) -> str:
        """A company, school, authority or club."""
        if self.draw.random() < 0.3:
            return str(self._faker().company())
        form = self.draw.choice(_ORGANISATIONS)
        core = coined(self.draw) if self.draw.random() < 0.6 else str(self._faker().last_name())
        values = {
            "C": core,
            "L": self.place(),
            "P": str(self._faker().last_name()),
            "W": self.draw.choice(_WORDS),
        }
        return form.format(**values)

    def other(self) -> str:
        """A capitalised phrase that is no name of a person, place or organisation."""
        form = self.draw.random()
        if form < 0.6:
            return self.draw.choice(_PLAIN)
        product = f"{coined(self.draw)} {self.draw.choice((10, 40, 80, 200, 'X2', 'Pro'))} {self.draw.choice(_PRODUCTS)}"
        return product if form < 0.85 else str(self._fakers[0].bs()).title()


def read_prose() -> list[str]:
    """Sentences of the standard library's docstrings: capitals without names."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    sentences: list[str] = []
    for file in (
        sorted(folder.glob("*.py")) + sorted(folder.glob("email/*.py")) + sorted(folder.glob("asyncio/*.py"))
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                text = ast.get_docstring(node) or ""
                sentences += [
                    s
                    for s in re.split(r"(?<=[.:?!])\s+|\n\n", text)
                    if 20 < len(s) < 240 and _PROSE.search(s)
                ]
    return sentences


def draw_sentence(names: Names) -> Marked:
    """One template with its slots filled; sometimes two together."""
    template = names.draw.choice(TEMPLATES)
    if names.draw.random() < 0.35:
        template += names.draw.choice((" ", "\n")) + names.draw.choice(TEMPLATES)
    make = {
        "P": names.person,
        "L": names.place,
        "O": names.organisation,
        "A": names.address,
        "X": names.other,
    }
    text, marks, at = "", [], 0
    for slot in _SLOT.finditer(template):
        text += template[at : slot.start()]
        value = make[slot[1]]()
        if _KIND[slot[1]]:
            marks.append((len(text), len(text) + len(value), _KIND[slot[1]]))
        text += value
        at = slot.end()
    return Marked(text + template[at:], marks)
