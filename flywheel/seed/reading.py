"""Search turns over real prose: the answer is the sentence that a question was made of."""

from random import Random

from ...agents.prompt import REFUSAL, render_passages
from .dialogue import Kind, Message, answer, call, observation, user
from .prose import Paragraph, content, question_of
from .search import COUNTS, Passage, place, shown_as
from .words import PLAIN, Words, is_name

DEFINITIONS = (
    "What is {}?",
    "What does {} mean?",
    "Define {}.",
    "What is meant by {}?",
    "Explain {}.",
    "{}?",
)


class Library:
    """Paragraphs to draw from; single-sentence ones (definitions) less often. ``words`` name functions, and are
    common ones where the prose defines none."""

    def __init__(self, paragraphs: list[Paragraph], held_out: bool) -> None:
        chosen = [p for p in paragraphs if p.held_out == held_out]
        self.longer = [p for p in chosen if len(p.sentences) > 1]
        self.single = [p for p in chosen if len(p.sentences) == 1]
        short = [p for p in chosen if len(p.sentences[0].split()) <= 20]
        lemmas = [(p.title, p.sentences[0]) for p in short if len(p.sentences) == 1 and is_name(p.title)]
        spoken = [p.sentences[0] for p in short if len(p.sentences) > 1]
        self.words = Words(tuple(lemmas) or PLAIN.lemmas, tuple(spoken) or PLAIN.sentences)

    def paragraph(self, rng: Random) -> Paragraph:
        return rng.choice(self.longer if rng.random() < 0.6 else self.single)


def prose_turn(library: Library, rng: Random, first: int) -> tuple[Kind, list[Message]]:
    """A question about one sentence of a paragraph, among others of the same and of other paragraphs."""
    while True:
        source = library.paragraph(rng)
        at = rng.randrange(len(source.sentences))
        sentence = source.sentences[at]
        define = len(source.sentences) == 1 and rng.random() < 0.4
        question = rng.choice(DEFINITIONS).format(source.title) if define else question_of(sentence, rng)
        if question:
            break
    others = [
        s for s in source.sentences if s != sentence and overlap(question, s) < overlap(question, sentence)
    ]
    title = source.title if rng.random() < 0.6 and not (define and rng.random() < 0.5) else ""
    shown = (
        [sentence, others.pop(rng.randrange(len(others)))] if others and rng.random() < 0.1 else [sentence]
    )
    rng.shuffle(shown)
    wrong = [_other(library, question, sentence, title, others, rng) for _ in range(rng.choice(COUNTS) - 1)]
    if rng.random() < 0.06:
        strangers = [p for p in wrong if overlap(question, p.quoted().text) == 0]
        return "refuse", _messages(question, render_passages([p.quoted() for p in strangers], first), REFUSAL)
    right = Passage(title, shown)
    passages, number = place(right, wrong, rng)
    text = render_passages([p.quoted() for p in passages], first)
    return "prose", _messages(question, text, shown_as(right, number + first - 1))


def overlap(question: str, sentence: str) -> int:
    """How many meaning words of the question the sentence has."""
    return len({w.lower() for w in content(question)} & {w.lower() for w in content(sentence)})


def _messages(question: str, passages: str, reply: str) -> list[Message]:
    return [user(question), call("search", {"query": question}), observation(passages), answer(reply)]


def _other(
    library: Library, question: str, sentence: str, title: str, others: list[str], rng: Random
) -> Passage:
    """A passage with less overlap than the right one, of the same paragraph where there is one left."""
    if others and rng.random() < 0.6:
        return Passage(title, [others.pop(rng.randrange(len(others)))])
    limit = overlap(question, sentence)
    while True:
        wrong = library.paragraph(rng)
        text = rng.choice(wrong.sentences)
        if overlap(question, text) < max(1, limit):
            return Passage(wrong.title if rng.random() < 0.6 else "", [text])
