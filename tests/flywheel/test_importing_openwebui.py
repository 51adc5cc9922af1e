"""Feedback and chats of Open WebUI, and logged calls of OpenAI's API, as runs."""

import html
import json
from pathlib import Path
from typing import Any

import pytest

from whorl.flywheel.importing.base import FileRuns, Recorded, read_runs
from whorl.flywheel.importing.completions import read_completion
from whorl.flywheel.importing.openwebui import read_openwebui
from whorl.platform.errors import InputError


def attribute(value: Any) -> str:
    return html.escape(json.dumps(value, ensure_ascii=False))


REASONED = '<details type="reasoning" done="true" duration="2">\n<summary>Thought for 2 seconds</summary>\n> hm\n</details>\n'
CALLED = (
    f'<details type="tool_calls" done="true" id="c1" name="weather" arguments="{attribute(json.dumps({"place": "Łódź > Oslo"}))}" '
    f'result="{attribute("12 °C")}" files="" embeds="&quot;&quot;">\n<summary>Tool Executed</summary>\n</details>\n'
)
NEWER = (
    '<details type="tool_calls" done="true" id="c2" name="weather" arguments="{&quot;place&quot;: &quot;Oslo&quot;}">\n'
    "<summary>Tool Executed</summary>\n3 &lt; 4 °C\n</details>\n"
)
CODE = '<details type="code_interpreter" done="true"><summary>Analyzed</summary>1+1</details>'


def message(id: str, parent: str | None, role: str, content: Any, **more: Any) -> dict[str, Any]:
    return {"id": id, "parentId": parent, "childrenIds": [], "role": role, "content": content, **more}


HISTORY = [
    message("u1", None, "user", "Is it warm?"),
    message("a1", "u1", "assistant", f"{REASONED}Let me look.\n{CALLED}It is 12 °C.", model="llama"),
    message("u2", "a1", "user", "And Oslo?"),
    message("a2", "u2", "assistant", f"{NEWER}Four.{CODE}", model="llama"),
    message("a3", "u2", "assistant", "I do not know.", model="mistral"),
]  # fmt: skip
CHAT = {
    "id": "", "title": "Weather", "models": ["llama", "mistral"], "params": {"system": "Be brief."},
    "history": {"messages": {each["id"]: each for each in HISTORY}, "currentId": "a2"},
}  # fmt: skip
FEEDBACK: dict[str, Any] = {
    "id": "f1", "user_id": "u7", "version": 0, "type": "rating",
    "data": {
        "rating": -1, "model_id": "mistral", "sibling_model_ids": ["llama"], "reason": "not_helpful",
        "comment": "Look it up.",
    },
    "meta": {"model_id": "mistral", "message_id": "a3", "chat_id": "k1"},
    "snapshot": {"chat": {"id": "k1", "user_id": "u7", "title": "Weather", "chat": CHAT}},
    "created_at": 1_704_067_200, "updated_at": 1_704_067_200,
}  # fmt: skip


def read(folder: Path, entry: Any) -> Recorded:
    file = folder / "export.json"
    file.write_text(json.dumps([entry], indent=1), encoding="utf-8")
    [run] = read_runs(str(file), read_openwebui)
    return run


def test_a_rated_answer_is_a_run_with_all_that_was_said_before_it(tmp_path: Path) -> None:
    run = read(tmp_path, FEEDBACK)
    assert (run.key, run.agent, run.model, run.user) == ("f1", "open-webui", "mistral", "u7")
    assert [(m["role"], m["content"]) for m in run.messages] == [
        ("system", "Be brief."), ("user", "Is it warm?"), ("assistant", "Let me look."), ("tool", "12 °C"),
        ("assistant", "It is 12 °C."), ("user", "And Oslo?"), ("assistant", "I do not know."),
    ]  # fmt: skip
    [call] = run.messages[2]["tool_calls"]
    assert (call["id"], call["function"]) == (
        "c1",
        {"name": "weather", "arguments": {"place": "Łódź > Oslo"}},
    )
    assert run.messages[3]["tool_call_id"] == "c1"
    assert [(given.kind, given.value, given.text) for given in run.feedback] == [
        ("thumb", 0.0, None), ("comment", 1.0, "not_helpful: Look it up."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"rating": 1}, [("thumb", 1.0)]),
        ({"rating": "1", "details": {"rating": None}}, [("thumb", 1.0)]),
        ({"rating": 1, "details": {"rating": 10}}, [("score", 1.0)]),
        ({"rating": -1, "details": {"rating": 1}}, [("score", 0.0)]),
        ({"rating": None}, []),
    ],
)
def test_the_finer_rating_counts_where_there_is_one(
    tmp_path: Path, data: dict[str, Any], said: list[tuple[str, float]]
) -> None:
    run = read(tmp_path, {**FEEDBACK, "data": data})
    assert [(given.kind, given.value) for given in run.feedback] == said


