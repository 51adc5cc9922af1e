"""Pages of lists: opaque cursors, and the Link header that leads to the next page (RFC 8288)."""

import base64
import binascii
import json
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request
from starlette.responses import Response

from .errors import InputError
from .storable import storable

PageCursor = Annotated[
    str | None,
    Query(max_length=2000, description="Where the page begins: from the Link header of the page before."),
]
MOST = 1000
_Place = TypeVar("_Place")


def cursor_of(value: str) -> str:
    """The cursor of what follows ``value``, the key of a page's last row.

    >>> place_of(cursor_of("tides.md"))
    'tides.md'
    """
    return base64.urlsafe_b64encode(json.dumps([value]).encode()).decode().rstrip("=")


def place_of(cursor: str) -> str:
    """The key that a cursor stands for; raises InputError for what is no cursor."""
    try:
        [value] = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, TypeError, binascii.Error) as error:
        raise InputError(
            "This is no cursor: take it from the Link header of the page before.", "cursor"
        ) from error
    if not isinstance(value, str) or storable(value) != value:
        raise InputError("This is no cursor: take it from the Link header of the page before.", "cursor")
    return value


def id_of(cursor: str) -> uuid.UUID:
    """The row's id that a cursor stands for; raises InputError."""
    try:
        return uuid.UUID(place_of(cursor))
    except ValueError as error:
        raise InputError("This is a cursor of another list.", "cursor") from error


def number_of(cursor: str) -> int:
    """The row's number that a cursor stands for; raises InputError."""
    place = place_of(cursor)
    if not (place.isascii() and place.isdecimal() and len(place) < 10):
        raise InputError("This is a cursor of another list.", "cursor")
    return int(place)


def address_of(cursor: str) -> str:
    """The row's e-mail address that a cursor stands for; raises InputError."""
    place = place_of(cursor)
    if "@" not in place:
        raise InputError("This is a cursor of another list.", "cursor")
    return place


def moment_of(cursor: str) -> tuple[datetime, uuid.UUID]:
    """The row's time and id, as ``at_moment`` writes them, that a cursor stands for; raises InputError."""
    try:
        moment, row_id = place_of(cursor).split(" ")
        return datetime.fromisoformat(moment), uuid.UUID(row_id)
    except ValueError as error:
        raise InputError("This is a cursor of another list.", "cursor") from error


def at_moment(moment: datetime, row_id: uuid.UUID) -> str:
    """Where a row stands in a list by time, as text for a cursor."""
    return f"{moment.isoformat()} {row_id}"


def link_next(request: Request, response: Response, keys: Sequence[str], limit: int) -> None:
    """Lead to the page after the one that ends with the last of ``keys``, where this one is full."""
    if len(keys) < limit:
        return
    url = request.url.include_query_params(cursor=cursor_of(keys[-1]))
    response.headers["Link"] = f'<{url.path}?{url.query}>; rel="next"'


class WholePage:
    """A page of a list that came whole before it came by the page: as much as one may hold, unless less is asked for."""

    def __init__(
        self,
        request: Request,
        response: Response,
        limit: Annotated[int, Query(ge=1, le=MOST, description="How many rows a page has.")] = MOST,
        cursor: PageCursor = None,
    ) -> None:
        self.limit = limit
        self._request, self._response, self._cursor = request, response, cursor

    def place(self, read: Callable[[str], _Place]) -> _Place | None:
        """Where the page begins, as ``read`` has it of the cursor, which raises InputError; None for the first page."""
        return None if self._cursor is None else read(self._cursor)

    def lead(self, keys: Sequence[str]) -> None:
        """Lead to the page after the one that ends with the last of ``keys``."""
        link_next(self._request, self._response, keys, self.limit)


OnePage = Annotated[WholePage, Depends()]
