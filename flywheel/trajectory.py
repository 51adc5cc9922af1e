"""A run as a trajectory: the messages, tools and outcomes that datasets are built from."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..agents.names import IMPORTED_TAG
from ..agents.tables import Run
from ..platform.database.conditions import one_of
from ..platform.portions import portions
from ..platform.telemetry import conventions as c
from ..platform.telemetry.tables import Span
from . import call_edits
from .observations import Observation, Shown, observations_of
from .outcomes import REPLACED_BY, outcomes_of, reward_of
from .split import group_of

PAGE = 200
# Sources whose runs are conversations as a whole; those of other sources may begin with what was said before them.
_WHOLE = frozenset(f"{IMPORTED_TAG}:{source}" for source in ("openai", "tau"))


@dataclass(frozen=True)
class Judged:
    """An outcome as builders need it: of the whole run, or of the model's turn ``step`` alone."""

    kind: str
    value: float
    weight: float
    text: str | None
    step: int | None = None
    source: str = ""
    replaced_by: str | None = None


@dataclass(frozen=True)
class Trajectory:
    """One run, redacted. ``messages`` is the whole chat in OpenAI's shape, the answer last if it came to one.

    ``verifier`` ({"verifier": name, "arguments": {…}}) judges answers to the question, where one is known.
    ``trainable`` is empty, or says why the run cannot be trained on. ``marks`` says by what its question is grouped (``split.py``).
    """

    run_id: uuid.UUID
    user_id: uuid.UUID | None
    agent: str
    adapter: str | None
    tags: tuple[str, ...]
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]]
    template_hash: str
    policies: frozenset[str]
    outcomes: tuple[Judged, ...] = ()
    trainable: str = ""
    observations: tuple[Observation, ...] = field(default=())
    model: str = ""
    steps: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    started_at: datetime | None = None
    seconds: float | None = None
    verifier: dict[str, Any] | None = None
    status: str = "succeeded"
    marks: bool = True

    @property
    def question(self) -> str:
        """The last words of the user."""
        return question_of(self.messages)

    @property
    def group(self) -> str:
        """What the run is split by."""
        return group_of(self.question, self.tags, marks=self.marks)

    @property
    def prompt(self) -> list[dict[str, Any]]:
        """The messages up to and including the question; none where there is none."""
        last = max((i for i, m in enumerate(self.messages) if m["role"] == "user"), default=-1)
        return self.messages[: last + 1]

    @property
    def begins(self) -> int:
        """Where what was said in this run begins among the messages; before it stands what earlier runs of a conversation said."""
        return 0 if _WHOLE.intersection(self.tags) else len(self.prompt)

    @property
    def reward(self) -> float | None:
        """What the run is worth, 0 to 1, or None where nobody judged it."""
        return reward_of(self.outcomes)

    @property
    def turns(self) -> list[int]:
        """Where the model's turns after the question are among the messages: that of step 0 first."""
        after = range(len(self.prompt), len(self.messages))
        return [at for at in after if self.messages[at]["role"] == "assistant"]

    @property
    def judged_turns(self) -> list[tuple[int, float]]:
        """Turns that were judged by themselves, each with the index of its message and what it is worth."""
        said: dict[int, list[Judged]] = {}
        for one in self.outcomes:
            if one.step is not None:
                said.setdefault(one.step, []).append(replace(one, step=None))
        worth = ((step, reward_of(opinions)) for step, opinions in sorted(said.items()))
        turns = self.turns
        return [(turns[step], value) for step, value in worth if value is not None and step < len(turns)]

    @property
    def replaced_by(self) -> str | None:
        """The run that was asked the same question in this one's place, the latest of several."""
        return next((o.replaced_by for o in reversed(self.outcomes) if o.replaced_by), None)

    @property
    def call_edits(self) -> list[tuple[int, call_edits.CallEdit]]:
        """Corrected calls, each with the index of the message that it corrects; the latest of each step."""
        turns = self.turns
        edited = (o for o in self.outcomes if o.kind == call_edits.KIND)
        latest = {o.step or 0: call_edits.parse_edit(o.text, o.step or 0) for o in edited}
        return [(turns[step], edit) for step, edit in sorted(latest.items()) if step < len(turns)]

    def without_reasoning(self) -> "Trajectory":
        """The run without what the model thought before its words."""
        plain = [{k: v for k, v in m.items() if k != "reasoning_content"} for m in self.messages]
        return replace(self, messages=plain)

    @property
    def edit(self) -> str | None:
        """The latest corrected answer."""
        return next((o.text for o in reversed(self.outcomes) if o.kind == "edit" and o.text), None)


