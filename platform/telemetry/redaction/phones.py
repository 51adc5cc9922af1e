"""Telephone numbers, by how their digits are grouped; those that could be anything are looked up."""

import re

import phonenumbers

# Digits with the marks that people put between them, and an extension.
PHONE = re.compile(
    r"[+(\d](?<![\w.,:/+$€£#(-].)(?:(?<=\()\+?\d{1,5}\)|(?<=\+)\(?\d|(?<=\d))(?:[ .\u00a0/-]{0,2}\(?\d\)?){5,16}"
    r"(?:\s?(?:x|ext\.?)\s?\d{1,5})?(?![\w-]|[.,:]\d|\s?[%€$])"
)
# Plans whose numbers begin with 0 at home, and North America's ten digits.
_REGIONS = ("GB", "DE", "FR", "IN", "AU", "IL", "NL", "SE", "BR", "CH", "AT", "IT")
_DATE = re.compile(
    r"(?:(?:1[5-9]|2[01])\d\d([-/. ])\d{1,2}\1\d{1,2}|\d{1,2}([-/. ])\d{1,2}\2\d{4})(?: \d{1,2})?|"
    r"(?:1[89]|20)\d\d ?[-/] ?(?:1[89]|20)?\d\d"
)
# Sums below one, and ranges that begin at nought.
_FRACTION = re.compile(r"0[.,-]\d+")
_DECIMAL = re.compile(r"\d+\.\d+")
_GROUP = re.compile(r"\d+")
_EXTENSION = re.compile(r"\s?(?:x|ext\.?)\s?\d{1,5}$")


def score_phone(value: str) -> float:
    """How surely grouped digits are a telephone number; 0 for dates, sums and plain counts."""
    bare = _EXTENSION.sub("", value)
    groups = _GROUP.findall(bare)
    count = sum(map(len, groups))
    if not 7 <= count <= 15 or _DATE.fullmatch(bare) or _FRACTION.fullmatch(bare):
        return 0.0
    if bare.startswith(("+", "00", "(")):
        return 0.75
    if len(groups) == 1:
        return 0.5 if count >= 9 and _is_valid(bare) else 0.0
    if max(map(len, groups)) > 8 or min(map(len, groups)) < 2 - (groups[0] in ("0", "1", "7", "8")):
        return 0.0
    if bare[0] == "0" or len(value) > len(bare):
        return 0.6
    if len(groups) >= 3:
        return 0.5
    return 0.45 if re.fullmatch(r"\d{3}[-.]\d{4}|\d{3,5} \d{6,7}|\d{2,3}-\d{7,8}", bare) else 0.0


def is_local(value: str) -> bool:
    """Whether groups of digits may be a number as it is dialled at home, and are no hours, years, date or decimal number."""
    is_number = 6 <= sum(map(str.isdigit, value)) <= 15 and not _DECIMAL.fullmatch(value)
    return is_number and not _DATE.fullmatch(value)


def _is_valid(digits: str) -> bool:
    """Whether a run of digits is a number of one of the regions' plans, written as at home."""
    regions = _REGIONS if digits[0] == "0" else ("US",) if len(digits) in (10, 11) else ()
    return any(phonenumbers.is_valid_number(phonenumbers.parse(digits, region)) for region in regions)
