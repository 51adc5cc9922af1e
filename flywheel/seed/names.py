"""Names and values that a model cannot have seen: entities of syllables and words, codes, dates.

A name belongs to training or to evaluation by its checksum, so the two never share one.
"""

import zlib
from collections.abc import Callable
from random import Random

ONSETS = [
    "b", "bl", "br", "c", "ch", "cr", "d", "dr", "f", "fl", "g", "gr", "h", "j", "k", "kl", "l", "m", "n",
    "p", "pr", "qu", "r", "s", "sh", "sk", "st", "t", "th", "tr", "v", "w", "y", "z",
]  # fmt: skip
NUCLEI = ["a", "e", "i", "o", "u", "ai", "au", "ea", "ei", "ia", "io", "oa", "ou", "a", "e", "i", "o", "u"]
CODAS = ". . . . l m n nd ng r rn s sk st t th x".replace(".", "").split(" ")
ENDINGS = [
    "a", "ia", "en", "berg", "ton", "ford", "by", "ville", "is", "or", "um", "ex", "on", "ar", "stad",
    "mere", "land", "port",
]  # fmt: skip
FIRST = [
    "Ada", "Alan", "Amira", "Ana", "Anders", "Bela", "Boris", "Carla", "Chen", "Clara", "Dana", "David",
    "Diego", "Elena", "Emil", "Erik", "Fatima", "Felix", "Grace", "Hana", "Hugo", "Ida", "Ines", "Ivan",
    "James", "Jana", "Jonas", "Karim", "Kate", "Lars", "Laura", "Leo", "Lina", "Lucas", "Maria", "Marta",
    "Mei", "Milan", "Nadia", "Nina", "Noah", "Olga", "Omar", "Otto", "Paula", "Petra", "Priya", "Rafael",
    "Rosa", "Samir", "Sara", "Sofia", "Stefan", "Tariq", "Thomas", "Vera", "Victor", "Wei", "Yara",
    "Yusuf", "Zoe",
]  # fmt: skip
LAST = [
    "Adams", "Baker", "Berger", "Brandt", "Carter", "Costa", "Cruz", "Dubois", "Evans", "Fischer",
    "Garcia", "Green", "Hall", "Hansen", "Hughes", "Ito", "Jensen", "Kaur", "Keller", "Kim", "King",
    "Klein", "Kovacs", "Lee", "Lopez", "Martin", "Meyer", "Miller", "Mori", "Moreau", "Nagy", "Novak",
    "Olsen", "Park", "Patel", "Perez", "Popov", "Reed", "Rossi", "Ruiz", "Russo", "Sato", "Schmidt",
    "Silva", "Singh", "Smith", "Stone", "Tanaka", "Torres", "Turner", "Varga", "Walker", "Weber", "White",
    "Wilson", "Wong", "Wright", "Young", "Zhang",
]  # fmt: skip
COLOURS = [
    "Blue", "Red", "Green", "Silver", "Golden", "Black", "White", "Amber", "Crimson", "Northern",
    "Southern", "Eastern", "Western",
]  # fmt: skip
THINGS = [
    "Harbor", "River", "Mountain", "Falcon", "Lantern", "Bridge", "Garden", "Forest", "Meadow", "Anchor",
    "Comet", "Summit", "Valley", "Willow", "Beacon", "Canyon", "Orchard", "Compass", "Glacier", "Lagoon",
    "Prairie", "Quarry", "Raven", "Thunder", "Maple", "Horizon", "Delta", "Island",
]  # fmt: skip
ORGANISATIONS = [
    "Institute", "University", "Foundation", "Bank", "Systems", "Group", "Labs", "Museum", "Hospital",
    "Council",
]  # fmt: skip
FIRMS = [
    "Systems", "Labs", "Group", "Industries", "Foods", "Energy", "Motors", "Robotics", "Media",
    "Logistics", "Software", "Health",
]  # fmt: skip
PLACES = ["Port", "Lake", "Mount", "Fort", "New", "Saint", "Upper", "Lower"]
PLANS = [
    "plan", "policy", "program", "service", "account", "project", "course", "contract", "warranty",
    "license",
]  # fmt: skip
TIERS = [
    "Basic", "Standard", "Premium", "Gold", "Silver", "Team", "Enterprise", "Student", "Family", "Starter",
    "Business", "Travel",
]  # fmt: skip
MONTHS = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
]  # fmt: skip


