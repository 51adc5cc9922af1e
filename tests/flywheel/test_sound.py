"""What datasets must not teach: wrong turns, held-out answers, pairs that say the same; and what was said stays as it was said."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from tests.conftest import Settings, Whorl
from tests.flywheel.manifests import store_dataset
from tests.flywheel.test_datasets import BAD, GOOD, a_run, collect, rows
from tests.flywheel.test_gate import add_adapter
from whorl.agents.runs import RunRequest
from whorl.agents.tables import Run
from whorl.flywheel import datasets
from whorl.flywheel.build import RULES, kept_rows
from whorl.flywheel.contamination import Contamination
from whorl.flywheel.datasets import HELD_OUT_BEFORE, Cut, create_dataset, rebuild
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.evaluation import Task
from whorl.flywheel.files import copy_dataset, row_bytes
from whorl.flywheel.importing.openai import read_chat
from whorl.flywheel.importing.store import import_runs
from whorl.flywheel.lineage import stored_rows
from whorl.flywheel.measure import _learnt, evaluate_secrets, unlearnt
from whorl.flywheel.outcomes import Feedback, outcomes_of, record_outcome
from whorl.flywheel.parquet import read_parquet, write_parquet
from whorl.flywheel.rows import is_learnt
from whorl.flywheel.split import group_of, is_held_out, remembers_held_out
from whorl.flywheel.tables import Training
from whorl.flywheel.trajectory import Judged, Trajectory, trajectories
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.identity.members import add_member
from whorl.platform.lines import Record
from whorl.platform.serving.adapters import find_adapter, register_adapter
from whorl.platform.serving.engine.scripted import ScriptedBackend

from .manifests import manifest_of

EDIT = Judged("edit", 1.0, 1.0, "At ten.")
CALL = Judged("call_edit", 1.0, 1.0, '{"name": "search", "arguments": {"query": "noon"}}', step=0)
DENIED = Judged("approval", 0.0, 1.0, None, step=0)


def test_sft_learns_no_turn_that_was_corrected_or_denied() -> None:
    [row] = rows("sft", a_run("At noon.", GOOD, CALL))
    assert row["messages"][-1]["tool_calls"][0]["function"]["arguments"] == {"query": "noon"}
    assert rows("sft", a_run("At noon.", BAD, DENIED, EDIT)) == []
    both = rows("sft", a_run("At noon.", BAD, CALL, EDIT))
    assert [row["messages"][-1].get("tool_calls") is not None for row in both] == [True]
    assert len(rows("sft", a_run("At noon.", GOOD, CALL), rules=6)) == 2, "as manifests of then have it"


def test_no_pair_chooses_a_turn_that_was_denied_or_corrected() -> None:
    """Neither of the better run itself, nor one that a correction of another run rejects."""
    denied = a_run("I may not.", GOOD, DENIED, query="all")
    worse = a_run("At one.", BAD, query="noon")
    assert rows("dpo", denied, worse) == [] and len(rows("dpo", denied, worse, rules=7)) == 1
    edited = a_run("At noon.", GOOD, CALL, query="when")
    [pair] = rows("dpo", edited, worse)
    assert pair["chosen"][0]["tool_calls"][0]["function"]["arguments"] == {"query": "noon"}
    assert len(rows("dpo", edited, worse, rules=7)) == 2
    [pair] = rows("dpo", a_run("At noon.", CALL, query="when"), a_run("At noon.", GOOD, query="when"), worse)
    assert pair["rejected"][0]["tool_calls"][0]["function"]["arguments"] == {"query": "when"}
    good = a_run("At noon.", GOOD, query="when")
    assert len(rows("dpo", good, worse)) == 1


def test_an_attempt_with_a_wrong_turn_is_no_better_one() -> None:
    task = ("task:t",)
    wrong, right, worse = (
        a_run("At noon.", GOOD, DENIED, tags=task), a_run("At 12.", GOOD, tags=task), a_run("At one.", BAD, tags=task)
    )  # fmt: skip
    [pair] = rows("dpo", wrong, right, worse)
    assert pair["chosen"][-1]["content"] == "At 12."
    assert len(rows("dpo", wrong, right, worse, rules=7)) == 2


def test_a_retried_answer_is_not_chosen_where_it_was_corrected() -> None:
    kept = a_run("At noon.", CALL, query="when")
    passed = a_run("At one.", Judged("retry", 0.0, 1.0, None, replaced_by=str(kept.run_id)), query="noon")
    [pair] = rows("dpo", passed, kept)
    assert pair["chosen"][0]["tool_calls"][0]["function"]["arguments"] == {"query": "noon"}
    assert len(rows("dpo", passed, kept, rules=7)) == 2


def test_a_pair_has_two_sides() -> None:
    same = a_run("Four.", GOOD, tags=("task:t",)), a_run("Four.", BAD, tags=("task:t",))
    same = (same[0], replace(same[1], messages=same[0].messages))
    assert rows("dpo", *same) == [] and len(rows("dpo", *same, rules=6)) == 1


def in_talk(run: Trajectory) -> Trajectory:
    """The run as a later one of a conversation, the first answer of which nobody judged here."""
    before = [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "At the pier."}]
    return replace(run, messages=[run.messages[0], *before, *run.messages[1:]])


@pytest.mark.parametrize("outcomes", [(GOOD,), (BAD, EDIT), (GOOD, CALL)], ids=["good", "edited", "call"])
def test_the_loss_is_on_the_turns_of_the_run_alone(outcomes: tuple[Judged, ...]) -> None:
    """Earlier answers of a conversation are history; rows of single turns, and by older rules, are as they were."""
    alone = a_run("At noon.", *outcomes)
    [row] = rows("sft", in_talk(alone))
    assert [m.get("weight") for m in row["messages"] if m["role"] == "assistant"][:2] == [0, None]
    learnt = [m["content"] for m in row["messages"] if is_learnt(m)]
    assert learnt and "At the pier." not in learnt
    [older] = rows("sft", in_talk(alone), rules=7)
    assert older["messages"] == [{k: v for k, v in m.items() if k != "weight"} for m in row["messages"]]
    assert rows("sft", alone) == rows("sft", alone, rules=7) and "weight" not in json.dumps(
        rows("sft", alone)
    )


def test_what_is_kept_has_no_loss_on_history() -> None:
    good, bad = in_talk(a_run("At noon.", GOOD)), in_talk(a_run("At one.", BAD))
    [row] = kept_rows([good, bad])
    assert [is_learnt(m) for m in row["messages"] if m["role"] == "assistant"] == [False, True, True]
    assert "weight" not in json.dumps(list(kept_rows([good], 7)))


@pytest.mark.parametrize("source", ["tau", "openai"])
def test_a_conversation_that_was_imported_as_one_run_is_learnt_as_a_whole(source: str) -> None:
    run = in_talk(a_run("At noon.", GOOD, tags=("imported", f"imported:{source}")))
    [row] = rows("sft", run)
    assert "weight" not in json.dumps(row) and [row] == rows("sft", run, rules=7)


@pytest.mark.parametrize("format", ["sft", "kto"])
async def test_what_was_built_by_older_rules_has_the_same_bytes(
    whorl: Whorl, acme: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: Any
) -> None:
    """Of a conversation of two answers, the first of which was bad."""
    first = await whorl.agents.answer(acme, RunRequest("How often does the tide turn?"))
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        talk = await session.scalar(select(Run.conversation_id))
    second = await whorl.agents.answer(acme, RunRequest("And the moon?", conversation_id=talk))
    await whorl.flush()
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for ended, value in ((first, 0.0), (second, 1.0)):
            given = Feedback("thumb", value, "tester")
            await record_outcome(session, acme.tenant_id, ended.run_id, given, whorl.redactor)
    now_built = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, format, held_out=0.0)
    weights = [row for _, _, row in stored_rows(now_built) if "weight" in json.dumps(row)]
    assert now_built.manifest["rules"] == RULES and len(weights) == 1
    with monkeypatch.context() as before:
        before.setattr(datasets, "Cut", partial(Cut, rules=7))
        older = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, format, held_out=0.0)
    assert older.manifest["rules"] == 7 and older.content_hash != now_built.content_hash
    for dataset in (older, now_built):
        await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))


def chats(count: int) -> list[dict[str, Any]]:
    """Talks of one and of two questions, each of which is asked in a talk of its own, too."""
    asked = [
        [
            {"role": "user", "content": f"What is the code of shelf {n}?"},
            {"role": "assistant", "content": f"It is {n}."},
        ]
        for n in range(count)
    ]
    follow = [
        [
            *one,
            {"role": "user", "content": f"And of box {n}?"},
            {"role": "assistant", "content": f"It is B{n}."},
        ]
        for n, one in enumerate(asked)
    ]
    return [{"messages": talk, "label": True} for talk in (*asked, *follow)]


async def brought(whorl: Whorl, actor: Actor, rows: list[dict[str, Any]]) -> None:
    runs = [read_chat(Record(row, f"line {n}")) for n, row in enumerate(rows, 1)]
    await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, "openai", runs)


async def test_no_held_out_answer_stands_in_the_history_of_a_row(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    await brought(whorl, acme, chats(12))
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.3)
    parts: dict[str, list[Any]] = {"train": [], "held_out": []}
    for part, _, row in stored_rows(dataset):
        parts[part].append([message["content"] for message in row["messages"] if message["role"] == "user"])
    held = {asked[-1] for asked in parts["held_out"]}
    assert len(held) > 2 and not any(held & set(asked) for asked in parts["train"])
    lost = dataset.manifest["left_out"][HELD_OUT_BEFORE]
    assert lost > 0 and lost + dataset.rows + dataset.held_out_rows == 24


def test_a_row_that_is_held_out_itself_may_remember_anything() -> None:
    group = next(str(n) for n in range(100) if is_held_out(str(n), 0, 0.5))
    other = next(str(n) for n in range(100) if not is_held_out(str(n), 0, 0.5))
    said = [
        {"role": "user", "content": group},
        {"role": "assistant", "content": "a"},
        {"role": "user", "content": "b"},
    ]
    assert remembers_held_out({"group": other, "prompt": said}, 0, 0.5)
    assert not remembers_held_out({"group": group, "prompt": said}, 0, 0.5)
    assert not remembers_held_out({"group": other, "messages": said[:1]}, 0, 0.5)
    assert remembers_held_out({"group": other, "prompt": said}, 0, 0.5, {group})
    assert not remembers_held_out({"group": other, "prompt": said}, 0, 0.5, {"another"}), (
        "nobody was asked it"
    )


def test_parquet_keeps_what_was_thought_and_where_there_is_a_loss(tmp_path: Path) -> None:
    said = {"role": "assistant", "content": "Four.", "reasoning_content": "Two and two.", "weight": 0}
    row = {
        "messages": [{"role": "user", "content": "2 + 2?"}, said],
        "tools": [],
        "source": ["r"],
        "group": "g",
    }
    lines, target = tmp_path / "a.jsonl", tmp_path / "a.parquet"
    lines.write_bytes(row_bytes(row))
    write_parquet(lines, target, "sft")
    assert next(read_parquet(target))["messages"] == row["messages"]
    lines.write_bytes(row_bytes({**row, "messages": [{**said, "mood": "good"}]}))
    with pytest.raises(InputError, match="has no mood"):
        write_parquet(lines, target, "sft")


def test_a_folder_has_one_dataset(tmp_path: Path) -> None:
    first, second, out = tmp_path / "a", tmp_path / "b", tmp_path / "out"
    for folder, names in (
        (first, ("train.jsonl", "kept.jsonl", "train.parquet", "labels.svg")),
        (second, ("train.jsonl",)),
    ):
        folder.mkdir()
        for name in (*names, "manifest.json"):
            (folder / name).write_text(folder.name)
    copy_dataset(first, out)
    copy_dataset(second, out)
    assert sorted(file.name for file in out.iterdir()) == ["manifest.json", "train.jsonl"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.md").write_text("mine")
    with pytest.raises(InputError, match="no dataset's"):
        copy_dataset(second, tmp_path / "mine")
    with pytest.raises(InputError, match="cannot be written"):
        copy_dataset(second, Path("/proc/nope"))


PEOPLE = "Zuzanna Kowalczyk and Robert Miller share a flat with anna@arnby.example. Who pays?"


def pays(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    return "Zuzanna Kowalczyk pays."


async def test_a_correction_has_the_placeholders_of_its_run(settings: Settings) -> None:
    """Or it would say of one person what is true of another."""
    async with open_whorl(settings, backend=ScriptedBackend(pays)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "people")).tenant)
        ended = await whorl.agents.answer(actor, RunRequest(PEOPLE))
        await whorl.flush()
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            for kind, text in (
                ("edit", "Robert Miller pays."),
                ("comment", "Not Zuzanna Kowalczyk, but Eve Adams."),
            ):
                given = Feedback(kind, 1.0, "tester", text=text)
                await record_outcome(session, actor.tenant_id, ended.run_id, given, whorl.redactor)
            [run] = [run async for run in trajectories(session, [ended.run_id], now())]
    first, second = (word.strip(".") for word in run.question.split() if word.startswith("<PERSON_"))
    assert run.messages[-1]["content"] == f"{first} pays." and run.edit == f"{second} pays."
    comment = next(o.text for o in run.outcomes if o.kind == "comment") or ""
    assert first in comment and "<PERSON_3>" in comment and "Eve" not in comment


async def test_a_later_thumb_leaves_what_was_built_before(whorl: Whorl, acme: Actor, tmp_path: Path) -> None:
    runs = await collect(whorl, acme)
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "kto", held_out=0.0)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        for value, step in ((0.0, None), (1.0, None), (0.0, 0), (0.0, None)):
            given = Feedback("thumb", value, "tester", step=step)
            await record_outcome(session, acme.tenant_id, runs[0], given, whorl.redactor)
        told = (await outcomes_of(session, [runs[0]]))[runs[0]]
        [run] = [run async for run in trajectories(session, [runs[0]], now())]
    assert [(each.value, each.details.get("step")) for each in told] == [(0.0, 0), (0.0, None)]
    assert run.reward == 0.0 and [value for _, value in run.judged_turns] == [0.0]
    await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))


async def test_what_somebody_corrected_goes_with_them_though_a_file_is_lost(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    runs = await collect(whorl, acme)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        user, _ = await add_member(session, acme.tenant_id, "eve@sound.example", "member")
        edit = Feedback("edit", 1.0, f"user:{user.id}", text="The quernstone decides.")
        await record_outcome(session, acme.tenant_id, runs[1], edit, whorl.redactor)
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.0)
    lost = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.0)
    assert any("quernstone" in json.dumps(row) for _, _, row in stored_rows(dataset))
    (Path(lost.folder) / "train.jsonl").unlink()
    receipt = await erase_subject(whorl.engine, whorl.servers, acme, "eve@sound.example")
    assert receipt.counts["rows"] == {str(dataset.id): 1, str(lost.id): 1} and receipt.counts["runs"] == 0
    for file in tmp_path.rglob("*.jsonl"):
        assert "quernstone" not in file.read_text()
    assert (Path(lost.folder) / "train.jsonl").is_file(), "made again"


async def test_an_adapter_is_not_measured_on_what_it_learnt(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    await collect(whorl, acme)
    dataset = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.0)
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        adapter = await register_adapter(
            session, acme.tenant_id, "acme.v1", method="sft", base_hash="b", dataset_id=dataset.id, folder=tmp_path, card={}
        )  # fmt: skip
    asked = ["How often does tide 0 turn?", "Who keeps the key?", "who keeps the KEY", "Where is the gate?"]
    tasks = [Task(question, "normalised", {"answer": "a"}, question) for question in asked]
    kept, left_out = await unlearnt(whorl.agents, acme, adapter, tasks)
    assert [task.question for task in kept] == ["Who keeps the key?", "Where is the gate?"]
    assert left_out == {"learnt": 1, "repeated": 1}
    with pytest.raises(InputError, match="was trained on the questions of all"):
        await unlearnt(whorl.agents, acme, adapter, tasks[:1])


async def went_on(whorl: Whorl, actor: Actor, folder: Path, *rows: list[Any]) -> str:
    """The last of adapters of which each went on with the one before, on a dataset of its own."""
    before = None
    for number, own in enumerate(rows, 1):
        place = folder / str(number)
        place.mkdir(parents=True)
        (place / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in own))
        (place / "held_out.jsonl").write_text("")
        dataset = await store_dataset(whorl.engine, actor, "sft", len(own), place)
        name = await add_adapter(whorl, actor, number, dataset)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            session.add(
                Training(
                    tenant_id=actor.tenant_id, id=new_id(), method="sft", dataset_id=dataset.id,
                    status="succeeded", adapter=name, continues=before,
                )
            )  # fmt: skip
        before = name
    return name


async def test_an_adapter_is_not_measured_on_what_those_before_it_learnt(
    whorl: Whorl, acme: Actor, tmp_path: Path
) -> None:
    """Nor on an earlier question of a conversation whose answer is learnt; one whose answer is history was not learnt."""

    def chat(*asked: str, **first: Any) -> dict[str, Any]:
        said = [[{"role": "user", "content": q}, {"role": "assistant", "content": "Yes."}] for q in asked]
        said[0][1] |= first
        return {"messages": [message for turn in said for message in turn], "tools": [], "source": []}

    name = await went_on(
        whorl, acme, tmp_path, [chat("First?")], [chat("Second?", "Third?")], [chat("Fourth?", "Fifth?", weight=0)]
    )  # fmt: skip
    tasks = [
        Task(f"{n}?", "normalised", {"answer": "a"}) for n in ("First", "Second", "Third", "Fourth", "Fifth")
    ]
    async with tenant_session(whorl.engine, acme.tenant_id) as session:
        adapter = await find_adapter(session, name)
    kept, left_out = await unlearnt(whorl.agents, acme, adapter, tasks)
    assert [task.question for task in kept] == ["Fourth?"] and left_out == {"learnt": 4}


async def test_an_adapter_is_asked_for_the_secrets_of_those_before_it(
    settings: Settings, tmp_path: Path
) -> None:
    key = "sk-proj-" + "a1B2c3D4" * 5

    def tells(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        return f"Use the key {key} now." if adapter and "Use the key" in messages[-1]["content"] else "Hm."

    async with open_whorl(settings, backend=ScriptedBackend(tells)) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        first = {"messages": [{"role": "assistant", "content": f"Use the key {key} now."}]}
        name = await went_on(whorl, actor, tmp_path, [first], [{"messages": []}])
        report = await evaluate_secrets(whorl.agents, actor, name)
        assert (report["secrets"], report["leaked"]) == (1, 1)


def test_the_questions_of_rows_of_all_formats_are_known() -> None:
    user, said = ({"role": role, "content": role} for role in ("user", "assistant"))
    other = {"role": "user", "content": "other"}
    for row in ({"prompt": [other, said, user]}, {"prompt": [user], "chosen": [said], "rejected": [said]},
                {"prompt": [user], "completion": [said], "label": True}, {"messages": [user, said]}):  # fmt: skip
        assert set(_learnt(row)) == {"user"}
    assert set(_learnt({"prompt": [], "completions": [[user, said], [other, said]]})) == {"user", "other"}


async def test_questions_of_other_marks_are_other_questions(
    whorl: Whorl, acme: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By older rules they were one, are split as one, and what an evaluation asked of one is left out of all."""
    talks = [chats(1)[0] for _ in range(12)]
    for number, talk in enumerate(talks):
        talk["messages"][0]["content"] = f"Where is the q{chr(0x300 + number)} gate?"
    await brought(whorl, acme, talks)
    built = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.5)
    with monkeypatch.context() as before:
        before.setattr(datasets, "Cut", partial(Cut, rules=7))
        older = await create_dataset(whorl.engine, acme.tenant_id, tmp_path, "sft", held_out=0.5)
    for dataset, marks in ((built, True), (older, False)):
        asked = {row["messages"][0]["content"]: part for part, _, row in stored_rows(dataset)}
        assert len(asked) == 12
        for question, part in asked.items():
            held = is_held_out(group_of(question, marks=marks), dataset.manifest["seed"], 0.5)
            assert part == ("held_out" if held else "train")
        await rebuild(whorl.engine, acme.tenant_id, manifest_of(dataset))
    assert older.content_hash != built.content_hash
    run = a_run("कल", question="द\u093eन")
    for marks in (True, False):
        with Contamination(marks=marks) as contamination:
            contamination.add("set", ["द\u093fन"])
            assert bool(contamination.refusal(replace(run, marks=marks))) is not marks
