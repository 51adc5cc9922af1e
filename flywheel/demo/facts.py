"""Facts of Halden Instruments, a company that does not exist, drawn from a fixed seed."""

import random
from dataclasses import dataclass

SEED = 20261123
SERIES = ("Tern", "Gannet", "Skua", "Petrel", "Heron", "Curlew", "Plover", "Fulmar")
KINDS = (
    "current meter", "tide gauge", "depth sounder", "salinity probe", "wave buoy", "sediment trap", "wind sensor",
)  # fmt: skip
CITIES = (
    "Bergen", "Lisbon", "Gdansk", "Halifax", "Trieste", "Aberdeen", "Bremen", "Cork", "Hobart", "Valencia", "Tallinn",
    "Reykjavik", "Busan", "Durban", "Antwerp", "Split", "Vigo", "Oulu", "Bristol", "Nantes",
)  # fmt: skip
TEAMS = (
    "Firmware", "Calibration", "Field Service", "Procurement", "Payroll", "Optics", "Customer Training", "Logistics",
    "Quality", "Web", "Acoustics", "Legal", "Recruiting", "Moorings", "Data Processing", "Tooling", "Packaging",
    "Research", "Safety", "Finance",
)  # fmt: skip
FIRST = (
    "Ingrid", "Tomasz", "Amara", "Pelle", "Noor", "Giulia", "Kwame", "Maeve", "Ravi", "Selma", "Joao", "Hanna",
    "Bilal", "Oksana", "Lars", "Mei", "Dario", "Fatou", "Emil", "Rosa",
)  # fmt: skip
LAST = (
    "Halvorsen", "Nowak", "Okafor", "Lindqvist", "Haddad", "Moretti", "Mensah", "Gallagher", "Iyer", "Bergstrom",
    "Ferreira", "Virtanen", "Rahman", "Kovalenko", "Dahl", "Tanaka", "Bianchi", "Diallo", "Novotny", "Castillo",
)  # fmt: skip
POLICIES = (
    "conference travel", "home office equipment", "language courses", "bicycle leasing", "parental leave",
    "business dinners", "train travel", "sabbaticals", "volunteer days", "relocation", "first aid courses",
    "phone replacement", "client gifts", "overnight trips", "study leave", "car rental",
)  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
ROOMS = (
    "Lighthouse",
    "Compass",
    "Anchor",
    "Sextant",
    "Harbour",
    "Beacon",
    "Keel",
    "Rudder",
    "Galley",
    "Mast",
)


@dataclass(frozen=True)
class Fact:
    """One statement of the handbook: its sentence, ways to ask for it, and the words that answer."""

    page: str
    entity: str
    attribute: str
    sentence: str
    questions: tuple[str, ...]
    answer: str

    @property
    def group(self) -> str:
        """All ways of asking for one fact share it."""
        return f"{self.entity}/{self.attribute}"


# attribute -> (sentences, questions); {e} is the entity, {v} the value
_FORMS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "price": (
        ("The {e} costs {v} euros.", "The list price of the {e} is {v} euros."),
        ("How much does the {e} cost?", "What is the price of the {e}?", "What does the {e} cost?"),
    ),
    "warranty": (
        ("The {e} comes with a warranty of {v} months.", "Halden gives {v} months of warranty on the {e}."),
        ("How long is the warranty of the {e}?", "What warranty does the {e} come with?"),
    ),
    "weight": (
        ("The {e} weighs {v} kilograms.", "In air the {e} weighs {v} kilograms."),
        ("How much does the {e} weigh?", "What is the weight of the {e}?"),
    ),
    "depth": (
        ("The {e} may be used down to {v} metres.", "The housing of the {e} is rated for a depth of {v} metres."),
        ("How deep may the {e} be used?", "What depth is the {e} rated for?"),
    ),
    "battery": (
        ("One battery runs the {e} for {v} days.", "The battery of the {e} lasts {v} days."),
        ("How long does the battery of the {e} last?", "How many days does the {e} run on one battery?"),
    ),
    "opened": (
        ("The {e} office was opened in {v}.", "Halden has been in {e} since {v}."),
        ("When was the {e} office opened?", "In which year did Halden open the {e} office?"),
    ),
    "desks": (
        ("The {e} office has {v} desks.", "There are {v} desks in the {e} office."),
        ("How many desks does the {e} office have?", "How many desks are there in {e}?"),
    ),
    "parking": (
        ("Visitors to {e} find {v} parking spaces behind the building.", "The {e} office has {v} parking spaces."),
        ("How many parking spaces does {e} have?", "How many parking spaces are there at the {e} office?"),
    ),
    "closes": (
        ("The {e} office closes at {v}.", "The doors of the {e} office are locked at {v}."),
        ("When does the {e} office close?", "At what time does the {e} office close?"),
    ),
    "lead": (
        ("The {e} team is led by {v}.", "{v} leads the {e} team."),
        ("Who leads the {e} team?", "Who is the lead of the {e} team?"),
    ),
    "meeting": (
        ("The {e} team meets every {v}.", "The weekly meeting of the {e} team is on {v}."),
        ("When does the {e} team meet?", "On which day is the meeting of the {e} team?"),
    ),
    "room": (
        ("The {e} team sits in the {v} room.", "You find the {e} team in the {v} room."),
        ("Where does the {e} team sit?", "In which room do I find the {e} team?"),
    ),
    "budget": (
        ("The {e} team has a budget of {v} euros a year.", "Each year the {e} team may spend {v} euros."),
        ("What is the budget of the {e} team?", "How much may the {e} team spend each year?"),
    ),
    "limit": (
        ("For {e} the company pays up to {v} euros.", "The company's share for {e} is at most {v} euros."),
        ("How much does the company pay for {e}?", "What is the limit for {e}?"),
    ),
    "notice": (
        ("Requests for {e} must be made {v} days ahead.", "Ask for {e} at least {v} days ahead."),
        ("How many days ahead must I ask for {e}?", "How early must requests for {e} be made?"),
    ),
    "approver": (
        ("Requests for {e} are approved by the {v} team.", "The {v} team approves requests for {e}."),
        ("Who approves requests for {e}?", "Which team approves {e}?"),
    ),
}  # fmt: skip


