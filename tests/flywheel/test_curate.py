"""Curation: what evaluations ask and what repeats another run is not learnt from."""

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import update

from tests.conftest import Actor, Whorl
from tests.flywheel.test_datasets import BAD, GOOD, a_run, collect
from whorl.agents.tables import Run
from whorl.flywheel import outcomes
from whorl.flywheel.contamination import CONTAMINATED, Contamination
from whorl.flywheel.curate import EVALUATION_TAG, REPEATED, Balance, Curator, check_threshold
from whorl.flywheel.datasets import create_dataset, rebuild
from whorl.flywheel.outcomes import Feedback, record_outcome
from whorl.flywheel.sketches import Sketches
from whorl.flywheel.trajectory import Judged, Trajectory
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError, LimitError

from .manifests import manifest_of

LONG = "The harbour office in the old town opens at nine in the morning on weekdays and closes at six in the evening, "


def test_a_question_that_an_evaluation_asks_is_left_out() -> None:
    contamination = Contamination()
    contamination.add("tasks", ["When does the office close?"])
    curator = Curator(contamination)
    assert curator.refusal(a_run("At six.", GOOD, question="When does the OFFICE close?")) == CONTAMINATED
    assert curator.refusal(a_run("At six.", GOOD, question="When does it close?")) == ""


def test_of_runs_that_nearly_repeat_each_other_the_first_stays() -> None:
    curator = Curator(Contamination(), near_duplicates=0.7)
    assert curator.refusal(a_run(LONG + "says the sign.", GOOD)) == ""
    assert curator.refusal(a_run(LONG + "says the board.", GOOD)) == REPEATED
    assert curator.refusal(a_run("Nobody knows when it opens.", GOOD)) == ""


def test_a_good_run_is_no_repetition_of_a_bad_one() -> None:
    curator = Curator(Contamination(), near_duplicates=0.7)
    assert curator.refusal(a_run(LONG, BAD)) == ""
    assert curator.refusal(a_run(LONG, GOOD)) == ""
    assert curator.refusal(a_run(LONG, BAD)) == REPEATED


def liked_by(*people: str) -> Trajectory:
    return a_run("At six.", *(Judged("thumb", 1.0, 1.0, None, source=person) for person in people))


def balanced(runs: list[Trajectory], most: float) -> tuple[list[Trajectory], int]:
    """The runs that are heard, and how many others there are."""
    balance = Balance(most)
    for run in runs:
        balance.count(run)
    kept = [run for run in runs if not balance.silences(run)]
    return kept, len(runs) - len(kept)


def test_one_person_does_not_decide_more_than_half() -> None:
    loud = [liked_by("user:ann") for _ in range(20)]
    others = [liked_by("user:bo"), liked_by("user:cy"), liked_by("user:ann", "user:bo")]
    kept, silenced = balanced([*loud, *others], most=0.5)
    assert silenced == 17 and kept == [*loud[:3], *others]


def test_programs_and_small_workspaces_are_not_silenced() -> None:
    verdicts = [liked_by("verifier:numeric") for _ in range(20)]
    runs = [*verdicts, liked_by("user:ann"), liked_by("user:bo"), liked_by("user:cy")]
    assert balanced(runs, most=0.5) == (runs, 0)
    two = [*(liked_by("user:ann") for _ in range(20)), liked_by("user:bo")]
    assert balanced(two, most=0.5) == (two, 0)


def test_a_source_is_heard_once_however_often_it_judges() -> None:
    spam = [Judged("score", 0.0, 1.0, None, source="user:ann") for _ in range(50)]
    run = a_run("At six.", *spam, Judged("thumb", 1.0, 1.0, None, source="user:bo"))
    assert run.reward == 0.5


async def test_nobody_floods_a_workspace_with_outcomes(
    whorl: Whorl, acme: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    [run] = await collect(whorl, acme, 1)
    monkeypatch.setattr(outcomes, "MOST_PER_HOUR", 3)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:

        async def give(source: str) -> None:
            given = Feedback("score", 1.0, source)
            await record_outcome(session, acme.tenant_id, run, given, whorl.redactor)

        for _ in range(3):
            await give("user:ann")
        with pytest.raises(LimitError, match="user:ann has given 3 outcomes"):
            await give("user:ann")
        await give("user:bo")
        for _ in range(5):
            await give("verifier:numeric")


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


async def test_a_manifest_of_before_is_built_as_it_was(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    """Older manifests do not speak of curation: erasure builds them without."""
    runs = await collect(whorl, acme, 6)
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == runs[0]).values(tags=[EVALUATION_TAG]))
    newer = ("near_duplicates", "most_of_one", "contamination")
    older = {key: value for key, value in manifest_of(dataset).items() if key not in newer}
    assert (await rebuild(whorl.engine, acme.tenant_id, older)).written.rows == dataset.rows


async def test_near_duplicates_are_part_of_the_manifest(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    await collect(whorl, acme, 6, asking=LONG + "but how often does tide {} turn?")
    dataset = await create_dataset(
        whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0, near_duplicates=0.7
    )
    assert dataset.manifest["near_duplicates"] == 0.7
    assert dataset.manifest["left_out"][REPEATED] > 0
    built = await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))
    assert built.written.rows == dataset.rows


@pytest.mark.parametrize("similarity", [0.99, 1.0])
def test_only_the_same_text_repeats_one_where_nothing_less_will_do(similarity: float) -> None:
    text = "The tide turns twice a day, and nobody in the harbour can stop it from turning."
    with closing(Sketches(similarity)) as sketches:
        assert not sketches.repeats(text, "good")
        assert sketches.repeats(text, "good")
        assert not sketches.repeats(text.replace("harbour", "village"), "good")
