"""A language model as a judge, on any OpenAI-compatible server."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, get_args

import anyio

from ...platform.errors import InputError, LimitError, QuotaError
from ...platform.serving.messages import ChatCall, ChatMessage, ChatReply, Sampling
from .base import Answered, Chats, Choice, Means, Preference, Score, Trouble, judge
from .prompt import VERSION, compare_messages, mark_of, opening, score_messages
from .verdict import expected, read_verdict, shares, shares_at

CHOICES: dict[str, Choice] = {"a": "first", "b": "second", "tie": "tie"}
GRADES = tuple("12345")
Form = Literal["reason", "bare", "forced"]
FORMS: tuple[Form, ...] = get_args(Form)
# OpenAI's limit; five grades and the spellings of a letter fit in it.
TOP = 20
# Servers that are paid for limit the calls of a minute: how often to wait, and how long at most, seconds.
PATIENCE, LONGEST_WAIT = 6, 60.0
WORTH = {"first": 1.0, "second": 0.0, "tie": 0.5}


@dataclass(frozen=True)
class _Said:
    """A verdict's word and the probabilities of all words, where they are known; or the trouble."""

    word: str
    reason: str
    shares: dict[str, float] = field(default_factory=dict)
    trouble: Trouble = ""


@dataclass(frozen=True)
class ModelJudge:
    """Asks ``model`` by the rubric.

    ``form``: the model gives a ``reason`` before its verdict, or the verdict alone (``bare``), or the
    verdict's line is begun for it and the likeliest word taken (``forced``), which costs one token
    and needs a server that goes on from an opening and tells probabilities. ``calibrated``:
    probabilities of the verdict's word are read as well, where the server tells them. ``key`` makes
    the marks of the texts: where it is the same, so are the prompts.
    """

    chats: Chats
    model: str
    form: Form = "reason"
    calibrated: bool = False
    max_tokens: int = 512
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    async def compare(self, question: str, first: str, second: str) -> Preference:
        """The model's preference; without one where it gives no verdict in the form asked for."""
        mark = mark_of(self.key, question, first, second)
        said = await self._verdict(
            compare_messages(question, first, second, mark, reason=self.form == "reason"), mark, CHOICES
        )
        if said.trouble:
            return Preference(None, said.reason, trouble=said.trouble)
        return Preference(
            CHOICES[said.word], said.reason, expected(said.shares, lambda word: WORTH[CHOICES[word]])
        )

    async def score(self, answered: Answered) -> Score:
        """The model's grade as a number from 0 to 1; where probabilities are read, the mean over the grades."""
        mark = mark_of(self.key, answered.question, answered.answer, answered.reference, *answered.passages)
        said = await self._verdict(score_messages(answered, mark, reason=self.form == "reason"), mark, GRADES)
        if said.trouble:
            return Score(None, said.reason, said.trouble)
        mean = expected(said.shares, graded)
        return Score(graded(said.word) if mean is None else mean, said.reason)

    async def _verdict(self, messages: list[ChatMessage], mark: str, words: Collection[str]) -> _Said:
        """The model's word, one of ``words``, and how likely each of them was."""
        forced = self.form == "forced"
        sampling = Sampling(
            max_tokens=1 if forced else self.max_tokens, top_logprobs=TOP if forced or self.calibrated else 0
        )
        call = ChatCall(self.model, messages, sampling=sampling, opening=opening(mark) if forced else "")
        try:
            reply = await self._ask(call)
        except InputError as error:
            return _Said("", error.message, trouble="refused")
        return _likeliest(reply, words) if forced else _read(reply, mark, words)

    async def _ask(self, call: ChatCall) -> ChatReply:
        """The reply; a server that is busy and says for how long is asked again, a workspace's quota is not waited for."""
        for _ in range(PATIENCE):
            try:
                return await self.chats.chat(call)
            except QuotaError:
                raise
            except LimitError as error:
                if error.retry_after is None or error.retry_after > LONGEST_WAIT:
                    raise
                await anyio.sleep(error.retry_after)
        return await self.chats.chat(call)


def _likeliest(reply: ChatReply, words: Collection[str]) -> _Said:
    found = shares_at(reply.places[0], words) if reply.places else {}
    if not found:
        told = "none of the words is likely" if reply.places else "the server tells no probabilities"
        return _Said("", f"no verdict: {told}", trouble="unparsable")
    said = ", ".join(f"{word} {share:.2f}" for word, share in found.items())
    return _Said(max(found, key=found.__getitem__), f"probabilities {said}", found)


def _read(reply: ChatReply, mark: str, words: Collection[str]) -> _Said:
    read = read_verdict(reply, mark, words)
    if not read.word:
        return _Said("", read.reason, trouble="unparsable")
    return _Said(read.word, read.reason, shares(reply, mark, read.word, words))


def graded(grade: str) -> float:
    """A grade from 1 to 5 as a number from 0 to 1.

    >>> [graded(grade) for grade in "135"]
    [0.0, 0.5, 1.0]
    """
    return (int(grade) - 1) / 4


@judge(
    "A language model by a rubric: correct, grounded, to the point, honest, clear.",
    version=VERSION,
    basis=lambda means: means.model,
)
def model(means: Means, form: Form = "reason", calibrated: bool = False, max_tokens: int = 512) -> ModelJudge:
    """``form`` of the verdict, ``calibrated`` by log-probabilities, ``max_tokens`` of a reply."""
    if form not in FORMS:
        raise ValueError(f"the form is {form!r}; forms are {', '.join(FORMS)}")
    if max_tokens < 1:
        raise ValueError("max_tokens must be at least 1")
    return ModelJudge(means.asked(), means.model, form, calibrated, max_tokens)
