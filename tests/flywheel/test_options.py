"""Options of the flywheel's commands that mean nothing where they stand are refused or said, never passed over."""

import functools
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.conftest import Addresses, quote_first
from tests.flywheel.test_importing import SPANS, TRACE, write
from whorl.flywheel.export_commands import _MOMENT, _utc
from whorl.platform import app
from whorl.platform.app import open_whorl
from whorl.platform.cli import main
from whorl.platform.serving.engine.scripted import ScriptedBackend

Command = Callable[..., Result]


@pytest.fixture
def command(database: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    values = {
        "WHORL_DATABASE_URL": database.app, "WHORL_DATABASE_ADMIN_URL": database.admin,
        "WHORL_DATA_DIR": str(tmp_path / "data"), "COLUMNS": "200",
    }  # fmt: skip
    monkeypatch.setattr(
        app, "open_whorl", functools.partial(open_whorl, backend=ScriptedBackend(quote_first))
    )
    return lambda *arguments: CliRunner().invoke(main, arguments, env=values)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["feedback", "0199e6a0-0000-7000-8000-000000000000", "down", "--value", "1"], "leave out --value"),
        (["feedback", "0199e6a0-0000-7000-8000-000000000000", "up", "--stars", "5"], "leave out --value and --stars"),
        (["promote", "acme.v1", "--share", "0.2"], "--share is for --stage shadow or canary"),
        (["export", "--format", "sft", "--ray-address", "ray://head:10001"], "--ray-address is for --engine ray"),
    ],
)  # fmt: skip
def test_options_without_a_meaning_are_refused(command: Command, arguments: list[str], words: str) -> None:
    done = command(*arguments)
    assert done.exit_code == 2 and words in done.stderr


@pytest.mark.parametrize(
    "moment", ["2026-01-01T00:00:00Z", "2026-01-01T02:00+02:00", "2026-01-01T00:00", "2026-01-01"]
)
def test_a_moment_may_have_a_time_zone(command: Command, moment: str) -> None:
    since = _MOMENT.convert(moment, None, None)
    assert _utc(since) == datetime(2026, 1, 1, tzinfo=UTC)
    assert "0 runs selected" in command("export", "--format", "sft", "--since", moment).stderr


@pytest.mark.parametrize(("source", "rows"), [("langfuse", [TRACE]), ("phoenix", SPANS)])
def test_a_score_that_no_trace_has_is_said(
    command: Command, tmp_path: Path, source: str, rows: list[object]
) -> None:
    done = command("import", source, write(tmp_path, rows), "--score", "nosuch", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["new"] == 1
    assert "No run has a score 'nosuch'" in done.stderr


def test_what_an_import_leaves_out_is_said(command: Command, tmp_path: Path) -> None:
    rows = [{"id": "t-9", "input": "When?", "output": None}, {"id": "t-8", **TRACE}, {"id": "t-8", **TRACE}]
    done = command("import", "langfuse", write(tmp_path, rows), "--json")
    value = json.loads(done.stdout)
    assert (value["new"], value["doubles"], value["left_out"]) == (1, 1, 1)
    assert (
        "Left out: 1 records that are no run." in done.stderr and "no assistant answers a user" in done.stderr
    )