def is_held_out(name: str) -> bool:
    """Whether ``name`` is kept for evaluation: one in eight is."""
    return zlib.crc32(name.casefold().encode()) % 8 == 0


def coined(rng: Random) -> str:
    """A made-up word of two or three syllables, capitalised."""
    middle = "".join(rng.choice(ONSETS) + rng.choice(NUCLEI) for _ in range(rng.choice((1, 1, 2))))
    end = rng.choice(ENDINGS) if rng.random() < 0.5 else rng.choice(ONSETS) + rng.choice(NUCLEI)
    return (middle + rng.choice(CODAS) + end + ("" if end in ENDINGS else rng.choice(CODAS))).capitalize()


def person(rng: Random) -> str:
    first = rng.choice(FIRST) if rng.random() < 0.6 else coined(rng)
    last = rng.choice(LAST) if rng.random() < 0.4 else coined(rng)
    return f"{first} {last}"


def place(rng: Random) -> str:
    name = coined(rng)
    return f"{rng.choice(PLACES)} {name}" if rng.random() < 0.25 else name


def company(rng: Random) -> str:
    name = coined(rng) if rng.random() < 0.7 else f"{rng.choice(COLOURS)} {rng.choice(THINGS)}"
    return f"{name} {rng.choice(FIRMS)}" if rng.random() < 0.6 else name


def organisation(rng: Random) -> str:
    name = coined(rng) if rng.random() < 0.7 else f"{rng.choice(COLOURS)} {rng.choice(THINGS)}"
    return f"the {name} {rng.choice(ORGANISATIONS)}"


def product(rng: Random) -> str:
    roll = rng.random()
    if roll < 0.35:
        return f"{coined(rng)} {rng.randint(2, 990)}"
    if roll < 0.6:
        return f"{code(rng)} {rng.choice(('pump', 'drone', 'sensor', 'printer', 'engine', 'camera'))}"
    return coined(rng)


def plan(rng: Random) -> str:
    kind = rng.choice(TIERS) if rng.random() < 0.5 else coined(rng)
    return f"the {kind} {rng.choice(PLANS)}"


def work(rng: Random) -> str:
    """A title of a book, film or song."""
    if rng.random() < 0.5:
        return f"The {rng.choice(COLOURS)} {rng.choice(THINGS)}"
    return f"{rng.choice(THINGS)} of {coined(rng)}"


def code(rng: Random) -> str:
    letters = "".join(rng.choice("ABCDEFGHKLMNPRSTVXZ") for _ in range(rng.choice((1, 2, 2, 3))))
    return f"{letters}{rng.choice(('-', '-', '', ' '))}{rng.randint(1, 9999)}"


def year(rng: Random) -> str:
    return str(rng.randint(1650, 2030))


def date(rng: Random) -> str:
    day, month = rng.randint(1, 28), rng.choice(MONTHS)
    form = rng.choice(("{d} {m} {y}", "{m} {d}, {y}", "{m} {y}", "{d} {m}"))
    return form.format(d=day, m=month, y=rng.randint(1900, 2030))


def number(rng: Random) -> str:
    value = rng.choice((rng.randint(2, 99), rng.randint(100, 9999), rng.randint(10_000, 9_999_999)))
    return f"{value:,}" if rng.random() < 0.4 else str(value)


def small(rng: Random) -> str:
    return str(rng.randint(2, 400))


def price(rng: Random) -> str:
    amount = rng.choice((str(rng.randint(2, 4000)), f"{rng.randint(1, 400)}.{rng.randint(10, 99)}"))
    return rng.choice(("{} euros", "{} dollars", "${}", "€{}", "{} pounds")).format(amount)


def email(rng: Random) -> str:
    return f"{rng.choice(LAST).lower()}@{coined(rng).lower()}.{rng.choice(('com', 'org', 'net'))}"


def phone(rng: Random) -> str:
    return f"{rng.randint(100, 999)}-{rng.randint(1000, 9999)}"


def draw(make: Callable[[Random], str], rng: Random, held_out: bool) -> str:
    """A name from ``make`` on the asked side of the split."""
    for _ in range(200):
        name = make(rng)
        if is_held_out(name) == held_out:
            return name
    raise ValueError(f"{make.__name__} gave no name with held_out={held_out} in 200 draws.")
