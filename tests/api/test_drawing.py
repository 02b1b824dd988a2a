"""A result drawn with matplotlib."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator

import matplotlib
import numpy as np
import pytest
from matplotlib.legend import Legend

from lrgui.api.figure import rendered
from lrgui.api.result import Result
from lrgui.core.curve.zones import ZONE_NAMES
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]

matplotlib.use("Agg")


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    """No figure is left behind."""
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def names(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


def legends(ax) -> list[list[str]]:
    """The words of each legend, from above to below."""
    found = [child for child in ax.get_children() if isinstance(child, Legend)]
    found.sort(key=lambda legend: -legend.get_window_extent().y0)
    return [[text.get_text() for text in legend.get_texts()] for legend in found]


def test_curve_zones_and_pick(make: Make) -> None:
    result = make()
    ax = result.plot()
    ax.figure.canvas.draw()
    assert ax.get_xscale() == "log" and ax.get_title() == "LR Finder: digits · small CNN"
    dots, line = ax.lines[:2]
    np.testing.assert_array_equal(dots.get_xdata(), result.curve.lr)
    np.testing.assert_array_equal(dots.get_ydata(), result.curve.loss)
    np.testing.assert_array_equal(line.get_ydata(), result.curve.smoothed)
    assert any(np.allclose(other.get_xdata(), result.lr) for other in ax.lines[2:])
    assert any(text.startswith(f"recommended {format_lr(result.lr)} · loss ") for text in names(ax))
    for forms in ZONE_NAMES.values():
        assert set(forms) & set(names(ax))
    assert legends(ax)[0] == ["batch loss", "smoothed", "average, β 0.98"]


def test_each_rule_has_a_numbered_mark_on_the_average_that_it_read(make: Make) -> None:
    result = make()
    ax = result.plot()
    found = [s for s in result.reading.suggestions.values() if s.lr is not None]
    assert len(found) == 5
    assert legends(ax)[1] == [f"{n}  {s.label}: {format_lr(s.lr)}" for n, s in enumerate(found, start=1)]
    diamonds = [line for line in ax.lines if line.get_marker() == "D"]
    for mark, rule in zip(diamonds, found, strict=True):
        (lr,), (loss,) = mark.get_data()
        assert lr == rule.lr
        assert loss == pytest.approx(np.interp(np.log(lr), np.log(result.curve.lr), result.curve.average))
    assert set("12345") <= set(names(ax))


def test_no_marks_where_no_rule_has_an_answer(make: Make) -> None:
    ax = make((np.geomspace(1e-6, 1, 200), 2 + 0.01 * np.random.default_rng(0).standard_normal(200))).plot()
    assert legends(ax) == [["batch loss", "smoothed"]]


def test_the_style_of_the_line_is_the_callers(make: Make) -> None:
    ax = make().plot(color="#123456", linewidth=3.5, label="mine")
    line = next(line for line in ax.lines if line.get_label() == "mine")
    assert line.get_color() == "#123456" and line.get_linewidth() == 3.5
    assert "mine" in legends(ax)[0]


def test_names_and_label_lie_apart(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario("stable")
    for shift in (-2.0, -1.0, 0.0, 1.0, 1.5):
        config = SweepSettings(start_lr=float(lr[0] * 10**shift), end_lr=float(lr[-1] * 10**shift))
        ax = make((lr * 10**shift, loss), config=config).plot()
        ax.figure.canvas.draw()
        texts = [text for text in ax.texts if text.get_text()]
        boxes = [text.get_window_extent() for text in texts]
        assert len(boxes) >= 3
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i]), [t.get_text() for t in texts]


def test_on_axes_of_ones_own(make: Make) -> None:
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2)
    assert make().plot(axes[1]) is axes[1]
    assert len(figure.axes) == 2 and not axes[0].lines
    figure.canvas.draw()


def test_matplotlib_has_nothing_to_say_about_fonts(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in the caller's font, which has no semibold, nor in the program's own, which has nothing else."""
    said: list[str] = []
    listener, logger = logging.Handler(), logging.getLogger("matplotlib")
    monkeypatch.setattr(listener, "emit", lambda record: said.append(record.getMessage()))
    monkeypatch.setattr(logger, "handlers", [*logger.handlers, listener])
    logging.getLogger("matplotlib.font_manager").warning("It is heard.")
    result = make()
    result.plot().figure.canvas.draw()
    rendered(result.plot, "png")
    assert said == ["It is heard."]


def test_repeats_and_metric(make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]) -> None:
    lr, _ = scenario()
    rise = np.linspace(0, 1, 200)
    records = [record(lr, scenario("noisy", s)[1], number=s, metric=rise) for s in range(3)]
    result = make(records, metric_name="accuracy $")
    ax = result.plot()
    ax.figure.canvas.draw()  # a lone dollar is no mathematics
    assert sum(line.get_marker() == "." for line in ax.lines) == 3
    assert legends(ax)[0][:3] == ["batch loss", "median, smoothed", "range of 3 sweeps"]
    other = ax.figure.axes[1]
    np.testing.assert_array_equal(other.lines[0].get_ydata(), result.metric_smoothed)
    assert other.get_ylabel() == r"accuracy \$"


@pytest.mark.parametrize("points", [0, 1, 5])
def test_few_points(make: Make, scenario: Callable[..., Arrays], points: int) -> None:
    lr, loss = scenario()
    ax = make((lr[:points], loss[:points]), config=SweepSettings(), title="$ a title <&> " * 9).plot()
    ax.figure.canvas.draw()
    assert ("No points were measured." in names(ax)) == (points == 0)


def test_no_pick(doubtful: Result) -> None:
    assert "a guess: 2e-3 (no confidence)" in names(doubtful.plot())
