"""What commands print where nothing is a terminal: whole lines, and a line for what is over."""

import uuid
from io import StringIO
from typing import Any, cast

import pytest
from rich.console import Console

from whorl.platform.command import Terminal
from whorl.platform.identity.bootstrap import Created, show_credentials
from whorl.platform.identity.tables import Tenant
from whorl.platform.settings import load_settings


def terminal(json: bool = False) -> Terminal:
    return Terminal(load_settings(), cast(Any, None), cast(Any, None), json=json)


def test_a_key_is_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    key = f"whorl_{uuid.uuid4().hex}_{'k' * 60}"
    made = Created(Tenant(slug="acme"), "ada@acme.example", "[red]pass word", key)
    show_credentials(terminal(), made)
    lines = capsys.readouterr().err.splitlines()
    assert f"  API key      {key}" in lines and "  password     [red]pass word" in lines


def test_a_key_is_not_broken_at_the_end_of_a_terminals_line() -> None:
    key, written = f"whorl_{'k' * 90}", StringIO()
    narrow = terminal()
    narrow.notes = Console(file=written, force_terminal=True, width=40)
    show_credentials(narrow, Created(Tenant(slug="acme"), "ada@acme.example", "word", key))
    assert key in written.getvalue()


def test_a_table_in_a_file_has_a_line_for_each_row(capsys: pytest.CaptureFixture[str]) -> None:
    terminal().table(["id", "what"], [["1" * 60, "word " * 30], ["2" * 60, "more"]])
    head, first, second = capsys.readouterr().out.splitlines()
    assert head.split() == ["id", "what"] and first.count("word") == 30 and second.split()[-1] == "more"


@pytest.mark.parametrize(("json", "told"), [(False, ["reading: 3", "training: 2"]), (True, [])])
def test_what_is_over_is_told_once(capsys: pytest.CaptureFixture[str], json: bool, told: list[str]) -> None:
    with terminal(json).progress() as bars:
        reading, training = bars.add_task("reading", total=3), bars.add_task("training", total=None)
        for _ in range(3):
            bars.advance(reading)
        for step in (1, 2, 2):
            bars.update(training, completed=step, total=2)
    assert [line.partition(" in ")[0] for line in capsys.readouterr().err.splitlines()] == told
