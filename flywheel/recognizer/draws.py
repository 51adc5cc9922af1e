"""Drawing of people, places, addresses, organisations, and of what is none of these."""

import random
from functools import cached_property
from typing import Any

from .lexicon import LOCALES, ORGANISATIONS, OTHERS, PEOPLES, PLACES, TECHNICAL, towns

_SYLLABLES = (
    "ka", "lo", "mi", "ra", "ten", "vor", "sha", "bel", "du", "nor", "vi", "za", "quin", "el", "mar", "tos", "gri",
    "hal", "fen", "oro", "dys", "wick", "ham", "lund", "berg", "ova", "ski", "son", "ez", "ian", "ula", "ton", "abd",
    "raj", "deep", "wen", "xiao", "li", "yu", "hiro", "ko", "nak", "oku", "nwa", "chi", "ade", "moh", "sin", "patel",
    "ng", "tra", "phu", "al", "ben", "mc", "o", "fitz", "kov", "enko", "dze", "poulos", "idis", "oglu", "sen", "sson",
    "dottir", "escu", "eau", "ault", "ard", "bert", "fred", "lin", "da", "na", "ria", "sa", "jo", "ed", "gar", "wald",
    "ther", "ick",
)  # fmt: skip
_FORMS = (
    "{C} Bank", "{C} University", "University of {L}", "{C} Institute of Technology", "{P} & Sons", "{P} Ltd",
    "{P} and {P}", "{C} Inc.", "{C}, Inc.", "{C} GmbH", "{C} Group", "{C} Airlines", "{C} Foundation",
    "Ministry of {W}", "{L} City Council", "{C} Pharmaceuticals", "{C} Insurance", "{C} Hospital", "St. {P} Hospital",
    "{L} United", "{C} Holdings plc", "{P}'s", "{C} Energy Corp.", "{C} Labs", "{C} Media", "{C} Systems",
    "Royal {C} Society", "{C} Partners LLP", "{C}", "{C}", "Department of {W}", "{L} Department of {W}",
    "Bank of {L}", "{L} Police Department", "{L} High School", "The {L} Times", "{L} Chamber of Commerce",
    "{C} Records", "{C} Software", "{C} Technologies", "{C} Consulting", "{C} Capital, L.L.C.",
    "{C} National Bank, N.A.", "{C} Financial Services", "{C} Motors", "{C} Foods", "{C} Stores", "{P} Brothers",
    "{C} Co.", "{C} Corporation", "{C} International", "{C} Solutions", "{C} S.A.", "{C} AG", "{C} B.V.", "{C} Oy",
    "{C} Pty Ltd", "{C} LLC", "{L} FC", "{L} Museum of {W}", "{C} Theatre", "National {W} Agency",
    "European {W} Commission", "{C} Trust Company", "Association of {W} Engineers", "{C} Logistics",
    "{C} Supermarkets", "{C} Publishing", "{L} Symphony Orchestra", "{A}", "{A} {W}", "{W} Corps", "{L} {W} Board",
    "Federal {W} Office", "{C} Realty", "{C} Builders", "{C} Electronics", "{C} Video", "House of {C}",
)  # fmt: skip
_WORDS = (
    "Health", "Finance", "Education", "Transport", "Defence", "Justice", "Agriculture", "Energy", "Science", "Labor",
    "Trade", "Environment", "Housing", "Culture", "Security", "Art", "Research", "Development", "Water", "Aviation",
    "Food", "Space",
)  # fmt: skip
_PRODUCTS = (
    "probe", "meter", "sensor", "lamp", "kettle", "router", "drill", "camera", "printer", "monitor", "buoy", "phone",
    "laptop",
)  # fmt: skip
# What the names of small firms end with, behind ordinary words.
_TRADES = (
    "Unlimited", "Appraisals", "Maintenance", "Landscaping", "Realtors", "Mortgage", "Clinic", "Bakery", "Architects",
    "Analytics", "Networks", "Ventures", "Studios", "Gallery", "Books", "Pharmacy", "Hardware", "Auto Parts", "Outfitters",
    "Garden Center", "Legal Services", "Data", "App", "Report", "Project", "Alliance", "Council", "Agency", "Cooperative",
    "Exchange", "Connect", "Online", "Digital", "Interactive", "Rentals", "Repair", "Furniture", "Jewelers", "Catering",
    "Diner", "Grill", "Music", "Toys", "Shoes", "Fashions", "Carpets", "Plumbing", "Roofing", "Farms", "Dairy", "Markets",
    "Express", "Travel", "Tours", "Fitness", "Dental", "Wellness", "Learning", "Academy", "Initiative", "Network",
    "Explorer", "Warehouse", "Depot", "Outlet", "Wireless", "Robotics", "Therapeutics", "Genomics", "Dynamics", "Design",
)  # fmt: skip
_TAILS = (
    "ly", "ify", "io", "lytics", "tech", "soft", "ware", "net", "com", "hub", "lab", "labs", "point", "logic", "metrics",
    "scope", "nova", "gen", "ics", "ium", "box", "works", "data", "cloud", "base", "via", "ora", "ent", "ity", "space",
    "path", "link", "shift", "wise", "cast", "stack", "grid", "mind", "loop", "flow", "pay", "med", "care", "us", "ix",
)  # fmt: skip
_STATES = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA RI"
).split()
_SUFFIXES = (
    "Jr.",
    "Sr.",
    "III",
    "II",
    "Jr",
    "MD",
    "M.D.",
    "PhD",
    "Ph.D.",
    "DDS",
    "DVM",
    "Esq.",
    "CPA",
    "RN",
    "MBA",
)
_PARTICLES = (
    "van", "von", "de", "de la", "di", "bin", "al", "el", "van der", "da", "del", "le", "ben", "Mac", "St.",
)  # fmt: skip


