"""Times as other systems write them."""

import re
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

_NUMBER = re.compile(r"\d+(?:\.\d+)?")
# Seconds up to the year 5138; beyond, a number counts smaller parts.
_SECONDS = 1e11
# Spans have no later time: their nanoseconds are of 64 bits.
_LAST_YEAR = 2261


class Period(NamedTuple):
    """When something began and ended; None where nothing says so."""

    started: datetime | None = None
    ended: datetime | None = None


UNDATED = Period()


def moment_of(value: object) -> datetime | None:
    """A time in ISO 8601, or in seconds, milli-, micro- or nanoseconds since 1970; None for all else. Without a zone it is UTC.

    >>> moment_of("2026-01-01T10:00:02.5Z") == moment_of(1767261602500)
    True
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    text = str(value)
    try:
        found = _since_1970(float(text)) if _NUMBER.fullmatch(text) else datetime.fromisoformat(text)
        aware = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return aware if 1970 <= aware.year <= _LAST_YEAR else None


def moment_of_id(value: object) -> datetime | None:
    """The time in an id that is a UUID of version 7 (RFC 9562), None for all others."""
    try:
        found = uuid.UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment_of(found.int >> 80) if found and found.version == 7 else None


def period_of(moments: Iterable[object]) -> Period:
    """From the first of several times to the last."""
    known = [moment for moment in map(moment_of, moments) if moment is not None]
    return Period(min(known), max(known)) if known else UNDATED


def _since_1970(number: float) -> datetime:
    for _ in range(3):
        number = number / 1000 if number >= _SECONDS else number
    return datetime.fromtimestamp(number, UTC)
