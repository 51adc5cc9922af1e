"""``where``: a condition on runs in the words of SQL, as ``reward >= 0.8 and 'search' in tools``.

It is parsed here and asked of each run as the dataset sees it, redacted and with the outcomes of
the manifest's moment, so that the same manifest gives the same rows. Nothing of it reaches a database.

As in SQL, what is compared with a missing value is unknown, and only what is true is selected.
"""

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from ..platform.errors import InputError
from .outcomes import is_person
from .trajectory import Trajectory

Truth = bool | None
Predicate = Callable[[Trajectory], Truth]
Value = Callable[[Trajectory], Any]


class Field(NamedTuple):
    """What a run says under a name: ``kind`` is number, text, time, truth or texts."""

    kind: str
    says: str
    read: Value


def _people(run: Trajectory) -> int:
    return len({outcome.source for outcome in run.outcomes if is_person(outcome.source)})


def _each(run: Trajectory, name: str) -> list[str]:
    return list(dict.fromkeys(getattr(outcome, name) for outcome in run.outcomes))


def _called(run: Trajectory) -> list[str]:
    calls = [call for message in run.messages for call in message.get("tool_calls", ())]
    return [str(call["function"]["name"]) for call in calls]


def _answer(run: Trajectory) -> str | None:
    last = run.messages[-1] if run.messages else None
    return str(last.get("content") or "") if last and last["role"] == "assistant" else None


FIELDS: dict[str, Field] = {
    "reward": Field("number", "what the run is worth, 0 to 1; null where nobody judged it", lambda run: run.reward),
    "outcomes": Field("number", "how many outcomes it has", lambda run: len(run.outcomes)),
    "people": Field("number", "how many people judged it", _people),
    "kinds": Field("texts", "the kinds of its outcomes, such as thumb or verdict", lambda run: _each(run, "kind")),
    "sources": Field("texts", "who judged it, such as judge:NAME or verifier:NAME", lambda run: _each(run, "source")),
    "edited": Field("truth", "whether somebody corrected it", lambda run: run.edit is not None or bool(run.call_edits)),
    "status": Field("text", "running, waiting, succeeded, failed or cancelled", lambda run: run.status),
    "user": Field("text", "the id of whoever asked; null where nobody is known", lambda run: run.user_id and str(run.user_id)),
    "agent": Field("text", "the agent's name", lambda run: run.agent),
    "adapter": Field("text", "the adapter that answered; null for the base", lambda run: run.adapter),
    "model": Field("text", "the model", lambda run: run.model),
    "question": Field("text", "the last words of the user, redacted", lambda run: run.question),
    "answer": Field("text", "the last words of the model, redacted; null where there are none to read", _answer),
    "turns": Field("number", "how many messages the user wrote", lambda run: sum(m["role"] == "user" for m in run.messages)),
    "steps": Field("number", "how many replies of the model it took", lambda run: run.steps),
    "tool_calls": Field("number", "how many tools were called", lambda run: len(_called(run))),
    "tools": Field("texts", "the tools that were called", _called),
    "tags": Field("texts", "the run's tags", lambda run: run.tags),
    "input_tokens": Field("number", "tokens that the model read", lambda run: run.input_tokens),
    "output_tokens": Field("number", "tokens that the model wrote", lambda run: run.output_tokens),
    "seconds": Field("number", "how long the run took", lambda run: run.seconds),
    "started_at": Field("time", "when it began, as '2026-01-31' or with a time (UTC)", lambda run: run.started_at),
}  # fmt: skip
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq, "!=": operator.ne, "<>": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt,
    ">=": operator.ge,
}  # fmt: skip
_ORDERED = ("number", "time")
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>[A-Za-z_]\w*)|(?P<sign><=|>=|<>|!=|[=<>(),]))"
)
_WORDS = frozenset("and or not in like ilike between is null true false".split())
# Deeper nesting than anyone writes; it keeps a hostile text from exhausting the stack.
_DEEPEST = 50
# Each % is a place where matching may begin again: more of them take time without end on a long text.
_MOST_ANY = 4


class Token(NamedTuple):
    """A piece of the text: ``kind`` is text, number, word, sign or end; ``at`` is where it begins."""

    kind: str
    value: str
    at: int


def parse_where(text: str) -> Callable[[Trajectory], bool]:
    """The condition as a function of a run.

    Raises InputError with the place of what is not understood, and the fields that there are.
    """
    parser = _Parser(text, _tokens(text))
    condition = parser.either()
    parser.expect_end()
    return lambda run: condition(run) is True


def _tokens(text: str) -> list[Token]:
    tokens, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None:
            raise _wrong(text, len(text) - len(text[at:].lstrip()), "is not understood")
        kind = str(match.lastgroup)
        value = match.group(kind)
        tokens.append(Token(kind, value.lower() if value.lower() in _WORDS else value, match.start(kind)))
        at = match.end()
    return [*tokens, Token("end", "", len(text))]


def _wrong(text: str, at: int, what: str) -> InputError:
    shown = text[at : at + 20] or "the end"
    return InputError(
        f"where, character {at + 1}: {shown!r} {what}. Fields are {', '.join(FIELDS)}; an example: "
        "reward >= 0.8 and 'search' in tools"
    )


