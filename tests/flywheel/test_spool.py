"""Runs on disk: their order, their groups, and memory that does not grow with their number."""

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from tests.flywheel.test_datasets import BAD, GOOD, a_run, says
from whorl.flywheel.build import FORMATS, build_rows
from whorl.flywheel.files import Written, content_hash, partial_folder, publish, write_rows
from whorl.flywheel.run_ids import RunIds
from whorl.flywheel.spool import Spool
from whorl.flywheel.trajectory import Trajectory
from whorl.platform.database.base import new_id


def test_runs_come_back_as_they_were_added() -> None:
    runs = [a_run(f"{n}", GOOD) for n in range(5)]
    with Spool[Trajectory]() as spool:
        for run in runs:
            spool.add(run)
        assert list(spool) == runs == list(spool)
        assert len(spool) == 5


def test_groups_keep_the_order_of_their_first_run() -> None:
    answers = ["b", "a", "skip", "b", "c", "a"]
    with Spool[Trajectory]() as spool:
        for answer in answers:
            spool.add(a_run(answer, GOOD))
        for _ in range(2):
            groups = spool.groups(lambda run: None if answer_of(run) == "skip" else answer_of(run))
            assert [[answer_of(run) for run in group] for group in groups] == [["b", "b"], ["a", "a"], ["c"]]


def test_what_is_discarded_is_gone() -> None:
    with Spool[Trajectory]() as spool:
        for n in range(4):
            spool.add(a_run(str(n), GOOD))
        assert spool.discard(lambda run: answer_of(run) in "13") == 2
        assert [answer_of(run) for run in spool] == ["0", "2"]


@pytest.mark.parametrize("format", FORMATS)
def test_memory_does_not_grow_with_the_runs(format: Any, tmp_path: Path) -> None:
    """Peak of what Python allocates: of 60 runs and of 600, each with 20 kB of text."""
    peaks = []
    for count in (60, 600):
        with Spool[Trajectory]() as spool:
            for n in range(count):
                tags = (f"task:{n // 4}",)[: n % 3 // 2]
                question = f"{n // 2} " + "word " * 4000
                outcome = (GOOD, BAD)[n % 2]
                spool.add(a_run(str(n), outcome, question=question, tags=tags, verifier=says("1")))
            tracemalloc.start()
            written = write_rows(tmp_path, build_rows(format, spool), 0, 0.2)
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
            assert written.rows > count / 10
    assert peaks[1] < peaks[0] + 2_000_000


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    place = tmp_path / "dataset"
    with pytest.raises(RuntimeError), partial_folder(place):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with partial_folder(place) as partial:
        written = write_rows(partial, iter([{"messages": [], "group": "a", "source": []}]), 0, 0.0)
        publish(partial, place, a_manifest(written), RunIds([new_id()]))
    assert [p.name for p in tmp_path.iterdir()] == ["dataset"]
    assert content_hash(place) == written.content_hash


def a_manifest(written: Written) -> dict[str, Any]:
    return {
        "format": "sft", "selection": {}, "as_of": "2026-01-01", "consent": "c", "redaction": ["r"], "screening": "s",
        "split": {"rule": "x", "held_out": 0.1}, "most_of_one": 0.5, "near_duplicates": None,
        "left_out": {"no outcome": 3}, **written._asdict(),
    }  # fmt: skip


def answer_of(run: Any) -> str:
    return str(run.messages[-1]["content"])
