"""What models cost: US dollars for a million tokens read and written."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..errors import InputError


class Price(NamedTuple):
    """US dollars for a million tokens read and written; None where nobody said."""

    read: float | None = None
    written: float | None = None

    def of(self, read: float, written: float) -> float | None:
        """Dollars for so many tokens; None without a price.

        >>> Price(2.5, 10.0).of(1000, 100)
        0.0035
        """
        if self.read is None or self.written is None:
            return None
        return round((read * self.read + written * self.written) / 1e6, 9)


NO_PRICE = Price()


class _Written(BaseModel):
    """A price as the file writes it."""

    model_config = ConfigDict(extra="forbid")

    read: float = Field(ge=0)
    written: float = Field(ge=0)


class Prices:
    """The price of each model by its name, and of adapters, which cost what is said of them or what their base does."""

    def __init__(self, by_model: Mapping[str, Price] | None = None) -> None:
        self._by_model = dict(by_model or {})

    def of(self, model: str, exactly: str | None = None) -> Price:
        """The price of a model, or of what it is ``exactly``, an adapter or a version of it, where that has one."""
        return self._by_model.get(exactly or model, self._by_model.get(model, NO_PRICE))


def load_prices(file: Path | None) -> Prices:
    """Prices of a JSON file, ``{"model": {"read": 0.15, "written": 0.6}}``; no price without a file.

    Raises InputError for a file that is missing or says something else.
    """
    if file is None:
        return Prices()
    try:
        given = json.loads(file.read_text(encoding="utf-8"))
        written = {str(name): _Written.model_validate(value) for name, value in given.items()}
    except (OSError, ValueError, AttributeError, ValidationError) as error:
        raise InputError(
            f'WHORL_PRICES: {file} is not a file of prices such as {{"model": {{"read": 0.15, "written": 0.6}}}} '
            f"({type(error).__name__}: {error})."
        ) from error
    return Prices({name: Price(value.read, value.written) for name, value in written.items()})
