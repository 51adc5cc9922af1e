"""Bring a database to the schema of this release."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from ..errors import PrerequisiteError
from .embedded import Addresses
from .session import sqlalchemy_url

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_LOCK = 0x57484F524C  # "WHORL": one migration at a time per database


def alembic_config(admin_url: str) -> Config:
    """Alembic's configuration for ``admin_url``, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(admin_url).replace("%", "%%"))
    return config


def prepare(addresses: Addresses) -> None:
    """Bring the schema up to date as its owner; without the owner's URL, see that somebody else has.

    Raises PrerequisiteError where that is not so.
    """
    if addresses.admin:
        migrate(addresses.admin)
        return
    with _answering(addresses.app) as connection:
        try:
            found = _revision(connection)
        except psycopg.errors.InsufficientPrivilege:  # as before the migration that lets the application look
            found = None
    if found in _known() - {_newest()} or found is None:
        raise PrerequisiteError(
            f"The database's schema is {found or 'too old'}, this release needs {_newest()}. Run whorl migrate with "
            "WHORL_DATABASE_ADMIN_URL first."
        )


def migrate(admin_url: str, revision: str = "head") -> None:
    """Upgrade to ``revision``; safe to call from several processes at once.

    A schema of a later release is left as it is: migrations expand it, so that this release runs on it.
    Raises PrerequisiteError when the database cannot be reached or lacks pgvector.
    """
    with _answering(admin_url) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
        found = _revision(connection)
        if revision == "head" and found == _newest():
            return
        if found is None or found in _known():
            command.upgrade(alembic_config(admin_url), revision)


def _revision(connection: psycopg.Connection) -> str | None:
    """The revision that a database is at; None for an empty one."""
    [exists] = connection.execute("SELECT to_regclass('alembic_version') IS NOT NULL").fetchone() or [False]
    row = connection.execute("SELECT version_num FROM alembic_version").fetchone() if exists else None
    return None if row is None else str(row[0])


@cache
def _scripts() -> ScriptDirectory:
    """The migrations, each of which is read once."""
    return ScriptDirectory(str(MIGRATIONS))


def _known() -> set[str]:
    """The revisions of this release and those before."""
    return {script.revision for script in _scripts().walk_revisions()}


def _newest() -> str:
    return str(_scripts().get_current_head())


@contextmanager
def _answering(url: str) -> Iterator[psycopg.Connection]:
    """A connection; raises PrerequisiteError where the database does not answer."""
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=10) as connection:
            yield connection
    except psycopg.OperationalError as error:
        raise PrerequisiteError(
            f"The database does not answer: {str(error).strip().splitlines()[0]} "
            "Check WHORL_DATABASE_URL and WHORL_DATABASE_ADMIN_URL."
        ) from error


def check_application_role(app_url: str) -> None:
    """Refuse an application role that row-level security would not hold.

    Raises PrerequisiteError when the role is a superuser, may bypass row-level security, or owns
    one of Whorl's tables.
    """
    with psycopg.connect(app_url, connect_timeout=10) as connection:
        row = connection.execute(
            "SELECT rolname, rolsuper OR rolbypassrls, EXISTS (SELECT FROM pg_tables "
            "WHERE tableowner = rolname AND schemaname = 'public') "
            "FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
    if row is None or row[1] or row[2]:
        role = row[0] if row else "unknown"
        raise PrerequisiteError(
            f"The database role {role!r} can see every tenant (it is a superuser, bypasses row-level "
            "security or owns the tables). Let WHORL_DATABASE_URL name the role whorl_app and "
            "WHORL_DATABASE_ADMIN_URL the owner."
        )
