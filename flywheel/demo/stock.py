"""Halden's stock: the same numbers on every machine."""

import hashlib


def units(product: str, city: str) -> int:
    """How many units of a product lie in an office's store."""
    digest = hashlib.sha256(f"{product.strip().lower()}/{city.strip().lower()}".encode()).digest()
    return int.from_bytes(digest[:2], "big") % 180 + 3
