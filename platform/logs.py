"""What a process logs: what happened and where, never what anybody said.

Messages of exceptions are left out, for they may quote a request, a statement's values or a document.
"""

import logging
import traceback
from types import TracebackType

from .database.outage import AWAY

_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class TextFormatter(logging.Formatter):
    """A line of text, and of an exception its type and where it was raised."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatException(self, ei: _Raised) -> str:
        """The frames of an exception and its types, from the cause on."""
        return without_message(ei[1])


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


def configure_logs() -> None:
    """Let a process log to standard error: Whorl's own notices from INFO on, those of libraries from WARNING on."""
    handler = logging.StreamHandler()
    handler.setFormatter(TextFormatter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("whorl").setLevel(logging.INFO)
