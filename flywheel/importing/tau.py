"""Trajectories of tau-bench: ``task_id``, ``trial``, ``reward`` and the chat in ``traj``.

https://github.com/sierra-research/tau-bench, ``historical_trajectories``.
"""

from ...platform.errors import InputError
from ...platform.lines import Record
from .base import Recorded, messages_of

AGENT = "tau-bench"


def read_tau(record: Record) -> Recorded:
    """A trial; its task is the group, its reward the outcome. The simulated user's farewell is left out."""
    task, trial = record.fields.get("task_id"), record.fields.get("trial", 0)
    reward = record.fields.get("reward")
    if task is None or isinstance(reward, bool) or not isinstance(reward, int | float):
        raise InputError(f"{record.where}: a trajectory has a task_id and a reward.")
    if not 0 <= reward <= 1:
        raise InputError(f"{record.where}: the reward {reward} is not between 0 and 1.")
    return Recorded(
        key=f"{task}/{trial}", agent=AGENT, messages=messages_of(record, "traj"), tools=[],
        group=f"tau/{task}", reward=float(reward),
    )  # fmt: skip
