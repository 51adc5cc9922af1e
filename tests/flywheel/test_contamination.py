"""What evaluations ask, in their words or nearly so, is not learnt: the thresholds, and files that were never run."""

import json
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from tests.conftest import Actor, Whorl
from tests.flywheel.manifests import manifest_of
from tests.flywheel.test_datasets import GOOD, a_run, collect
from whorl.agents.tables import Run
from whorl.flywheel.contamination import CONTAMINATED, MOST_WORDS, NEARLY, RUN_HERE, Contamination, Near
from whorl.flywheel.curate import EVALUATION_TAG
from whorl.flywheel.datasets import create_dataset, rebuild, restore
from whorl.flywheel.demo.facts import draw_facts
from whorl.flywheel.demo.tasks import draw_tasks
from whorl.flywheel.evaluation_sets import MOST_SETS, QuestionSet, load_set, redacted_sets
from whorl.flywheel.tables import EvaluationSet
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import ConflictError, InputError

# Questions and the same in a few other words.
PARAPHRASES = (
    ("When does the Bergen office close?", "When does the Bergen office shut?"),
    ("How many vacation days do I get each year?", "How many vacation days do I receive per year?"),
    ("How many days of annual leave do employees get?", "How many days of annual leave do the workers receive?"),
    ("What is the price of the Tern 40 tide gauge?", "What is the cost of the Tern 40 tide gauge?"),
    ("Who approves requests for travel?", "Who signs off requests for travel?"),
    ("How do I reset my password for the portal?", "How can I change my password for the portal?"),
    ("Where can I find the exit on the third floor?", "Where do I find the exit on the third floor?"),
    ("What should I do if my laptop is stolen?", "What do I need to do if my laptop has been stolen?"),
    ("How long is the warranty on a repaired pump?", "How long does the warranty last on a repaired pump?"),
    ("Which documents do I need to open a bank account?", "Which papers do I need to open a bank account?"),
    ("What is the maximum size of an attachment?", "What is the largest size of an attachment?"),
    ("Who leads the Firmware team?", "Who is leading the Firmware team?"),
    ("How much does the company pay for a chair?", "How much will the company pay for a chair?"),
    ("Can I bring my dog to work on Fridays?", "May I bring my dog to the office on Fridays?"),
    ("How often is the water in the tank replaced?", "How often is the water in the tank changed?"),
    ("What happens when I miss the deadline?", "What happens if I miss the deadline?"),
    ("In which year was the company founded?", "In what year was the company founded?"),
    ("How do I cancel my plan before the trial ends?", "How do I end my plan before the trial is over?"),
    ("How many people work in the Bergen office?", "How many employees work in the Bergen office?"),
    ("What does a replacement battery cost?", "How much does a replacement battery cost?"),
    ("Tell me the opening hours of the library on Sunday.", "What are the opening hours of the library on Sunday?"),
    ("How fast must a support ticket be answered?", "How quickly must a support ticket be answered?"),
    ("Which tool should be used to calibrate the sensor?", "Which tool do I use to calibrate the sensor?"),
    ("How tall is the tower in the harbour?", "How high is the tower in the harbour?"),
)  # fmt: skip
# Questions and others of the same template.
SIBLINGS = (
    ("How many vacation days do I get each year?", "How many sick days do I get each year?"),
    ("How much does the company pay for parental leave?", "How much does the company pay for car rental?"),
    ("How many days ahead must I ask for relocation?", "How many days ahead must I ask for sabbaticals?"),
    ("Who approves requests for travel?", "Who approves requests for overtime?"),
    ("What is the maximum size of an attachment?", "What is the maximum size of a picture?"),
    ("How do I reset my password for the portal?", "How do I reset my password for the printer?"),
    ("What should I do if my laptop is stolen?", "What should I do if my badge is stolen?"),
    ("How long is the warranty on a repaired pump?", "How long is the warranty on a new pump?"),
    ("Which documents do I need to open a bank account?", "Which documents do I need to close a bank account?"),
    ("Can I bring my dog to work on Fridays?", "Can I bring my child to work on Fridays?"),
    ("How often is the water in the tank replaced?", "How often is the filter in the tank replaced?"),
    ("How do I cancel my plan before the trial ends?", "How do I extend my plan before the trial ends?"),
    ("How tall is the tower in the harbour?", "How old is the tower in the harbour?"),
    ("When does the cafeteria open in the morning?", "When does the cafeteria close in the evening?"),
    ("What is the weight of the pump?", "What is the price of the pump?"),
    ("When does the library open?", "When does the library close?"),
    ("Is the north door locked at night?", "Is the south door locked at night?"),
    ("What is the minimum order for pens?", "What is the maximum order for pens?"),
    ("How many units are in stock?", "How many units are on order?"),
    ("What does a replacement battery cost?", "What does a replacement screen cost?"),
    ("Which tool should be used to calibrate the sensor?", "Which tool should be used to clean the sensor?"),
    ("What is the deadline for the tax report?", "What is the deadline for the travel report?"),
    ("How many employees work in the warehouse?", "How many employees work in the laboratory?"),
    ("How much notice must a tenant give?", "How much notice must a landlord give?"),
    ("What colour is the safety valve?", "What colour is the drain valve?"),
)  # fmt: skip


