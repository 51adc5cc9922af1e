"""What all rows share: the group for the split, the runs they come from, messages without ids."""

from typing import Any

from .split import group_of
from .trajectory import Trajectory

# A run is good from this reward upwards, bad from that downwards; between the two it teaches nothing.
GOOD, BAD = 0.75, 0.25
Row = dict[str, Any]


def build_row(run: Trajectory, **content: Any) -> Row:
    """``content`` with the run's tools, its ``group`` for the split and its id as ``source``."""
    group = group_of(run.question, run.tags)
    return {**content, "tools": run.tools, "group": group, "source": [str(run.run_id)]}


def plain(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Messages with what a chat template reads: no ids, which differ from run to run."""
    rows = []
    for message in messages:
        row = {"role": message["role"], "content": message.get("content") or ""}
        if message.get("reasoning_content"):
            row["reasoning_content"] = message["reasoning_content"]
        if message.get("tool_calls"):
            row["tool_calls"] = [
                {"type": "function", "function": dict(call["function"])} for call in message["tool_calls"]
            ]
        rows.append(row)
    return rows


def corrected(run: Trajectory, *, sound: bool = True) -> list[list[Row]]:
    """The chats that corrections of a run make, each with the corrected turn as the last: of its calls, then of its answer.

    ``sound``: without those that have a wrong turn before, which would be learnt along with the correction.
    """
    wrong = wrong_turns(run) if sound else set()
    chats = [
        plain([*run.messages[:at], edit.message()])
        for at, edit in run.call_edits
        if not any(turn < at for turn in wrong)
    ]
    if run.edit is not None and not wrong - {len(run.messages) - 1}:
        chats.append([*plain(run.messages[:-1]), {"role": "assistant", "content": run.edit}])
    return chats


def wrong_turns(run: Trajectory) -> set[int]:
    """Where the turns of a run are that somebody corrected or blamed, such as a call that was denied."""
    blamed = {at for at, worth in run.judged_turns if worth <= BAD}
    return blamed | {at for at, _ in run.call_edits}
