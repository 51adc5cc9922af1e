"""Line charts as inline SVG: points and ticks in a box, for the macro ``chart`` of ``parts.html``."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

# The box of the lines within the picture, in its units; what is around it holds the labels.
WIDTH, HEIGHT = 640, 240
LEFT, RIGHT, TOP, BOTTOM = 64, 628, 12, 196
Points = Sequence[Sequence[float | None]]


class Tick(NamedTuple):
    """A mark on an axis: where, and what it says."""

    at: float
    text: str


class Line(NamedTuple):
    """A line: its name, and its points as SVG writes them."""

    label: str
    points: str


class Chart(NamedTuple):
    """A picture; ``told`` says in words what it shows."""

    id: str
    title: str
    x_label: str
    y_label: str
    lines: tuple[Line, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    told: str


def draw_chart(
    title: str, lines: Mapping[str, Points], *, x_label: str = "Step", y_label: str = ""
) -> Chart | None:
    """A chart of lines of ``[x, y]``; None where no line has two points. Values that are None are left out.

    >>> chart = draw_chart("Loss", {"training": [[1, 2.0], [2, None], [3, 1.0]]})
    >>> chart.lines[0].points
    '64.0,12.0 628.0,196.0'
    >>> chart.told
    'training: from 2 at 1 to 1 at 3'
    """
    whole = {
        name: [(x, y) for x, y in points if x is not None and y is not None] for name, points in lines.items()
    }
    drawn = {name: points for name, points in whole.items() if len(points) > 1}
    if not drawn:
        return None
    xs, ys = zip(*(point for points in drawn.values() for point in points), strict=True)
    across, up = (min(xs), max(xs)), (min(ys), max(ys))
    return Chart(
        id=re.sub(r"\W+", "-", title.lower()), title=title, x_label=x_label, y_label=y_label or title,
        lines=tuple(
            Line(name, " ".join(f"{_place(x, across, LEFT, RIGHT):.1f},{_place(y, up, BOTTOM, TOP):.1f}" for x, y in points))
            for name, points in drawn.items()
        ),
        x_ticks=tuple(Tick(_place(x, across, LEFT, RIGHT), f"{x:g}") for x in ticks(*across)),
        y_ticks=tuple(Tick(_place(y, up, BOTTOM, TOP), f"{y:g}") for y in ticks(*up)),
        told="; ".join(
            f"{name}: from {points[0][1]:.4g} at {points[0][0]:g} to {points[-1][1]:.4g} at {points[-1][0]:g}"
            for name, points in drawn.items()
        ),
    )  # fmt: skip


def _place(value: float, ends: tuple[float, float], start: float, stop: float) -> float:
    """Where a value lies between ``start`` and ``stop``; in the middle where there is but one value."""
    low, high = ends
    if low == high:
        return (start + stop) / 2
    return start + (stop - start) * (value - low) / (high - low)


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values from ``low`` to ``high``, at most ``most``, in steps of 1, 2 or 5.

    >>> ticks(0, 30), ticks(0.013, 0.048), ticks(2, 2)
    ([0.0, 10.0, 20.0, 30.0], [0.02, 0.03, 0.04], [2])
    """
    if low == high:
        return [low]
    unit = 10 ** math.floor(math.log10((high - low) / most))
    step = next(unit * by for by in (1, 2, 5, 10, 20) if (high - low) / (unit * by) <= most - 1)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{number * step:.10g}") for number in range(first, last + 1)]
