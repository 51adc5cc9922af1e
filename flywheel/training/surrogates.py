"""Surrogates: placeholders of redaction become made-up values before training.

A model trained on ``<PERSON_1>`` learns to write ``<PERSON_1>``. So each placeholder of a row is
replaced by an invented value of its kind, the same one throughout the row, drawn from the row's
own content and the seed ("hiding in plain sight", Carrell et al. 2013,
https://doi.org/10.1136/amiajnl-2012-001034). Datasets keep the placeholders.
"""

import hashlib
import json
import random
import re
from collections.abc import Callable
from typing import Any

from ...platform.telemetry.redaction.placeholders import PLACEHOLDER
from ..seed import names

_Draw = Callable[[random.Random], str]


def _digits(form: str) -> _Draw:
    return lambda draw: re.sub("#", lambda _: str(draw.randrange(10)), form)


_KINDS: dict[str, _Draw] = {
    "PERSON": names.person,
    "LOCATION": names.place,
    "ORGANIZATION": names.organisation,
    "EMAIL_ADDRESS": names.email,
    "PHONE_NUMBER": names.phone,
    "CREDIT_CARD": _digits("4### #### #### ####"),
    "IBAN_CODE": _digits("DE## #### #### #### #### ##"),
    "US_SSN": _digits("###-##-####"),
    "IP_ADDRESS": _digits("10.#.#.##"),
    "DATE_TIME": _digits("1# March 20##"),
    "AGE": _digits("4#"),
    "ZIP_CODE": _digits("9####"),
}


def with_surrogates(row: dict[str, Any], seed: int) -> dict[str, Any]:
    """The row with every placeholder replaced; rows without one come back as they are."""
    text = json.dumps(row, sort_keys=True, ensure_ascii=False)
    placeholders = dict.fromkeys(match[0] for match in PLACEHOLDER.finditer(text))
    if not placeholders:
        return row
    digest = hashlib.sha256(f"{seed}\0{text}".encode()).digest()
    draw = random.Random(digest)
    values = {placeholder: _KINDS.get(_kind(placeholder), names.code)(draw) for placeholder in placeholders}
    replaced: dict[str, Any] = _visit(row, values)
    return replaced


def _kind(placeholder: str) -> str:
    return placeholder[1:].rsplit("_", 1)[0]


def _visit(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, str):
        return PLACEHOLDER.sub(lambda match: values[match[0]], value)
    if isinstance(value, dict):
        return {key: _visit(item, values) for key, item in value.items()}
    if isinstance(value, list):
        return [_visit(item, values) for item in value]
    return value
