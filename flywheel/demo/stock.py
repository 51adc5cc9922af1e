"""Halden's stock: the same numbers on every machine."""

import hashlib
from typing import NamedTuple


class Ledger(NamedTuple):
    """One of the books of the stock system. No document explains the codes; the people of Halden know them."""

    code: str
    questions: tuple[str, ...]
    sentence: str


LEDGERS = (
    Ledger("F1", (
        "How many units of the {p} are in stock in {c}?", "How many of the {p} are in stock in {c}?",
    ), "{n} units of the {p} are in stock in {c}."),
    Ledger("R2", (
        "How many units of the {p} are reserved in {c}?", "How many of the {p} are reserved in {c}?",
    ), "{n} units of the {p} are reserved in {c}."),
    Ledger("T3", (
        "How many units of the {p} are on order in {c}?", "How many of the {p} are on order in {c}?",
    ), "{n} units of the {p} are on order in {c}."),
)  # fmt: skip


def units(product: str, city: str, ledger: str) -> int:
    """How many units of a product an office has in a ledger; raises ValueError where there is no such ledger."""
    if ledger not in {known.code for known in LEDGERS}:
        raise ValueError(f"There is no ledger {ledger}.")
    key = f"{product.strip().lower()}/{city.strip().lower()}/{ledger}"
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:2], "big") % 180 + 3
