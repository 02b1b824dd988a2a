"""What can be chosen on a curve's plot, and what its label tells of it."""

from __future__ import annotations

from lrgui.core.curve.zones import Zones
from lrgui.core.formats import format_loss


def test_the_label_tells_rate_and_loss(plot, reading):
    tag = plot.annotations.tag
    assert tag.text == f"selected 1e-2 · loss {format_loss(reading.curve.loss_at(1e-2))}"


def test_zones_without_divergence_have_two_names(plot):
    plot.set_zones(Zones(1e-6, 1e-3, 1.0, 1.0, "extend"))
    assert [name.key for name in plot.annotations.names] == ["low", "optimal"]
    assert plot.zones == Zones(1e-6, 1e-3, 1.0, 1.0, "extend")


def test_a_selection_outside_the_sweep_is_told_as_it_is(plot):
    plot.set_selection(5.0)
    plot.grab()
    assert plot.annotations.tag.text == "selected 5 · not measured"
    plot.set_selection(1.0)
    plot.grab()
    assert plot.annotations.tag.text.startswith("selected 1 · loss")
