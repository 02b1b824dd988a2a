"""Places of colours and dashes: seeds share a colour, and no two runs a look as long as there are enough."""

from __future__ import annotations

import pytest

from lrgui.plot.theme import LIGHT
from lrgui.runs.looks import next_place


def placed(rates: str) -> list[int]:
    """Places of runs, each a letter of its rate; what is of one letter are its seeds."""
    found, first = list[int](), dict[str, int]()
    for rate in rates:
        found.append(next_place(found, first.get(rate)))
        first.setdefault(rate, found[-1])
    return found


def test_without_seeds_the_colours_take_turns() -> None:
    assert placed("abcdefgh") == list(range(8))


@pytest.mark.parametrize("rates", ["aabbcc", "abcabc", "aabbccddee", "aaaabbbbccccdddd"])
def test_seeds_share_a_colour_and_nothing_looks_alike(rates: str) -> None:
    looks = [LIGHT.look(place) for place in placed(rates)]
    of_rates = [[look for each, look in zip(rates, looks, strict=True) if each == rate] for rate in sorted(set(rates))]
    colours = [{colour for colour, _ in each} for each in of_rates]
    assert len(set(looks)) == len(rates)
    assert all(len(each) == 1 for each in colours)
    assert len(set.union(*colours)) == min(4, len(of_rates))
