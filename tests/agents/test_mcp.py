"""Tools of MCP servers: connections, what is shown of a result, the file that names them, and their names."""

import asyncio
import doctest
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Settings
from whorl.agents.runs import RunRequest
from whorl.agents.toolbox import Toolbox
from whorl.agents.tools import mcp_connection, mcp_names
from whorl.agents.tools.base import Observation, Tool, ToolContext
from whorl.agents.tools.calculator import calculator
from whorl.agents.tools.mcp import mcp_tools
from whorl.agents.tools.mcp_config import McpConfig, McpServer, load_mcp_config
from whorl.agents.tools.mcp_names import named
from whorl.platform.app import open_whorl
from whorl.platform.errors import InputError, PrerequisiteError
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.serving.messages import ToolCall

SERVER = Path(__file__).parent / "mcp_server.py"
UNSURE = (
    "Error: The connection to the MCP server 'far' broke during the call. The call may have been carried out"
)


class Process:
    """The test server over HTTP, at one address each time it is started."""

    def __init__(self, calls: Path, *arguments: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self._command = [sys.executable, str(SERVER), str(calls), "--port", str(self.port), *arguments]
        self.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/mcp"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(self._command)
        while self._process.poll() is None:
            with socket.socket() as client:
                if client.connect_ex(("127.0.0.1", self.port)) == 0:
                    return

    def stop(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def over_http(calls: Path, *arguments: str) -> Iterator[Process]:
    """The test server, running."""
    process = Process(calls, *arguments)
    try:
        yield process
    finally:
        process.stop()


def over_stdio(calls: Path, *arguments: str, **fields: Any) -> McpServer:
    """The test server, to be started by Whorl."""
    return McpServer(command=sys.executable, args=[str(SERVER), str(calls), *arguments], **fields)


@asynccontextmanager
async def boxed(server: McpServer) -> AsyncIterator[Toolbox]:
    """The tools of one server."""
    async with mcp_tools(McpConfig(mcpServers={"far": server})) as tools:
        yield Toolbox(tools)


async def call(box: Toolbox, name: str) -> Observation:
    """What a tool says to a call without arguments."""
    asked: ToolCall = {"id": "1", "type": "function", "function": {"name": name, "arguments": "{}"}}
    return await box.call(asked, ToolContext(uuid.uuid4()))


async def pid(box: Toolbox, name: str = "look") -> int:
    """The process that a tool ran in."""
    observation = await call(box, name)
    assert not observation.is_error, observation.text
    return int(observation.text.split()[1])


def noted(calls: Path) -> list[str]:
    """The calls that the server began with."""
    return calls.read_text().split()


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """The file in which the test server notes its calls."""
    return tmp_path / "calls.txt"


async def test_tools_over_http() -> None:
    import uvicorn
    from mcp.server import MCPServer

    server = MCPServer("echo")

    @server.tool()
    def shout(text: str) -> str:
        """Say it louder."""
        return text.upper()

    running = uvicorn.Server(uvicorn.Config(server.streamable_http_app(), port=0, log_level="error"))
    task = asyncio.create_task(running.serve())
    while not running.started:
        await asyncio.sleep(0.05)
    port = running.servers[0].sockets[0].getsockname()[1]
    config = McpConfig(mcpServers={"echo": McpServer(url=f"http://127.0.0.1:{port}/mcp")})
    async with mcp_tools(config) as tools:
        observation = await tools[0].function({"text": "tide"}, ToolContext(uuid.uuid4()))
    running.should_exit = True
    await task
    assert (tools[0].name, observation.text) == ("shout", "TIDE")


@pytest.mark.parametrize("command", ["/no/such/command", "false"])
async def test_a_server_that_is_not_there_is_named(command: str) -> None:
    with pytest.raises(PrerequisiteError, match="'far' cannot be reached"):
        async with boxed(McpServer(command=command)):
            pass


async def test_a_server_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_connection, "CONNECT_SECONDS", 0.2)
    with pytest.raises(PrerequisiteError, match="'far' did not answer within"):
        async with boxed(McpServer(command=sys.executable, args=["-c", "import sys; sys.stdin.read()"])):
            pass


async def test_a_process_that_died_is_started_again(calls: Path) -> None:
    async with boxed(over_stdio(calls)) as box:
        first = await pid(box)
        os.kill(first, signal.SIGKILL)
        second = await pid(box)
        assert await pid(box, "write") == second != first
    with pytest.raises(ProcessLookupError):
        os.kill(second, 0)
    assert noted(calls) == ["look", "look", "write"]


async def test_a_call_that_may_have_been_carried_out_is_not_repeated(calls: Path) -> None:
    async with boxed(over_stdio(calls)) as box:
        died = await call(box, "die")
        assert died.is_error and died.text.startswith(UNSURE)
        await pid(box, "write")
    assert noted(calls) == ["die", "write"]


async def test_a_call_that_changes_nothing_is_made_once_more(calls: Path) -> None:
    async with boxed(over_stdio(calls)) as box:
        await pid(box, "die_once")
    assert noted(calls) == ["die_once", "die_once"]


async def test_calls_wait_for_one_new_connection(calls: Path) -> None:
    async with boxed(over_stdio(calls)) as box:
        first = await pid(box)
        os.kill(first, signal.SIGKILL)
        processes = await asyncio.gather(*(pid(box) for _ in range(5)))
    assert len(set(processes)) == 1 and first not in processes


@pytest.mark.parametrize("era", [[], ["--old"]], ids=["without sessions", "with sessions"])
async def test_an_http_server_that_was_restarted_is_connected_to_again(calls: Path, era: list[str]) -> None:
    with over_http(calls, *era) as server:
        async with boxed(McpServer(url=server.url)) as box:
            first = await pid(box, "write")
            server.stop()
            server.start()
            second = await pid(box, "write")
            assert second != first and noted(calls) == ["write", "write"]
            assert (await call(box, "die")).text.startswith(UNSURE)
            server.stop()
            server.start()
            await pid(box, "write")
    assert noted(calls) == ["write", "write", "die", "write"]


async def test_an_http_server_that_is_away_is_named_until_it_is_back(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_connection, "PAUSES", (0.0, 0.0))
    with over_http(calls) as server:
        async with boxed(McpServer(url=server.url)) as box:
            server.stop()
            away = await call(box, "write")
            assert away.is_error and "'far' cannot be reached" in away.text
            server.start()
            await pid(box, "write")
    assert noted(calls) == ["write"]


async def test_an_http_server_that_comes_back_is_waited_for(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_connection, "PAUSES", (0.1,) * 10_000)
    monkeypatch.setattr(mcp_connection, "AGAIN_SECONDS", 600.0)
    with over_http(calls) as server:
        async with boxed(McpServer(url=server.url)) as box:
            server.stop()
            write = box.tools["write"].function
            waiting = asyncio.gather(write({}, ToolContext(uuid.uuid4())))
            await asyncio.to_thread(server.start)
            [written] = await waiting
            assert not written.is_error
    assert noted(calls) == ["write"]


async def test_all_pages_of_a_list_are_read(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["one", "two", "three", "four", "five"]
    server = over_stdio(calls, "--page", "2", "--tools", *names)
    async with boxed(server) as box:
        assert list(box.tools) == names
        await pid(box, "five")
    monkeypatch.setattr(mcp_connection, "MOST_PAGES", 2)
    with pytest.raises(PrerequisiteError, match="'far' lists its tools on more than 2 pages"):
        async with boxed(server):
            pass


async def test_what_a_result_holds_is_shown(calls: Path) -> None:
    async with boxed(over_stdio(calls, "--tools", "parts", "structured")) as box:
        shown, structured = [(await call(box, name)).text for name in ("parts", "structured")]
    assert shown.splitlines() == [
        "Here is all:", "It turns twice a day.", "[resource content, application/zip, of file:///tide.bin]",
        "[image content, image/png]", "[audio content, audio/wav]", "[link to file:///ebb.txt: ebb, text/plain]",
    ]  # fmt: skip
    assert structured == '{"tides": 2}'


async def test_a_result_that_breaks_the_servers_own_word_is_an_error(calls: Path) -> None:
    async with boxed(over_stdio(calls, "--tools", "wrong", "look")) as box:
        wrong = await call(box, "wrong")
        assert (
            wrong.is_error
            and "'far' answered what cannot be read: Tool wrong has an output schema" in wrong.text
        )
        await pid(box)


def read(tmp_path: Path, environ: dict[str, str] | None = None, **servers: Any) -> dict[str, McpServer]:
    """The servers of a file."""
    path = tmp_path / "mcp.json"
    path.write_text(json.dumps({"mcpServers": servers}))
    return load_mcp_config(path, environ or {}).mcpServers


@pytest.mark.parametrize(
    ("server", "said"),
    [({}, "The MCP server 'a': give either command or url"),
     ({"command": "x", "url": "http://a"}, "The MCP server 'a': give either command or url"),
     ({"comand": "x"}, "The MCP server 'a' has the unknown field 'comand'. Fields are: type, command"),
     ({"command": "x", "args": "y"}, "The MCP server 'a', args: Input should be a valid list"),
     ({"url": "http://a", "type": "sse"}, "The MCP server 'a', type: sse is not supported. Let the server offer"),
     ({"url": "http://a", "type": "ws"}, "The MCP server 'a', type: Input should be 'stdio', 'http' or"),
     ({"url": "http://a", "type": "stdio"}, "The MCP server 'a': the type stdio does not go with url"),
     ({"command": "x", "type": "http"}, "The MCP server 'a': the type http does not go with command"),
     ({"command": "x", "headers": {"A": "secret"}}, "The MCP server 'a': headers go with url"),
     ({"url": "http://a", "headers": {"A": 7}}, "The MCP server 'a', headers.A: Input should be a valid string"),
     ({"url": "http://a", "headers": {"A": "${B}"}}, "The MCP server 'a', headers.A needs the environment variable B"),
     ({"command": "x", "env": {"A": "${B}"}}, "The MCP server 'a', env.A needs the environment variable B"),
     ({"command": "x", "env": {"A": "${input:b}"}}, "The MCP server 'a', env.A has a reference that is none. Write ${NAME}"),
     ({"url": "http://a", "headers": {"A": "secret\n"}}, "The MCP server 'a' has the header 'A', which cannot be sent"),
     ({"url": "http://a", "headers": {"A b": "secret"}}, "The MCP server 'a' has the header 'A b', which cannot be sent")],
)  # fmt: skip
def test_a_wrong_server_is_explained(tmp_path: Path, server: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError) as refused:
        read(tmp_path, a=server)
    assert said in str(refused.value) and "secret" not in str(refused.value)
    assert "secret" not in str(refused.value.__cause__)


def test_a_file_that_is_not_json_is_explained(tmp_path: Path) -> None:
    (tmp_path / "mcp.json").write_text("{")
    with pytest.raises(InputError, match="not JSON"):
        load_mcp_config(tmp_path / "mcp.json")


def test_a_file_may_be_as_other_clients_write_it(tmp_path: Path) -> None:
    servers = read(
        tmp_path,
        {"TOKEN": "geheim"},
        stock={"type": "stdio", "command": "stock", "env": {"KEY": "k-${TOKEN}"}},
        far={"type": "http", "url": "http://a/mcp", "headers": {"Authorization": "Bearer ${TOKEN}"}},
        other={"type": "streamable-http", "url": "http://b/mcp"},
        off={"command": "gone", "env": {"KEY": "${NOT_SET}"}, "disabled": True},
    )
    assert list(servers) == ["stock", "far", "other"]
    assert servers["stock"].env == {"KEY": "k-geheim"}
    assert servers["far"].headers == {"Authorization": "Bearer geheim"}
    assert "geheim" not in f"{servers!r} {McpConfig(mcpServers=servers)}"


async def test_a_server_that_asks_for_a_header_has_it(calls: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with over_http(calls, "--token", "geheim") as server:
        async with boxed(McpServer(url=server.url, headers={"Authorization": "Bearer geheim"})) as box:
            await pid(box)
        with pytest.raises(
            PrerequisiteError, match=r"'far' cannot be reached: it answered 401 Unauthorized\."
        ):
            async with boxed(McpServer(url=server.url, headers={"Authorization": "Bearer falsch"})):
                pass
    assert "geheim" not in caplog.text and "falsch" not in caplog.text


async def test_a_disabled_server_is_left_alone() -> None:
    async with boxed(McpServer(command="/no/such/command", disabled=True)) as box:
        assert not box.tools


def tool(name: str, *tenants: str) -> Tool:
    """A tool of some workspaces, or all."""

    async def run(arguments: dict[str, Any], context: ToolContext) -> Observation:
        return Observation("")

    return Tool(name, "", run, tenants=frozenset(tenants) or None)


def test_each_tool_of_a_workspace_has_a_name_of_its_own() -> None:
    listed = {
        "docs": [tool("search"), tool("read")],
        "more docs": [tool("read"), tool("write")],
        "acme": [tool("list", "acme"), tool("read", "acme")],
        "rival": [tool("list", "rival")],
        "both": [tool("list", "acme", "rival")],
    }
    names = [each.name for each in named([tool("search"), calculator], listed)]
    assert names == [
        "docs_search", "read", "more_docs_read", "write", "list", "acme_read", "list", "both_list",
    ]  # fmt: skip


def test_the_example_of_names_holds() -> None:
    assert doctest.testmod(mcp_names) == (0, 3)


def test_names_are_such_as_model_servers_take() -> None:
    long = "a" * 80
    given = ["files/read", "files.read", "files_read", long, long + "b", "größe", "read"]
    names = {
        each.listed or each.name: each.name for each in named([], {"docs": [tool(each) for each in given]})
    }
    assert names["files_read"] == "files_read" and names["read"] == "read"
    assert names["files.read"] == "docs_files_read" and names["größe"] == "gr__e" and names[long] == "a" * 64
    assert len(set(names.values())) == len(given) and list(names) == given
    assert all(len(name) <= 64 and name.replace("-", "_").isidentifier() for name in names.values())
    for turn in range(20):
        mixed = random.Random(turn).sample(given, len(given))
        again = named([], {"docs": [tool(each) for each in mixed]})
        assert {each.listed or each.name: each.name for each in again} == names


def test_a_tool_is_known_by_its_servers_name_too_where_it_has_another() -> None:
    """One that was recalled or named by an agent before models were given another name for it stays so."""
    box = Toolbox([calculator, *named([calculator], {"docs": [tool("files.read"), tool("calculator")]})])
    assert list(box.tools) == ["calculator", "files_read", "docs_calculator"]
    assert list(box.without(["files.read"]).tools) == ["calculator", "docs_calculator"]
    assert list(box.without(["calculator"]).tools) == ["files_read", "docs_calculator"]
    assert list(box.only(["docs_calculator", "files.read", "files_read"]).tools) == [
        "docs_calculator",
        "files_read",
    ]


async def test_servers_may_call_their_tools_as_whorl_and_each_other_do(
    settings: Settings, tmp_path: Path, calls: Path
) -> None:
    servers = {
        "docs": over_stdio(calls, "--tools", "search", "files/read", "list", tenants=["acme"]),
        "others": over_stdio(calls, "--tools", "list", tenants=["rival"]),
    }
    (tmp_path / "mcp.json").write_text(McpConfig(mcpServers=servers).model_dump_json(exclude_none=True))

    def script(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
        if messages[-1]["role"] == "user":
            return call_text("docs_search") + call_text("files_read") + call_text("list")
        return " ".join(message["content"].split()[0] for message in messages if message["role"] == "tool")

    changed = settings.model_copy(update={"mcp_config": tmp_path / "mcp.json"})
    async with open_whorl(changed, backend=ScriptedBackend(script)) as whorl:
        actors = [
            operator_of((await ensure_tenant(whorl.engine, slug)).tenant)
            for slug in ("acme", "rival", "third")
        ]
        offered = [list(whorl.agents.toolbox.of_tenant(actor.tenant_slug).tools) for actor in actors]
        ended = await whorl.agents.answer(actors[0], RunRequest("Where?"))
    own = ["search", "calculator"]
    assert offered == [[*own, "docs_search", "files_read", "list"], [*own, "list"], own]
    assert ended.answer == "search files/read list" and noted(calls) == ended.answer.split()
