"""What all rows share: the group for the split, the runs they come from, messages without ids."""

from typing import Any

from .trajectory import Trajectory

# A run is good from this reward upwards, bad from that downwards; between the two it teaches nothing.
GOOD, BAD = 0.75, 0.25
Row = dict[str, Any]


def build_row(run: Trajectory, **content: Any) -> Row:
    """``content`` with the run's tools, its ``group`` for the split and its id as ``source``."""
    return {**content, "tools": run.tools, "group": run.group, "source": [str(run.run_id)]}


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


def weighed(run: Trajectory, messages: list[Row]) -> list[Row]:
    """A chat of the run whose earlier answers, which others judged or nobody, have the weight 0: no loss is on them.

    ``weight`` is that of OpenAI's fine-tuning format; turns without one have a loss.
    https://platform.openai.com/docs/guides/supervised-fine-tuning
    """
    return [
        {**message, "weight": 0} if at < run.begins and message["role"] == "assistant" else message
        for at, message in enumerate(messages)
    ]


def is_learnt(message: Row) -> bool:
    """Whether there is a loss on a message of an sft row."""
    return message["role"] == "assistant" and message.get("weight") != 0


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
