"""Runs of other systems: read, redacted, stored once, and the rows that follow from their rewards."""

import copy
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.bench.corpora import DATA
from tests.conftest import Settings
from tests.flywheel.test_importing_openwebui import CALL as CALL_LOGGED
from tests.flywheel.test_importing_openwebui import FEEDBACK
from tests.flywheel.test_importing_tensorzero import SECOND
from whorl.agents.tables import Run
from whorl.flywheel.datasets import Selection, create_dataset, selected
from whorl.flywheel.erasure import erase_subject
from whorl.flywheel.importing.base import read_runs
from whorl.flywheel.importing.completions import read_completion
from whorl.flywheel.importing.langfuse import langfuse_reader
from whorl.flywheel.importing.moments import moment_of
from whorl.flywheel.importing.openai import read_chat
from whorl.flywheel.importing.openwebui import read_openwebui
from whorl.flywheel.importing.phoenix import PhoenixRuns
from whorl.flywheel.importing.store import Imported, _run_id, _span_id, import_runs, spans_of
from whorl.flywheel.importing.tau import read_tau
from whorl.flywheel.importing.tensorzero import TensorZeroRuns
from whorl.flywheel.lineage import stored_rows
from whorl.flywheel.tables import Outcome
from whorl.flywheel.trajectory import messages_of, trajectories
from whorl.platform.app import open_whorl
from whorl.platform.database.base import new_id, now
from whorl.platform.database.session import tenant_session
from whorl.platform.errors import InputError
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.lines import Record, read_records
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.platform.telemetry.otlp.records import pseudonym
from whorl.platform.telemetry.otlp.values import nested
from whorl.platform.telemetry.store import spans_of_run
from whorl.platform.telemetry.tables import Span

CALL = {
    "id": "c1",
    "type": "function",
    "function": {"name": "find", "arguments": '{"id": "ann@arnby.example"}'},
}
POLICY = {"role": "system", "content": "Be kind."}


def trial(task: int, number: int, reward: float, words: str) -> dict[str, Any]:
    traj = [
        POLICY, {"role": "user", "content": f"I am Ann, {words}."},
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "No booking of ann@arnby.example."},
        {"role": "assistant", "content": f"Done {words}."}, {"role": "user", "content": "###STOP###"},
    ]  # fmt: skip
    return {"task_id": task, "trial": number, "reward": reward, "traj": traj}


TRIALS = [
    trial(7, 0, 1.0, "one"),
    trial(7, 1, 0.0, "two"),
    trial(7, 2, 1.0, "three"),
    trial(8, 0, 0.0, "four"),
]


def write(folder: Path, rows: list[Any]) -> str:
    file = folder / "runs.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(file)


async def imported(
    settings: Settings, slug: str, file: str, held_out: float = 0.1
) -> tuple[list[Imported], dict[str, Any]]:
    """Import a file twice into a new workspace and build all four datasets of it."""
    built: dict[str, Any] = {}
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, slug)).tenant)
        done = [
            await import_runs(
                whorl.engine, whorl.drain, whorl.capture, actor, "tau", read_runs(file, read_tau)
            )
            for _ in range(2)
        ]
        for format in ("sft", "dpo", "kto", "grpo"):
            dataset = await create_dataset(
                whorl.engine, actor.tenant_id, settings.path("datasets"), format,
                Selection(tag="imported:tau"), held_out=held_out,
            )  # fmt: skip
            built[format] = [row for part, _, row in stored_rows(dataset) if part != "kept"]
            built[f"{format} held out"] = dataset.held_out_rows
            built[f"{format} left out"] = dataset.manifest["left_out"]
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            built["spans"] = list(await session.scalars(select(Span)))
            built["runs"] = await session.scalar(select(func.count()).select_from(Run))
    return done, built


async def test_rows_follow_from_rewards_and_hold_nothing_personal(settings: Settings, tmp_path: Path) -> None:
    done, built = await imported(settings, "import-small", write(tmp_path, TRIALS))
    assert done == [Imported(new=4, known=0, outcomes=4), Imported(new=0, known=4, outcomes=0)]
    assert built["runs"] == 4 and len(built["spans"]) == 4 * 3
    assert [len(built[format]) for format in ("sft", "dpo", "kto", "grpo")] == [2, 2, 4, 1]
    assert "ann@arnby" not in json.dumps([built[f] for f in ("sft", "dpo", "kto", "grpo")])
    assert not any("ann@arnby" in json.dumps(span.attributes) for span in built["spans"])
    (group,) = built["grpo"]
    assert sorted(group["rewards"]) == [0.0, 1.0, 1.0] and len(group["completions"]) == 3
    pair = built["dpo"][0]
    assert pair["prompt"] == [POLICY] and pair["chosen"][0]["role"] == "user"
    assert pair["chosen"][-1]["role"] == "assistant", "the simulated user's farewell is left out"


