"""Trials of a candidate beside the adapter that answers: who is asked, and which trials are open."""

import hashlib
import uuid
from typing import Literal, NamedTuple, get_args

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from ..database.base import now
from .tables import Route, Trial

Stage = Literal["shadow", "canary"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Verdict = Literal["undecided", "ready", "worse", "promoted", "stopped"]


class Choice(NamedTuple):
    """The adapter that answers (None: the base model), and the canary that the run counts in."""

    adapter: str | None
    trial_id: uuid.UUID | None = None


def trial_tag(trial_id: uuid.UUID) -> str:
    """The tag of the runs that count in a trial, of both arms."""
    return f"trial:{trial_id}"


def falls_in(trial_id: uuid.UUID, key: str, share: float) -> bool:
    """Whether a conversation is among the ``share`` (0 to 1) that a trial asks; always the same answer.

    The trial's id salts the hash, so that another trial asks other conversations.

    >>> [falls_in(uuid.UUID(int=1), "a", share) for share in (0.0, 1.0)]
    [False, True]
    """
    digest = hashlib.sha256(f"{trial_id}:{key}".encode()).digest()
    return int.from_bytes(digest[:8], "big") < share * 2**64


async def choose(session: AsyncSession, agent: str, key: str) -> Choice:
    """Who answers for an agent in the conversation that ``key`` stands for.

    What was read stays locked against change until the transaction ends, so that whoever switches
    afterwards finds the run among those that are under way. Route before trial, as a switch locks them.
    """
    routed = await session.scalar(
        select(Route.adapter).where(Route.agent == agent).with_for_update(read=True)
    )
    canary = select(Trial).where(Trial.agent == agent, Trial.stage == "canary", Trial.ended_at.is_(None))
    trial: Trial | None = await session.scalar(canary.with_for_update(read=True))
    if trial is None:
        return Choice(routed)
    return Choice(trial.candidate if falls_in(trial.id, key, trial.share) else routed, trial.id)


async def open_trial(session: AsyncSession, agent: str, stage: Stage) -> Trial | None:
    """The trial of that stage which is open for an agent."""
    query = select(Trial).where(Trial.agent == agent, Trial.stage == stage, Trial.ended_at.is_(None))
    found: Trial | None = await session.scalar(query)
    return found


async def open_trials(
    session: AsyncSession, *, agent: str | None = None, candidate: str | None = None
) -> list[Trial]:
    """The tenant's open trials, oldest first; of one agent or one candidate, where given."""
    query = select(Trial).where(Trial.ended_at.is_(None)).order_by(Trial.id)
    if agent is not None:
        query = query.where(Trial.agent == agent)
    if candidate is not None:
        query = query.where(Trial.candidate == candidate)
    return list(await session.scalars(query))


async def latest_trial(session: AsyncSession, candidate: str) -> Trial | None:
    """The newest trial of an adapter, open or not."""
    query = select(Trial).where(Trial.candidate == candidate).order_by(Trial.id.desc()).limit(1)
    found: Trial | None = await session.scalar(query)
    return found


def close_trial(trial: Trial, verdict: Verdict) -> None:
    """End a trial: from the commit on nobody is asked by it."""
    trial.verdict, trial.ended_at = verdict, now()
