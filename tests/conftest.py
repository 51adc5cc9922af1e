"""What all tests share: no network, one embedded PostgreSQL, a Whorl with a scripted model."""

import gc
import os
import socket
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psycopg
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from psycopg.conninfo import conninfo_to_dict, make_conninfo

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# LlamaIndex carries the vocabulary that tiktoken would download.
_found = find_spec("llama_index.core")
assert _found is not None and _found.submodule_search_locations
os.environ.setdefault("TIKTOKEN_CACHE_DIR", f"{_found.submodule_search_locations[0]}/_static/tiktoken_cache")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Until all is imported, see pytest_collection_finish.
    gc.disable()
    # One core each: threads of two processes that wait for each other spin.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    # A worker has no main file, which a process that anyio starts looks for.
    sys.modules["__main__"].__file__ = str(Path(__file__).with_name("__init__.py"))

from tests.warm import Warm
from whorl.agents.prompt import SOURCE
from whorl.flywheel.training import launch
from whorl.platform.app import Whorl, open_whorl
from whorl.platform.database.embedded import Addresses, start_embedded
from whorl.platform.database.migrate import migrate
from whorl.platform.identity import members
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend, call_text
from whorl.platform.settings import Settings

_LOCAL = ("127.", "::1", "localhost", "0.0.0.0")
ROOT = Path(__file__).parents[1]
SHARED = ROOT.parent / "shared" / "data"


# Files that take a core for minutes. They come first: what is last is done by one core alone.
LONGEST = (
    "flywheel/test_resume.py", "flywheel/test_apart.py", "flywheel/test_training.py", "flywheel/test_demo.py",
    "flywheel/test_continued.py", "platform/test_isolation.py", "platform/test_outages.py", "ui/test_browser.py",
    "flywheel/test_seed.py", "flywheel/test_spool.py", "platform/test_worker.py", "flywheel/test_readers.py",
    "platform/test_previous.py", "platform/test_kill.py", "test_layout.py", "test_docs.py", "test_cli.py",
)  # fmt: skip


def pytest_configure() -> None:
    """What a test waits for does not yield to the tests beside it; benchmarks, which read this file too, measure just that."""
    os.environ.setdefault("WHORL_BACKGROUND_PRIORITY", "normal")


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """What gzip packed names no test: it holds the second it was packed in, and two workers must find the same tests."""
    return argname if isinstance(val, bytes) and val.startswith(b"\x1f\x8b") else None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, the others as they are."""
    tests = Path(__file__).parent
    places = {tests / name: place for place, name in enumerate(LONGEST)}
    assert all(path.is_file() for path in places), "a file of tests has another name now"
    items.sort(key=lambda item: places.get(item.path, len(LONGEST)))


def pytest_collection_finish() -> None:
    """What is imported stays: no collection of garbage needs to look through it again, and trainings ask for many."""
    gc.collect()
    gc.freeze()
    gc.enable()


class NetworkBlocked(RuntimeError):
    """A test tried to reach another machine."""


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Any connection to another machine raises."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and not str(address[0]).startswith(_LOCAL):
            raise NetworkBlocked(f"a test tried to connect to {address}")
        connect(self, address)

    patch = pytest.MonkeyPatch()
    patch.setattr(socket.socket, "connect", guarded)
    yield
    patch.undo()


@pytest.fixture(scope="session")
def template_database(tmp_path_factory: pytest.TempPathFactory) -> Addresses:
    """A migrated database that others are copied from."""
    addresses = start_embedded(tmp_path_factory.mktemp("postgres") / "data", "template_whorl")
    # What a test kills is a process, never the machine: nothing needs to have reached the disk.
    with psycopg.connect(addresses.admin, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("ALTER SYSTEM SET full_page_writes = off")
        connection.execute("SELECT pg_reload_conf()")
    migrate(addresses.admin)
    return addresses


@pytest.fixture(scope="session")
def make_database(template_database: Addresses) -> Callable[[], Addresses]:
    """Makes copies of the migrated database."""

    def make() -> Addresses:
        name = f"t{uuid.uuid4().hex[:12]}"
        with psycopg.connect(
            make_conninfo(template_database.admin, dbname="postgres"), autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE template_whorl")
        return Addresses(*(url.replace("/template_whorl?", f"/{name}?") for url in template_database))

    return make


@pytest.fixture
def database(make_database: Callable[[], Addresses]) -> Iterator[Addresses]:
    """An empty, migrated database of the test's own."""
    made = make_database()
    yield made
    name = conninfo_to_dict(made.admin)["dbname"]
    with psycopg.connect(make_conninfo(made.admin, dbname="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def quote_first(messages: list[Any], tools: list[Any], adapter: str | None) -> str:
    """A scripted model: searches for the question, then quotes the first passage."""
    last = messages[-1]
    if last["role"] == "user":
        return call_text("search", query=last["content"])
    line = (last["content"].splitlines() or [""])[0]
    if not line.startswith("[1]"):
        return "The documents do not say."
    return f"{line.removeprefix('[1] ').split(SOURCE)[0]} [1]"


def test_settings(database: Addresses, folder: Path, **changes: Any) -> Settings:
    """Settings of a test: its own database and folder, the hashing embedder, no screening by the clock."""
    values = {
        "data_dir": folder, "database_url": database.app, "database_admin_url": database.admin,
        "embedder": "hashing", "reranker": "identity", "search_passages": 4,
        "screen_captured": False, "background_priority": os.environ["WHORL_BACKGROUND_PRIORITY"],
    }  # fmt: skip
    return Settings(**{**values, **changes})


test_settings.__test__ = False  # type: ignore[attr-defined]


@pytest.fixture
def settings(database: Addresses, tmp_path: Path) -> Settings:
    """Settings with a database of the test's own."""
    return test_settings(database, tmp_path / "whorl")


@pytest_asyncio.fixture
async def whorl(settings: Settings) -> AsyncIterator[Whorl]:
    """A running Whorl whose model quotes the first passage."""
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as opened:
        yield opened


@pytest_asyncio.fixture
async def acme(whorl: Whorl) -> Actor:
    """The owner of the tenant ``acme``."""
    return operator_of((await ensure_tenant(whorl.engine, "acme")).tenant)


@pytest_asyncio.fixture
async def rival(whorl: Whorl) -> Actor:
    """The owner of another tenant."""
    return operator_of((await ensure_tenant(whorl.engine, "rival")).tenant)


@pytest.fixture(scope="session", autouse=True)
def cheap_passwords() -> Iterator[None]:
    """Hashes of passwords take as little as argon2 lets them."""
    patch = pytest.MonkeyPatch()
    patch.setattr(members, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    yield
    patch.undo()


@pytest.fixture(scope="session", autouse=True)
def warm_trainings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Training processes are copies of one that has everything imported."""
    warm = Warm(tmp_path_factory.mktemp("warm"))
    patch = pytest.MonkeyPatch()
    patch.setattr(launch, "process_command", warm.command)
    yield
    patch.undo()
    warm.close()
