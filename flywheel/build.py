"""Builders: from screened trajectories to rows in TRL's conversational formats.

https://huggingface.co/docs/trl/dataset_formats
"""

import json
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from typing import Any, Literal, get_args

import numpy as np

from .attempts import conversation_pairs, recorded_groups, task_of
from .recordings import episodes
from .rows import BAD, GOOD, Row, build_row, corrected, plain, weighed, wrong_turns
from .spool import Spool
from .trajectory import Trajectory

Format = Literal["sft", "dpo", "kto", "grpo"]
FORMATS: tuple[Format, ...] = get_args(Format)
# Why rows are left out: of two that say the same one is good and one bad; two answers of a pair are the same.
OPPOSED, EQUAL = "as often good as bad", "both answers the same"
# Digests of what corrections reject; None by rules that did not ask.
Refused = frozenset[bytes] | None
# The rules by which rows are made. By 1, kto blamed the last turn of runs of which an earlier call was corrected, and
# nothing was kept; by 2, rows of grpo had no corrections, and questions of
# evaluations that failed were learnt; by 3, rows of grpo did not say what runs on their question earned; by 4, nothing
# was kept beside them; by 5, what models thought was left out, and runs that took the place of others and nobody judged; by 6,
# sft learnt the turns of a run that were corrected or blamed, dpo pairs with equal sides, and what
# was held out stood in the history of what was not; by 7, sft learnt the earlier answers of a conversation with each run in it,
# pairs chose turns that were denied or corrected, and questions in a script such as Hindi's were told apart by
# their consonants alone; by 8, whatever somebody had said within a conversation was held out as if it were a run's question,
# and kto had rows that say the same, one of them good and one of them bad.
RULES = 9
# The rules by which what is held out is a question of a run, and by which rows of kto that contradict each other are left out.
ASKED = AGREED = 9
# The rules by which the loss of an sft row is on the turns of its own run, and no pair chooses a wrong turn; and by which signs
# that combine with letters count in questions.
OWN = MARKS = 8
# The rules by which no row teaches a wrong turn or a held-out answer, and the sides of a pair differ.
SOUND = 7
# The rules by which rows have what a model thought before its words, and by which what was asked for again is paired.
REASONING = RETRIES = 6
# Formats that teach what to avoid or what is new, so that what went well is kept beside their rows, and by which rules first.
KEEPING: dict[Format, int] = {"dpo": 2, "kto": 2, "grpo": 5}


def build_rows(
    format: Format, runs: Spool[Trajectory], rules: int = RULES, left_out: Counter[str] | None = None
) -> Iterator[Row]:
    """Rows of a format, in the order of the runs. Each row has ``group`` for the split, and
    ``source``: the runs it comes from; exports leave ``group`` out. ``left_out`` counts what gives none, by reason."""
    left_out = Counter() if left_out is None else left_out
    if format == "sft":
        yield from _without_repeats(row for run in runs for row in _sft(run, rules))
    elif format == "kto":
        judged = _Judged(runs, rules)
        yield from _without_opposites(judged, left_out) if rules >= AGREED else judged
    elif format == "dpo":
        corrections = (row for run in runs for row in _corrected(run))
        attempts = conversation_pairs(runs, sound=rules >= SOUND, faultless=rules >= OWN)
        refused = frozenset(digest for run in runs for digest in _refused(run)) if rules >= OWN else None
        retried, questions = _retried_pairs(runs, refused, left_out), _question_pairs(runs, refused, left_out)
        pairs = chain(corrections, retried, questions, attempts)
        yield from _without_repeats(pairs)
    else:
        yield from _without_repeats(
            chain(
                episodes(runs, corrections=rules > 2, earned=rules > 3, sound=rules >= SOUND),
                recorded_groups(runs),
            )
        )


def kept_rows(runs: Iterable[Trajectory], rules: int = RULES) -> Iterator[Row]:
    """Rows of an sft dataset of the runs that went well as they were: what must not be taught away."""
    well = (run for run in runs if run.reward is not None and run.reward >= GOOD and not _blames(run))
    return _without_repeats(
        row for run in well if run.edit is None and not run.call_edits for row in _sft(run, max(rules, SOUND))
    )


