"""Surrogates stand for placeholders, the same one throughout a row."""

import json

from whorl.flywheel.training.surrogates import with_surrogates

ROW = {
    "messages": [
        {"role": "user", "content": "Who is <PERSON_1>, mail <EMAIL_ADDRESS_1>?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"function": {"arguments": {"query": "<PERSON_1>"}}}],
        },
        {
            "role": "assistant",
            "content": "<PERSON_1> leads <ORGANIZATION_1> with <PERSON_2>, key <SECRET_1>. [1]",
        },
    ]
}


def test_a_placeholder_becomes_one_value_in_the_whole_row() -> None:
    row = with_surrogates(ROW, seed=1)
    text = json.dumps(row)
    assert "<" not in text
    name = row["messages"][1]["tool_calls"][0]["function"]["arguments"]["query"]
    assert row["messages"][0]["content"].startswith(f"Who is {name}, mail ")
    assert "@" in row["messages"][0]["content"]
    first, second = row["messages"][2]["content"].split(" leads ")
    assert first == name and name not in second


def test_the_same_seed_gives_the_same_values_and_another_gives_others() -> None:
    assert with_surrogates(ROW, seed=1) == with_surrogates(ROW, seed=1)
    assert with_surrogates(ROW, seed=1) != with_surrogates(ROW, seed=2)


def test_other_text_stays() -> None:
    row = {"messages": [{"role": "user", "content": "Is 1 < 2 and <b>bold</b>?"}]}
    assert with_surrogates(row, seed=1) is row
