"""``whorl evaluate qa``: a passage collection and its questions, end to end through the agent."""

import re
import string
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..agents.prompt import REFUSAL
from ..agents.toolbox import Toolbox
from ..agents.tools.search import search_tool
from ..platform.errors import InputError
from ..platform.identity.access import Actor
from ..platform.lines import Record, read_records
from ..platform.settings import Settings
from ..retrieval.api import load_limits
from ..retrieval.library import Quote
from ..retrieval.load.base import LoadedDocument
from ..retrieval.load.path import load_file
from .evaluation import Task, ask_all
from .statistics import wilson_interval
from .verifiers.text import contains, normalise

_CITATION = re.compile(r"\s*\[\d{1,3}\]")
RECALL_AT = (1, 4, 10)


@dataclass(frozen=True)
class Question:
    """A question with its gold answers (none: it cannot be answered) and its gold passage."""

    question: str
    answers: tuple[str, ...]
    passage_id: str | None = None


def load_passages(file: Path, settings: Settings) -> Iterator[LoadedDocument]:
    """The passages of a JSON lines file."""
    if not file.is_file():
        raise InputError(f"{file} does not exist.")
    return load_file(file, file.name, load_limits(settings))


def load_questions(file: Path) -> list[Question]:
    """Questions of a JSON lines file: ``question``, ``answers``, optionally ``passage_id``."""
    return [_question(record) for record in read_records(str(file), plain=False)]


def _question(record: Record) -> Question:
    fields = record.fields
    given = [] if fields.get("is_impossible") else fields.get("answers")
    if not isinstance(given, list) or not all(isinstance(answer, str | int | float) for answer in given):
        raise InputError(f"{record.where}: the field 'answers' is no list of texts.")
    passage = record.text("passage_id") if fields.get("passage_id") is not None else None
    return Question(record.text("question"), tuple(map(str, given)), passage)


async def evaluate_qa(
    whorl: Any, actor: Actor, passages: Iterator[LoadedDocument], questions: list[Question], bars: Any, *,
    adapter: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Ingest into a scratch collection, ask every question, score, and drop the collection."""
    scratch = f"qa-{uuid.uuid4().hex[:12]}"
    agents, library = whorl.agents, whorl.library
    toolbox = agents.toolbox

    async def quotes(tenant_id: uuid.UUID, query: str, _: str) -> list[Quote]:
        found: list[Quote] = await library.quotes(tenant_id, query, scratch)
        return found

    try:
        by_source = await _ingest(whorl, actor, passages, scratch, bars)
        scratch_search = search_tool(quotes, whorl.capture.tracer)
        others = [tool for tool in toolbox if tool.name != "search"]
        agents.toolbox = Toolbox([scratch_search, *others])
        bar = bars.add_task("asking", total=len(questions))
        tasks = [Task(q.question, "answer_in_reply", {"answers": list(q.answers)}) for q in questions]
        scored = await ask_all(agents, actor, tasks, adapter=adapter, progress=lambda: bars.advance(bar))
        replies = [s.answer for s in scored]
        report = score_replies(replies, questions)
        report.update(await _recall(whorl, actor, questions, by_source, scratch, bars))
        report["failed_runs"] = sum(s.status != "succeeded" for s in scored)
        return report
    finally:
        agents.toolbox = toolbox
        await library.drop(actor.tenant_id, scratch)


def score_replies(replies: list[str], questions: list[Question]) -> dict[str, Any]:
    """EM and F1 of the reply without its citations, ``contained``, and abstention."""
    answerable = [(r, q) for r, q in zip(replies, questions, strict=True) if q.answers]
    impossible = [r for r, q in zip(replies, questions, strict=True) if not q.answers]
    held = sum(contains(reply, list(q.answers)) for reply, q in answerable)
    report: dict[str, Any] = {"questions": len(questions), "answerable": len(answerable)}
    if answerable:
        n = len(answerable)
        pairs = [(_CITATION.sub("", reply), q.answers) for reply, q in answerable]
        report["em"] = sum(max(float(normalise(r) == normalise(a)) for a in gold) for r, gold in pairs) / n
        report["f1"] = sum(max(token_f1(r, a) for a in gold) for r, gold in pairs) / n
        report["contained"] = held / n
        report["contained_95"] = [round(v, 4) for v in wilson_interval(held, n)]
        report["cited"] = sum(bool(_CITATION.search(reply)) for reply, _ in answerable) / n
        report["abstained_wrongly"] = sum(_abstains(reply) for reply, _ in answerable) / n
    if impossible:
        report["abstained_rightly"] = sum(map(_abstains, impossible)) / len(impossible)
    return report


def token_f1(reply: str, answer: str) -> float:
    """F1 of the two texts' words after SQuAD's normalisation (official script)."""
    got, gold = normalise(reply).split(), normalise(answer).split()
    if not got or not gold:
        return float(got == gold)
    common = sum((Counter(got) & Counter(gold)).values())
    if common == 0:
        return 0.0
    precision, recall = common / len(got), common / len(gold)
    return 2 * precision * recall / (precision + recall)


def _abstains(reply: str) -> bool:
    return normalise(reply.strip(string.whitespace)) == normalise(REFUSAL)


async def _ingest(
    whorl: Any, actor: Actor, passages: Iterator[LoadedDocument], scratch: str, bars: Any
) -> dict[str, uuid.UUID]:
    """Document ids by the passages' own ids."""
    bar = bars.add_task("ingesting", total=None)
    ids: dict[str, uuid.UUID] = {}
    async for added in whorl.library.ingest(actor.tenant_id, passages, scratch):
        ids[added.source.split("#", 1)[-1]] = added.document_id
        bars.advance(bar)
    bars.update(bar, total=len(ids))
    return ids


async def _recall(
    whorl: Any, actor: Actor, questions: list[Question], ids: dict[str, uuid.UUID], scratch: str, bars: Any
) -> dict[str, float]:
    """Share of questions whose gold passage is among the first k documents found."""
    known = [q for q in questions if q.passage_id in ids and q.answers]
    if not known:
        return {}
    bar = bars.add_task("measuring recall", total=len(known))
    hits: Counter[int] = Counter()
    for question in known:
        found = await whorl.library.search(actor.tenant_id, question.question, max(RECALL_AT), scratch)
        documents = list(dict.fromkeys(passage.document_id for passage in found))
        for k in RECALL_AT:
            hits[k] += ids[str(question.passage_id)] in documents[:k]
        bars.advance(bar)
    return {f"recall@{k}": hits[k] / len(known) for k in RECALL_AT}