class _Step(NamedTuple):
    """What is read of a span."""

    span_id: str
    name: str
    operation: str
    attributes: dict[str, Any]
    redaction_policy: str
    content_dropped: bool


async def trajectories(
    session: AsyncSession, run_ids: Sequence[uuid.UUID], as_of: datetime
) -> AsyncIterator[Trajectory]:
    """The trajectories of runs, in the order of ``run_ids``, with the outcomes known at ``as_of``.

    Reads ``PAGE`` runs at a time, so that memory stays bounded whatever the number.
    """
    for page in portions(run_ids, PAGE):
        runs = {run.id: run for run in await session.scalars(select(Run).where(one_of(Run.id, page)))}
        spans: dict[uuid.UUID, list[_Step]] = {}
        rows = await session.execute(
            select(
                Span.run_id, Span.span_id, Span.name, Span.operation, Span.attributes, Span.redaction_policy, Span.content_dropped
            )
            .where(one_of(Span.run_id, page))
            .order_by(Span.start_ns, Span.span_id)
        )  # fmt: skip
        for run_id, *step in rows:
            spans.setdefault(run_id, []).append(_Step(*step))
        outcomes = await outcomes_of(session, page, as_of)
        for run_id in page:
            if run_id not in runs:
                continue
            judged = tuple(
                Judged(
                    o.kind,
                    o.value,
                    o.weight,
                    o.text,
                    o.details.get("step"),
                    o.source,
                    o.details.get(REPLACED_BY),
                )
                for o in outcomes.get(run_id, [])
            )
            yield _trajectory(runs[run_id], spans.get(run_id, []), judged)


async def pages(runs: AsyncIterator[Trajectory]) -> AsyncIterator[list[Trajectory]]:
    """Runs by the page, in their order."""
    page: list[Trajectory] = []
    async for run in runs:
        page.append(run)
        if len(page) == PAGE:
            yield page
            page = []
    if page:
        yield page


def _trajectory(run: Run, spans: list[_Step], outcomes: tuple[Judged, ...]) -> Trajectory:
    chats = _chats(spans)
    reason = _untrainable(run, spans, chats)
    last = chats[-1].attributes if chats else {}
    messages = messages_of(last.get(c.INPUT_MESSAGES), last.get(c.OUTPUT_MESSAGES))
    if not reason and (not messages or messages[-1]["role"] != "assistant"):
        reason = "the run has no final answer"
    if not reason and not any(message["role"] == "user" for message in messages):
        reason = "the run has no question"
    return Trajectory(
        run_id=run.id, user_id=run.user_id, agent=run.agent, adapter=run.adapter, tags=tuple(run.tags),
        messages=messages, tools=_tools(chats) if last else [],
        template_hash=str(last.get(c.TEMPLATE_HASH, "")),
        policies=frozenset(span.redaction_policy for span in spans), outcomes=outcomes, trainable=reason,
        observations=observations_of(_shown(spans, chats)),
        model=run.model, steps=run.steps, input_tokens=run.input_tokens, output_tokens=run.output_tokens,
        started_at=run.started_at, status=run.status,
        seconds=(run.ended_at - run.started_at).total_seconds() if run.ended_at else None,
        verifier=next((json.loads(span.attributes[c.VERIFIER]) for span in spans if c.VERIFIER in span.attributes), None),
    )  # fmt: skip


def _shown(spans: list[_Step], chats: list[_Step]) -> Iterator[Shown]:
    """The spans, with what the model was given: of Whorl's own runs the last call has all of it."""
    whole = spans if _foreign(spans) else chats[-1:]
    given = {span.span_id for span in whole}
    for span in spans:
        said = span.attributes.get(c.INPUT_MESSAGES) if span.span_id in given else None
        yield Shown(span.span_id, span.name, span.operation, span.attributes, json.loads(said or "[]"))


def _foreign(spans: list[_Step]) -> bool:
    """Whether another program's trace has the run."""
    return any(c.SOURCE in span.attributes for span in spans)


