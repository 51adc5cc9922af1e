"""``whorl evaluate qa``: the scores, and a run over a scratch collection that leaves nothing behind."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Actor, Whorl
from whorl.flywheel.qa import Question, evaluate_qa, load_passages, load_questions, score_replies, token_f1
from whorl.platform.errors import InputError


class NoBars:
    """Progress that shows nothing."""

    def add_task(self, *arguments: Any, **options: Any) -> int:
        return 0

    def advance(self, bar: int) -> None: ...

    def update(self, bar: int, **options: Any) -> None: ...


def test_scores() -> None:
    questions = [
        Question("When?", ("noon",)),
        Question("Who?", ("Ada Lovelace", "Ada")),
        Question("Why?", ()),
    ]
    report = score_replies(["Noon [1]", "It was Ada Lovelace. [1]", "The documents do not say."], questions)
    assert (report["em"], report["contained"], report["abstained_rightly"]) == (0.5, 1.0, 1.0)
    assert report["f1"] == pytest.approx((1 + 2 / 3) / 2)
    assert token_f1("no overlap", "here") == 0.0


async def test_a_scratch_collection_is_asked_and_dropped(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    passages, questions = tmp_path / "p.jsonl", tmp_path / "q.jsonl"
    texts = {"a#1": "The tide turns twice a day.", "a#2": "Iron rusts in wet air."}
    passages.write_text(
        "".join(json.dumps({"id": k, "title": "T", "text": v}) + "\n" for k, v in texts.items())
    )
    row = {"question": "How often does the tide turn?", "answers": ["twice a day"], "passage_id": "a#1"}
    questions.write_text(json.dumps(row) + "\n")
    loaded = load_passages(passages, whorl.settings)
    report = await evaluate_qa(whorl, acme, loaded, load_questions(questions), NoBars())
    assert (report["contained"], report["recall@1"], report["failed_runs"]) == (1.0, 1.0, 0)
    assert await whorl.library.search(acme.tenant_id, "tide") == []


def test_files_that_are_no_questions(tmp_path: Path) -> None:
    file = tmp_path / "q.jsonl"
    for line in (
        '{"question": "When?"}',
        '{"question": 5, "answers": ["6"]}',
        '{"question": "When?", "answers": "six"}',
    ):
        file.write_text(f"{line}\n")
        with pytest.raises(InputError, match="line 1"):
            load_questions(file)
    file.write_text('\ufeff{"question": "When\u2028?", "answers": ["six"]}\n\n')
    assert load_questions(file) == [Question("When\u2028?", ("six",))]
    with pytest.raises(InputError, match="not there"):
        load_questions(tmp_path / "none.jsonl")