def coined(draw: random.Random, pieces: int = 0) -> str:
    """A capitalised word of syllables that no list holds."""
    return "".join(draw.choices(_SYLLABLES, k=pieces or draw.choice((2, 2, 3)))).capitalize()


class Draws:
    """Draws values from Faker's lists of many countries and from ours, and coins others."""

    def __init__(self, seed: int, known_places: tuple[str, ...] = PLACES) -> None:
        from faker import Faker

        self.draw = random.Random(seed)
        self._known_places = known_places
        self._fakers = [Faker(locale) for locale in LOCALES]
        for index, faker in enumerate(self._fakers):
            faker.seed_instance(seed + index)

    @cached_property
    def _towns(self) -> tuple[tuple[str, str], ...]:
        return towns()

    def _faker(self) -> Any:
        """English-speaking countries as often as all others together."""
        return self.draw.choice(self._fakers[:11] if self.draw.random() < 0.5 else self._fakers)

    def _bare(self, word: object) -> str:
        """A word of a list, sometimes without its accents' letters, never more than two words."""
        return " ".join(str(word).split()[:2])

    def first(self) -> str:
        """A first name."""
        return coined(self.draw) if self.draw.random() < 0.1 else self._bare(self._faker().first_name())

    def last(self) -> str:
        """A family name, with a particle at times."""
        if self.draw.random() < 0.12:
            return coined(self.draw)
        last = self._bare(self._faker().last_name())
        if self.draw.random() < 0.06:
            return f"{self.draw.choice(_PARTICLES)} {last}"
        return f"O'{last}" if self.draw.random() < 0.01 else last

    def person(self) -> str:
        """A person, as one is written: mostly first and last name, or one of both alone."""
        draw, first, last = self.draw, self.first(), self.last()
        initial = draw.choice("ABCDEFGHJKLMNPRSTVW")
        return draw.choices(
            (
                f"{first} {last}", first, last, f"{first} {initial}. {last}", f"{first} {last}-{self.last()}",
                f"{first} {self.first()} {last}", f"{initial}. {last}", f"{initial}. {draw.choice('ABCDEFGHJKLM')}. {last}",
                f"{last}, {first}", f"{first} {last} {draw.choice(_SUFFIXES)}", f"{first} {last}".upper(),
                f"{initial}.{draw.choice('ABCDEFGHJKLM')}. {last}", f"{first} {initial} {last}",
            ),
            (50, 17, 9, 5, 2, 4, 3, 1, 2, 2, 2, 1, 1),
        )[0]  # fmt: skip

    def place(self) -> str:
        """A city, region or country, at times with the state behind it."""
        form = self.draw.random()
        if form < 0.08:
            return coined(self.draw)
        if form < 0.25:
            return str(self._fakers[0].country()).split(" (")[0]
        if form < 0.45:
            return self.draw.choice(self._known_places if self.draw.random() < 0.5 else PLACES)
        if form < 0.65:
            return str(self._faker().city())
        town, region = self.draw.choice(self._towns)
        return f"{town}, {region}" if region and self.draw.random() < 0.4 else town

    def town(self) -> str:
        """A town alone."""
        return self.draw.choice(self._towns)[0] if self.draw.random() < 0.6 else str(self._faker().city())

    def street(self) -> str:
        """A street with its number, before or behind, as in many countries."""
        draw, faker = self.draw, self._faker()
        number, name = draw.randint(1, draw.choice((40, 300, 9999))), str(faker.street_name())
        form = draw.random()
        if form < 0.3:
            return str(faker.street_address()).replace("\n", ", ")
        if form < 0.65:
            return f"{number} {name}"
        if form < 0.9:
            return f"{name} {number}{draw.choice(('', '', '', 'a', '/2', ' B'))}"
        if form < 0.93:
            other = draw.choice((self.first, self.last, lambda: str(faker.street_name())))()
            both = f"{other} {draw.choice(('and', 'and', '&', '/'))} {draw.choice((f'{number} {name}', f'{name} {number}', name))}"
            return f"{draw.choice(('the corner of ', 'corner of ', '', ''))}{both}"
        if form < 0.96:
            return f"{draw.choice(('PO Box', 'P.O. Box', 'Box', 'Postfach', 'HC'))} {number}"
        return f"{draw.choice(('Unit', 'PSC', 'CMR'))} {number}, Box {draw.randint(100, 9999)}"

    def address(self) -> str:
        """A street with its number; mostly with more lines: flat, town, state, postcode, country."""
        draw = self.draw
        street = self.street()
        if draw.random() < 0.3:
            return street
        parts = [street]
        if draw.random() < 0.25:
            kind = draw.choice(
                ("Apt.", "Apt", "Suite", "Flat", "Unit", "Floor", "Room", "#", "Ste.", "Building")
            )
            parts.append(f"{kind} {draw.randint(1, 999)}{draw.choice(('', '', 'B'))}")
        postcode, town = str(self._faker().postcode()), self.town()
        state = draw.choice(_STATES)
        military = f"{draw.choice(('APO', 'FPO', 'DPO'))} {draw.choice(('AE', 'AP', 'AA'))} {draw.randint(10000, 99999)}"
        parts += draw.choices(
            ([town], [f"{town} {postcode}"], [f"{postcode} {town}"], [town, f"{state} {postcode}"], [town, state],
             [town, postcode], [military]),
            (3, 3, 3, 4, 1, 2, 1),
        )[0]  # fmt: skip
        if draw.random() < 0.25:
            parts.append(str(self._fakers[0].country()).split(" (")[0])
        return draw.choice((", ", ", ", "\n", "\n", ",\n", " ", "\n ", " , ")).join(parts)

    def organisation(self) -> str:
        """A company, school, authority or club."""
        form = self.draw.random()
        if form < 0.25:
            return str(self._faker().company())
        if form < 0.5:
            return self.draw.choice(ORGANISATIONS)
        if form < 0.72:
            return self._venture()
        core = coined(self.draw) if self.draw.random() < 0.4 else self._core()
        values = {
            "C": core, "L": self.town(), "P": self._bare(self._faker().last_name()), "W": self.draw.choice(_WORDS),
            "A": "".join(self.draw.choices("ABCDEFGHIKLMNOPRSTUW", k=self.draw.choice((2, 3, 3, 4)))),
        }  # fmt: skip
        return self.draw.choice(_FORMS).format(**values)

    def _venture(self) -> str:
        """A young or small firm: one coined word, or ordinary words with capitals."""
        draw, form = self.draw, self.draw.random()
        words = [str(word) for word in self._fakers[0].words(3)]
        if form < 0.2:
            name = (words[0] + draw.choice((words[1], *_TAILS))).capitalize()
        elif form < 0.32:
            name = coined(draw, draw.choice((1, 2))) + draw.choice(_TAILS)
        elif form < 0.38:
            name = words[0].capitalize() + words[1].capitalize()
        elif form < 0.5:
            name = coined(draw)
        elif form < 0.7:
            name = " ".join(words[: draw.choice((1, 1, 2))]).title() + f" {draw.choice(_TRADES)}"
        elif form < 0.85:
            name = " ".join(words[: draw.choice((2, 2, 3))]).title()
        elif form < 0.9:
            name = f"{words[0]} {draw.choice(('and', 'of', '&', 'for', 'in'))} {words[1]}".title()
        else:
            name = f"{self._bare(self._faker().last_name())} {draw.choice(_TRADES)}"
        return name + (draw.choice((" Inc", " Inc.", " LLC", ", Inc.", " Ltd", " Ltd.", " Incorporated", " Co"))
                       if draw.random() < 0.12 else "")  # fmt: skip

    def words(self) -> str:
        """One to six ordinary English words, with capitals as they come in titles and shouts."""
        words = [str(word) for word in self._fakers[0].words(self.draw.choice((1, 2, 2, 3, 4, 5, 6)))]
        form = self.draw.random()
        if form < 0.35:
            return " ".join(words).title()
        if form < 0.45:
            return " ".join(words).upper()
        if form < 0.7:
            return " ".join(words).capitalize()
        if form < 0.8:
            return " ".join(word.title() if self.draw.random() < 0.4 else word for word in words)
        return " ".join(words)

    def word(self) -> str:
        """An ordinary English word."""
        return str(self._fakers[0].word())

    def job(self) -> str:
        """What somebody works as, written as on a card."""
        job = str(self._fakers[0].job())
        return job.split(",")[0] if self.draw.random() < 0.6 else job.replace("/", " and ").capitalize()

    def user(self) -> str:
        """A name of an account on a network."""
        first, last = self.first().replace(" ", ""), self.last().replace(" ", "")
        word = str(self._fakers[0].word())
        form = self.draw.choice(
            (
                first + last,
                f"{first}_{last}",
                first + word.title(),
                word + word,
                coined(self.draw),
                f"The{first}",
                last,
                f"{word}_{first}",
            )
        )
        form = form.lower() if self.draw.random() < 0.5 else form
        return form + self.draw.choice(("", "", "", str(self.draw.randrange(100)), "_", "x"))

    def _core(self) -> str:
        form = self.draw.random()
        if form < 0.25:
            return " ".join(str(word) for word in self._fakers[0].words(self.draw.choice((1, 1, 2)))).title()
        if form < 0.4:
            return self._bare(self._faker().last_name())
        if form < 0.6:
            return self.town()
        words = str(self._fakers[0].bs()).title().split()
        return " ".join(words[-self.draw.choice((1, 1, 2)) :])

    def other(self) -> str:
        """A capitalised word or phrase that is no name of a person, place or organisation."""
        form = self.draw.random()
        if form < 0.15:
            return self.draw.choice(TECHNICAL)
        if form < 0.6:
            return self.draw.choice(OTHERS)
        if form < 0.7:
            return self.draw.choice(PEOPLES)
        if form < 0.85:
            model = self.draw.choice((10, 40, 80, 200, "X2", "Pro"))
            return f"{coined(self.draw)} {model} {self.draw.choice(_PRODUCTS)}"
        if form < 0.93:
            return str(self._fakers[0].bs()).title()
        return str(self._fakers[0].job()).split(",")[0]