def _chats(spans: list[_Step]) -> list[_Step]:
    """The model calls of a run, the one with the whole chat last.

    In a program's trace other models may speak after that one, and what knows the whole chat may be the
    agent's span alone: there any span with a reply is looked at, and the longest history is the last.
    """
    if not _foreign(spans):
        return [span for span in spans if span.operation == "chat"]
    spoken = [span for span in spans if span.attributes.get(c.OUTPUT_MESSAGES, "[]") != "[]"]
    return sorted(spoken, key=_wholeness)


def _wholeness(span: _Step) -> tuple[bool, int, bool]:
    messages = messages_of(span.attributes.get(c.INPUT_MESSAGES), span.attributes[c.OUTPUT_MESSAGES])
    return is_answered(messages), len(messages), span.operation == "chat"


def is_answered(messages: list[dict[str, Any]]) -> bool:
    """Whether a chat has a question and ends with what the assistant said or called."""
    return (
        bool(messages) and messages[-1]["role"] == "assistant" and any(m["role"] == "user" for m in messages)
    )


def _tools(chats: list[_Step]) -> list[dict[str, Any]]:
    """The tools of the last call, or of the last before it that says which it was offered."""
    offered = (
        span.attributes[c.TOOL_DEFINITIONS]
        for span in reversed(chats)
        if c.TOOL_DEFINITIONS in span.attributes
    )
    return list(json.loads(next(offered, "[]")))


def _untrainable(run: Run, spans: list[_Step], chats: list[_Step]) -> str:
    if run.status != "succeeded":
        return f"the run {run.status}"
    if any(span.content_dropped for span in spans):
        return "redaction failed and the content was dropped"
    if not chats:
        return "no model call was captured"
    return ""


def messages_of(input_json: str | None, output_json: str | None) -> list[dict[str, Any]]:
    """Chat messages in OpenAI's shape from the conventions' input and output messages."""
    return chat_of(json.loads(input_json or "[]"), json.loads(output_json or "[]"))


def question_of(messages: list[dict[str, Any]]) -> str:
    """The last words of the user, or an empty text."""
    return next((str(m["content"]) for m in reversed(messages) if m["role"] == "user"), "")


def chat_of(given: list[dict[str, Any]], said: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One chat in OpenAI's shape; a reply that repeats what was given goes on from it."""
    if given and said[: len(given)] == given:
        said = said[len(given) :]
    chat: list[dict[str, Any]] = []
    for message in (message for value in (*given, *said) for message in _messages(value)):
        if chat and _is_thought(chat[-1]) and message["role"] == "assistant":
            thoughts = (
                each["reasoning_content"] for each in (chat.pop(), message) if "reasoning_content" in each
            )
            message["reasoning_content"] = "\n".join(thoughts)
        chat.append(message)
    return chat


def _is_thought(message: dict[str, Any]) -> bool:
    """Whether a message is nothing but what was thought before the next, which some APIs make an item of its own."""
    return "reasoning_content" in message and not message["content"] and "tool_calls" not in message


def _messages(value: dict[str, Any]) -> list[dict[str, Any]]:
    if value["role"] == "tool":
        return [
            {"role": "tool", "content": part["response"], "tool_call_id": part.get("id") or ""}
            for part in value["parts"]
        ]
    message: dict[str, Any] = {
        "role": value["role"],
        "content": "".join(map(words_of, value["parts"])),
    }
    thoughts = [part for part in value["parts"] if part["type"] == "reasoning" and part.get("content")]
    if thoughts and value["role"] == "assistant":
        message["reasoning_content"] = "\n".join(str(part["content"]) for part in thoughts)
    calls = [part for part in value["parts"] if part["type"] == "tool_call"]
    if calls:
        message["tool_calls"] = [
            {
                "id": call.get("id") or "",
                "type": "function",
                "function": {"name": call["name"], "arguments": call["arguments"]},
            }
            for call in calls
        ]
    return [message]


def words_of(part: dict[str, Any]) -> str:
    """The words of a part; an image or file is marked where it stood."""
    if part["type"] in ("blob", "uri", "file"):
        return f"[{part.get('modality') or 'file'}]"
    return str(part["content"]) if part["type"] == "text" else ""
