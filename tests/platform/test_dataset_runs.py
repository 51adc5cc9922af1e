"""The rows of datasets' runs are those of the manifests, whoever writes these: an upgrade, a build, an erasure."""

import json
import uuid

import psycopg

from tests.conftest import Addresses
from whorl.platform.database.migrate import migrate

from .earlier import database_at, make_tenant

ACME, RIVAL = uuid.UUID(int=5), uuid.UUID(int=6)
FIRST, SECOND, THIRD = (str(uuid.UUID(int=number)) for number in range(1, 4))


def write(url: str, tenant: uuid.UUID, dataset: uuid.UUID, manifest: dict[str, object]) -> None:
    """A dataset as an app writes it, or its manifest anew."""
    with psycopg.connect(url) as connection:
        connection.execute("SELECT set_config('whorl.tenant_id', %s, true)", [str(tenant)])
        connection.execute(
            "INSERT INTO datasets (tenant_id, id, format, rows, held_out_rows, content_hash, manifest, folder, created_at) "
            "VALUES (%s, %s, 'sft', 1, 0, '', %s, '', now()) "
            "ON CONFLICT (tenant_id, id) DO UPDATE SET manifest = excluded.manifest",
            [tenant, dataset, json.dumps(manifest)],
        )


def stored(url: str) -> set[tuple[uuid.UUID, uuid.UUID, str]]:
    with psycopg.connect(url) as connection:
        return set(connection.execute("SELECT tenant_id, dataset_id, run_id::text FROM dataset_runs"))


def test_an_upgrade_knows_the_runs_of_the_datasets_that_there_are(template_database: Addresses) -> None:
    before = database_at("0017", template_database)
    ours, theirs, older = (uuid.uuid4() for _ in range(3))
    for tenant, slug in ((ACME, "acme"), (RIVAL, "rival")):
        make_tenant(before.admin, tenant, slug)
    write(before.app, ACME, ours, {"runs": [FIRST, SECOND, SECOND]})
    write(before.app, RIVAL, theirs, {"runs": [THIRD]})
    write(before.app, RIVAL, older, {})
    migrate(before.admin)
    assert stored(before.admin) == {(ACME, ours, FIRST), (ACME, ours, SECOND), (RIVAL, theirs, THIRD)}
    with psycopg.connect(before.app) as connection:
        assert connection.execute("SELECT count(*) FROM datasets").fetchone() == (0,), (
            "the policy holds again"
        )


def test_rows_follow_the_manifest(database: Addresses) -> None:
    make_tenant(database.admin, ACME, "acme")
    dataset, other = uuid.uuid4(), uuid.uuid4()
    write(database.app, ACME, dataset, {"runs": [FIRST, SECOND]})
    write(database.app, ACME, other, {"runs": [FIRST]})
    write(database.app, ACME, dataset, {"runs": [SECOND, THIRD]})
    assert stored(database.admin) == {(ACME, dataset, SECOND), (ACME, dataset, THIRD), (ACME, other, FIRST)}
    write(database.app, ACME, other, {"runs": []})
    assert stored(database.admin) == {(ACME, dataset, SECOND), (ACME, dataset, THIRD)}
    with psycopg.connect(database.admin) as connection:
        connection.execute("DELETE FROM datasets")
    assert stored(database.admin) == set()
