"""Reward models: what ``whorl train --method reward`` leaves, as a score of an answer to a prompt."""

import json
import math
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import anyio.to_thread
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from ..agents.tables import Run
from ..platform.database.base import now
from ..platform.database.session import tenant_session
from ..platform.errors import ConflictError, InputError
from ..platform.identity.access import Actor
from ..platform.identity.audit import record
from ..platform.loading import LOADING
from ..platform.serving.adapters import REWARD, check_there, find_adapter
from ..platform.serving.base_model import base_hash
from ..platform.serving.tables import Adapter
from ..platform.telemetry.redaction.redactor import Redactor
from .outcomes import Feedback, record_outcome
from .rows import Row, plain
from .training.render import render_completion, render_text
from .training.tokenizer import load_tokenizer
from .trajectory import trajectories

PAGE = 16


class Attempted(NamedTuple):
    """What is scored: the chat so far, what the assistant says next, and the tools that it had."""

    prompt: list[Row]
    answer: str
    tools: list[Row]


class RewardModel:
    """A base model with a trained head for one score; above 0 is better than the average pair's side."""

    def __init__(self, tokenizer: Any, model: Any) -> None:
        self.tokenizer, self.model = tokenizer, model

    @classmethod
    def load(cls, folder: Path, model_folder: Path) -> "RewardModel":
        """The reward model in ``folder``; raises InputError where it was trained on another base."""
        note = json.loads((folder / "whorl.json").read_text(encoding="utf-8"))
        if note["base_hash"] != base_hash(model_folder):
            raise InputError(
                f"The reward model {folder.name} was trained on another base model ({note['base_hash'][:12]}) than "
                f"the one in {model_folder.name} ({base_hash(model_folder)[:12]}). Train it again on this one."
            )
        with LOADING:
            from peft import PeftModel
            from transformers import AutoModelForSequenceClassification

            tokenizer = load_tokenizer(model_folder)
            base = AutoModelForSequenceClassification.from_pretrained(
                model_folder, num_labels=1, pad_token_id=tokenizer.pad_token_id
            )
            return cls(tokenizer, PeftModel.from_pretrained(base, folder).eval())

    def score(self, attempts: Sequence[Attempted]) -> list[float]:
        """A score of each attempt; only the order and differences of scores of one model mean anything."""
        import torch

        scores: list[float] = []
        texts = [self._text(attempt) for attempt in attempts]
        for start in range(0, len(texts), PAGE):
            encoded = self.tokenizer(
                texts[start : start + PAGE], return_tensors="pt", padding=True, padding_side="right"
            )
            with torch.no_grad():
                out = self.model(input_ids=encoded["input_ids"], attention_mask=encoded["attention_mask"])
            scores += [float(value) for value in out.logits.squeeze(-1)]
        return scores  # fmt: skip

    def _text(self, attempt: Attempted) -> str:
        said = [{"role": "assistant", "content": attempt.answer}]
        opened = render_text(self.tokenizer, attempt.prompt, attempt.tools, prompt=True)
        return opened + render_completion(self.tokenizer, attempt.prompt, said, attempt.tools)


def as_share(score: float) -> float:
    """A score as a number from 0 to 1: how often the answer is preferred to one of score 0 (Bradley and Terry).

    >>> as_share(0.0), round(as_share(2.0), 3)
    (0.5, 0.881)
    """
    return 1 / (1 + math.exp(-max(-500.0, score)))


async def find_reward_model(session: AsyncSession, name: str) -> Adapter:
    """The tenant's reward model of that name; raises NotFoundError, ConflictError for what answers or is tainted."""
    adapter = await find_adapter(session, name)
    if adapter.method != REWARD:
        raise ConflictError(f"{name} was trained by {adapter.method}: it answers and cannot score.")
    check_there(adapter)
    if adapter.state == "tainted":
        raise ConflictError(
            f"The reward model {name} is tainted: {adapter.card['tainted']['reason']}. Train another."
        )
    return adapter


async def judge_runs(
    engine: AsyncEngine,
    actor: Actor,
    redactor: Redactor,
    name: str,
    model_folder: Path,
    tag: str | None = None,
) -> int:
    """Record what a reward model thinks of the last answer of each run, as outcomes of the judge ``name``.

    Runs that it has judged, or that cannot be trained on, are passed over. Returns how many it judged.
    """  # fmt: skip
    actor.require("write")
    source = f"judge:{name}"
    async with tenant_session(engine, actor.tenant_id) as session:
        adapter = await find_reward_model(session, name)
        query = select(Run.id).where(Run.status == "succeeded").order_by(Run.id)
        if tag is not None:
            query = query.where(Run.tags.contains([tag]))
        wanted: dict[uuid.UUID, Attempted] = {}
        async for run in trajectories(session, list(await session.scalars(query)), now()):
            if not run.trainable and not any(outcome.source == source for outcome in run.outcomes):
                wanted[run.run_id] = Attempted(
                    plain(run.messages[:-1]), str(run.messages[-1]["content"]), run.tools
                )
    model = await anyio.to_thread.run_sync(RewardModel.load, Path(adapter.folder), model_folder)
    scores = await anyio.to_thread.run_sync(model.score, list(wanted.values()))
    async with tenant_session(engine, actor.tenant_id) as session:
        for run_id, score in zip(wanted, scores, strict=True):
            given = Feedback("judge", as_share(score), source)
            await record_outcome(
                session, actor.tenant_id, run_id, given, redactor, details={"score": round(score, 4)}
            )
        record(session, actor, "runs.judged", name, runs=len(wanted), tag=tag)
    return len(wanted)
