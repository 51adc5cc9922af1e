"""Curation: what evaluations ask and what repeats another run is not learnt from."""

from pathlib import Path

import pytest
from sqlalchemy import update

from tests.conftest import Actor, Whorl
from tests.flywheel.test_datasets import BAD, GOOD, a_run, collect
from whorl.agents.tables import Run
from whorl.flywheel.curate import CONTAMINATED, EVALUATION_TAG, REPEATED, Curator, check_threshold
from whorl.flywheel.datasets import create_dataset, rebuild
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError

LONG = "The harbour office in the old town opens at nine in the morning on weekdays and closes at six in the evening, "


def test_a_question_that_an_evaluation_asks_is_left_out() -> None:
    curator = Curator({"when does the office close"})
    assert curator.refusal(a_run("At six.", GOOD, question="When does the OFFICE close?")) == CONTAMINATED
    assert curator.refusal(a_run("At six.", GOOD, question="When does it close?")) == ""


def test_of_runs_that_nearly_repeat_each_other_the_first_stays() -> None:
    curator = Curator(set(), near_duplicates=0.7)
    assert curator.refusal(a_run(LONG + "says the sign.", GOOD)) == ""
    assert curator.refusal(a_run(LONG + "says the board.", GOOD)) == REPEATED
    assert curator.refusal(a_run("Nobody knows when it opens.", GOOD)) == ""


def test_a_good_run_is_no_repetition_of_a_bad_one() -> None:
    curator = Curator(set(), near_duplicates=0.7)
    assert curator.refusal(a_run(LONG, BAD)) == ""
    assert curator.refusal(a_run(LONG, GOOD)) == ""
    assert curator.refusal(a_run(LONG, BAD)) == REPEATED


@pytest.mark.parametrize(("format", "similarity"), [("sft", 0.2), ("sft", 1.1), ("dpo", 0.9), ("grpo", 0.9)])
def test_thresholds_that_make_no_sense(format: str, similarity: float) -> None:
    with pytest.raises(InputError):
        check_threshold(format, similarity)


async def test_datasets_leave_out_what_an_evaluation_asked(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    runs = await collect(whorl, acme, 6)
    whole = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == runs[0]).values(tags=[EVALUATION_TAG]))
    cut = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    assert cut.rows < whole.rows
    assert cut.manifest["left_out"].get(CONTAMINATED, 0) + 1 == whole.rows - cut.rows


async def test_near_duplicates_are_part_of_the_manifest(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    await collect(whorl, acme, 6, asking=LONG + "but how often does tide {} turn?")
    dataset = await create_dataset(
        whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0, near_duplicates=0.7
    )
    assert dataset.manifest["near_duplicates"] == 0.7
    assert dataset.manifest["left_out"][REPEATED] > 0
    built = await rebuild(whorl.engine, acme.tenant_id, dataset.manifest)
    assert len(built.train) == dataset.rows
