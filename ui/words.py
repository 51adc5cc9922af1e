"""Values in words: the filters of the templates."""

import re
from decimal import Decimal

from markupsafe import Markup, escape

_CODE = re.compile(r"``?([^`]+)``?")


def percent(value: float | None) -> str:
    """A share without decimals.

    >>> percent(0.525)
    '52 %'
    """
    return "–" if value is None else f"{value:.0%}".replace("%", " %")


def number(value: float) -> str:
    """A number with its thousands apart.

    >>> number(12345), number(0.25)
    ('12,345', '0.25')
    """
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


def dollars(amount: float | Decimal) -> str:
    """An amount of US dollars; fractions of a cent as far as they say something.

    >>> dollars(12), dollars(0.0000125), dollars(0)
    ('$12.00', '$0.0000125', '$0')
    """
    if not amount:
        return "$0"
    return f"${amount:,.2f}" if amount >= 1 else "$" + f"{amount:.10f}".rstrip("0")[:12]


def duration(milliseconds: float) -> str:
    """A time as one would say it.

    >>> duration(0.42), duration(31), duration(4200), duration(150_000)
    ('0.4 ms', '31 ms', '4.2 s', '2 min 30 s')
    """
    if milliseconds < 10:
        return f"{milliseconds:.1f} ms"
    if milliseconds < 1000:
        return f"{milliseconds:.0f} ms"
    if milliseconds < 60_000:
        return f"{milliseconds / 1000:.1f} s"
    minutes, seconds = divmod(round(milliseconds / 1000), 60)
    return f"{minutes} min {seconds} s"


def size(count: int) -> str:
    """Bytes.

    >>> size(0), size(2048)
    ('0 bytes', '2.0 KiB')
    """
    if count < 1024:
        return f"{count} bytes"
    if count < 1024**2:
        return f"{count / 1024:.1f} KiB"
    return f"{count / 1024**2:.1f} MiB"


def short(text: str, length: int = 90) -> str:
    """The beginning of a text on one line.

    >>> short("a  long   text", 8)
    'a long…'
    """
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rstrip() + "…"


def counted(count: int, noun: str) -> str:
    """A number of things.

    >>> counted(1, "row"), counted(2000, "row")
    ('1 row', '2,000 rows')
    """
    return f"{number(count)} {noun}{'' if count == 1 else 's'}"


def coded(text: str) -> Markup:
    """A docstring's words, its ``literals`` as code.

    >>> coded("Use ``a < b``.")
    Markup('Use <code>a &lt; b</code>.')
    """
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))
