"""Rows of TensorZero's tables, one a line and in any order: inferences, the calls of their models, and feedback.

``ChatInference``, ``JsonInference``, ``ModelInference`` and the four tables of feedback, as ``FORMAT JSONEachRow`` of ClickHouse
or ``row_to_json`` of PostgreSQL writes them: https://www.tensorzero.com/docs/gateway/data-model.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from ...platform.errors import InputError
from ...platform.lines import Record
from ...platform.telemetry.otlp.values import as_count
from ..outcomes import Feedback
from ..spool import Spool
from .base import Message, Recorded, Runs, checked, messages_of
from .moments import UNDATED, Period, moment_of, moment_of_id
from .observed import UNKNOWN, judged
from .tensorzero_blocks import chat_of, read_json, reply_of, said, tools_of

AGENT = "tensorzero"
SOURCE = "import:tensorzero"
_Kind = Callable[[dict[str, Any]], bool]


class _Row(NamedTuple):
    """A row that belongs to an inference: its own, or that of a call of a model."""

    inference_id: str
    fields: dict[str, Any]
    where: str


class _Inference(NamedTuple):
    """An inference with its whole chat."""

    id: str
    episode: str
    function: str
    chat: list[Message]
    tools: list[dict[str, Any]]
    model: str
    user: str
    where: str
    period: Period
    input_tokens: int
    output_tokens: int


class TensorZeroRuns(Runs):
    """The runs of a file of rows.

    Each inference is a run, but for those that a later one of the same episode and function goes on with, where nothing
    was said of them: the turns of an agent's loop, each of which was asked with all that came before. What was said of an
    episode counts for each of its runs. Left out is what is no chat of text and tools in which a user is answered.
    """

    called = "inferences that are no chat of text and tools"

    def __init__(self, records: Iterable[Record], score: str | None = None) -> None:
        super().__init__()
        self._records, self._score = records, score
        self._scores: defaultdict[str, list[tuple[str, object]]] = defaultdict(list)
        self._said: defaultdict[str, list[Feedback | Message]] = defaultdict(list)

    def __iter__(self) -> Iterator[Recorded]:
        with Spool[_Row]() as rows, Spool[_Inference]() as inferences:
            for record in self._records:
                row = self._read(record)
                if row is not None:
                    rows.add(row)
            for own in rows.groups(lambda row: row.inference_id):
                inference = _inference(own)
                if inference is not None:
                    inferences.add(inference)
                elif any(_is_inference(row.fields) for row in own):
                    self.leave_out()
            for episode in inferences.groups(lambda found: f"{found.episode}\0{found.function}"):
                yield from map(self._run, self._last(episode))

    def _read(self, record: Record) -> _Row | None:
        """A row of an inference; feedback is noted by what it is of."""
        for belongs, read in self._tables().items():
            if belongs(record.fields):
                return read(record)
        raise InputError(
            f"{record.where}: no row of ChatInference, JsonInference, ModelInference or a table of feedback."
        )

    def _tables(self) -> dict[_Kind, Callable[[Record], _Row | None]]:
        return {
            _is_inference: lambda record: _Row(_id(record, "id"), record.fields, record.where),
            _is_call: lambda record: _Row(_id(record, "inference_id"), record.fields, record.where),
            lambda fields: {"target_id", "metric_name"} <= fields.keys(): self._note_score,
            lambda fields: {"target_id", "value"} <= fields.keys(): self._note_comment,
            lambda fields: {"inference_id", "value"} <= fields.keys(): self._note_demonstration,
        }

    def _note_score(self, record: Record) -> None:
        value = record.fields.get("value")
        name = str(record.fields["metric_name"])
        self._scores[_id(record, "target_id")].append(
            (name, float(value) if isinstance(value, bool) else value)
        )

    def _note_comment(self, record: Record) -> None:
        comment = Feedback("comment", 1.0, SOURCE, text=record.text("value"))
        self._said[_id(record, "target_id")].append(checked(comment, record.where))

    def _note_demonstration(self, record: Record) -> None:
        """What should have been answered: a text, or calls; anything else is left out."""
        shown = reply_of(read_json(record.fields["value"], "value", record.where), record.where)
        if shown is not None:
            self._said[_id(record, "inference_id")].append(shown)

    def _last(self, episode: list[_Inference]) -> Iterator[_Inference]:
        """Those of an episode's inferences that none goes on with, and those of which something was said."""
        gone_on_with = {
            json.dumps(each.chat[:turns], sort_keys=True)
            for each in episode
            for turns in range(1, len(each.chat))
            if each.chat[turns - 1]["role"] == "assistant"
        }
        for each in episode:
            judged = each.id in self._scores or each.id in self._said
            if judged or json.dumps(each.chat, sort_keys=True) not in gone_on_with:
                yield each

    def _run(self, found: _Inference) -> Recorded:
        scores = [score for of in (found.id, found.episode) for score in self._scores.get(of, ())]
        judgement = judged(scores, self._score, "tensorzero")
        feedback = [
            _edit(given, found) if isinstance(given, dict) else given
            for of in (found.id, found.episode)
            for given in self._said.get(of, ())
        ]
        return Recorded(
            key=found.id, agent=found.function, messages=found.chat, tools=found.tools, model=found.model, user=found.user,
            reward=judgement.reward, unjudged=judgement.why, feedback=(*feedback, *judgement.comments),
            period=found.period, input_tokens=found.input_tokens, output_tokens=found.output_tokens,
        )  # fmt: skip


