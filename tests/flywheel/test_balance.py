"""The balance of a dataset, what is remarked about it, and the card that shows it."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from tests.flywheel.test_datasets import BAD, GOOD, a_run, rows, says
from tests.flywheel.test_spool import a_manifest
from whorl.flywheel.balance import Tally, remarks
from whorl.flywheel.build import FORMATS
from whorl.flywheel.data_card import bars, write_card
from whorl.flywheel.files import write_rows


def tally(format: Any, *runs: Any) -> dict[str, Any]:
    counted = Tally()
    for row in rows(format, *runs):
        counted.add(row)
    return counted.report()


def test_rows_are_counted() -> None:
    report = tally("kto", a_run("a" * 20, GOOD), a_run("b", BAD), a_run("c", GOOD))
    assert report["labels"] == {"bad": 1, "good": 2}
    assert report["learnt_characters"] == {"16": 2, "32": 1}
    assert report["user_turns"] == {"1": 3} and report["rows"] == 3
    sft = tally("sft", a_run("At noon.", GOOD))
    assert sft["calls"] == {"search": 1}


def test_what_stands_out_is_said() -> None:
    few = tally("kto", *(a_run(str(n), GOOD) for n in range(8)), a_run("x", BAD))
    assert any("9 rows are few" in remark for remark in remarks(few))
    assert any("8 good rows stand against 1 bad" in remark for remark in remarks(few))
    even = tally("kto", *(a_run(str(n), (GOOD, BAD)[n % 2]) for n in range(60)))
    assert remarks(even) == []
    pairs = [run for n in range(60) for run in (
        a_run("a long answer", GOOD, question=f"{n}?"), a_run("no", BAD, question=f"{n}?"))]  # fmt: skip
    [remark] = remarks(tally("dpo", *pairs))
    assert remark.startswith("In 100% of the pairs the chosen side is the longer one")


@pytest.mark.parametrize("format", FORMATS)
def test_the_card_can_be_read(format: Any, tmp_path: Path) -> None:
    built = rows(format, *(a_run(str(n), (GOOD, BAD)[n % 2], verifier=says("1")) for n in range(10)))
    written = write_rows(tmp_path, built, 0, 0.0)
    write_card(tmp_path, {**a_manifest(written), "format": format}, runs=1)
    text = (tmp_path / "README.md").read_text(encoding="utf-8")
    front = yaml.safe_load(text.split("---")[1])
    assert [each["path"] for each in front["configs"][0]["data_files"]] == ["train.jsonl", "held_out.jsonl"]
    assert "| no outcome | 3 |" in text and f"{written.rows} rows to train on" in text
    named = {line.split("](")[1].rstrip(")") for line in text.splitlines() if line.startswith("![")}
    assert named == {file.name for file in tmp_path.glob("*.svg")} and ("learnt.svg" in named) == (
        format != "grpo"
    )


def test_names_cannot_break_a_picture() -> None:
    tree = ElementTree.fromstring(bars("<b>&", {'"><script>': 3, "b": 0}))
    assert [each.tag.split("}")[1] for each in tree][:2] == ["title", "desc"]
    assert "<script>" in (tree[1].text or "")
