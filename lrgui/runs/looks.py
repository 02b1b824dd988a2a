"""Which colour and dashes a run has among others: a place in the row of looks that a palette has."""

from __future__ import annotations

from collections.abc import Collection
from itertools import count

#: So many colours take turns: places so far apart are of one colour, with other dashes.
COLOURS = 4


def next_place(taken: Collection[int], beside: int | None = None) -> int:
    """The lowest place that is free in the colour of the one at `beside`, where there is such a one: the seeds of a
    rate; else in the colour that is used least."""
    used = [sum(place % COLOURS == colour for place in taken) for colour in range(COLOURS)]
    colour = used.index(min(used)) if beside is None else beside % COLOURS
    return next(place for place in count(colour, COLOURS) if place not in taken)