def products() -> list[str]:
    """Names of the products, such as ``Tern 40 current meter``."""
    draw = random.Random(SEED)
    pairs = [(series, kind) for series in SERIES for kind in KINDS]
    chosen = sorted(draw.sample(pairs, 28))
    return [f"{series} {draw.choice((10, 20, 40, 60, 80, 200, 300))} {kind}" for series, kind in chosen]


def own_names() -> list[str]:
    """What the company calls its products, offices, teams and rooms, and parts of these names."""
    names = products()
    numbered = [name.rsplit(" ", 2)[0] for name in names]
    return sorted({*names, *numbered, *SERIES, *CITIES, *TEAMS, *ROOMS, "Halden", "Halden Instruments"})


def draw_facts() -> list[Fact]:
    """Every fact, in the order of the pages."""
    draw = random.Random(SEED + 1)
    people = [f"{first} {last}" for first in FIRST for last in LAST]
    leads = draw.sample(people, len(TEAMS))
    facts: list[Fact] = []
    for name in products():
        values: dict[str, object] = {
            "price": draw.randrange(120, 9800, 10), "warranty": draw.choice((12, 18, 24, 30, 36, 48, 60)),
            "weight": draw.randrange(2, 60) / 2, "depth": draw.randrange(50, 6000, 50),
            "battery": draw.randrange(15, 400),
        }  # fmt: skip
        facts += _about("Products", name, values, draw)
    for name in CITIES:
        values = {
            "opened": draw.randrange(1962, 2025), "desks": draw.randrange(12, 240),
            "parking": draw.randrange(3, 90), "closes": f"{draw.randrange(17, 22)}:{draw.choice(('00', '15', '30'))}",
        }  # fmt: skip
        facts += _about("Offices", name, values, draw)
    for name, lead in zip(TEAMS, leads, strict=True):
        teams: dict[str, object] = {
            "lead": lead, "meeting": draw.choice(DAYS), "room": draw.choice(ROOMS),
            "budget": draw.randrange(20_000, 900_000, 5_000),
        }  # fmt: skip
        facts += _about("Teams", name, teams, draw)
    for name in POLICIES:
        rules: dict[str, object] = {
            "limit": draw.randrange(50, 4000, 25), "notice": draw.randrange(2, 60),
            "approver": draw.choice(TEAMS),
        }  # fmt: skip
        facts += _about("Policies", name, rules, draw)
    return facts


def _about(page: str, entity: str, values: dict[str, object], draw: random.Random) -> list[Fact]:
    facts = []
    for attribute, value in values.items():
        sentences, questions = _FORMS[attribute]
        text = f"{value:g}" if isinstance(value, float) else str(value)
        sentence = draw.choice(sentences).format(e=entity, v=text)
        sentence = sentence[0].upper() + sentence[1:]
        asked = tuple(question.format(e=entity) for question in questions)
        facts.append(Fact(page, entity, attribute, sentence, asked, text))
    return facts
