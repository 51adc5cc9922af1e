"""What a process logs: what happened and where, never what anybody said.

Messages of exceptions are left out, for they may quote a request, a statement's values or a document.
"""

import json
import logging
import traceback
from collections.abc import Sequence
from copy import copy
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute
from starlette.types import Scope

from .database.outage import AWAY
from .settings import Settings

REQUEST = ("method", "route", "status", "ms", "request_id", "tenant")
_FIELDS = "whorl_fields"
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class TextFormatter(logging.Formatter):
    """A line of text, and of an exception its type and where it was raised."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """The record as text; what another formatter made of its exception is not taken over."""
        record = copy(record)
        record.exc_text = None
        return super().format(record)

    def formatException(self, ei: _Raised) -> str:
        """The frames of an exception and its types, from the cause on."""
        return without_message(ei[1])


class JsonFormatter(logging.Formatter):
    """One JSON object a line; a request's fields stand beside the message."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; ``at`` is in UTC."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(), "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        line |= getattr(record, _FIELDS, {})
        if record.exc_info:
            line["exception"] = without_message(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False)


def without_message(error: BaseException | None) -> str:
    """A traceback whose exceptions have no text, those that it came from first."""
    pieces: list[str] = []
    while error is not None:
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        pieces.append("".join([*traceback.format_tb(error.__traceback__), name]))
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nled to\n".join(reversed(pieces))


def log_failure(log: logging.Logger, what: str, error: BaseException) -> None:
    """Log that ``what`` failed; an outage of the database is in one line, for it is no fault of the program's."""
    if isinstance(error, AWAY):
        log.warning("%s: the database is away (%s)", what, type(error).__name__)
        return
    log.error("%s", what, exc_info=error)


def request_logged(log: logging.Logger, level: int, **fields: object) -> None:
    """Log a request by fields that have no content."""
    log.log(
        level, "%s %s %s in %s ms (request %s, tenant %s)", *(fields[name] for name in REQUEST),
        extra={_FIELDS: fields},
    )  # fmt: skip


def route_of(scope: Scope) -> str:
    """The template of a request's route, never its path: that may have names and questions in it."""
    route = scope.get("route")
    templates: dict[int, str] = getattr(scope["app"].state, "templates", {})
    path = templates.get(id(route)) or getattr(route, "path", None)
    if path is None:
        return "/static" if scope["path"].startswith("/static/") else "unknown"
    return str(path)


def templates_of(routes: Sequence[BaseRoute]) -> dict[int, str]:
    """The whole template of each route of an application, by its ``id``: itself it lacks what its routers stand below."""
    found = {
        id(context.original_route): getattr(context, "path", None) for context in iter_route_contexts(routes)
    }
    return {route: path for route, path in found.items() if isinstance(path, str)}


def configure_logs(settings: Settings) -> None:
    """Let a process log to standard error: Whorl's own notices from the level set on, those of libraries from WARNING on.

    Libraries below that tell of requests with their queries, and of forms.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter() if settings.log_format == "json" else TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("whorl").setLevel(settings.log_level.upper())