def _is_inference(fields: dict[str, Any]) -> bool:
    return {"id", "function_name", "input", "output"} <= fields.keys() and "dataset_name" not in fields


def _is_call(fields: dict[str, Any]) -> bool:
    return {"inference_id", "model_name", "input_messages"} <= fields.keys()


def _id(record: Record, name: str) -> str:
    value = record.fields.get(name)
    if not isinstance(value, str) or not value:
        raise InputError(f"{record.where}: {name!r} is no id.")
    return value


def _inference(rows: list[_Row]) -> _Inference | None:
    """An inference from its row and the calls of its model, the last of which has the prompt as it was rendered."""
    own = next((row for row in rows if _is_inference(row.fields)), None)
    if own is None:
        return None
    calls = [row for row in rows if _is_call(row.fields)]
    answer = reply_of(read_json(own.fields["output"], "output", own.where), own.where)
    asked = _asked(calls[-1] if len(calls) == 1 else own)
    if answer is None or asked is None or not any(message["role"] == "user" for message in asked):
        return None
    chat = messages_of(Record({"messages": [*asked, answer]}, own.where), "messages")
    tags = read_json(own.fields.get("tags") or {}, "tags", own.where)
    return _Inference(
        own.inference_id, str(own.fields.get("episode_id") or own.inference_id), str(own.fields["function_name"] or AGENT),
        chat, tools_of(own.fields, own.where),
        str(calls[-1].fields["model_name"] if calls else own.fields.get("variant_name") or UNKNOWN),
        said(tags.get("user_id") or "") if isinstance(tags, dict) else "", own.where,
        _period(own), *(sum(as_count(call.fields.get(name)) or 0 for call in calls) for name in ("input_tokens", "output_tokens")),
    )  # fmt: skip


def _period(own: _Row) -> Period:
    """The time that is in the id of an inference, and how long it was worked on."""
    started = moment_of_id(own.inference_id)
    if started is None:
        return UNDATED
    worked = as_count(own.fields.get("processing_time_ms")) or 0
    return Period(started, moment_of(started.timestamp() * 1000 + worked) or started)


def _asked(row: _Row) -> list[Message] | None:
    """What the model was asked, of a call of a model or of an inference; None where it is more than text and tools."""
    if _is_call(row.fields):
        messages = read_json(row.fields["input_messages"], "input_messages", row.where)
        return chat_of(row.fields.get("system"), messages, row.where)
    given = read_json(row.fields["input"], "input", row.where)
    if not isinstance(given, dict):
        raise InputError(f"{row.where}: 'input' is not an object.")
    return chat_of(given.get("system"), given.get("messages"), row.where)


def _edit(shown: Message, found: _Inference) -> Feedback:
    """A demonstration as the correction of the inference's answer: of its words, or of its call."""
    if calls := shown.get("tool_calls"):
        turn = sum(message["role"] == "assistant" for message in found.chat) - 1
        call = calls[0]["function"]
        edit = json.dumps({"name": call["name"], "arguments": call["arguments"]}, ensure_ascii=False)
        return checked(Feedback("call_edit", 1.0, SOURCE, text=edit, step=turn), found.where)
    return checked(Feedback("edit", 1.0, SOURCE, text=shown["content"]), found.where)
