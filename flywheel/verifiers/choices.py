"""The verifier of multiple choices: which option a reply commits itself to."""

import re
from typing import Any, NamedTuple

from .base import Attempt, Example, Judge, Verdict, verifier
from .marks import changes, statements
from .references import said
from .text import HEDGES, MAX_WORDS, hides, repeats, says

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
# An option as a data set may write it: "B", "(b)", "B. Paris".
_REFERENCE = re.compile(r"\(?([A-Za-z])(?:[).:]+(?:\s.*)?)?", re.S)
_OFFERED = re.compile(r"^\s*\(?([A-Z])[).:]\s", re.M)
_CORRECT = re.compile(r"\b(?:correct|right|best)\s+(?:option|choice)\b", re.I)
_BOXED = re.compile(r"####[^\S\n]*(.*)|\\boxed\s*\{(?:\\text\s*\{)?([^{}]*)\}")
# What follows an "A" that is an option and no article: "A is correct", "A fits".
_VERB = re.compile(
    r"is|was|has|does|are|were|will|would|can|could|should|must|may|might|did|cannot|isn't|doesn't|won't|[a-z]+[^suia\W]s"
)
_THIRD = re.compile(r"is|was|has|does|isn't|doesn't|[a-z]+[^suia\W]s")
# What may stand behind an option that is named: nothing, its text, or a reason.
_BEHIND = re.compile(
    r"(?P<text>[).:\]]+\s.*)|[\s*_).\]}$]*$|[,;(]|\s+[-–—(]|\s+(?:because|since|as|for)\b", re.S
)


class _Named(NamedTuple):
    """How options are named in a reply; ``sure`` is the option that a marked text names and no other."""

    letters: str

    def all_in(self, text: str) -> set[str]:
        """The options that are named anywhere, less "A" and "I" where they are words."""
        named = re.compile(rf"(?<![\w'])\(?({self.letters})\)?(?![\w'])(?:\s+([a-z']+))?")
        return {
            letter
            for letter, word in named.findall(text)
            if not (letter == "A" and word and not _VERB.fullmatch(word))
            and not (letter == "I" and word and not _THIRD.fullmatch(word))
        }

    def sure(self, text: str) -> str | None:
        bare = re.sub(r"^[\W_]*(?:(?:option|choice|letter)\s*[\W_]*)?", "", text, flags=re.I)
        bare = bare.upper() if len(bare.strip(" .)*_$`")) == 1 else bare
        found = re.match(rf"({self.letters})(?![\w'])[*_`]*(.*)", bare, re.S)
        behind = found and _BEHIND.match(found[2])
        if not found or not behind or self.all_in(found[2]) - {found[1]}:
            return None
        takes_back = changes(found[2]) or (HEDGES.search(found[2]) and not behind["text"])
        return None if takes_back else found[1]


@verifier(
    "The option that the reply marks as its answer, by its letter: 'The answer is (B).', 'Answer: B', \\boxed{B} or a last "
    "line of its own, and no other so; else a short reply names one option, takes nothing back, and names no other.",
    Example(
        {"answer": "B", "options": ["A", "B", "C", "D"]}, Attempt("The answer is (B)."), Attempt("C"), "B",
        ("A", "B", "C", "D"),
    ),
    refer=lambda reference: {"answer": _letter(reference), "options": list(LETTERS)},
)  # fmt: skip
def multiple_choice(answer: str, options: list[str]) -> Judge:
    """``answer`` may be in lower case; of ``options`` only those count that the question lists, where it lists the answer."""
    right = answer if answer in options else answer.upper()
    if right not in options:
        raise ValueError(f"{answer!r} is none of the options")

    def judge(attempt: Attempt) -> Verdict:
        reply = says(attempt.reply)
        if hides(reply):
            return Verdict(0.0, "hides something in mark-up")
        listed = set(_OFFERED.findall(attempt.question))
        offered = [each for each in options if each in listed] if right in listed else options
        named = _Named("|".join(map(re.escape, offered)))
        chosen = marked(reply, named)
        if chosen is None:
            return _plain(reply, named, right)
        return Verdict.of(chosen == {right}, f"chooses {sorted(chosen)}")

    return judge


def _letter(reference: Any) -> str:
    text = said(reference).strip()
    found = _REFERENCE.fullmatch(text)
    return found[1].upper() if found else text


def marked(reply: str, named: _Named) -> set[str] | None:
    """The options that a reply marks as its answer; None where it does not end by marking one."""
    text = _CORRECT.sub("answer", reply)
    stated = [each for each in statements(text) if not each.denied]
    boxed = [named.sure(after or inner) for after, inner in _BOXED.findall(text)]
    lines = [line for line in text.splitlines() if line.strip()]
    alone = [line for line in lines if len(re.sub(r"\W|_|option|choice", "", line, flags=re.I)) == 1]
    ends = (
        bool(stated)
        and named.sure(stated[-1].said) is not None
        and _ends(stated[-1].after, named, stated[-1].said)
    )
    if not (ends or (boxed and None not in boxed) or (alone and alone[-1] == lines[-1] and len(lines) > 1)):
        return None
    chosen = {named.sure(each.said) for each in stated} | {named.sure(line) for line in alone} | set(boxed)
    listed = {
        letter for each in stated if named.sure(each.said) is None for letter in named.all_in(each.said)
    }
    return {each for each in chosen if each is not None} | listed


def _ends(after: str, named: _Named, text: str) -> bool:
    """Whether nothing stands behind a statement that names another option, or takes it back."""
    few = len(after.split()) <= MAX_WORDS // 4
    return (
        few
        and not changes(after)
        and not HEDGES.search(after)
        and not named.all_in(after) - {named.sure(text)}
    )


def _plain(reply: str, named: _Named, right: str) -> Verdict:
    """A short reply that marks nothing: "I think it is B"."""
    if HEDGES.search(reply) or repeats(reply) or len(reply.split()) > MAX_WORDS:
        return Verdict(0.0, "takes back or buries what it says")
    found = _whole(reply, named)
    return Verdict.of(found == {right}, f"names {sorted(found) or 'no option'}")


def _whole(reply: str, named: _Named) -> set[str]:
    text = reply if len(reply) > 3 else reply.upper()
    letters = named.letters
    found = set(re.findall(rf"(?<![\w'])\(?({letters})\)?(?![\w'])", text))
    # What marks an option as the answer: "answer is X", "(X)", "**X**", and X at the end.
    shown = re.findall(
        rf"\b(?i:answer)(?:\s+is|:)\W*({letters})(?![\w'])|\(({letters})\)|\*\*\(?({letters})\)?[.:]?\*\*"
        rf"|(?<![\w'])({letters})\W*$",
        text,
    )
    # "A" is an article where a sentence goes on, unless a verb does, beside an option that is marked.
    goes_on = re.findall(r"\bA ([a-z']+)", text)
    marks = {letter for each in shown for letter in each if letter}
    if goes_on and not any(map(_VERB.fullmatch, goes_on)) and len(found) > 1 and marks == found - {"A", "I"}:
        found.discard("A")
    spoken = re.findall(r"(?<![\w'])I(?![\w'])(?:\s+([a-z']+))?", text)
    if len(found) > 1 and spoken and all(word and not _THIRD.fullmatch(word) for word in spoken):
        found.discard("I")
    return found
