"""Bring a database to the schema of this release."""

from pathlib import Path

import psycopg
from alembic import command
from alembic.config import Config

from ..errors import PrerequisiteError
from .session import sqlalchemy_url

MIGRATIONS = Path(__file__).parents[2] / "migrations"
_LOCK = 0x57484F524C  # "WHORL": one migration at a time per database


def alembic_config(admin_url: str) -> Config:
    """Alembic's configuration for ``admin_url``, without an ini file."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("sqlalchemy.url", sqlalchemy_url(admin_url).replace("%", "%%"))
    return config


def migrate(admin_url: str, revision: str = "head") -> None:
    """Upgrade to ``revision``; safe to call from several processes at once.

    Raises PrerequisiteError when the database cannot be reached or lacks pgvector.
    """
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", [_LOCK])
            command.upgrade(alembic_config(admin_url), revision)
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
