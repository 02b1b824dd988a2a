"""A result drawn with matplotlib."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from lrgui.api.result import Result
from lrgui.core.config import SweepConfig
from lrgui.core.zones import ZONE_NAMES
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No window, and no figure left behind."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    yield
    plt.close("all")


def names(ax) -> list[str]:
    return [text.get_text() for text in ax.texts]


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
    assert any(text.startswith(f"our pick {result.lr:.1e}") for text in names(ax))
    for forms in ZONE_NAMES.values():
        assert set(forms) & set(names(ax))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["batch loss", "smoothed"]


def test_names_and_label_lie_apart(make: Make, scenario: Callable[..., Arrays]) -> None:
    lr, loss = scenario("stable")
    for shift in (-2.0, -1.0, 0.0, 1.0, 1.5):
        config = SweepConfig(start_lr=float(lr[0] * 10**shift), end_lr=float(lr[-1] * 10**shift))
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


def test_repeats_and_metric(make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]) -> None:
    lr, _ = scenario()
    rise = np.linspace(0, 1, 200)
    records = [record(lr, scenario("noisy", s)[1], number=s, metric=rise) for s in range(3)]
    result = make(records, metric_name="accuracy $")
    ax = result.plot()
    ax.figure.canvas.draw()  # a lone dollar is no mathematics
    assert sum(line.get_linestyle() == "None" for line in ax.lines) == 3
    legend = [text.get_text() for text in ax.get_legend().get_texts()]
    assert legend[:3] == ["batch loss", "median, smoothed", "range of 3 sweeps"]
    other = ax.figure.axes[1]
    np.testing.assert_array_equal(other.lines[0].get_ydata(), result.metric_smoothed)
    assert other.get_ylabel() == r"accuracy \$"


@pytest.mark.parametrize("points", [0, 1, 5])
def test_few_points(make: Make, scenario: Callable[..., Arrays], points: int) -> None:
    lr, loss = scenario()
    ax = make((lr[:points], loss[:points]), config=SweepConfig(), title="$ a title <&> " * 9).plot()
    ax.figure.canvas.draw()
    assert ("No points were measured." in names(ax)) == (points == 0)


def test_no_pick(doubtful: Result) -> None:
    assert "best guess 2.0e-03 · not reliable" in names(doubtful.plot())


def test_without_matplotlib(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"pip install matplotlib.*save_svg draws without it"):
        make().plot()