def refused(asked: str, *questions: str, near: Near | None = Near()) -> str:
    """Why a run that asks ``asked`` is left out, where an evaluation has ``questions``."""
    with Contamination(near) as contamination:
        contamination.add("tasks", questions)
        run = a_run("At six.", GOOD, question=asked)
        contamination.prepare([run])
        return contamination.refusal(run)


def test_few_other_words_are_found_and_other_questions_of_a_template_are_not() -> None:
    found = sum(refused(asked, question) == NEARLY for question, asked in PARAPHRASES)
    mistaken = [asked for question, asked in SIBLINGS if refused(asked, question)]
    assert found >= 21
    assert len(mistaken) <= 3, mistaken


def test_of_the_facts_of_a_handbook_one_in_a_hundred_at_most_is_taken_for_another() -> None:
    asked = [question for fact in draw_facts() for question in fact.questions[:1]]
    runs = [a_run("x", GOOD, question=question) for question in asked[1::2]]
    with Contamination(Near()) as contamination:
        contamination.add("tasks", asked[::2])
        contamination.prepare(runs)
        assert sum(bool(contamination.refusal(run)) for run in runs) * 100 <= len(runs)


def test_the_demo_learns_nothing_that_it_is_measured_on_nearly() -> None:
    tasks = draw_tasks()
    asked = [a_run("x", GOOD, question=task.question) for task in tasks.learn + tasks.again]
    with Contamination(Near()) as contamination:
        contamination.add("tasks", [task.question for task in tasks.held_out])
        contamination.prepare(asked)
        assert not any(map(contamination.refusal, asked))


def test_punctuation_case_and_placeholders_do_not_hide_a_question() -> None:
    question = "Where does <PERSON_1> live, and since when?"
    assert refused("WHERE does <PERSON_1> live and since when", question) == CONTAMINATED
    assert refused("Where does <PERSON_7> live, and since when?", question) == NEARLY
    assert refused("Hello!", question) == ""


def test_another_number_makes_another_question() -> None:
    assert refused("What do 12 units of the pump cost?", "What do 12 units of the pumps cost?") == NEARLY
    assert refused("What do 13 units of the pump cost?", "What do 12 units of the pump cost?") == ""


