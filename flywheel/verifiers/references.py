"""Reference answers, as data sets hold them: text, a number, JSON or JSON in a text. What is none raises ValueError."""

import json
from typing import Any


def said(reference: Any) -> str:
    """Text, or a number as text."""
    if isinstance(reference, dict | list):
        raise ValueError(f"a reference here is text or a number, not {_told(reference)}")
    return str(reference)


def any_of(reference: Any) -> list[str]:
    """One answer, or a list of answers that are all right."""
    return [said(one) for one in reference] if isinstance(reference, list) else [said(reference)]


def parsed(reference: Any) -> Any:
    """A value, read from JSON where it is text."""
    return json.loads(reference) if isinstance(reference, str) else reference


def an_object(reference: Any) -> dict[str, Any]:
    found = parsed(reference)
    if not isinstance(found, dict):
        raise ValueError(f"a reference here is a JSON object, not {_told(found)}")
    return found


def _told(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)[:60]
