"""What a dataset is made of: labels, lengths, turns and tools, counted as its rows are written."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from .rows import Row, is_learnt

# From this ratio of good to bad rows, or of bad to good, KTO's weights should even them out.
UNEVEN = 4.0
# Shares from which pairs teach length, and one tool stands for all.
LONGER, ONE_TOOL = 0.7, 0.8
FEW = 50
# Names of tools that a report keeps; the rest is counted together.
NAMED = 20


@dataclass
class Tally:
    """Counts over rows, in memory that does not grow with them.

    Lengths are characters of what is learnt (``chosen``, ``completion``, the assistant's turns) and
    of ``rejected``, in buckets that double: the key is the bucket's upper end.
    """

    rows: int = 0
    labels: Counter[str] = field(default_factory=Counter)
    learnt: Counter[int] = field(default_factory=Counter)
    rejected: Counter[int] = field(default_factory=Counter)
    turns: Counter[int] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    longer: int = 0

    def add(self, row: Row) -> None:
        """Count a row of any format."""
        self.rows += 1
        said = _said(row)
        size = _characters(said)
        if said:
            self.learnt[_bucket(size)] += 1
        self.turns[sum(message["role"] == "user" for message in _conversation(row))] += 1
        for message in said:
            self.calls.update(call["function"]["name"] for call in message.get("tool_calls", ()))
        if "label" in row:
            self.labels["good" if row["label"] else "bad"] += 1
        if "verifier" in row:
            self.labels[row["verifier"]] += 1
        if "rejected" in row:
            against = _characters(row["rejected"])
            self.rejected[_bucket(against)] += 1
            self.longer += size > against

    def report(self) -> dict[str, Any]:
        """The counts as JSON values."""
        named = dict(self.calls.most_common(NAMED))
        if others := self.calls.total() - sum(named.values()):
            named["others"] = others
        return {
            "rows": self.rows, "labels": dict(sorted(self.labels.items())), "learnt_characters": _sorted(self.learnt),
            "rejected_characters": _sorted(self.rejected), "user_turns": _sorted(self.turns), "calls": named,
            "chosen_longer": self.longer,
        }  # fmt: skip


def remarks(report: dict[str, Any]) -> list[str]:
    """What of a report calls for attention, and what to do about it."""
    found = []
    rows, labels, calls = report["rows"], report["labels"], report["calls"]
    if rows < FEW:
        found.append(f"{rows} rows are few: expect an adapter that repeats them.")
    good, bad = labels.get("good", 0), labels.get("bad", 0)
    if (good or bad) and max(good, bad) >= UNEVEN * min(good, bad):
        found.append(
            f"{good} good rows stand against {bad} bad ones: gather more of the rarer kind, or weigh it more in training."
        )
    if report["rejected_characters"] and report["chosen_longer"] > LONGER * rows:
        share = report["chosen_longer"] / rows
        found.append(f"In {share:.0%} of the pairs the chosen side is the longer one: DPO may learn length.")
    if calls and max(calls.values()) > ONE_TOOL * sum(calls.values()) and len(calls) > 1:
        most = max(calls, key=lambda name: calls[name])
        found.append(f"{calls[most] / sum(calls.values()):.0%} of the calls are of {most}.")
    return found


def _conversation(row: Row) -> Iterable[Row]:
    parts = ("messages", "prompt", "chosen", "completion")
    chats = [row.get(part) or [] for part in parts] + [(row.get("completions") or [[]])[0]]
    return [message for chat in chats for message in chat]


def _said(row: Row) -> list[Row]:
    """The turns that are learnt."""
    chats = [row.get(part) or [] for part in ("messages", "chosen", "completion")]
    chats += row.get("completions") or []
    return [message for chat in chats for message in chat if is_learnt(message)]


def _characters(messages: Iterable[Row]) -> int:
    return sum(
        len(message["content"])
        + sum(len(json.dumps(call["function"])) for call in message.get("tool_calls", ()))
        for message in messages
        if message["role"] == "assistant"
    )


def _bucket(size: int) -> int:
    """The upper end of the bucket of a size.

    >>> [_bucket(size) for size in (0, 1, 16, 17, 1000)]
    [16, 16, 16, 32, 1024]
    """
    return max(16, 1 << max(0, size - 1).bit_length())


def _sorted(counts: Counter[int]) -> dict[str, int]:
    return {str(key): counts[key] for key in sorted(counts)}
