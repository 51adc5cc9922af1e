"""Evaluations that datasets are checked against by name, whether they were ever run or not.

Their questions are redacted as those of runs are, and kept by their digest: a manifest names it, so that the dataset can be
made again without the file.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from anyio import to_thread
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from ..platform.database.base import now
from ..platform.errors import ConflictError, InputError
from ..platform.lines import Record, read_records
from ..platform.telemetry.redaction.redactor import Redactor
from .tables import EvaluationSet

MOST_SETS, MOST_QUESTIONS = 20, 100_000


@dataclass(frozen=True)
class QuestionSet:
    """The questions of an evaluation, and what it is called."""

    name: str
    questions: tuple[str, ...]

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the questions, whatever their order."""
        ordered = json.dumps(sorted(set(self.questions)), ensure_ascii=False)
        return hashlib.sha256(ordered.encode()).hexdigest()


def load_set(file: Path) -> QuestionSet:
    """The questions of a JSON lines file: ``question`` of each line, or what the user asks last in ``prompt`` or ``messages``.

    So files of tasks and of questions can be named, and the ``held_out.jsonl`` of another dataset. Raises InputError naming
    the line that has none.
    """
    questions = tuple(_question(record) for record in read_records(str(file), plain=False))
    return QuestionSet(file.name, questions)


def _question(record: Record) -> str:
    for name in ("question", "prompt", "messages"):
        value = record.fields.get(name)
        if isinstance(value, list):
            users = [each for each in value if isinstance(each, dict) and each.get("role") == "user"]
            value = users[-1].get("content") if users else None
        if isinstance(value, str) and value.strip():
            return value
    raise InputError(
        f"{record.where} asks nothing: give 'question' as text, or 'prompt' or 'messages' with what the user says."
    )


async def redacted_sets(
    sets: Sequence[QuestionSet], redactor: Redactor, tenant_id: uuid.UUID
) -> list[QuestionSet]:
    """The sets as runs of the tenant would have their questions; raises InputError for more than can be checked."""
    if len(sets) > MOST_SETS:
        raise InputError(
            f"{len(sets)} evaluations are named; a dataset is checked against {MOST_SETS} at most."
        )
    for each in sets:
        if not 0 < len(each.questions) <= MOST_QUESTIONS:
            raise InputError(
                f"The evaluation {each.name} has {len(each.questions)} questions; give 1 to {MOST_QUESTIONS}."
            )
    hidden = []
    for each in sets:
        questions = await to_thread.run_sync(redactor.redact_texts, each.questions, str(tenant_id))
        hidden.append(replace(each, questions=tuple(questions)))
    return hidden


async def keep_sets(session: AsyncSession, tenant_id: uuid.UUID, sets: Iterable[QuestionSet]) -> None:
    """Store the questions of redacted sets, each once."""
    for each in sets:
        questions = sorted(set(each.questions))
        added = insert(EvaluationSet).values(
            tenant_id=tenant_id, digest=each.digest, questions=questions, created_at=now()
        )
        await session.execute(added.on_conflict_do_nothing())


async def questions_of_set(session: AsyncSession, digest: str) -> list[str]:
    """The questions of a stored set; raises ConflictError where they are not there."""
    found: list[str] | None = await session.scalar(
        select(EvaluationSet.questions).where(EvaluationSet.digest == digest)
    )
    if found is None:
        raise ConflictError(
            f"The questions of the evaluation with the digest {digest[:12]} are not stored in this workspace, so that the "
            "dataset cannot be checked against them again."
        )
    return found
