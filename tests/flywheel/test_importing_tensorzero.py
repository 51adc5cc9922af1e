"""Rows of TensorZero's tables as runs: chats of blocks, an agent's loop, and every kind of feedback."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Settings
from whorl.flywheel.datasets import Selection, create_dataset
from whorl.flywheel.importing.base import Recorded
from whorl.flywheel.importing.store import Imported, import_runs
from whorl.flywheel.importing.tensorzero import TensorZeroRuns
from whorl.platform.app import open_whorl
from whorl.platform.errors import InputError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.lines import Record
from whorl.platform.serving.engine.scripted import ScriptedBackend

WEATHER = {
    "name": "weather", "description": "Of a place.", "parameters": {"type": "object", "properties": {}}, "strict": False,
}  # fmt: skip
ASK = {"role": "user", "content": [{"type": "text", "value": "Is it warm in Boston?"}]}
CALL = {"type": "tool_call", "name": "weather", "arguments": '{"place": "Boston"}', "id": "c1"}
CALLED = {
    **CALL,
    "arguments": {"place": "Boston"},
    "raw_name": "weather",
    "raw_arguments": '{"place": "Boston"}',
}
RESULT = {"type": "tool_result", "name": "weather", "result": "38 °F", "id": "c1"}


def inference(
    id: str, messages: list[Any], output: Any, *, episode: str = "e1", function: str = "agent", **fields: Any
) -> dict[str, Any]:
    """A row of ``ChatInference`` as ClickHouse writes it, with JSON in columns of text."""
    given = {"system": fields.pop("system", {"units": "°F"}), "messages": messages}
    return {
        "id": id, "function_name": function, "variant_name": "gpt_4o", "episode_id": episode,
        "input": json.dumps(given), "output": json.dumps(output), "tool_params": json.dumps({"tools_available": [WEATHER]}),
        "inference_params": "{}", "processing_time_ms": 5, "tags": {"user_id": "u7"}, "extra_body": None, **fields,
    }  # fmt: skip


def text(words: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": words}]


FIRST = inference("i1", [ASK], [CALLED])
SECOND = inference(
    "i2", [ASK, {"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT]}], text("No, 38 °F.")
)  # fmt: skip


def read(*rows: dict[str, Any], score: str | None = None) -> list[Recorded]:
    return list(TensorZeroRuns([Record(row, f"line {n}") for n, row in enumerate(rows, 1)], score))


def test_the_turns_of_a_loop_are_one_run() -> None:
    [run] = read(SECOND, FIRST)
    assert (run.key, run.agent, run.model, run.user) == ("i2", "agent", "gpt_4o", "u7")
    assert [message["role"] for message in run.messages] == [
        "system",
        "user",
        "assistant",
        "tool",
        "assistant",
    ]
    assert run.messages[0]["content"] == '{"units": "°F"}'
    assert run.messages[2]["tool_calls"][0]["function"] == {
        "name": "weather",
        "arguments": {"place": "Boston"},
    }
    assert run.messages[3] == {"role": "tool", "tool_call_id": "c1", "content": "38 °F"}
    assert run.tools == [
        {"type": "function", "function": {n: v for n, v in WEATHER.items() if n != "strict"}}
    ]
    assert run.reward is None and run.feedback == ()


def test_another_function_or_episode_goes_on_with_nothing() -> None:
    assert [run.key for run in read(FIRST, {**SECOND, "episode_id": "e2"})] == ["i1", "i2"]
    assert [run.key for run in read(FIRST, {**SECOND, "function_name": "other"})] == ["i1", "i2"]


def test_what_was_said_of_a_turn_keeps_it() -> None:
    score = {"id": "f1", "target_id": "i1", "metric_name": "right_call", "value": True, "tags": {}}
    first, second = read(FIRST, SECOND, score)
    assert (first.key, first.reward, second.key, second.reward) == ("i1", 1.0, "i2", None)


def test_what_was_said_of_an_episode_counts_for_its_runs() -> None:
    said = [
        {"id": "f1", "target_id": "e1", "metric_name": "solved", "value": False, "tags": {}},
        {"id": "f2", "target_id": "e1", "target_type": "episode", "value": "too short", "tags": {}},
    ]
    [run] = read(*said, FIRST, SECOND)
    assert run.key == "i2" and run.reward == 0.0
    assert [(given.kind, given.text) for given in run.feedback] == [("comment", "too short")]


def test_demonstrations_are_corrections_of_words_or_of_calls() -> None:
    words = {"id": "f1", "inference_id": "i2", "value": json.dumps(text("Cold: 38 °F."))}
    call = {
        "id": "f2",
        "inference_id": "i1",
        "value": json.dumps([{**CALLED, "arguments": {"place": "Boston, MA"}}]),
    }
    thought = {"id": "f3", "inference_id": "i2", "value": json.dumps([{"type": "unknown", "data": 1}])}
    first, second = read(FIRST, SECOND, words, call, thought)
    [edit] = second.feedback
    assert (edit.kind, edit.text) == ("edit", "Cold: 38 °F.")
    [edit] = first.feedback
    assert (edit.kind, edit.step) == ("call_edit", 0)
    assert json.loads(edit.text or "") == {"name": "weather", "arguments": {"place": "Boston, MA"}}


def test_a_json_function_answers_with_its_text() -> None:
    row = inference("j1", [ASK], {"raw": '{"warm": false}', "parsed": {"warm": False}}, output_schema="{}")
    shown = {"id": "f1", "inference_id": "j1", "value": '{"raw": null, "parsed": {"warm": true}}'}
    [run] = read(row, shown)
    assert run.messages[-1]["content"] == '{"warm": false}' and run.feedback[0].text == '{"warm": true}'


def test_the_call_of_the_model_has_the_prompt_as_it_was_rendered() -> None:
    rendered = {
        "id": "m1", "inference_id": "i3", "model_name": "gpt-4o", "model_provider_name": "openai", "system": "Use °F.",
        "input_messages": json.dumps([{"role": "user", "content": text("About upward, please.")}]),
        "output": json.dumps(text("Up.")), "raw_request": "", "raw_response": "",
    }  # fmt: skip
    template = {"role": "user", "content": [{"type": "text", "value": {"topic": "upward"}}]}
    row = inference("i3", [template], [{"type": "thought", "text": "hm"}, *text("Up.")])
    [alone], [run] = read(row), read(rendered, row)
    assert alone.messages[1]["content"] == '{"topic": "upward"}' and alone.model == "gpt_4o"
    assert [message["content"] for message in run.messages] == ["Use °F.", "About upward, please.", "Up."]
    assert run.model == "gpt-4o"
    [of_two] = read(rendered, {**rendered, "id": "m2", "system": "Judge."}, row)
    assert of_two.messages == alone.messages, "of several calls none is the inference's own"


def test_newer_rows_and_those_of_postgresql_are_read_too() -> None:
    row = inference("i4", [], text("Up."), tool_params="", dynamic_tools=[json.dumps(WEATHER)])
    row |= {
        "input": {"messages": [{"role": "user", "content": [{"type": "template", "name": "ask", "arguments": {"a": 1}}]}]},
        "output": [{"type": "text", "text": "Up."}],
    }  # fmt: skip
    [run] = read(row)
    assert [message["content"] for message in run.messages] == ['{"a": 1}', "Up."] and len(run.tools) == 1


@pytest.mark.parametrize(
    ("messages", "output"),
    [
        ([], text("Anything?")),
        (
            [{"role": "user", "content": [{"type": "file", "url": "https://arnby.example/a.png"}]}],
            text("A crab."),
        ),
        ([ASK], []),
        ([ASK], [{**CALLED, "arguments": None, "raw_arguments": "{broken"}]),
        ([ASK], {"raw": None, "parsed": None}),
    ],
    ids=["nobody asks", "a picture", "no answer", "a broken call", "no JSON"],
)
def test_what_is_no_chat_is_left_out_and_counted(messages: list[Any], output: Any) -> None:
    runs = TensorZeroRuns([Record(inference("i5", messages, output), "line 1"), Record(SECOND, "line 2")])
    assert [run.key for run in runs] == ["i2"] and runs.left_out == 1


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"id": "x"}, "no row of ChatInference"),
        ({**FIRST, "input": "{"}, "'input' is not JSON"),
        ({**FIRST, "input": "[]"}, "'input' is not an object"),
        ({**FIRST, "id": 7}, "'id' is no id"),
        ({**FIRST, "output": '[1]'}, "'content' is not a list of objects"),
        ({"id": "f", "target_id": "i1", "target_type": "inference", "value": " "}, "needs a text"),
        ({"id": "f", "inference_id": "i1", "value": "{"}, "'value' is not JSON"),
    ],
)  # fmt: skip
def test_what_tensorzero_would_not_write_is_refused(row: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=r"^line [12]: ") as refused:
        read(row) if row.get("id") == FIRST["id"] or "input" in row else read(row, FIRST)
    assert words in str(refused.value)


def test_of_several_metrics_the_named_one_counts() -> None:
    scores = [
        {"id": f"f{n}", "target_id": "i2", "metric_name": name, "value": value}
        for n, (name, value) in enumerate([("solved", True), ("brevity", 0.25)])
    ]
    [unsaid] = read(SECOND, *scores)
    assert (unsaid.reward, unsaid.unjudged) == (
        None,
        "several scores, brevity, solved: say which with --score",
    )
    assert [said.text for said in unsaid.feedback] == ["solved: 1.0", "brevity: 0.25"]
    assert read(SECOND, *scores, score="brevity")[0].reward == 0.25


async def test_what_was_corrected_is_learnt(settings: Settings) -> None:
    """Demonstrations make pairs: what should have been answered or called against what was."""
    lines = [
        FIRST, SECOND,
        {"id": "f1", "inference_id": "i2", "value": json.dumps(text("Cold: 38 °F."))},
        {"id": "f2", "inference_id": "i1", "value": json.dumps([{**CALLED, "arguments": {"place": "Boston, MA"}}])},
        {"id": "f3", "target_id": "i2", "metric_name": "solved", "value": False},
    ]  # fmt: skip
    async with open_whorl(settings, backend=ScriptedBackend(lambda m, t, a: "")) as whorl:
        actor = operator_of((await ensure_tenant(whorl.engine, "tensorzero")).tenant)

        async def bring() -> Imported:
            runs = TensorZeroRuns([Record(line, "line 1") for line in lines])
            return await import_runs(whorl.engine, whorl.drain, whorl.capture, actor, "tensorzero", runs)

        assert await bring() == Imported(new=2, outcomes=3)
        assert await bring() == Imported(known=2)
        dataset = await create_dataset(
            whorl.engine, actor.tenant_id, settings.path("datasets"), "dpo", Selection(tag="imported:tensorzero"), held_out=0.0
        )  # fmt: skip
        rows = [json.loads(line) for line in (Path(dataset.folder) / "train.jsonl").read_text().splitlines()]
    chosen = [row["chosen"][-1] for row in rows]
    assert {message["content"] for message in chosen if not message.get("tool_calls")} == {"Cold: 38 °F."}
    [called] = [message["tool_calls"][0]["function"] for message in chosen if message.get("tool_calls")]
    assert called["name"] == "weather" and len(rows) == 2