def test_of_long_texts_only_the_same_is_found() -> None:
    """A model that sees their beginning alone would take all questions about one document for one."""
    document = " ".join(f"line{'abcdefghij'[n % 10]} of the document" for n in range(MOST_WORDS // 3))
    assert refused(f"{document} Who wrote it?", f"{document} When was it printed?") == ""
    assert refused(f"{document} Who wrote it?", f"{document} who wrote it") == CONTAMINATED


def test_whatever_a_user_said_in_a_chat_is_looked_up() -> None:
    run = a_run("At six.", GOOD, question="And on Sundays?")
    run.messages[1:1] = [
        {"role": "user", "content": "When does the Bergen office close?"}, {"role": "assistant", "content": "At five."},
    ]  # fmt: skip
    for near, reason in ((Near(), CONTAMINATED), (None, "")):
        with Contamination(near) as contamination:
            contamination.add("tasks", ["When does the Bergen office close?"])
            assert contamination.refusal(run) == reason


def test_each_set_counts_what_it_costs() -> None:
    with Contamination(Near()) as contamination:
        contamination.add("one", ["When does the Bergen office close?"])
        contamination.add("two", ["When does the Bergen office shut?", "What is a tern?"], "d")
        run = a_run("At six.", GOOD, question="When does the Bergen office close?")
        assert [contamination.refusal(run), contamination.refusal(run)] == [CONTAMINATED, CONTAMINATED]
    assert [each.value() for each in contamination.checked] == [
        {"name": "one", "digest": None, "questions": 1, "exact": 2, "near": 0},
        {"name": "two", "digest": "d", "questions": 2, "exact": 0, "near": 2},
    ]


def write(file: Path, *records: object) -> Path:
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file


def test_questions_are_read_from_tasks_and_rows(tmp_path: Path) -> None:
    talk = [
        {"role": "user", "content": "B?"},
        {"role": "assistant", "content": "b"},
        {"role": "user", "content": "C?"},
    ]
    file = write(tmp_path / "e.jsonl", {"question": "A?", "answers": []}, {"messages": talk}, {"prompt": "D?"})  # fmt: skip
    assert load_set(file) == QuestionSet("e.jsonl", ("A?", "C?", "D?"))
    with pytest.raises(InputError, match="line 2 asks nothing"):
        load_set(write(tmp_path / "f.jsonl", {"question": "A?"}, {"answer": "a"}))


async def test_no_more_can_be_named_than_is_checked(whorl: Whorl, acme: Actor) -> None:
    with pytest.raises(InputError, match=f"{MOST_SETS} at most"):
        await redacted_sets([QuestionSet("a", ("?",))] * (MOST_SETS + 1), whorl.redactor, acme.tenant_id)
    with pytest.raises(InputError, match="0 questions"):
        await redacted_sets([QuestionSet("a", ())], whorl.redactor, acme.tenant_id)


async def test_a_named_evaluation_that_was_never_run_is_not_learnt(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    await collect(whorl, acme, 6, "How often does tide {} turn on a day in Bergen?")
    asked = [
        "How often does tide 1 turn on a day in Bergen?", "How often will tide 2 turn on one day in Bergen?",
        "Who is ines.moreau@arnby.example?",
    ]  # fmt: skip
    sets = await redacted_sets([QuestionSet("never-run.jsonl", tuple(asked))], whorl.redactor, acme.tenant_id)
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0, against=sets)
    assert dataset.manifest["left_out"] == {CONTAMINATED: 1, NEARLY: 1} and dataset.rows == 4
    here, named = dataset.manifest["checked"]
    assert (here["name"], here["questions"]) == (RUN_HERE, 0)
    assert (named["name"], named["questions"], named["exact"], named["near"]) == ("never-run.jsonl", 3, 1, 1)
    card = (Path(dataset.folder) / "README.md").read_text(encoding="utf-8")
    assert "| never-run.jsonl | 3 | 1 | 1 |" in card
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        stored = await session.get_one(EvaluationSet, (acme.tenant_id, named["digest"]))
        assert "moreau" not in str(stored.questions)
    files = {p.name: p.read_bytes() for p in Path(dataset.folder).iterdir()}
    await restore(whorl.engine, acme.tenant_id, dataset.id)
    assert {p.name: p.read_bytes() for p in Path(dataset.folder).iterdir()} == files
    again = await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))
    assert again.checked == dataset.manifest["checked"]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(delete(EvaluationSet))
    with pytest.raises(ConflictError, match="checked against them again"):
        await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))


async def test_a_manifest_of_before_near_matches_gives_the_same_bytes(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    runs = await collect(whorl, acme, 6, "How often does tide {} turn on a day in Bergen?")
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        await session.execute(update(Run).where(Run.id == runs[0]).values(tags=[EVALUATION_TAG]))
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    before = manifest_of(dataset)
    del before["near_contamination"], before["checked"]
    built = await rebuild(whorl.engine, acme.tenant_id, before)
    assert built.written.content_hash == dataset.content_hash and NEARLY not in built.left_out
