"""Parquet: the rows of JSON lines and nothing else, for every format."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.flywheel.test_datasets import BAD, GOOD, a_run, rows, says
from whorl.flywheel.build import FORMATS
from whorl.flywheel.files import row_bytes
from whorl.flywheel.parquet import COLUMNS, read_parquet, write_parquet
from whorl.platform.errors import InputError


@pytest.mark.parametrize("format", FORMATS)
def test_rows_come_back_as_they_were(format: Any, tmp_path: Path) -> None:
    runs = [
        a_run(f"{n}", (GOOD, BAD)[n % 2], query=f"q{n}", tags=("task:7",)[: n // 6], verifier=says("noon"))
        for n in range(2500 // 100)
    ]
    built = rows(format, *runs)
    lines, target = tmp_path / "train.jsonl", tmp_path / "train.parquet"
    lines.write_bytes(b"".join(map(row_bytes, built)))
    assert write_parquet(lines, target, format) == len(built) > 0
    assert list(read_parquet(target)) == [json.loads(line) for line in lines.read_text().splitlines()]
    assert [p.name for p in tmp_path.glob("*.partial")] == []


def test_arguments_of_different_tools_do_not_merge(tmp_path: Path) -> None:
    lines, target = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    calls = [{"city": "Milan"}, {"expression": "1 + 1", "deep": {"a": [1, None]}}]
    written = [
        {"messages": [{"role": "assistant", "content": "", "tool_calls": [
            {"type": "function", "function": {"name": "t", "arguments": call}}]}], "tools": [], "source": ["r"]}
        for call in calls
    ]  # fmt: skip
    lines.write_bytes(b"".join(map(row_bytes, written)))
    write_parquet(lines, target, "sft")
    got = [row["messages"][0]["tool_calls"][0]["function"]["arguments"] for row in read_parquet(target)]
    assert got == calls


def test_other_libraries_read_it(tmp_path: Path) -> None:
    from datasets import load_dataset

    lines, target = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    lines.write_bytes(b"".join(map(row_bytes, rows("kto", a_run("a", GOOD), a_run("b", BAD)))))
    write_parquet(lines, target, "kto")
    loaded = load_dataset("parquet", data_files=str(target), split="train", cache_dir=str(tmp_path / "cache"))
    assert loaded.column_names == list(COLUMNS["kto"])
    assert loaded["label"][:] == [True, False]


def test_a_row_of_another_format_is_refused(tmp_path: Path) -> None:
    lines = tmp_path / "a.jsonl"
    lines.write_bytes(b"".join(map(row_bytes, rows("kto", a_run("a", GOOD)))))
    with pytest.raises(InputError, match="completion"):
        write_parquet(lines, tmp_path / "a.parquet", "sft")
    assert [p.name for p in tmp_path.iterdir()] == ["a.jsonl"]
