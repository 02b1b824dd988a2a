"""The race's plot: what is drawn of every candidate, and that nothing overlaps or is cut off unsaid."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor

from lrgui.core.events import StandingEvent, UntrainedEvent
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import RaceSettings
from lrgui.core.standings import Ranking, Standings
from lrgui.plot.race_bars import Candidate
from lrgui.plot.race_plot import RacePlot, faded
from lrgui.plot.theme import DARK, LIGHT

#: A fixed field.
CONFIG = RaceSettings(around=0.032, rates=7, steps=100)
SCORES = [0.9, 0.5, 0.31, 0.3, 0.33, 0.6, math.inf]


def ranking(scores: list[float] = SCORES) -> Ranking:
    standings = Standings(RaceSettings(around=0.032, rates=7, rounds=1))
    standings.add([StandingEvent(0, c, lr, scores[c], scores[c] < 1, 100) for c, lr in enumerate(standings.lrs)])
    return standings.ranking()


def field(scores: list[float] = SCORES, lengths: tuple[int, ...] = (25, 50, 100, 100, 100, 50, 7)) -> list[Candidate]:
    falls = [2.3 * np.exp(-np.arange(n) / 20) + 0.1 for n in lengths]
    return [
        Candidate(c, lr, falls[c], 25 * 2 ** (0 if n <= 25 else 1 if n <= 50 else 2), scores[c], n == 100, False)
        for c, (lr, n) in enumerate(zip(CONFIG.lrs(), lengths, strict=True))
    ]


@pytest.fixture
def plot(qtbot) -> RacePlot:
    plot = RacePlot()
    qtbot.addWidget(plot)
    plot.resize(800, 640)
    plot.begin(CONFIG, True)
    plot.show()
    qtbot.waitExposed(plot)
    return plot


def test_every_candidate_has_a_line_and_a_bar(plot):
    plot.show_race(field(), ranking(), over=True)
    plot.grab()
    assert [len(line.points[0]) for line in plot.lines] == [25, 50, 100, 100, 100, 50, 7]
    bars = [plot.columns.bar(c) for c in field()]
    assert bars[6] is None and all(bar is not None for bar in bars[:6])
    heights = [bar.height() for bar in bars[:6]]
    assert heights.index(min(heights)) == 3 and heights[0] > heights[1] > heights[2]
    assert [words for words, _, _ in plot.columns.labels()] == [
        "0.900",
        "0.500",
        "0.310",
        "0.300",
        "0.330",
        "0.600",
        "diverged",
    ]


def test_bars_of_shorter_trainings_are_marked(plot):
    plot.show_race(field(), ranking(), over=True)
    assert plot.bars.legend.entries[0].text == "pale: judged after 50 steps or fewer"
    assert plot.columns._fills[0] == faded(LIGHT.low_line), "and so its bar is pale"
    plot.show_race(field(lengths=(100,) * 7), ranking(), over=True)
    assert not any("fewer" in entry.text for entry in plot.bars.legend.entries)


def test_the_winner_is_marked_only_at_the_end(plot):
    plot.show_race(field(), ranking())
    assert plot.winner.text == "" and len(plot.smooth.points[0])
    plot.show_race(field(), ranking(), over=True)
    assert plot.winner.text.startswith("measured 2.") or plot.winner.text.startswith("measured 3")
    nobody = ranking([math.inf] * 7)
    plot.show_race(field([math.inf] * 7), nobody, over=True)
    assert plot.winner.text == "" and not len(plot.smooth.points[0])
    plot.grab()


def test_those_that_are_out_are_pale_and_the_leader_stands_out(plot):
    plot.show_race(field(), ranking())
    looks = [plot.look(c) for c in field()]
    assert looks[3][0] == LIGHT.optimal_line and looks[3][1] == max(width for _, width, _ in looks)
    assert looks[0][0] == faded(LIGHT.low_line) and looks[2][0] == LIGHT.low_line
    assert QColor(looks[0][0]).alpha() < 100 and QColor(looks[2][0]).alpha() == 255
    # Never by colour alone: below and above the pick have dashes of their own.
    assert looks[2][2] != looks[4][2] != "solid"


@pytest.mark.parametrize("size", [(800, 640), (380, 440)])
def test_labels_at_the_lines_ends_never_overlap_and_stay_inside(plot, size):
    plot.resize(*size)
    plot.show_race(field(lengths=(100,) * 7), ranking())
    plot.grab()
    plot.reset_view()
    placed = plot.ends.placed()
    assert len(placed) == 7
    inside = QRectF(plot.curves.view.rect()).adjusted(-1, -1, 1, 1)
    assert all(inside.contains(box) for _, _, box in placed)
    assert not any(a.intersects(b) for (_, _, a), (_, _, b) in combinations(placed, 2))


@pytest.mark.parametrize("height", [640, 420, 340, 280])
def test_the_numbers_and_the_winners_name_have_room_in_a_low_plot(plot, height):
    plot.show_race(field(), ranking(), over=True)
    plot.resize(800, height)
    plot.grab()
    assert [chart.bottom.title for chart in (plot.curves, plot.bars)] == (
        ["Training step", "Max learning rate"] if height > 300 else ["", ""]
    )
    numbers = [box for _, box, _ in plot.columns.labels()]
    ((_, name),) = plot.winner.labels()
    assert len(numbers) == 7 and min(box.top() for box in numbers) >= 0
    assert not any(box.intersects(name) for box in numbers)
    _, ends = plot.lowest.points
    assert ends.tolist() == list(plot.bars.view.viewRange()[1]), "the mark of the lowest point is as high as the plot"


def test_a_bar_that_is_cut_says_so(plot):
    scores = [50.0, 0.5, 0.31, 0.3, 0.33, 0.6, 0.7]
    plot.show_race(field(scores), ranking([1 - 1e-9, *scores[1:]]))
    plot.grab()
    cut = [plot.columns.is_cut(c) for c in field(scores)]
    assert cut == [True, *[False] * 6]
    assert plot.columns.labels()[0][0] == "50.0"
    box = plot.columns.labels()[0][1]
    assert box.top() >= 0


def test_losses_below_zero_have_bars_that_hang(plot):
    scores = [-0.1, -0.2, -0.5, -0.6, -0.4, 0.1, 0.2]
    plot.show_race(field(scores), ranking(scores), over=True)
    plot.grab()
    hanging, standing = plot.columns.bar(field(scores)[3]), plot.columns.bar(field(scores)[6])
    assert hanging.top() == pytest.approx(standing.bottom(), abs=1)


def test_deep_falls_are_drawn_on_a_logarithmic_axis(plot):
    plot.show_race(field(), ranking())
    assert plot.lines[3].points[1][0] == pytest.approx(math.log10(2.4), abs=0.02)
    shallow = [Candidate(0, CONFIG.lrs()[0], np.linspace(2.0, 1.0, 25), 25, math.nan, True, True)]
    plot.begin(CONFIG, False)
    plot.show_race(shallow, ranking())
    assert plot.lines[0].points[1][0] == pytest.approx(2.0)
    assert plot.bars.left.title == "Last losses"


def test_an_explosion_leaves_the_view_and_the_others_stay_readable(plot):
    candidates = field()
    exploded = np.array([2.3, 2.4, 5.0, 1e3, 1e6, math.inf, math.nan])
    candidates[6] = Candidate(6, CONFIG.lrs()[6], exploded, 25, math.inf, False, False)
    plot.show_race(candidates, ranking())
    plot.grab()
    (_, _), (low, high) = plot.curves.view.viewRange()
    assert high < 3 and low < math.log10(0.2)


def test_dark_and_a_new_race(plot):
    plot.show_race(field(), ranking(), over=True)
    plot.set_palette(DARK)
    assert plot.look(field()[3])[0] == DARK.optimal_line
    corner = plot.grab().toImage().pixelColor(2, 2)
    assert corner.lightness() < 60
    plot.begin(RaceSettings(rates=9), True)
    assert plot.winner.text == "" and all(not len(line.points[0]) for line in plot.lines)
    plot.grab()


BRACKET = RaceSettings(around=0.032, steps=100)


def bracketed(scores: dict[int, float], untrained: float) -> tuple[list[Candidate], Ranking]:
    """A race that brackets, with losses by place around the pick."""
    standings = Standings(BRACKET)
    standings.add([UntrainedEvent(untrained)])
    candidates = []
    for number, lr in enumerate(standings.lrs):
        score = scores.get(number - BRACKET.middle, math.nan)
        losses = np.full(0 if math.isnan(score) else 100, score)
        candidates.append(Candidate(number, lr, losses, len(losses), score, True, False))
        if len(losses):
            standings.add([StandingEvent(0, number, lr, score, True, 100)])
    return candidates, standings.ranking()


def legend(plot) -> list[str]:
    return [entry.text for entry in plot.bars.legend.entries]


def test_a_race_that_brackets_names_its_parabola_and_the_safety_step(plot):
    plot.begin(BRACKET, True)
    candidates, found = bracketed({-1: 0.4, 0: 0.3, 1: 0.35}, 0.5)
    plot.show_race(candidates, found, over=True)
    plot.grab()
    assert [words for words, _, _ in plot.columns.labels()] == ["0.400", "0.300", "0.350"]
    # Through the three bars, from the one to the other.
    x, y = plot.smooth.points
    assert (x[0], x[-1]) == pytest.approx((2.0, 4.0)) and (y[0], y[-1]) == pytest.approx((0.4, 0.35))
    assert plot.lowest.points[0][0] == pytest.approx(x[int(np.argmin(y))], abs=0.05)
    assert plot.winner.text == f"measured {format_lr(found.lr)}"
    assert legend(plot) == [
        "parabola",
        f"lowest {format_lr(found.lowest)}, safety step ÷1.19",
        "untrained 0.500",
    ]
    assert plot.untrained.points[1].tolist() == [0.5, 0.5]
    # All of it is there in a window of usual size.
    plot.resize(640, 640)
    plot.grab()
    assert len(plot.bars.legend.placed()) == 3


def test_bars_come_one_by_one_and_without_a_winner_none_is_marked(plot):
    plot.begin(BRACKET, True)
    plot.show_race(*bracketed({0: 0.3}, 0.5))
    plot.grab()
    assert [words for words, _, _ in plot.columns.labels()] == ["0.300"] and not len(plot.smooth.points[0])
    plot.show_race(*bracketed({-1: 2.7, 0: 2.6, 1: 2.8}, 2.3), over=True)
    plot.grab()
    assert plot.winner.text == "" and not len(plot.lowest.points[0]) and legend(plot) == ["untrained 2.30"]


@pytest.mark.parametrize(
    ("best", "names"),
    [
        (0, ["leader: starting rate", "below it", "above it"]),
        (1, ["leader", "starting rate", "below it", "above it"]),
    ],
)
def test_the_legend_names_only_lines_that_are_there(plot, best, names):
    plot.begin(BRACKET, True)
    plot.show_race(*bracketed({place: 0.3 + 0.1 * abs(place - best) for place in (-1, 0, 1, 2)}, 2.3))
    assert [entry.text for entry in plot.curves.legend.entries] == names


def test_in_a_narrow_window_the_legend_is_whole_and_every_bar_has_its_rate(plot):
    plot.resize(384, 440)
    plot.begin(BRACKET, True)
    candidates, found = bracketed({-2: 0.41, -1: 0.4, 0: 0.42, 1: 0.5}, 0.7)
    plot.show_race(candidates, found, over=True)
    plot.grab()
    shown = [entry.text for entry, _, _ in plot.curves.legend.placed()]
    assert shown == ["leader", "starting rate", "below it", "above it"]
    rates = [tick.text for tick in plot.bars.bottom.ticks()]
    assert rates == [format_lr(c.lr) for c in candidates if c.steps]
    low, high = plot.bars.view.viewRange()[0]
    assert plot.bars.bottom.size().width() / (high - low) > 50, "so far apart they all have room"


def test_the_candidate_under_the_pointer_is_read_off(plot):
    plot.show_race(field(), ranking())
    read = plot.words_at(plot.bars, 1.2, 0.0)
    assert read.startswith(format_lr(field()[1].lr)) and read.endswith("50 steps")
    assert plot.words_at(plot.bars, 40.0, 0.0) == ""
    line = plot.lines[3]
    x, y = (float(part[len(part) // 2]) for part in line.points)
    lr, step, loss = plot.words_at(plot.curves, x, y).split(" · ")
    assert lr in {format_lr(candidate.lr) for candidate in field()}
    assert step == f"step {round(x) + 1}" and loss.startswith("training loss ")
    assert plot.words_at(plot.curves, 1e6, 0.0) == ""
