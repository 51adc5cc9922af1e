"""Conditions of queries."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ARRAY, ColumnElement, any_, literal


def one_of(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """``IN`` with one parameter, whatever the number of values: a statement takes at most 65,535."""
    among: ColumnElement[bool] = column == any_(literal(list(values), ARRAY(column.type)))
    return among
