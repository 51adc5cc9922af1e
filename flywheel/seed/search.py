"""Search turns: a question, the call, numbered passages, and the one that answers, quoted after its number."""

from random import Random
from typing import NamedTuple

from ...agents.prompt import REFUSAL, Quoted, render_passages
from . import names
from .dialogue import Kind, Message, answer, call, observation, user
from .facts import TOPICS, Attribute, Topic
from .words import Words

POSITIONS = (0.6, 0.8, 0.9, 0.96, 1.0)
COUNTS = (1, 2, 2, 3, 3, 3, 4, 4, 5)
TITLES = (
    "Handbook",
    "FAQ",
    "notes.md",
    "Report 2024",
    "Guide",
    "README",
    "Overview",
    "minutes.txt",
    "Archive",
)
_JOINTS = (
    "of", "for", "with", "at", "by", "on", "under", "per", "as", "and", "has", "shows", "counts", "came to", "stands at", "noted",
    "listed", "read", "about", "some", "now", "still", "there", "is", "was", "to", "a", "this", "from", "it", ",", ":",
)  # fmt: skip


class Passage(NamedTuple):
    """One line of an observation: sentences, mostly one."""

    title: str
    sentences: list[str]

    def quoted(self) -> Quoted:
        return Quoted(self.title, " ".join(self.sentences))


class Fact(NamedTuple):
    """A thing that is known: what, of whom, and its value."""

    topic: Topic
    entity: str
    attribute: Attribute
    value: str


def fact(rng: Random, held_out: bool) -> Fact:
    topic = rng.choice(TOPICS)
    attribute = rng.choice(topic.attributes)
    return Fact(topic, names.draw(topic.entity, rng, held_out), attribute, attribute.value(rng))


def other_attribute(known: Fact, rng: Random) -> Fact:
    """The same entity, something else about it."""
    rest = [a for a in known.topic.attributes if a.name != known.attribute.name]
    attribute = rng.choice(rest)
    return Fact(known.topic, known.entity, attribute, attribute.value(rng))


def other_entity(known: Fact, rng: Random, held_out: bool) -> Fact:
    """The same attribute of another entity, whose name may share a word with the first."""
    entity = names.draw(known.topic.entity, rng, held_out)
    words = known.entity.split()
    if len(words) == 2 and words[0] != "the" and rng.random() < 0.3:
        sibling = f"{words[0]} {names.coined(rng)}"
        entity = sibling if names.is_held_out(sibling) == held_out else entity
    if entity == known.entity:
        return other_entity(known, rng, held_out)
    return Fact(known.topic, entity, known.attribute, known.attribute.value(rng))


def say(known: Fact, rng: Random, held_out: bool) -> str:
    return known.attribute.sentence(rng, known.entity, known.value, held_out)


def framed(known: Fact, rng: Random, words: Words, opening: str = "") -> str:
    """A fact between words drawn at random: what is said of whom shows in the parts alone, in no wording."""
    parts = [known.entity, known.value, f"the {known.attribute.name}"]
    rng.shuffle(parts)
    said = [opening or filler(rng, words)]
    for part in parts:
        said += [part, filler(rng, words)]
    text = " ".join(word for word in said if word)
    return text[0].upper() + text[1:] + "."


def filler(rng: Random, words: Words) -> str:
    """None to three words at random."""
    return " ".join(
        rng.choice(_JOINTS) if rng.random() < 0.6 else words.lemma(rng)[0] for _ in range(rng.randint(0, 3))
    )


class Loose(NamedTuple):
    """Passages of one search in words at random, of which many open with the same ones."""

    words: Words
    opening: str

    @classmethod
    def of(cls, rng: Random, words: Words) -> "Loose":
        return cls(words, f"{words.lemma(rng)[0]} {filler(rng, words)}".strip())

    def say(self, known: Fact, rng: Random) -> str:
        if rng.random() < 0.4:
            return say(known, rng, held_out=False)
        return framed(known, rng, self.words, self.opening if rng.random() < 0.6 else "")


def worded(known: Fact, rng: Random, held_out: bool, loose: Loose | None) -> str:
    """The sentence of a fact: by a template, or where ``loose`` is given at times in words at random."""
    return loose.say(known, rng) if loose else say(known, rng, held_out)


def title_of(entity: str, rng: Random) -> str:
    roll = rng.random()
    if roll < 0.45:
        return entity.removeprefix("the ")
    if roll < 0.75:
        return rng.choice(TITLES)
    return ""