@dataclass
class _Parser:
    """Recursive descent: or, and, not, comparison."""

    text: str
    tokens: list[Token]
    at: int = 0
    depth: int = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self, *values: str) -> bool:
        """Go past one of ``values`` if it is next."""
        if self.now.kind in ("word", "sign") and self.now.value in values:
            self.at += 1
            return True
        return False

    def need(self, value: str) -> None:
        if not self.take(value):
            raise self.wrong(f"stands where {value!r} is expected")

    def wrong(self, what: str) -> InputError:
        return _wrong(self.text, self.now.at, what)

    def expect_end(self) -> None:
        if self.now.kind != "end":
            raise self.wrong("comes after the end of the condition")

    def either(self) -> Predicate:
        found = [self.both()]
        while self.take("or"):
            found.append(self.both())
        return found[0] if len(found) == 1 else lambda run: _any([each(run) for each in found])

    def both(self) -> Predicate:
        found = [self.denied()]
        while self.take("and"):
            found.append(self.denied())
        return found[0] if len(found) == 1 else lambda run: _not(_any([_not(each(run)) for each in found]))

    def denied(self) -> Predicate:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.wrong(f"is nested more than {_DEEPEST} deep")
        try:
            if self.take("not"):
                inner = self.denied()
                return lambda run: _not(inner(run))
            if self.take("("):
                inner = self.either()
                self.need(")")
                return inner
            return self.comparison()
        finally:
            self.depth -= 1

    def comparison(self) -> Predicate:
        if self.now.kind == "text":
            return self.member()
        name = self.now.value
        if self.now.kind != "word" or name not in FIELDS:
            raise self.wrong("is not a field")
        field = FIELDS[name]
        self.at += 1
        if self.take("is"):
            return self.missing(field)
        denied = self.take("not")
        found = self.relation(field, denied)
        return (lambda run: _not(found(run))) if denied else found

    def missing(self, field: Field) -> Predicate:
        denied = self.take("not")
        self.need("null")
        return lambda run: (field.read(run) is None) != denied

    def relation(self, field: Field, denied: bool) -> Predicate:
        if self.take("in"):
            values = self.values(field)
            return _known(field, lambda found: found in values)
        if self.take("between"):
            low = self.value(field)
            self.need("and")
            high = self.value(field)
            return _known(field, lambda found: low <= found <= high)
        if self.now.value in ("like", "ilike"):
            return self.like(field)
        if denied:
            raise self.wrong("stands where 'in', 'like' or 'between' is expected")
        if self.now.kind == "sign" and self.now.value in _COMPARE:
            return self.compared(field)
        if field.kind == "truth":
            return _known(field, bool)
        raise self.wrong("stands where a comparison is expected")

    def compared(self, field: Field) -> Predicate:
        sign = self.now.value
        if field.kind not in _ORDERED and sign not in ("=", "!=", "<>"):
            raise self.wrong(f"compares sizes, which a {field.kind} does not have")
        self.at += 1
        value, compare = self.value(field), _COMPARE[sign]
        return _known(field, lambda found: compare(found, value))

    def like(self, field: Field) -> Predicate:
        if field.kind != "text":
            raise self.wrong(f"is for texts, not for a {field.kind}")
        flags = re.DOTALL | (re.IGNORECASE if self.take("ilike") else 0)
        self.take("like")
        wanted = self.value(field)
        if wanted.count("%") > _MOST_ANY:
            raise self.wrong(f"comes after a text with more than {_MOST_ANY} %")
        form = "".join({"%": ".*", "_": "."}.get(sign, re.escape(sign)) for sign in wanted)
        pattern = re.compile(form, flags)
        return _known(field, lambda found: pattern.fullmatch(found) is not None)

    def member(self) -> Predicate:
        value = _unquoted(self.now.value)
        self.at += 1
        denied = self.take("not")
        self.need("in")
        field = FIELDS.get(self.now.value)
        if field is None or field.kind != "texts":
            raise self.wrong("is not a field of several texts: tools, tags")
        self.at += 1
        return lambda run: (value in field.read(run)) != denied

    def values(self, field: Field) -> list[Any]:
        self.need("(")
        found = [self.value(field)]
        while self.take(","):
            found.append(self.value(field))
        self.need(")")
        return found

    def value(self, field: Field) -> Any:
        """The next token as a value of the field's kind."""
        token = self.now
        wanted = {"number": "number", "text": "text", "time": "text", "truth": "word"}.get(field.kind)
        if token.kind != wanted or (wanted == "word" and token.value not in ("true", "false")):
            raise self.wrong(f"is not a {field.kind}")
        self.at += 1
        if field.kind == "number":
            return float(token.value)
        if field.kind == "truth":
            return token.value == "true"
        text = _unquoted(token.value)
        return text if field.kind == "text" else self.time(text, token)

    def time(self, text: str, token: Token) -> datetime:
        try:
            found = datetime.fromisoformat(text)
        except ValueError as error:
            raise _wrong(self.text, token.at, "is not a time as '2026-01-31T09:00'") from error
        return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unquoted(text: str) -> str:
    return text[1:-1].replace("''", "'")


def _known(field: Field, holds: Callable[[Any], bool]) -> Predicate:
    def asked(run: Trajectory) -> Truth:
        found = field.read(run)
        return None if found is None else holds(found)

    return asked


def _not(truth: Truth) -> Truth:
    return None if truth is None else not truth


def _any(truths: list[Truth]) -> Truth:
    return True if True in truths else None if None in truths else False
