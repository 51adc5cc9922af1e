"""The embedded database survives what happens to processes."""

import subprocess
import sys
from pathlib import Path

import psutil

_CODE = """
import os, pathlib, sys, psycopg
from whorl.platform.database.embedded import start_embedded
from whorl.platform.database.migrate import migrate
addresses = start_embedded(pathlib.Path(sys.argv[1]))
migrate(addresses.admin)
with psycopg.connect(addresses.admin, autocommit=True) as connection:
    connection.execute("CREATE TABLE IF NOT EXISTS kept (n int)")
    print(connection.execute("SELECT count(*) FROM kept").fetchone()[0])
    connection.execute("INSERT INTO kept VALUES (1)")
sys.stdout.flush()
if sys.argv[2] == "kill":
    os.kill(os.getpid(), 9)
"""


def start(folder: Path, end: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", _CODE, str(folder), end],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def servers(folder: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(folder) in (p.info["cmdline"] or [])]


def test_a_kill_loses_nothing_and_the_last_one_stops_the_server(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    killed = start(folder, "kill")
    assert (killed.returncode, killed.stdout.strip()) == (-9, "0"), killed.stderr
    assert servers(folder), "the server outlives a killed process"
    second = start(folder, "end")
    assert (second.returncode, second.stdout.strip()) == (0, "1"), second.stderr
    assert not servers(folder), "the last process stops the server"
    third = start(folder, "end")
    assert third.stdout.strip() == "2"
