"""Ids as people type them."""

import uuid

from .errors import InputError


def parse_uuid(text: str, noun: str) -> uuid.UUID:
    """``text`` as an id; raises InputError that names what it should be the id of."""
    try:
        return uuid.UUID(text)
    except ValueError as error:
        article = "an" if noun[0] in "aeiou" else "a"
        raise InputError(f"{text!r} is not the id of {article} {noun}.") from error
