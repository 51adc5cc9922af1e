"""``whorl redact``: text and JSON lines, from a file and from standard input."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from whorl.platform.cli import main

EMAIL = "zuzanna.kowalczyk@planted.example"


def run(*arguments: str, text: str | bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["redact", *arguments], input=text)


def test_text_keeps_its_line_ends() -> None:
    done = run(text=f"Please write to {EMAIL}.\n\nBye")
    assert done.exit_code == 0
    assert done.stdout == "Please write to <EMAIL_ADDRESS_1>.\n\nBye"


def test_json_has_offsets_into_the_input(tmp_path: Path) -> None:
    text = f"Please write to {EMAIL} and {EMAIL}, see https://a.example/x"
    (tmp_path / "a.txt").write_text(text)
    result = json.loads(run(str(tmp_path / "a.txt"), "--json").stdout)
    assert (
        result["text"] == "Please write to <EMAIL_ADDRESS_1> and <EMAIL_ADDRESS_1>, see https://a.example/x"
    )
    assert [text[e["start"] : e["end"]] for e in result["entities"]] == [EMAIL, EMAIL, "https://a.example/x"]
    assert [(e["kind"], e["operator"]) for e in result["entities"]][1:] == [
        ("EMAIL_ADDRESS", "replace"), ("URL", "keep"),
    ]  # fmt: skip


def test_json_lines_with_text_or_messages() -> None:
    tool = {"role": "assistant", "content": None,
            "tool_calls": [{"id": "1", "function": {"name": "mail", "arguments": json.dumps({"to": EMAIL})}}]}  # fmt: skip
    lines = [
        {"id": 1, "text": f"to {EMAIL}"},
        {"messages": [{"role": "user", "content": f"I am {EMAIL}"}, tool]},
    ]
    text = "\n".join(map(json.dumps, lines)) + "\n\n"
    plain = [json.loads(line) for line in run("-", text=text).stdout.splitlines()]
    assert plain[0] == {"id": 1, "text": "to <EMAIL_ADDRESS_1>"}
    assert plain[1]["messages"][0] == {"role": "user", "content": "I am <EMAIL_ADDRESS_1>"}
    arguments = plain[1]["messages"][1]["tool_calls"][0]["function"]["arguments"]
    assert json.loads(arguments) == {"to": "<EMAIL_ADDRESS_1>"}
    results: list[dict[str, Any]] = [
        json.loads(line) for line in run("--json", text=text).stdout.splitlines()
    ]
    assert [(e["message"], e["field"]) for e in results[1]["entities"]] == [(0, "content"), (1, "tool_calls")]
    first = results[1]["entities"][0]
    assert f"I am {EMAIL}"[first["start"] : first["end"]] == EMAIL


@pytest.mark.parametrize("indent", [None, 1])
def test_one_json_value_with_texts_is_read_as_such(indent: int | None) -> None:
    rows = [{"id": "a", "text": f"to {EMAIL}"}, {"id": "b", "messages": [{"role": "user", "content": EMAIL}]}]
    told = [json.loads(line) for line in run(text=json.dumps(rows, indent=indent)).stdout.splitlines()]
    assert [each["id"] for each in told] == ["a", "b"] and EMAIL not in json.dumps(told)
    results = [
        json.loads(line) for line in run("--json", text=json.dumps(rows, indent=indent)).stdout.splitlines()
    ]
    assert [(each["id"], len(each["entities"])) for each in results] == [("a", 1), ("b", 1)]
    [one] = [json.loads(line) for line in run(text=json.dumps(rows[0], indent=indent)).stdout.splitlines()]
    assert one == {"id": "a", "text": "to <EMAIL_ADDRESS_1>"}


def test_json_of_another_kind_is_a_text() -> None:
    text = json.dumps([{"to": EMAIL}, {"to": "nobody"}], indent=1)
    assert json.loads(run(text=text).stdout) == [{"to": "<EMAIL_ADDRESS_1>"}, {"to": "nobody"}]


def test_what_a_key_tells_has_offsets_into_the_value() -> None:
    line = {
        "messages": [
            {"role": "user", "content": "Hi", "meta": {"phone": "call 13800138000", "password": "sunshine"}}
        ]
    }
    result = json.loads(run("--json", text=json.dumps(line)).stdout)
    assert result["messages"][0]["meta"] == {"phone": "call <PHONE_NUMBER_1>", "password": "<SECRET_1>"}
    found = [(e["field"], e["start"], e["end"], e["text"]) for e in result["entities"]]
    assert found == [("meta", 5, 16, "13800138000"), ("meta", 0, 8, "sunshine")]


def test_what_nests_too_deep_to_be_redacted_is_refused_in_a_sentence() -> None:
    hidden = "[" * 2000 + EMAIL.replace("a", "\\u0061", 1)
    result = run("-", text=json.dumps({"text": hidden}) + "\n")
    assert result.exit_code == 2 and "line 1: JSON within a text nests too deep" in result.output


def test_text_that_is_json_stays_json() -> None:
    line = json.dumps({"text": json.dumps({"card": 4111111111111111, "n": 2})})
    result = json.loads(run(text=line).stdout)
    assert json.loads(result["text"]) == {"card": "<CREDIT_CARD_1>", "n": 2}


def test_a_policy_file(tmp_path: Path) -> None:
    policy = tmp_path / "policy.json"
    policy.write_text('{"operators": {"EMAIL_ADDRESS": "mask"}, "deny": ["heliotrope"]}')
    assert (
        run("--policy", str(policy), text="a@b.example likes heliotrope").stdout
        == "*@*.******* likes <DENIED_1>"
    )
    policy.write_text('{"operators": {"EMAIL": "mask"}}')
    refused = run("--policy", str(policy), text="a@b.example")
    assert (
        refused.exit_code == 2 and "EMAIL is no kind that is found" in refused.stderr and not refused.stdout
    )


@pytest.mark.parametrize(
    ("arguments", "text", "says"),
    [
        (["missing.txt"], None, "missing.txt is not there"), ([], b"\xff\xfe\x00", "not UTF-8 text (byte 0)"),
        ([], "a\0b", "is binary"), ([], '{"text": "a"}\n{"text": \n', "line 2 is not a JSON object"),
        ([], '{"text": "a"}\n{"body": 1}', 'line 2 has no "text"'), ([], '{"messages": ["hi"]}', "line 1"),
        (["--json"], '{"text": 7}', "line 1"), ([], '{"text": "a"', "line 1 is not a JSON object"),
        (["--policy", "missing.json"], "a", "missing.json cannot be read"), ([], "", "is empty"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(arguments: list[str], text: str | bytes | None, says: str) -> None:
    done = run(*arguments, text=text)
    assert done.exit_code == 2
    assert says in done.stderr
    assert done.stderr.count("\n") == 1
    assert "Traceback" not in done.output
