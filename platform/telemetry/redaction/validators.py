"""Whether a number is what it looks like: check digits and reserved ranges."""

import hashlib
import ipaddress

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def is_card(value: str) -> bool:
    """Luhn's check digit (ISO/IEC 7812-1) and a first digit that card networks use."""
    digits = [int(character) for character in value if character.isdigit()]
    if digits[0] not in (2, 3, 4, 5, 6) or len(set(digits)) == 1:
        return False
    doubled = [2 * digit - 9 * (digit > 4) for digit in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_iban(value: str) -> bool:
    """The remainder by 97 (ISO 13616)."""
    bare = value.replace(" ", "").replace("-", "").upper()
    turned = bare[4:] + bare[:4]
    return turned.isascii() and turned.isalnum() and int("".join(str(int(c, 36)) for c in turned)) % 97 == 1


def is_long(value: str) -> bool:
    """As long as the shortest IBAN, Norway's 15: one with a slip of the pen is still an IBAN."""
    return sum(character.isalnum() for character in value) >= 15


def is_ssn(value: str) -> bool:
    """No area 000, 666 or 9xx, no group 00, no serial 0000."""
    digits = "".join(character for character in value if character.isdigit())
    area, group, serial = digits[:3], digits[3:5], digits[5:]
    return area not in ("000", "666") and area[0] != "9" and group != "00" and serial != "0000"


def is_address(value: str) -> bool:
    """An IPv4 or IPv6 address."""
    try:
        ipaddress.ip_address(value)
    except ValueError:
        return False
    return True


def is_wallet(value: str) -> bool:
    """Base58Check of a Bitcoin address; the newer and other forms are told by their prefix."""
    if value.startswith(("bc1", "0x")):
        return True
    number = 0
    for character in value:
        number = number * 58 + _BASE58.index(character)
    raw = number.to_bytes(25, "big") if number < 256**25 else b""
    return bool(raw) and hashlib.sha256(hashlib.sha256(raw[:21]).digest()).digest()[:4] == raw[21:]


def is_month_day(value: str) -> bool:
    """Whether three groups of digits can be a date, in one of the usual orders."""
    parts = [int(part) for part in value.replace("/", "-").replace(".", "-").split("-")]
    year, rest = (parts[0], parts[1:]) if parts[0] > 31 else (parts[2], parts[:2])
    return (year < 100 or 1850 <= year < 2150) and min(rest) >= 1 and max(rest) <= 31 and min(rest) <= 12
