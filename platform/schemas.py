"""Validators of JSON Schema that fetch nothing."""

from typing import Any

from jsonschema.protocols import Validator
from referencing import Registry


def closed(schema: dict[str, Any], dialect: type[Validator]) -> Validator:
    """A validator by a dialect; what the schema refers to is looked for in it alone."""
    return dialect(schema, registry=Registry())
