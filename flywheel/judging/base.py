"""What a judge is: somebody who compares two answers, or scores one, made by a decorated factory.

A judge is recorded by its name, its arguments and its version, so that it can be made again and its
verdicts told from those of another. What it needs of its surroundings is in :class:`Means`.
"""

import hashlib
import inspect
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from ...platform.errors import InputError, PrerequisiteError
from ...platform.serving.messages import ChatCall, ChatReply
from ...retrieval.embed.base import Embedder

# The factory of judges that ask a language model.
MODEL = "model"
Choice = Literal["first", "second", "tie"]
# Why a judge gave no verdict: its words are none, or its server did not take the texts.
Trouble = Literal["", "unparsable", "refused"]


@dataclass(frozen=True)
class Preference:
    """Which of two answers is better, by the place in which they were shown.

    ``choice`` is None where ``trouble`` says why there is no verdict; ``probability`` that the first
    one is better, where the judge knows it.
    """

    choice: Choice | None
    reason: str = ""
    probability: float | None = None
    trouble: Trouble = ""


@dataclass(frozen=True)
class Score:
    """How good an answer is, from 0 to 1, or None where ``trouble`` says why there is no score."""

    value: float | None
    reason: str = ""
    trouble: Trouble = ""


@dataclass(frozen=True)
class Answered:
    """An answer to a question, with a reference answer or what the answerer was shown, where known."""

    question: str
    answer: str
    reference: str = ""
    passages: tuple[str, ...] = ()


@runtime_checkable
class Comparing(Protocol):
    """A judge of pairs."""

    async def compare(self, question: str, first: str, second: str) -> Preference:
        """Which answer is better, as they are shown."""
        ...


@runtime_checkable
class Scoring(Protocol):
    """A judge of single answers."""

    async def score(self, answered: Answered) -> Score:
        """How good an answer is."""
        ...


AnyJudge: TypeAlias = Comparing | Scoring


class Chats(Protocol):
    """Whatever answers a chat: a client of a model server, or several servers."""

    async def chat(self, call: ChatCall) -> ChatReply: ...


@dataclass(frozen=True)
class Means:
    """What judges are made with, apart from their arguments.

    ``model`` is the name to ask ``chats`` for, ``server`` the address of one that is not the workspace's
    own; ``embedder`` is loaded where it is needed.
    """

    chats: Chats | None = None
    model: str = ""
    embedder: Callable[[], Embedder] | None = None
    server: str = ""

    def asked(self) -> Chats:
        """The model server; raises PrerequisiteError where there is none."""
        if self.chats is None:
            raise PrerequisiteError("This judge asks a model, and no model server is given.")
        return self.chats

    def embeds(self) -> Embedder:
        """The embedder; raises PrerequisiteError where there is none."""
        if self.embedder is None:
            raise PrerequisiteError("This judge compares meanings, and no embedder is given.")
        return self.embedder()


@dataclass(frozen=True)
class Factory:
    """A registered factory: ``says`` in a sentence what its judges go by; ``version`` of that rule.

    ``basis`` names what they rest on besides it: a language model, an embedder, or nothing.
    """

    name: str
    says: str
    version: str
    make: Callable[..., AnyJudge]
    basis: Callable[[Means], str]


@dataclass(frozen=True)
class Recipe:
    """All that decides what a judge says: made again from the same recipe, it is the same judge.

    ``basis`` is the language model or the embedder that it rests on, if any.
    """

    factory: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    basis: str = ""

    @property
    def name(self) -> str:
        """What people call the judge: the model that judges, or the rule.

        >>> Recipe("longer_wins").name, Recipe("model", basis="gpt-4o").name
        ('longer_wins', 'gpt-4o')
        """
        return self.basis if self.factory == MODEL else self.factory

    @property
    def version(self) -> str:
        """Eight hexadecimal digits that change with the rule, its arguments or its basis."""
        said = [self.factory, find(self.factory).version, dict(self.arguments), self.basis]
        return hashlib.blake2b(json.dumps(said, sort_keys=True).encode(), digest_size=4).hexdigest()

    @property
    def source(self) -> str:
        """The source of the outcomes that the judge gives."""
        return f"judge:{self.name}@{self.version}"

    def manifest(self) -> dict[str, Any]:
        """The recipe as JSON values."""
        return {
            "judge": self.factory, "arguments": dict(self.arguments), "basis": self.basis, "version": self.version,
        }  # fmt: skip


_registered: dict[str, Factory] = {}


Make = TypeVar("Make", bound=Callable[..., AnyJudge])


def judge(
    says: str, *, version: str = "1", basis: Callable[[Means], str] = lambda means: ""
) -> Callable[[Make], Make]:
    """Register a factory ``(means, **arguments)`` under its own name."""

    def register(make: Make) -> Make:
        _registered[make.__name__] = Factory(make.__name__, says, version, make, basis)
        return make

    return register


def registered() -> list[Factory]:
    """All factories by name."""
    return [_registered[name] for name in sorted(_registered)]


def find(name: str) -> Factory:
    """A factory by name; raises InputError for one that is not registered."""
    if name not in _registered:
        raise InputError(f"There is no judge {name!r}. Judges are {', '.join(sorted(_registered))}.")
    return _registered[name]


@dataclass(frozen=True)
class Judge:
    """A judge, the recipe that it was made of, and the foreign server that it sends texts to, if any."""

    recipe: Recipe
    verdicts: AnyJudge
    server: str = ""

    @property
    def compares(self) -> Comparing:
        """The judge of pairs; raises InputError where it only scores."""
        if not isinstance(self.verdicts, Comparing):
            raise InputError(f"The judge {self.recipe.factory!r} scores single answers and compares none.")
        return self.verdicts

    @property
    def scores(self) -> Scoring:
        """The judge of single answers; raises InputError where it only compares."""
        if not isinstance(self.verdicts, Scoring):
            raise InputError(f"The judge {self.recipe.factory!r} compares two answers and cannot score one.")
        return self.verdicts


def make_judge(name: str, means: Means, arguments: Mapping[str, Any] | None = None) -> Judge:
    """A judge by its factory's name; raises InputError for a name or arguments that do not exist."""
    factory, given = find(name), dict(arguments or {})
    try:
        inspect.signature(factory.make).bind(means, **given)
        verdicts = factory.make(means, **given)
    except (TypeError, ValueError) as error:
        raise InputError(f"The judge {name!r} cannot be made of {given}: {error}.") from error
    return Judge(Recipe(name, given, factory.basis(means)), verdicts, means.server)
