"""Reading from a thread that has no event loop."""

import threading
from collections.abc import Sequence
from typing import Any

import psycopg

from .rls import TENANT_SETTING

_CONNECT_SECONDS = 3
# Within which a statement is answered: who reads holds up what waits for the rows.
STATEMENT_SECONDS = 2.0
_SETTINGS = "SELECT set_config(%s, %s, true), set_config('statement_timeout', %s, true)"


class TenantReader:
    """Reads rows of one tenant at a time over a connection that is kept; threads take turns."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    def rows(self, tenant_id: str, query: str, parameters: Sequence[Any]) -> list[Any]:
        """The rows of a query; raises psycopg.OperationalError while the database cannot be reached or is too slow.

        A kept connection may have died with the server it was to, so that a new one is tried then; a statement that
        took ``STATEMENT_SECONDS`` is not tried again.
        """
        with self._lock:
            if self._connection is not None:
                try:
                    return _read(self._connection, tenant_id, query, parameters)
                except psycopg.errors.QueryCanceled:
                    raise
                except psycopg.OperationalError:
                    self._drop()
            connection = psycopg.connect(self._url, connect_timeout=_CONNECT_SECONDS, autocommit=True)
            self._connection = connection
            try:
                return _read(connection, tenant_id, query, parameters)
            except psycopg.OperationalError:
                self._drop()
                raise

    def close(self) -> None:
        """Give the connection up; another read opens a new one."""
        with self._lock:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _read(
    connection: psycopg.Connection[Any], tenant_id: str, query: str, parameters: Sequence[Any]
) -> list[Any]:
    with connection.transaction():
        connection.execute(_SETTINGS, [TENANT_SETTING, tenant_id, f"{STATEMENT_SECONDS * 1000:.0f}"])
        return connection.execute(query, parameters).fetchall()
