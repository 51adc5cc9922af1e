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


def corrected(run: Trajectory) -> list[list[Row]]:
    """The chats that corrections of a run make, each with the corrected turn as the last: of its calls, then of its answer."""
    chats = [plain([*run.messages[:at], edit.message()]) for at, edit in run.call_edits]
    if run.edit is not None:
        chats.append([*plain(run.messages[:-1]), {"role": "assistant", "content": run.edit}])
    return chats