def test_tasks_of_another_domain_and_trials_of_another_model_are_others(tmp_path: Path) -> None:
    retail = {**TRIALS[0], "traj": [{"role": "system", "content": "Sell."}, *TRIALS[0]["traj"][1:]]}
    files = [TRIALS[:3], [trial(7, 0, 0.0, "other")], [retail]]
    runs = [list(read_runs(write(tmp_path, rows), read_tau)) for rows in files]
    assert len({run.key for file in runs for run in file}) == 5
    assert len({run.group for file in runs[:2] for run in file}) == 1
    assert runs[2][0].group != runs[0][0].group
    assert [run.key for run in read_runs(write(tmp_path, TRIALS[:3]), read_tau)] == [
        run.key for run in runs[0]
    ]


@pytest.mark.skipif(not (DATA / "traces-tau-airline").is_dir(), reason="the development data is not here")
async def test_real_trajectories_give_the_counts_of_their_rewards(settings: Settings, tmp_path: Path) -> None:
    raw = gzip.decompress((DATA / "traces-tau-airline" / "gpt-4o-airline.jsonl.gz").read_bytes())
    rows = [row for row in map(json.loads, raw.splitlines()) if row["task_id"] < 16]
    by_task: dict[int, Counter[float]] = defaultdict(Counter)
    for row in rows:
        by_task[row["task_id"]][row["reward"]] += 1
    _, built = await imported(settings, "import-tau", write(tmp_path, rows))
    assert built["sft left out"] == {}
    assert len(built["sft"]) == sum(row["reward"] == 1 for row in rows)
    assert len(built["dpo"]) == sum(count[1.0] * count[0.0] for count in by_task.values())
    assert len(built["kto"]) == len(rows)
    assert [len(row["rewards"]) for row in built["grpo"]] == [4] * len(by_task)


def test_chats_in_openai_shape(tmp_path: Path) -> None:
    row = {
        "messages": [
            {"role": "developer", "content": "Be kind."}, {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
            {"role": "assistant", "content": "Hello."},
        ],
        "label": False, "group": 3,
    }  # fmt: skip
    first, second = read_runs(write(tmp_path, [row, {**row, "id": "x", "label": None}]), read_chat)
    assert [m["role"] for m in first.messages] == ["system", "user", "assistant"]
    assert (first.reward, first.group, first.messages[1]["content"]) == (0.0, "3", "Hi")
    assert (second.key, second.reward) == ("x", None) and len(first.key) == 32


def test_thoughts_and_images_of_a_chat_are_kept_as_of_captured_runs(tmp_path: Path) -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    row = {
        "messages": [
            {"role": "user", "content": [{"type": "text", "text": "What is this? "}, image]},
            {"role": "assistant", "content": "A tern.", "reasoning_content": "It has a fork."},
        ],
    }  # fmt: skip
    (run,) = read_runs(write(tmp_path, [row]), read_chat)
    assert run.messages[0]["content"] == "What is this? [image]"
    chat, *_ = spans_of(Actor(new_id(), "acme", "owner", "ann"), new_id(), run)
    read = messages_of(chat.attributes["gen_ai.input.messages"], chat.attributes["gen_ai.output.messages"])
    assert read == run.messages and read[-1]["reasoning_content"] == "It has a fork."


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({}, "'messages' is not a list"),
        ({"messages": [{"role": "robot", "content": ""}]}, "message 1: the role 'robot'"),
        ({"messages": [{"role": "user", "content": 3}]}, "neither text nor a list"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "score": 7},
         "'score' is true, false or a number"),
        ({"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}], "tools": ["search"]},
         "'tools' is not a list of objects"),
    ],
)  # fmt: skip
def test_what_is_no_chat_is_named(tmp_path: Path, row: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=f"line 1.*{words}"):
        list(read_runs(write(tmp_path, [row]), read_chat))


