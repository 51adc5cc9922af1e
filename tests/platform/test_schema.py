"""Which schema an app runs on: its own release's or a later one, and who brings it there."""

import psycopg
import pytest

from tests.conftest import Addresses
from whorl.platform.database.migrate import migrate, prepare
from whorl.platform.errors import PrerequisiteError


def pretend(database: Addresses, revision: str) -> None:
    with psycopg.connect(database.admin) as connection:
        connection.execute("UPDATE alembic_version SET version_num = %s", [revision])


def test_an_app_without_the_owner_sees_that_the_schema_is_up_to_date(database: Addresses) -> None:
    prepare(Addresses(database.app, ""))
    pretend(database, "0006")
    with pytest.raises(PrerequisiteError, match=r"is 0006, this release needs .* whorl migrate"):
        prepare(Addresses(database.app, ""))


def test_a_schema_that_nobody_made_is_said(database: Addresses) -> None:
    with psycopg.connect(database.admin) as connection:
        connection.execute("DROP TABLE alembic_version")
    with pytest.raises(PrerequisiteError, match="too old"):
        prepare(Addresses(database.app, ""))


def test_an_earlier_release_leaves_the_schema_of_a_later_one(database: Addresses) -> None:
    """As after a roll-back of the app: migrations only expand."""
    pretend(database, "9999")
    migrate(database.admin)
    prepare(Addresses(database.app, ""))