def _without_repeats(rows: Iterable[Row]) -> Iterator[Row]:
    """Rows whose training content was not seen before."""
    seen: set[bytes] = set()
    for row in rows:
        content = {key: value for key, value in row.items() if key not in ("source", "group")}
        key = _digest(content)
        if key not in seen:
            seen.add(key)
            yield row


def _sft(run: Trajectory, rules: int) -> Iterator[Row]:
    """Accepted runs, and corrected ones with the correction as the last turn."""
    chats = corrected(run, sound=rules >= SOUND)
    as_it_was = run.edit is None and not (rules >= SOUND and run.call_edits)
    if as_it_was and run.reward is not None and run.reward >= GOOD and not _blames(run):
        chats.append(plain(run.messages))
    for messages in chats:
        yield build_row(run, messages=weighed(run, messages) if rules >= OWN else messages)


def _blames(run: Trajectory) -> bool:
    """Whether a turn of the run is known to be wrong, such as a call that was denied."""
    return any(worth <= BAD for _, worth in run.judged_turns)


def _kto(run: Trajectory, rules: int) -> Iterator[Row]:
    """Corrected calls against the wrong ones, turns that were judged by themselves, and the last turn of a judged run.

    Where a call was corrected, the fault lies there: the turns after it are not blamed.
    """
    edited = {at for at, _ in run.call_edits}
    for at, worth in run.judged_turns:
        if at not in edited and not BAD < worth < GOOD:
            prompt, judged = plain(run.messages[:at]), plain(run.messages[at : at + 1])
            yield build_row(run, prompt=prompt, completion=judged, label=worth >= GOOD)
    for at, edit in run.call_edits:
        for turn, label in ((edit.message(), True), (run.messages[at], False)):
            yield build_row(run, prompt=plain(run.messages[:at]), completion=plain([turn]), label=label)
    if run.reward is None or BAD < run.reward < GOOD or (rules > 1 and run.reward <= BAD and run.call_edits):
        return
    prompt, completion = plain(run.messages[:-1]), plain(run.messages[-1:])
    yield build_row(run, prompt=prompt, completion=completion, label=run.reward >= GOOD)


@dataclass(frozen=True)
class _Judged:
    """The rows of kto, made anew whenever they are gone through."""

    runs: Spool[Trajectory]
    rules: int

    def __iter__(self) -> Iterator[Row]:
        return (row for run in self.runs for row in _kto(run, self.rules))


def _without_opposites(rows: Iterable[Row], left_out: Counter[str]) -> Iterator[Row]:
    """Rows without those that contradict each other: of a good and a bad one that say the same neither is left.

    People disagree, and what they disagreed about may have been redacted. What more of them said stays.
    """
    keys, labels = array("Q"), array("b")
    for row in rows:
        keys.append(_key(row))
        labels.append(row["label"])
    all_keys, good = np.asarray(keys), np.asarray(labels, dtype=bool)
    both = np.intersect1d(all_keys[good], all_keys[~good]).tolist()
    if not both:
        yield from rows
        return
    counts = {key: Counter[bool]() for key in both}
    for key, label in zip(keys, labels, strict=True):
        if key in counts:
            counts[key][bool(label)] += 1
    over = {(key, label): min(count.values()) for key, count in counts.items() for label in (True, False)}
    for key, row in zip(keys, rows, strict=True):
        which = key, row["label"]
        if over.get(which, 0) > 0:
            over[which] -= 1
            left_out[OPPOSED] += 1
        else:
            yield row


def _key(row: Row) -> int:
    content = [row["prompt"], row["completion"], row.get("tools")]
    return int.from_bytes(_digest(content)[:8], "little")


