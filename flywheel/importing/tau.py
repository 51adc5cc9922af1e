"""Trajectories of tau-bench: ``task_id``, ``trial``, ``reward`` and the chat in ``traj``.

https://github.com/sierra-research/tau-bench, ``historical_trajectories``.
"""

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Message, Recorded, digest, key_of, messages_of

AGENT = "tau-bench"


def read_tau(record: Record) -> Recorded:
    """A trial; its task is the group, its reward the outcome. The simulated user's farewell is left out.

    Tasks and trials are numbered from 0 in every file: a task is of its policy, a trial of what was said in it.
    """
    task, trial = record.fields.get("task_id"), record.fields.get("trial", 0)
    reward = record.fields.get("reward")
    if task is None or isinstance(reward, bool) or not isinstance(reward, int | float):
        raise InputError(f"{record.where}: a trajectory has a task_id and a reward.")
    if not 0 <= reward <= 1:
        raise InputError(f"{record.where}: the reward {reward} is not between 0 and 1.")
    messages = messages_of(record, "traj")
    return Recorded(
        key=f"{task}/{trial}/{key_of(record)}", agent=AGENT, messages=messages, tools=[],
        group=f"tau/{_policy(messages)}/{task}", reward=float(reward),
    )  # fmt: skip


def _policy(messages: list[Message]) -> str:
    """A name for the domain of a chat: what stands before the user's first words, which every trial has its own of."""
    first = next(at for at, message in enumerate(messages) if message["role"] == "user")
    return digest(messages[:first])[:12]