@pytest.mark.parametrize(
    ("read", "row", "words"),
    [
        (read_chat, {"messages": []}, "no assistant answers a user"),
        (read_chat, {"messages": [{"role": "user", "content": "Hi"}]}, "no assistant answers a user"),
        (read_chat, {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]}]},
         "arguments of f are not JSON"),
        (read_chat, {"messages": [{"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "[" * 99_999}}]}]},
         "arguments of f are not JSON"),
        (langfuse_reader(), {"id": "t", "input": "Hi", "output": None}, "no assistant answers a user"),
        (read_completion, {"request": {"messages": []}, "response": {"error": "busy"}}, "no choice with a message"),
    ],
)  # fmt: skip
def test_what_is_no_run_is_left_out_and_the_rest_is_read(
    tmp_path: Path, read: Any, row: dict[str, Any], words: str
) -> None:
    good = {read_chat: CHAT, read_completion: CALL_LOGGED}.get(read, TRACE)
    runs = read_runs(write(tmp_path, [row, good, row, row, row]), read)
    assert len(list(runs)) == 1 and runs.left_out == 4
    assert len(runs.reasons) == 3 and "line 1" in runs.reasons[0] and words in runs.reasons[0]


def test_a_span_with_arguments_that_are_no_json_is_left_out(tmp_path: Path) -> None:
    broken = [phoenix_span(3, "respond", "LLM", "t-2", **{name: value.replace("}", "") if "arguments" in name else value
                                                          for name, value in FLAT.items()})]  # fmt: skip
    runs, left_out = phoenix(tmp_path, [*broken, *SPANS])
    assert [run.key for run in runs] == ["t-1"] and left_out == 1


@pytest.mark.parametrize(
    ("value", "iso"),
    [
        ("2026-01-01T10:00:02Z", "2026-01-01T10:00:02+00:00"), ("2026-01-01T12:00:02+02:00", "2026-01-01T10:00:02+00:00"),
        ("2026-01-01 10:00:02.123456789", "2026-01-01T10:00:02.123456+00:00"), (1767261602, "2026-01-01T10:00:02+00:00"),
        (1767261602500, "2026-01-01T10:00:02.500000+00:00"), ("1767261602000000000", "2026-01-01T10:00:02+00:00"),
        ("yesterday", None), (True, None), (10**30, None), ("9999-01-01", None), ("", None), (None, None), ({}, None),
    ],
)  # fmt: skip
def test_times_as_others_write_them(value: Any, iso: str | None) -> None:
    found = moment_of(value)
    assert (found and found.isoformat()) == iso


async def test_runs_have_the_times_and_tokens_of_their_source(settings: Settings) -> None:
    usage = [
        {**o, "usageDetails": {"input": 10, "output": 2}, "endTime": "2026-01-01T10:00:05Z"}
        for o in TRACE["observations"]
    ]
    spans = [{**span, "attributes": {**span["attributes"], "llm.token_count.prompt": 5}} for span in SPANS]
    call = {
        **CALL_LOGGED,
        "response": {**CALL_LOGGED["response"], "usage": {"prompt_tokens": 7, "completion_tokens": 3}},
    }
    inference = {**SECOND, "id": "0193a1b2-0000-7000-8000-000000000000"}
    sources = {
        "langfuse": [langfuse_reader()(Record({**TRACE, "observations": usage}, "here"))],
        "phoenix": PhoenixRuns([Record(span, "here") for span in spans]),
        "completions": [read_completion(Record(call, "here"))],
        "tensorzero": TensorZeroRuns([Record(inference, "here")]),
        "openwebui": [read_openwebui(Record(FEEDBACK, "here"))],
    }  # fmt: skip
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-times")).tenant)
        for source, runs in sources.items():
            await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, source, runs)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            found = {run.tags[1].partition(":")[2]: run for run in await session.scalars(select(Run))}
            spans_stored = list(await session.scalars(select(Span)))
            until = Selection(until=datetime(2026, 1, 1, tzinfo=UTC))
            early = list(await session.scalars(selected(until)))
    times = {name: (f"{run.started_at:%F %T}", f"{run.ended_at:%F %T}") for name, run in found.items()}
    assert times == {
        "langfuse": ("2026-01-01 10:00:01", "2026-01-01 10:00:05"), "phoenix": ("2026-01-01 10:00:01", "2026-01-01 10:00:09"),
        "completions": ("2024-05-16 10:07:54", "2024-05-16 10:07:54"), "openwebui": ("2024-01-01 00:00:00",) * 2,
        "tensorzero": ("2024-12-07 15:16:57", "2024-12-07 15:16:57"),
    }  # fmt: skip
    tokens = {name: (run.input_tokens, run.output_tokens) for name, run in found.items()}
    assert tokens["langfuse"] == (20, 4) and tokens["phoenix"] == (10, 0) and tokens["completions"] == (7, 3)
    assert set(early) == {found[name].id for name in ("completions", "openwebui", "tensorzero")}
    for run in found.values():
        began = min(span.start_ns for span in spans_stored if span.run_id == run.id)
        assert abs(began / 1e9 - run.started_at.timestamp()) < 0.001
    calls = [span for span in spans_stored if span.operation == "chat"]
    assert {span.attributes.get("gen_ai.usage.input_tokens") for span in calls} == {10, 5, 7, None}


def test_the_older_role_of_a_function_is_a_tool(tmp_path: Path) -> None:
    chat = [
        {"role": "user", "content": "When?"},
        {"role": "assistant", "content": None, "function_call": {"name": "find", "arguments": "{}"}},
        {"role": "function", "name": "find", "content": "18:00"}, {"role": "assistant", "content": "At six."},
    ]  # fmt: skip
    (run,) = read_runs(write(tmp_path, [{"messages": chat}]), read_chat)
    assert [m["role"] for m in run.messages] == ["user", "assistant", "tool", "assistant"]
    spans = spans_of(Actor(new_id(), "acme", "owner", "ann"), new_id(), run)
    assert [span.name for span in spans][-1] == "execute_tool find"


async def test_runs_of_one_id_in_a_file_are_counted_apart(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whorl.flywheel.importing.store.PAGE", 2)
    last = [*CHAT["messages"][:-1], {"role": "assistant", "content": "At nine."}]
    rows = [
        {**CHAT, "id": "a"},
        {**CHAT, "id": "a"},
        {**CHAT, "id": ""},
        {**CHAT, "id": "", "messages": last},
        {**CHAT, "id": "a"},
    ]
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-doubles")).tenant)
        done = [
            await import_runs(
                whorl.engine,
                whorl.drain,
                whorl.capture,
                actor,
                "openai",
                read_runs(write(tmp_path, rows), read_chat),
            )
            for _ in range(2)
        ]
    assert done == [Imported(new=3, outcomes=3, doubles=2), Imported(known=3, doubles=2)]


async def test_what_was_read_before_a_broken_line_is_kept(settings: Settings, tmp_path: Path) -> None:
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-broken")).tenant)
        runs = read_runs(write(tmp_path, [TRIALS[0], {"task_id": 9}]), read_tau)
        with pytest.raises(InputError, match=r"line 2.* Before it 1 new runs were imported"):
            await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, "tau", runs)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert await session.scalar(select(func.count()).select_from(Run)) == 1


TRACE = {
    "id": "t-1",
    "name": "support",
    "scores": [{"name": "user-feedback", "value": 1, "dataType": "BOOLEAN"},
               {"name": "topic", "value": 3, "dataType": "CATEGORICAL"}],
    "observations": [
        {"type": "GENERATION", "startTime": "2026-01-01T10:00:02Z", "model": "m-1",
         "output": {"role": "assistant", "content": "At six."},
         "input": {"messages": [{"role": "user", "content": "When do you close?"},
                                {"role": "assistant", "content": None, "tool_calls": [CALL]},
                                {"role": "tool", "tool_call_id": "c1", "content": "18:00"}],
                   "tools": [{"type": "function", "function": {"name": "find", "parameters": {}}}]}},
        {"type": "GENERATION", "startTime": "2026-01-01T10:00:01Z", "output": {"tool_calls": [CALL]},
         "input": [{"role": "user", "content": "When do you close?"}]},
        {"type": "SPAN", "startTime": "2026-01-01T10:00:03Z", "output": "18:00"},
    ],
}  # fmt: skip


def langfuse(folder: Path, trace: dict[str, Any], score: str | None = None) -> Any:
    return next(iter(read_runs(write(folder, [trace]), langfuse_reader(score))))


def test_a_trace_of_langfuse_is_the_chat_of_its_last_generation(tmp_path: Path) -> None:
    run = langfuse(tmp_path, TRACE)
    assert [m["role"] for m in run.messages] == ["user", "assistant", "tool", "assistant"]
    assert run.messages[1]["tool_calls"][0]["function"]["arguments"] == {"id": "ann@arnby.example"}
    assert run.messages[-1]["content"] == "At six."
    assert (run.key, run.agent, run.model, run.reward) == ("t-1", "support", "m-1", 1.0)
    assert [tool["function"]["name"] for tool in run.tools] == ["find"]


def test_a_trace_of_langfuse_may_stand_beside_its_observations(tmp_path: Path) -> None:
    beside = ("observations", "scores")
    trace = {name: value for name, value in TRACE.items() if name not in beside}
    row = {"trace": {**trace, "userId": "u7"}, **{name: TRACE[name] for name in beside}}
    run, plain = langfuse(tmp_path, row), langfuse(tmp_path, {**TRACE, "userId": "u7"})
    assert run == plain and (run.key, run.agent, run.user, run.reward) == ("t-1", "support", "u7", 1.0)


def test_a_trace_of_langfuse_without_generations_is_its_input_and_output(tmp_path: Path) -> None:
    run = langfuse(tmp_path, {"input": "When?", "output": {"content": "At six."}})
    assert [m["content"] for m in run.messages] == ["When?", "At six."]
    assert run.reward is None and len(run.key) == 32


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"observations": {"type": "GENERATION"}}, "'observations' is not a list"),
        ({"scores": ["good"]}, "'scores' is not a list"),
    ],
)
def test_a_trace_of_langfuse_that_makes_no_sense_is_refused(
    tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        langfuse(tmp_path, {**TRACE, **changed})


@pytest.mark.parametrize(
    ("scores", "why"),
    [
        ([{"name": "stars", "value": 5}], "the score 'stars' is 5, not a number from 0 to 1"),
        (
            [{"name": "a", "value": 1}, {"name": "b", "value": 0.5}],
            "several scores, a, b: say which with --score",
        ),
    ],
)
def test_scores_that_decide_nothing_are_comments(
    tmp_path: Path, scores: list[dict[str, Any]], why: str
) -> None:
    run = langfuse(tmp_path, {**TRACE, "scores": scores})
    assert (run.reward, run.unjudged) == (None, why)
    assert [(said.kind, said.weight, said.text) for said in run.feedback] == [
        ("comment", 0.0, f"{score['name']}: {score['value']}") for score in scores
    ]


async def test_a_score_that_is_named_later_judges_what_is_there(settings: Settings, tmp_path: Path) -> None:
    scores = [{"name": "a", "value": 1}, {"name": "b", "value": 0.25}]
    file = write(tmp_path, [{**TRACE, "scores": scores}])
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-later")).tenant)
        done = [
            await import_runs(
                whorl.engine, whorl.drain, whorl.capture, actor, "langfuse", read_runs(file, langfuse_reader(score))
            )
            for score in (None, "b", "b")
        ]  # fmt: skip
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            said = list(await session.scalars(select(Outcome).order_by(Outcome.id)))
    assert done == [Imported(new=1, outcomes=2), Imported(known=1, outcomes=1), Imported(known=1)]
    assert [(o.kind, o.source, o.value) for o in said] == [
        ("comment", "import:langfuse", 0.0), ("comment", "import:langfuse", 0.0), ("verdict", "import:langfuse", 0.25),
    ]  # fmt: skip


def test_a_page_of_langfuse_tells_its_traces_and_the_ids_of_observations(tmp_path: Path) -> None:
    traces = [
        {"id": name, "input": "When?", "output": {"content": "At six."}, "observations": ["o-1", "o-2"]}
        for name in ("t-1", "t-2")
    ]
    runs = list(read_runs(write(tmp_path, [{"data": traces, "meta": {"page": 1}}]), langfuse_reader()))
    assert [(run.key, run.messages[-1]["content"], run.spans) for run in runs] == [
        ("t-1", "At six.", ()), ("t-2", "At six.", ()),
    ]  # fmt: skip


def test_of_several_scores_of_langfuse_the_named_one_counts(tmp_path: Path) -> None:
    scores = [{"name": "a", "value": 1}, {"name": "b", "value": 0.25}]
    assert langfuse(tmp_path, {**TRACE, "scores": scores}, "b").reward == 0.25


TOOL = {"type": "function", "function": {"name": "find", "parameters": {"type": "object"}}}
ARGUMENTS = CALL["function"]["arguments"]


def phoenix_span(number: int, name: str, kind: str, trace: str = "t-1", **attributes: Any) -> dict[str, Any]:
    """As Phoenix 20.26 returns a span: attributes flattened, the kind beside them."""
    return {
        "id": f"U3Bhbjo{number}", "name": name, "context": {"trace_id": trace, "span_id": f"{trace}-s{number}"},
        "span_kind": kind, "parent_id": f"{trace}-s1" if number > 1 else None,
        "start_time": f"2026-01-01T10:00:0{number}.963000+00:00", "end_time": "2026-01-01T10:00:09+00:00",
        "status_code": "OK", "status_message": "", "attributes": attributes, "events": [],
    }  # fmt: skip


FLAT = {
    "llm.model_name": "m-1", "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.content": "When do you close?",
    "llm.input_messages.1.message.role": "assistant",
    "llm.input_messages.1.message.tool_calls.0.tool_call.id": "c1",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.name": "find",
    "llm.input_messages.1.message.tool_calls.0.tool_call.function.arguments": ARGUMENTS,
    "llm.input_messages.2.message.role": "tool", "llm.input_messages.2.message.tool_call_id": "c1",
    "llm.input_messages.2.message.content": "18:00", "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "At six.", "llm.tools.0.tool.json_schema": json.dumps(TOOL),
}  # fmt: skip
FIRST = {
    name: value for name, value in FLAT.items() if "input_messages.0" in name or name == "llm.model_name"
}
SPANS = [
    phoenix_span(3, "respond", "LLM", **FLAT),
    phoenix_span(1, "support", "AGENT", **{"input.value": "When do you close?", "output.value": "At six."}),
    phoenix_span(2, "think", "LLM", **FIRST),
]
# The same as rows of the client's data frame: messages in lists, and a column for what any span has.
ROWS = [
    {
        **{name: value for name, value in span.items() if name not in ("id", "context", "attributes")},
        **{f"context.{name}": value for name, value in span["context"].items()},
        "attributes.openinference.span.kind": span["span_kind"], "attributes.tool.name": None,
        **{f"attributes.{n}": value for n, value in span["attributes"].items() if ".0." not in n and "messages" not in n},
        **{
            f"attributes.{prefix}": nested(span["attributes"], f"{prefix}.") or None
            for prefix in ("llm.input_messages", "llm.output_messages", "llm.tools")
        },
    }
    for span in SPANS
]  # fmt: skip


def phoenix(folder: Path, rows: list[Any], score: str | None = None) -> tuple[list[Any], int]:
    runs = PhoenixRuns(read_records(write(folder, rows), plain=False), score)
    return list(runs), runs.left_out


@pytest.mark.parametrize(
    "rows", [SPANS, ROWS, [{"data": SPANS[:2], "next_cursor": "x"}, {"data": SPANS[2:]}]]
)
def test_spans_of_phoenix_are_runs_in_whatever_form_they_were_saved(tmp_path: Path, rows: list[Any]) -> None:
    (run,), left_out = phoenix(tmp_path, rows)
    assert [m["role"] for m in run.messages] == ["user", "assistant", "tool", "assistant"]
    assert run.messages[1]["tool_calls"][0]["function"] == {
        "name": "find",
        "arguments": json.loads(ARGUMENTS),
    }
    assert run.messages[-1]["content"] == "At six."
    assert (run.key, run.agent, run.model, run.reward) == ("t-1", "support", "m-1", None)
    assert [tool["function"]["name"] for tool in run.tools] == ["find"] and left_out == 0


def test_traces_of_phoenix_may_lie_between_each_other_and_their_annotations_anywhere(tmp_path: Path) -> None:
    other = [phoenix_span(n, "x", "LLM", "t-2", **FLAT) for n in (1, 2)]
    embedding = phoenix_span(1, "embed", "EMBEDDING", "t-3", **{"embedding.model_name": "e"})
    rated = {**SPANS[1], "annotations": [{"name": "correctness", "result": {"score": 0.5, "label": None}}]}
    rows = [
        {"data": [{"span_id": "t-2-s2", "name": "correctness", "result": {"label": "right", "score": 1}}]},
        other[0], SPANS[0], embedding, rated, other[1], SPANS[2],
        {"trace_id": "t-1", "name": "tone", "result": {"label": "kind", "score": None}},
    ]  # fmt: skip
    runs, left_out = phoenix(tmp_path, rows)
    assert [(run.key, run.reward) for run in runs] == [("t-2", 1.0), ("t-1", 0.5)] and left_out == 1
    several = [*rows, {"trace_id": "t-1", "name": "tone", "result": {"score": 0}}]
    assert {run.unjudged for run in phoenix(tmp_path, several)[0]} == {
        "", "several scores, correctness, tone: say which with --score",
    }  # fmt: skip
    assert [run.reward for run in phoenix(tmp_path, several, "tone")[0]] == [None, 0.0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"name": "x"}, "neither a span with its context"),
        ({"name": "x", "context": {"trace_id": 3, "span_id": "s"}}, "neither a span with its context"),
        ({**SPANS[0], "attributes": [1]}, "'attributes' is not an object"),
        ({**SPANS[0], "events": "none"}, "'events' is not a list"),
        ({**SPANS[0], "annotations": [3]}, "'annotations' is not a list"),
        ({"data": 3}, "'data' is not a list"),
        ({"name": "x", "result": {"score": 1}}, "names neither a span nor a trace"),
    ],
)
def test_what_phoenix_would_not_write_is_refused(tmp_path: Path, row: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        phoenix(tmp_path, [*SPANS, row])


CHAT = {
    "messages": [{"role": "user", "content": "When?"}, {"role": "assistant", "content": None, "tool_calls": [CALL]},
                 {"role": "tool", "tool_call_id": "c1", "content": "18:00"},
                 {"role": "assistant", "content": [{"type": "text", "text": "At six."}]}],
    "tools": [TOOL], "id": "1", "reward": 1, "group": "g", "model": "m",
}  # fmt: skip
ODD: tuple[Any, ...] = (
    None,
    1,
    1.5,
    True,
    "",
    "{",
    [],
    [3],
    ["a"],
    {},
    {"a": 1},
    [[1]],
    {"role": "user"},
    10**30,
)


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """The way to everything within a value."""
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, each in below:
        yield (*path, step)
        yield from places(each, *path, step)


def opened(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose columns of JSON are values in place of texts."""
    columns = ("input", "output", "tool_params")
    return {**row, **{name: json.loads(row[name]) for name in columns}}


def with_odd(value: Any, path: tuple[str | int, ...], to: Any) -> Any:
    value = copy.deepcopy(value)
    within = value
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = to
    return value


@pytest.mark.parametrize(
    ("good", "read"),
    [
        (CHAT, lambda record: [read_chat(record)]),
        (TRACE, lambda record: [langfuse_reader()(record)]),
        (TRIALS[0], lambda record: [read_tau(record)]),
        (SPANS[0], lambda record: PhoenixRuns([record])),
        (ROWS[0], lambda record: PhoenixRuns([record])),
        (SECOND, lambda record: TensorZeroRuns([record])),
        (opened(SECOND), lambda record: TensorZeroRuns([record])),
        (FEEDBACK, lambda record: [read_openwebui(record)]),
        (CALL_LOGGED, lambda record: [read_completion(record)]),
    ],
    ids=[
        "openai",
        "langfuse",
        "tau",
        "phoenix",
        "phoenix-row",
        "tensorzero",
        "tensorzero-postgres",
        "openwebui",
        "completions",
    ],
)
def test_whatever_stands_in_a_record_it_is_a_run_or_refused(good: Any, read: Any) -> None:
    actor = Actor(new_id(), "acme", "owner", "ann")
    refused = 0
    for path in places(good):
        for odd in ODD:
            try:
                for run in read(Record(with_odd(good, path, odd), "line 1")):
                    assert spans_of(actor, new_id(), run)
            except InputError as error:
                assert str(error).startswith("line 1"), error
                refused += 1
    assert refused > 20


RECORDED = DATA / "otel-langfuse-traces"


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the development data is not here")
@pytest.mark.parametrize(
    "file", sorted(RECORDED.glob("*.trace.json")), ids=lambda file: file.name.partition(".")[0]
)
def test_traces_of_langfuse_are_read_whatever_framework_wrote_them(tmp_path: Path, file: Path) -> None:
    recorded = json.loads(file.read_text())
    run = langfuse(tmp_path, recorded)
    assert run.messages[-1]["role"] == "assistant" and run.model != "unknown"
    called = {call["function"]["name"] for m in run.messages for call in m.get("tool_calls", ())}
    assert called <= {tool["function"]["name"] for tool in run.tools}
    assert len(called) == ("vercel" in file.name or "langgraph" in file.name or "agent" in file.name)


@pytest.mark.skipif(not RECORDED.is_dir(), reason="the development data is not here")
async def test_traces_of_langfuse_are_stored_with_their_whole_tree(
    settings: Settings, tmp_path: Path
) -> None:
    """Every observation is a span, under the one that it was under, and the chat is what was read."""
    files = sorted(RECORDED.glob("*.trace.json"))
    recorded = {each["trace"]["id"]: each for each in (json.loads(file.read_text()) for file in files)}
    read = {run.key: run for run in read_runs(write(tmp_path, [*recorded.values()]), langfuse_reader())}
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-trees")).tenant)
        done = await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, "langfuse", read.values())
        assert done.new == len(recorded) == len(read)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            stored = {
                key: await spans_of_run(session, _run_id(actor.tenant_id, "langfuse", key)) for key in read
            }
            runs = [_run_id(actor.tenant_id, "langfuse", key) for key in read]
            found = {run.run_id: run async for run in trajectories(session, runs, now())}
            assert await session.scalar(select(func.count()).select_from(Run)) == len(recorded)
    for key, each in recorded.items():
        spans, observations = stored[key], each["observations"]
        assert {span.span_id: span.parent_span_id for span in spans} == {
            _span_id(o["id"]): _span_id(o["parentObservationId"]) if o["parentObservationId"] else None
            for o in observations
        }
        trajectory = found[_run_id(actor.tenant_id, "langfuse", key)]
        assert not trajectory.trainable
        assert [m["role"] for m in trajectory.messages] == [m["role"] for m in read[key].messages]


async def test_agents_and_groups_say_nothing_of_anybody(settings: Settings) -> None:
    rows = [
        {**CHAT, "id": str(n), "group": group}
        for n, group in enumerate(["ann@arnby.example", "ann@arnby.example", "set/7"])
    ]
    trace = {**TRACE, "name": "answer ann@arnby.example"}
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "import-names")).tenant)
        for source, runs in (
            ("openai", [read_chat(Record(row, "here")) for row in rows]),
            ("langfuse", [langfuse_reader()(Record(trace, "here"))]),
        ):
            await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, source, runs)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            stored = list(await session.scalars(select(Run)))
            spans = list(await session.scalars(select(Span)))
    told = [[run.agent, *run.tags] for run in stored] + [
        [span.agent, span.name, span.attributes] for span in spans
    ]
    assert "ann@arnby" not in json.dumps(told)
    assert {run.agent for run in stored} == {"openai", "answer <EMAIL_ADDRESS_1>"}
    groups = Counter(tag for run in stored for tag in run.tags if tag.startswith("group:"))
    assert groups.pop("group:set/7") == 1 and list(groups.values()) == [2]


async def test_whoever_asked_is_kept_as_a_pseudonym_and_can_be_erased(
    settings: Settings, tmp_path: Path
) -> None:
    chat = [{"role": "user", "content": "When?"}, {"role": "assistant", "content": "At nine."}]
    rows = [{"id": name, "user": name, "messages": chat} for name in ("customer-7", "customer-8")]
    file = write(tmp_path, [*rows, {"id": "nobody", "messages": chat}])
    trace = {"id": "t", "userId": "customer-7", "input": chat[:1], "output": chat[1]}
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)
        for source, runs in (
            ("openai", read_runs(file, read_chat)),
            ("langfuse", [langfuse_reader()(Record(trace, "here"))]),
        ):
            await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, source, runs)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            people = Counter(await session.scalars(select(Run.user_id)))
        receipt = await erase_subject(whorl.engine, whorl.servers, actor, "customer-7")
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            left = list(await session.scalars(select(Run.user_id).order_by(Run.user_id)))
        again = await import_runs(
            whorl.engine, whorl.drain, whorl.capture, actor, "openai", read_runs(file, read_chat)
        )
        assert (again.new, again.known, again.erased) == (0, 2, 1)
        async with tenant_session(whorl.engine, actor.tenant_id) as session:
            assert list(await session.scalars(select(Run.user_id).order_by(Run.user_id))) == left
    seven, eight = (pseudonym(actor.tenant_id, "user", name) for name in ("customer-7", "customer-8"))
    assert people == {seven: 2, eight: 1, None: 1}
    assert receipt.counts["runs"] == 2 and left == [eight, None]


def test_a_user_that_is_no_text_is_refused() -> None:
    with pytest.raises(InputError, match="'user' is not a text"):
        read_chat(Record({"user": ["x"], "messages": []}, "here"))