def distractor(known: Fact, rng: Random, held_out: bool, loose: Loose | None = None) -> Passage:
    """A passage that shares the entity, or the attribute, or nothing, with what is asked."""
    roll = rng.random()
    if roll < 0.4:
        wrong = other_entity(known, rng, held_out)
    elif roll < 0.8:
        wrong = other_attribute(known, rng)
    else:
        wrong = fact(rng, held_out)
    sentences = [worded(wrong, rng, held_out, loose)]
    second = other_attribute(wrong, rng)
    if rng.random() < (0.25 if loose else 0.1) and not (
        second.entity == known.entity and second.attribute == known.attribute
    ):
        sentences.append(worded(second, rng, held_out, loose))
    return Passage(title_of(wrong.entity, rng), sentences)


def place(right: Passage, wrong: list[Passage], rng: Random) -> tuple[list[Passage], int]:
    """The passages in the order of an imperfect ranking, and the number of the right one."""
    roll = rng.random()
    index = min(next(i for i, limit in enumerate(POSITIONS) if roll <= limit), len(wrong))
    return [*wrong[:index], right, *wrong[index:]], index + 1


def right_passage(
    known: Fact, sentence: str, rng: Random, held_out: bool, loose: Loose | None = None
) -> Passage:
    """The passage that answers, with a second sentence once in ten times, more often in training."""
    sentences = [sentence]
    if rng.random() < (0.1 if held_out else 0.4 if loose else 0.2):
        sentences.insert(rng.randint(0, 1), worded(other_attribute(known, rng), rng, held_out, loose))
    return Passage(title_of(known.entity, rng), sentences)


class Found(NamedTuple):
    """What a search showed: the passages as text, and the one that answers with its number."""

    text: str
    answer: str
    number: int


def shown_as(passage: Passage, number: int) -> str:
    """The reply that quotes ``passage``."""
    return f"[{number}] {' '.join(passage.quoted().text.split())}"


def find(
    known: Fact,
    rng: Random,
    held_out: bool,
    first: int = 1,
    frames: Words | None = None,
    loose: Loose | None = None,
) -> Found:
    """The passages of a search for ``known``; ``frames`` words the right one at random, ``loose`` any of them."""
    sentence = framed(known, rng, frames) if frames else worded(known, rng, held_out, loose)
    count = rng.choice(COUNTS)
    wrong = [distractor(known, rng, held_out, loose) for _ in range(count - 1)]
    right = right_passage(known, sentence, rng, held_out, loose)
    passages, number = place(right, wrong, rng)
    number += first - 1
    return Found(render_passages([p.quoted() for p in passages], first), shown_as(right, number), number)


def typed(question: str, rng: Random, held_out: bool) -> str:
    """The question, in training at times as people type in haste: no capital, no mark at its end.

    >>> typed("Where is Milan?", Random(1), held_out=True)
    'Where is Milan?'
    """
    if held_out or rng.random() > 0.1:
        return question
    return question[0].lower() + question[1:].rstrip("?.")


def search_turn(
    rng: Random, held_out: bool, first: int, loose: Words | None = None
) -> tuple[Kind, list[Message]]:
    """A question with an answer in the passages, quoted and cited; they are numbered from ``first``."""
    known = fact(rng, held_out)
    question = typed(known.attribute.question(rng, known.entity, held_out), rng, held_out)
    found = find(known, rng, held_out, first, loose=Loose.of(rng, loose) if loose else None)
    return "search", [
        user(question),
        call("search", {"query": question}),
        observation(found.text),
        answer(found.answer),
    ]


def refuse_turn(
    rng: Random, held_out: bool, first: int, loose: Words | None = None
) -> tuple[Kind, list[Message]]:
    """A question that no passage answers."""
    manner = Loose.of(rng, loose) if loose else None
    known = fact(rng, held_out)
    question = typed(known.attribute.question(rng, known.entity, held_out), rng, held_out)
    shown: list[Passage] = []
    if rng.random() < 0.8:
        shown = [unrelated(known, rng, held_out, manner) for _ in range(rng.choice(COUNTS[:-1]))]
    return "refuse", [
        user(question),
        call("search", {"query": question}),
        observation(render_passages([p.quoted() for p in shown], first)),
        answer(REFUSAL),
    ]


def unrelated(known: Fact, rng: Random, held_out: bool, loose: Loose | None = None) -> Passage:
    """A passage about another entity: with the attribute asked for, or without."""
    wrong = other_entity(known, rng, held_out) if rng.random() < 0.5 else fact(rng, held_out)
    return Passage(title_of(wrong.entity, rng), [worded(wrong, rng, held_out, loose)])
