"""Rows from several attempts at one task, which a ``task:`` tag ties together.

Attempts may differ from the first word of the user on, as those with a simulated user do, so that
no single turn can be compared: what is compared is the whole conversation after what they share.
The trainers keep the loss to the assistant's turns.
"""

from collections.abc import Iterator

from .rows import BAD, GOOD, Row, build_row, plain, wrong_turns
from .spool import Spool
from .trajectory import Trajectory

TASK_TAG = "task:"


def task_of(run: Trajectory) -> str | None:
    """The tag of the task that the run is an attempt at."""
    return next((tag for tag in run.tags if tag.startswith(TASK_TAG)), None)


def _judged_task(run: Trajectory) -> str | None:
    return task_of(run) if run.reward is not None else None


def shared(runs: list[list[Row]]) -> list[Row]:
    """The messages that all conversations begin with, and no assistant's among them.

    >>> shared([[{"role": "system"}, {"role": "user", "content": "a"}], [{"role": "system"}]])
    [{'role': 'system'}]
    """
    prompt: list[Row] = []
    for messages in zip(*runs, strict=False):
        if messages[0]["role"] == "assistant" or any(message != messages[0] for message in messages):
            break
        prompt.append(messages[0])
    return prompt


def conversation_pairs(
    runs: Spool[Trajectory], *, sound: bool = True, faultless: bool = True
) -> Iterator[Row]:
    """Every good attempt at a task against every bad one: ``prompt``, ``chosen``, ``rejected``.

    ``sound``: without those that say the same; ``faultless``: of good ones those alone of which no turn was blamed or corrected.
    """
    for attempts in runs.groups(_judged_task):
        good = [run for run in attempts if (run.reward or 0.0) >= GOOD]
        if faultless:
            good = [run for run in good if run.edit is None and not wrong_turns(run)]
        bad = [run for run in attempts if (run.reward or 0.0) <= BAD]
        for better in good:
            for worse in bad:
                chosen, rejected = plain(better.messages), plain(worse.messages)
                prompt = shared([chosen, rejected])
                if sound and chosen == rejected:
                    continue
                row = build_row(
                    better, prompt=prompt, chosen=chosen[len(prompt) :], rejected=rejected[len(prompt) :]
                )
                yield {**row, "source": [str(better.run_id), str(worse.run_id)]}


def recorded_groups(runs: Spool[Trajectory]) -> Iterator[Row]:
    """All attempts at a task as one group: ``prompt``, ``completions`` and their ``rewards``."""
    for attempts in runs.groups(_judged_task):
        if len(attempts) < 2:
            continue
        chats = [plain(run.messages) for run in attempts]
        prompt = shared(chats)
        row = build_row(
            attempts[0], prompt=prompt, completions=[chat[len(prompt) :] for chat in chats],
            rewards=[run.reward for run in attempts],
        )  # fmt: skip
        yield {**row, "source": [str(run.run_id) for run in attempts]}