def _corrected(run: Trajectory) -> Iterator[Row]:
    """Edits against what they correct."""
    for at, call in run.call_edits:
        chosen, rejected = plain([call.message()]), plain([run.messages[at]])
        if chosen != rejected:
            yield build_row(run, prompt=plain(run.messages[:at]), chosen=chosen, rejected=rejected)
    if run.edit is not None and run.edit.strip() != str(run.messages[-1]["content"]).strip():
        # Both sides think the same, so that their words are compared and not whether anything was thought.
        thought = run.messages[-1].get("reasoning_content")
        chosen = plain([{"role": "assistant", "content": run.edit, "reasoning_content": thought}])
        yield build_row(
            run, prompt=plain(run.messages[:-1]), chosen=chosen, rejected=plain(run.messages[-1:])
        )


def _refused(run: Trajectory) -> Iterator[bytes]:
    """Digests of the turns of a run that its corrections reject, each with what was said before it."""
    for at, _ in run.call_edits:
        yield _digest(plain(run.messages[: at + 1]))
    if run.edit is not None:
        yield _digest(plain(run.messages))


def _digest(content: Any) -> bytes:
    return blake2b(json.dumps(content, sort_keys=True).encode(), digest_size=16).digest()


def _question_pairs(runs: Spool[Trajectory], refused: Refused, left_out: Counter[str]) -> Iterator[Row]:
    """Good against bad runs on the same question.

    A pair begins where the two runs part: the prompt is what they share, chosen and rejected are
    one assistant turn each, so that no tool output is ever a target.
    """
    for asked in runs.groups(_judged_question):
        good = [run for run in asked if (run.reward or 0.0) > BAD]
        bad = [run for run in asked if (run.reward or 0.0) <= BAD]
        for better, worse in zip(good, bad, strict=False):
            yield from _pair(better, worse, refused, left_out)


def _retried_pairs(runs: Spool[Trajectory], refused: Refused, left_out: Counter[str]) -> Iterator[Row]:
    """The answer that was kept against those before it that were asked for again, after the same history."""
    for asked in runs.groups(_retried_question):
        by_id = {str(run.run_id): run for run in asked}
        for run in asked:
            kept = _kept_in_place(run, by_id)
            if kept is not None:
                yield from _pair(kept, run, refused, left_out)


def _pair(better: Trajectory, worse: Trajectory, refused: Refused, left_out: Counter[str]) -> Iterator[Row]:
    """Two runs from where they part; none where the better one's turn there is wrong, or was corrected after the same words."""
    good, bad = plain(better.messages), plain(worse.messages)
    pair = _parting(good, bad)
    if pair is None:
        if good == bad:
            left_out[EQUAL] += 1
        return
    prompt, chosen, rejected = pair
    if refused is not None and (len(prompt) in wrong_turns(better) or _digest([*prompt, *chosen]) in refused):
        return
    row = build_row(better, prompt=prompt, chosen=chosen, rejected=rejected)
    yield {**row, "source": [str(better.run_id), str(worse.run_id)]}


def _kept_in_place(run: Trajectory, by_id: dict[str, Trajectory]) -> Trajectory | None:
    """The last of the runs that took each other's places after ``run``, unless it is bad itself."""
    passed, last = {str(run.run_id)}, run
    while last.replaced_by in by_id and last.replaced_by not in passed:
        last = by_id[last.replaced_by]
        passed.add(str(last.run_id))
    bad = last.reward is not None and last.reward <= BAD
    return None if last is run or last.replaced_by or bad else last


def _retried_question(run: Trajectory) -> str | None:
    """What a run was asked with which tools, or None where it is bad and nothing took its place."""
    if run.replaced_by is None and run.reward is not None and run.reward <= BAD:
        return None
    return json.dumps([plain(run.prompt), run.tools], sort_keys=True)


def _judged_question(run: Trajectory) -> str | None:
    """What a run was asked with which tools, or None where it is neither good nor bad, or an attempt at a task."""
    judged = run.reward is not None and (run.reward >= GOOD or run.reward <= BAD)
    if not judged or task_of(run) is not None:
        return None
    return json.dumps([plain(run.prompt), run.tools], sort_keys=True)


def _parting(good: list[Row], bad: list[Row]) -> tuple[list[Row], list[Row], list[Row]] | None:
    for index, (better, worse) in enumerate(zip(good, bad, strict=False)):
        if better != worse:
            if better["role"] == worse["role"] == "assistant":
                return good[:index], [better], [worse]
            return None
    return None
