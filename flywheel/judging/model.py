"""A language model as a judge, on any OpenAI-compatible server."""

import secrets
from dataclasses import dataclass, field

from ...platform.errors import InputError
from ...platform.serving.messages import ChatCall, ChatMessage, ChatReply, Sampling
from .base import Answered, Chats, Choice, Means, Preference, Score, judge
from .prompt import VERSION, compare_messages, mark_of, score_messages
from .verdict import expected, read_verdict, shares

CHOICES: dict[str, Choice] = {"a": "first", "b": "second", "tie": "tie"}
GRADES = {grade: grade for grade in "12345"}
# OpenAI's limit; five grades and the spellings of a letter fit in it.
TOP = 20
WORTH = {"first": 1.0, "second": 0.0, "tie": 0.5}


@dataclass(frozen=True)
class ModelJudge:
    """Asks ``model`` by the rubric.

    ``reason``: the model says why before its verdict. ``calibrated``: probabilities of the verdict's
    token are read as well, where the server tells them. ``key`` makes the marks of the texts: where it
    is the same, so are the prompts.
    """

    chats: Chats
    model: str
    reason: bool = True
    calibrated: bool = False
    max_tokens: int = 512
    key: bytes = field(default_factory=lambda: secrets.token_bytes(16), repr=False)

    async def compare(self, question: str, first: str, second: str) -> Preference:
        """The model's preference; without one where it gives no verdict in the form asked for."""
        mark = mark_of(self.key, question, first, second)
        try:
            reply = await self._ask(compare_messages(question, first, second, mark, reason=self.reason))
        except InputError as error:
            return Preference(None, error.message, trouble="refused")
        read = read_verdict(reply, mark, "|".join(CHOICES))
        if not read.word:
            return Preference(None, read.reason, trouble="unparsable")
        better = expected(shares(reply, mark, read.word, CHOICES), WORTH.__getitem__)
        return Preference(CHOICES[read.word], read.reason, better)

    async def score(self, answered: Answered) -> Score:
        """The model's grade as a number from 0 to 1; of a calibrated judge the mean over the grades."""
        mark = mark_of(self.key, answered.question, answered.answer, answered.reference, *answered.passages)
        try:
            reply = await self._ask(score_messages(answered, mark, reason=self.reason))
        except InputError as error:
            return Score(None, error.message, "refused")
        read = read_verdict(reply, mark, "[1-5]")
        if not read.word:
            return Score(None, read.reason, "unparsable")
        mean = expected(shares(reply, mark, read.word, GRADES), graded)
        return Score(graded(read.word) if mean is None else mean, read.reason)

    async def _ask(self, messages: list[ChatMessage]) -> ChatReply:
        sampling = Sampling(max_tokens=self.max_tokens, top_logprobs=TOP if self.calibrated else 0)
        return await self.chats.chat(ChatCall(self.model, messages, sampling=sampling))


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
def model(means: Means, reason: bool = True, calibrated: bool = False, max_tokens: int = 512) -> ModelJudge:
    """``reason`` before the verdict, ``calibrated`` by log-probabilities, ``max_tokens`` of a reply."""
    if max_tokens < 1:
        raise ValueError("max_tokens must be at least 1")
    return ModelJudge(means.asked(), means.model, reason, calibrated, max_tokens)
