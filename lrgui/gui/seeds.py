"""How many seeds a training is run with."""

from __future__ import annotations

from lrgui.gui.editors import Choice

SEEDS = (1, 2, 3, 5, 10)


def seeds_choice() -> Choice:
    """A list of how many."""
    box = Choice()
    for count in SEEDS:
        box.addItem(f"× {count} seed{'s' if count > 1 else ''}", count)
    box.setAccessibleName("Seeds")
    box.set_tip("Train with so many seeds, from the task's own on: the table then has mean and standard deviation")
    return box