def test_a_chat_that_nobody_rated_is_what_it_shows(tmp_path: Path) -> None:
    run = read(tmp_path, {"id": "k1", "user_id": "u7", "title": "Weather", "chat": CHAT, "updated_at": 1})
    assert [m["role"] for m in run.messages][-4:] == ["user", "assistant", "tool", "assistant"]
    assert run.messages[-2]["content"] == "3 < 4 °C" and run.messages[-1]["content"] == f"Four.{CODE}"
    assert run.messages[-3]["tool_calls"][0]["function"]["arguments"] == {"place": "Oslo"}
    assert run.feedback == () and run.model == "llama"


def test_an_older_chat_is_a_list(tmp_path: Path) -> None:
    run = read(tmp_path, {"id": "k2", "chat": {"messages": HISTORY[:2], "models": ["llama"]}})
    assert [m["role"] for m in run.messages] == ["user", "assistant", "tool", "assistant"]


def test_words_that_cannot_be_stored_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"export\.json, entry 1: .*at most 20000"):
        read(tmp_path, {**FEEDBACK, "data": {"rating": 1, "comment": "x" * 30_000}})


def test_what_is_no_chat_keeps_nothing_else_out(tmp_path: Path) -> None:
    empty = {"id": "k6", "chat": {"messages": [], "history": {"messages": {}}}}
    odd = {"id": "k4", "chat": {"messages": [message("u1", None, "user", 7)]}}
    entries = [
        empty,
        {**FEEDBACK, "meta": {"message_id": "gone"}},
        odd,
        {**FEEDBACK, "snapshot": None},
        FEEDBACK,
    ]
    file = tmp_path / "export.json"
    file.write_text(json.dumps(entries), encoding="utf-8")
    runs = FileRuns(str(file), read_openwebui)
    assert len(list(runs)) == 1
    assert runs.left_out == 4
    assert runs.reasons == [
        f"{file}, entry 1: the chat has no message ''.",
        f"{file}, entry 2: the chat has no message 'gone'.",
        f"{file}, entry 3: the content of a message is no text.",
    ]


def test_a_message_of_parts_is_read(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": "data:,"}}]
    said = [message("u1", None, "user", parts), message("a1", "u1", "assistant", "A loom.")]
    run = read(tmp_path, {"id": "k7", "chat": {"messages": said}})
    assert "What is this?" in run.messages[0]["content"] and run.messages[-1]["content"] == "A loom."


def test_a_chat_whose_messages_go_round_ends(tmp_path: Path) -> None:
    round = [message("a", "b", "user", "Hi"), message("b", "a", "assistant", "Hello.")]
    run = read(
        tmp_path,
        {"id": "k5", "chat": {"history": {"messages": {m["id"]: m for m in round}, "currentId": "b"}}},
    )
    assert [m["content"] for m in run.messages] == ["Hi", "Hello."]


CALL: dict[str, Any] = {
    "timestamp": 1_715_854_074, "workload_id": "routing", "client_id": "acme",
    "request": {
        "model": "llama", "user": "u7", "tools": [{"type": "function", "function": {"name": "find"}}],
        "messages": [{"role": "user", "content": "Where is my order?"}],
    },
    "response": {
        "id": "chatcmpl-1", "model": "llama-3",
        "choices": [{
            "index": 0, "finish_reason": "tool_calls", "message": {
                "role": "assistant", "content": None,
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "find", "arguments": "{}"}}],
            },
        }],
    },
}  # fmt: skip


def completion(folder: Path, row: Any) -> Recorded:
    file = folder / "calls.jsonl"
    file.write_text(json.dumps(row), encoding="utf-8")
    [run] = read_runs(str(file), read_completion)
    return run


def test_a_logged_call_is_a_run(tmp_path: Path) -> None:
    run = completion(tmp_path, CALL)
    assert (run.agent, run.model, run.user, len(run.tools)) == ("routing", "llama-3", "u7", 1)
    assert run.messages[-1]["tool_calls"][0]["function"] == {"name": "find", "arguments": {}}
    other = completion(tmp_path, {**CALL, "timestamp": 1_715_854_075})
    assert run.key != other.key, "converted logs repeat the response's id"
    document = completion(tmp_path, {"_index": "flywheel", "_id": "d1", "_source": CALL})
    assert (document.key, document.messages) == ("d1", run.messages)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ({"request": {}}, "a call has a request and a response"),
    ],
)
def test_what_is_no_logged_call_is_refused(tmp_path: Path, row: Any, words: str) -> None:
    with pytest.raises(InputError, match=r"calls\.jsonl, line 1: ") as refused:
        completion(tmp_path, row)
    assert words in str(refused.value)
