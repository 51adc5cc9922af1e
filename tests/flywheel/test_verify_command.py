"""``whorl verify``: records of a data set, judged line by line."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from whorl.flywheel.verifiers.base import find, registered
from whorl.platform.cli import main


def run(tmp_path: Path, rows: list[dict[str, Any]], *options: str) -> Result:
    file = tmp_path / "answers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return CliRunner().invoke(main, ["verify", str(file), "--json", *options])


def rewards(result: Result) -> list[float]:
    assert result.exit_code == 0, result.output
    return [json.loads(line)["reward"] for line in result.stdout.splitlines()]


@pytest.mark.parametrize(
    ("name", "reference", "right", "wrong"),
    [
        ("numeric", "24 + 48 = 72\n#### 72", "In all 72.", "In all 71."),
        ("numeric", 1250, "It is $1,250.", "It is $125."),
        ("exact", "Tern", "Tern", "Terns"),
        ("normalised", ["the Tern", "Gull"], "Tern.", "Heron"),
        ("answer_in_reply", "40", "It has 40 desks. [1]", "It has 41 desks. [1]"),
        ("multiple_choice", "(B)", "I think it is B.", "I think it is C."),
        ("multiple_choice", "j", "The answer is J.", "The answer is I."),
        ("multiple_choice", "B. Paris", "Answer: (b)", "Answer: (a)"),
        ("unit_tests", ["assert f(1) == 2", "assert f(2) == 3"], "def f(n): return n + 1", "def f(n): return n"),
        ("unit_tests", '["assert f(1) == 2"]', "def f(n): return n + 1", "def f(n): return n"),
        ("regex", r"HAL-\d{4}", "HAL-2041", "HAL-20"),
        ("json_value", '{"seats": 3}', '{"seats": 3}', '{"seats": 4}'),
        ("refusal", "", "The documents do not say.", "At noon."),
    ],
)  # fmt: skip
def test_a_reference_says_what_is_right(
    tmp_path: Path, name: str, reference: object, right: str, wrong: str
) -> None:
    rows = [{"prompt": "?", "answer": answer, "reference": reference} for answer in (right, wrong)]
    assert rewards(run(tmp_path, rows, "--verifier", name)) == [1.0, 0.0]


def test_code_is_judged_with_what_the_prompt_says(tmp_path: Path) -> None:
    prompt = 'def twice(n: int) -> int:\n    """Two times n."""\n'
    tests = "def check(candidate):\n    assert candidate(4) == 8\n"
    rows = [
        {"task_id": "a/1", "prompt": prompt, "answer": "    return 2 * n\n", "reference": tests},
        {"prompt": prompt, "answer": "    return n\n", "reference": f"{tests}\ncheck(twice)"},
        {"answer": "def twice(n):\n    return n + n\n", "reference": f"{tests}\ncheck(twice)\n"},
    ]
    result = run(tmp_path, rows, "--verifier", "unit_tests")
    assert rewards(result) == [1.0, 0.0, 1.0]
    first, second, _ = (json.loads(line) for line in result.stdout.splitlines())
    assert first["id"] == "a/1" and "id" not in second and second["reason"] == "a test failed"


def test_what_a_run_was_shown_and_did(tmp_path: Path) -> None:
    row = {"answer": "It has 40 desks. [2]", "passages": ["Oulu has 140 desks.", "Cork: it has 40 desks."]}
    assert rewards(run(tmp_path, [row], "--verifier", "citation_grounding")) == [1.0]
    call = {"tool": "cancel", "arguments": {"order": 7}}
    rows = [{"answer": "Done.", "calls": calls, "reference": [call]} for calls in ([call], [])]
    assert rewards(run(tmp_path, rows, "--verifier", "tool_calls")) == [1.0, 0.0]
    state = {"answer": "Done.", "state": {"open": False}, "reference": '{"open": false}'}
    assert rewards(run(tmp_path, [state], "--verifier", "end_state")) == [1.0]


@pytest.mark.parametrize(
    ("row", "options", "words"),
    [
        (
            {"answer": "1"},
            ["--verifier", "numeric"],
            "line 1: Arguments of the verifier 'numeric': value: Missing",
        ),
        ({"answer": "1"}, ["--verifier", "numeric"], "A reference answer would do instead"),
        (
            {"answer": "1", "reference": {"a": 1}},
            ["--verifier", "numeric"],
            'text or a number, not {\\"a\\": 1}',
        ),
        (
            {"answer": "1", "reference": [{"tool": "x"}]},
            ["--verifier", "tool_calls"],
            "calls.0.arguments: Field required",
        ),
        ({"answer": "1", "reference": [3]}, ["--verifier", "admissible_call"], "a JSON object, not [3]"),
        (
            {"answer": "1", "arguments": {"schema": {"type": 3}, "expected": 1}},
            ["--verifier", "json_value"],
            "the schema is none",
        ),
        ({"reference": "1"}, ["--verifier", "numeric"], "'answer' is missing"),
        ({"answer": "1", "reference": "one"}, ["--verifier", "numeric"], "holds no number"),
        ({"answer": "1", "reference": "1"}, ["--verifier", "fame"], "There is no verifier 'fame'"),
        ({"answer": "1", "reference": "1"}, [], "Name a verifier"),
        ({"answer": "1", "reference": "{"}, ["--verifier", "json_value"], "line 1"),
        ({"answer": "1", "passages": 3}, ["--verifier", "citation_grounding"], "'passages' must be"),
        (
            {"answer": "1", "calls": [3], "reference": [{"tool": "x", "arguments": {}}]},
            ["--verifier", "tool_calls"],
            "'calls' must be",
        ),
        ({"answer": "1", "reference": "1"}, ["--verifier", "exact", "--arguments", "[1]"], "JSON object"),
        ({"answer": "1", "reference": "x"}, ["--verifier", "length"], "takes no reference"),
    ],
)
def test_bad_input_gets_a_sentence(
    tmp_path: Path, row: dict[str, Any], options: list[str], words: str
) -> None:
    result = run(tmp_path, [row], *options)
    assert result.exit_code == 2 and words in result.output and "Traceback" not in result.output


def test_a_record_that_cannot_be_judged_ends_nothing(tmp_path: Path) -> None:
    rows = [
        {"answer": "The answer is 5.", "reference": "5"},
        {"answer": "5", "reference": "five", "id": "b"},
        {"answer": "6", "reference": "5"},
        {"answer": ["5"], "reference": "5"},
    ]
    result = run(tmp_path, rows, "--verifier", "numeric")
    assert result.exit_code == 2 and "2 of 4 could not be judged." in result.stderr
    first, second, third, fourth = (json.loads(line) for line in result.stdout.splitlines())
    assert (first["reward"], third["reward"]) == (1.0, 0.0)
    assert second["reward"] is None and second["id"] == "b" and "holds no number" in second["error"]
    assert fourth["reward"] is None and "line 4" in fourth["error"]


ODD: tuple[Any, ...] = (
    None,
    1.5,
    True,
    "",
    "x",
    "{",
    [],
    [3],
    {},
    {"a": 1},
    [[1]],
    [{"tool": "x"}],
    {"tool": 3, "arguments": 4},
)


@pytest.mark.parametrize("name", [each.name for each in registered()])
def test_no_argument_breaks_a_verifier(tmp_path: Path, name: str) -> None:
    """Whatever JSON holds, the answer is a verdict or a sentence on what is wrong."""
    found = find(name)
    rows: list[dict[str, Any]] = [{"arguments": {"unknown": 1}}, *({"reference": odd} for odd in ODD)]
    for argument in inspect.signature(found.factory).parameters:
        rows += [{"arguments": {**found.example.arguments, argument: odd}} for odd in ODD]
    refused = 0
    for row in rows:
        result = run(tmp_path, [{"answer": "4", **row}], "--verifier", name)
        assert result.exit_code in (0, 2) and "Traceback" not in result.output, (row, result.exception)
        refused += result.exit_code == 2
    assert refused


def test_the_list_says_what_each_checks() -> None:
    result = CliRunner().invoke(main, ["verify", "--list", "--json"])
    listed = {each["verifier"]: each for each in json.loads(result.stdout)}
    assert "SQuAD" in listed["normalised"]["checks"] and not listed["length"]["stands_alone"]
