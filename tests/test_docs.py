"""The documentation's examples run, and what it names exists."""

import json
import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from click import Command, Context, Group

from tests.conftest import ROOT, Addresses, quote_first, test_settings
from whorl.platform.app import create_app
from whorl.platform.cli import main
from whorl.platform.identity.bootstrap import ensure_tenant
from whorl.platform.serving.engine.scripted import ScriptedBackend

DOCS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


@pytest.fixture
def server(database: Addresses, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """Address and key of a running server with the scripted model."""
    app = create_app(test_settings(database, tmp_path / "whorl"), backend=ScriptedBackend(quote_first))
    running = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.05)
    port = running.servers[0].sockets[0].getsockname()[1]
    import asyncio

    from whorl.platform.database.session import create_engine

    async def first_key() -> str:
        engine = create_engine(database.app)
        created = await ensure_tenant(engine, "acme")
        await engine.dispose()
        return str(created.key)

    yield f"http://127.0.0.1:{port}", asyncio.run(first_key())
    running.should_exit = True
    thread.join(timeout=20)


def test_the_examples_of_the_api_run_in_order(server: tuple[str, str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    assert len(blocks) >= 7
    names = {"BASE_URL": server[0], "KEY": server[1]}
    for number, block in enumerate(blocks):
        if "/spans" in block:
            block = block.replace("spans = ", "time.sleep(3); spans = ")
            names["time"] = time  # type: ignore[assignment]
        block = block.replace("captured = ", "time.sleep(3); captured = ")
        exec(compile(block, f"docs/api.md block {number}", "exec"), names)
    assert names["spans"], "spans were stored"


def test_the_curl_examples_of_the_api_run(server: tuple[str, str]) -> None:
    blocks = re.findall(r"```bash\n(curl .*?)```", (ROOT / "docs" / "api.md").read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        environment = {**os.environ, "BASE_URL": server[0], "KEY": server[1]}
        done = subprocess.run(
            ["bash", "-c", block], env=environment, capture_output=True, text=True, check=True
        )
        assert json.loads(done.stdout) == {}


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_commands_that_are_named_exist(file: Path) -> None:
    for block in re.findall(r"```sh\n(.*?)```", file.read_text(), re.DOTALL):
        for line in block.splitlines():
            words = shlex.split(line, comments=True)
            if words[:1] == ["whorl"]:
                _check_command(words[1:])
            if words[:1] == ["make"]:
                assert re.search(
                    rf"^{words[1].split('-')[0]}[-%\w]*:", (ROOT / "Makefile").read_text(), re.MULTILINE
                ), line


def test_the_readme_says_where_the_command_is_before_it_uses_it() -> None:
    text, makefile = ((ROOT / name).read_text() for name in ("README.md", "Makefile"))
    venv = re.search(r"^VENV := (\S+)$", makefile, re.MULTILINE)
    assert venv is not None and f"\n. {venv[1]}/bin/activate " in text[: text.index("\nwhorl ")]


def _check_command(words: list[str]) -> None:
    command: Command = main
    while isinstance(command, Group):
        child = command.get_command(Context(command), words[0])
        assert child is not None, words
        command, words = child, words[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= options, words


@pytest.mark.parametrize("file", DOCS, ids=lambda file: file.name)
def test_links_and_files_that_are_named_exist(file: Path) -> None:
    text = file.read_text()
    for target in re.findall(r"\]\((?!https?://|#)([^)#]+)", text):
        assert (file.parent / target).exists(), target
    for path in re.findall(
        r"`((?:platform|agents|retrieval|flywheel|ui|migrations|tests|docs)/[\w/.-]+)`", text
    ):
        assert (ROOT / path).exists(), path
