"""Numbers as people read them: the usual ones, and those at which a format breaks."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import pytest

from lrgui.core.formats import (
    exact_number,
    format_bytes,
    format_change,
    format_decades,
    format_estimate,
    format_factor,
    format_figure,
    format_loss,
    format_losses,
    format_metric,
    format_percent,
    format_ratio,
    format_seconds,
)

NOT_FINITE = {math.nan: "NaN", math.inf: "inf", -math.inf: "-inf"}


@pytest.mark.parametrize(
    ("loss", "text"),
    [
        (2.302585, "2.30"),
        (0.684, "0.684"),
        (0.3, "0.300"),
        (-0.684, "-0.684"),
        (0.0, "0"),
        (-0.0, "0"),
        (-0.002, "-0.00200"),
        (4.2e-5, "4.20e-5"),
        (1e-9, "1.00e-9"),
        (0.9996, "1.00"),
        (0.00099999, "0.00100"),
        (999.6, "1,000"),
        (1234.5, "1,230"),
        (1e9, "1.00e9"),
        *NOT_FINITE.items(),
    ],
)
def test_a_loss_has_three_digits(loss: float, text: str) -> None:
    assert format_loss(loss) == text


@pytest.mark.parametrize(
    ("losses", "texts"),
    [
        ([2.302585, 0.684, None, 0.0312], ["2.3026", "0.6840", "–", "0.0312"]),
        ([0.3, -0.002, 4.2e-5, 0.0], ["0.3000", "-0.0020", "4.20e-5", "0.0000"]),
        ([12345.67, 3.2], ["12,345.7", "3.2"]),
        ([0.0034, 0.00012], ["0.003400", "0.000120"]),
        ([2e-5, 1e-9, 0.0], ["2.00e-5", "1.00e-9", "0"]),
        ([1e9, 0.3], ["1,000,000,000", "0.300"]),
        ([math.nan, 1.0, math.inf], ["NaN", "1.0000", "inf"]),
        ([None], ["–"]),
        ([], []),
    ],
)
def test_a_column_of_losses_has_the_same_decimals(losses: list[float | None], texts: list[str]) -> None:
    assert format_losses(losses) == texts


@pytest.mark.parametrize(
    ("before", "after", "texts"),
    [
        (2.32, 2.0, ("2.32", "2.00")),
        (1000.00001, 1000.0, ("1,000.0000100", "1,000.0000000")),
        (0.68, -0.001, ("0.68", "-0.00100")),
        (0.68, 0.0, ("0.68", "0.00")),
        (5e-9, 1e-9, ("5.00e-9", "1.00e-9")),
        (2.3, 0.503, ("2.3", "0.5")),
        (2.3e6, 503014.0, ("2,300,000", "500,000")),
        (2.3e9, 503014.0, ("2.30e9", "503,000")),
        (3e20, 1e20, ("3.00e20", "1.00e20")),
        (2.0, 2.0, ("2.00", "2.00")),
        (3.0, math.inf, ("3.00", "inf")),
    ],
)
def test_a_change_has_the_digits_that_show_it(before: float, after: float, texts: tuple[str, str]) -> None:
    assert format_change(before, after) == texts


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.5, "0.5"),
        (0.2887, "0.289"),
        (136812.0, "137,000"),
        (1000.0, "1,000"),
        (-0.0, "0"),
        (1e-9, "1e-9"),
        (1e9, "1e9"),
        *NOT_FINITE.items(),
    ],
)
def test_a_figure_ends_with_its_last_digit(value: float, text: str) -> None:
    assert format_figure(value) == text


def test_a_figure_can_have_more_digits() -> None:
    assert format_figure(136812.0, 4) == "136,800"


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.9, "0.9"), (1e-5, "1e-5"), (0.0, "0"), (-0.0, "0"), (1e12, "1e12"), (12.25, "12.25"), *NOT_FINITE.items()],
)
def test_a_setting_keeps_all_digits(value: float, text: str) -> None:
    assert exact_number(value) == text


@pytest.mark.parametrize(
    ("share", "places", "text"),
    [
        (0.95, 0, "95 %"),
        (0.9723, 1, "97.2 %"),
        (0.0, 1, "0.0 %"),
        (-0.0001, 1, "0.0 %"),
        (12.0, 0, "1,200 %"),
        (math.nan, 1, "NaN %"),
    ],
)
def test_a_share_in_percent(share: float, places: int, text: str) -> None:
    assert format_percent(share, places) == text


def test_an_accuracy_is_in_percent_and_other_metrics_are_not() -> None:
    assert format_metric("accuracy", 0.9723) == "97.2 %"
    assert format_metric("F1", 0.9723) == "0.9723"
    assert format_metric("F1", None) == "–"


@pytest.mark.parametrize(
    ("width", "text"), [(2.21, "2.2"), (1.97, "2.0"), (2.0, "2.0"), (12.34, "12.3"), (0.04, "< 0.1"), (0.0, "0.0")]
)
def test_widths_on_a_log_axis_all_have_one_decimal(width: float, text: str) -> None:
    assert format_decades(width) == text


@pytest.mark.parametrize(
    ("factor", "text"),
    [(1.4, "1.4"), (2.0, "2"), (0.0712, "0.071"), (12.3, "12"), (1234.0, "1,200"), (0.0, "0"), (1e9, "1e9")],
)
def test_a_factor_has_two_digits(factor: float, text: str) -> None:
    assert format_ratio(factor) == text
    assert format_factor(factor) == f"×{text}"


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (812, "812 bytes"),
        (3.2e6, "3.2 MB"),
        (382.7e6, "383 MB"),
        (999.6e3, "1 MB"),
        (15_272, "15 kB"),
        (1.5e9, "1.5 GB"),
        (3e15, "3,000 TB"),
        (-2048, "-2 kB"),
        (math.nan, "NaN bytes"),
    ],
)
def test_bytes_in_powers_of_a_thousand(count: float, text: str) -> None:
    assert format_bytes(count) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0 s"),
        (1e-9, "< 0.1 ms"),
        (0.0012, "1.2 ms"),
        (0.34, "340 ms"),
        (0.9996, "1.0 s"),
        (1.23, "1.2 s"),
        (48.0, "48 s"),
        (59.95, "1 min"),
        (200.0, "3 min 20 s"),
        (3599.6, "1 h"),
        (7500.0, "2 h 5 min"),
        (-3.0, "-3.0 s"),
        (math.nan, "NaN s"),
        (math.inf, "inf s"),
    ],
)
def test_a_time_that_was_measured(seconds: float, text: str) -> None:
    assert format_seconds(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.0, "1 s"), (59.95, "60 s"), (200.0, "3 min"), (5400.0, "1.5 h"), (-3.0, "1 s"), (math.inf, "inf s")],
)
def test_a_time_to_come_is_coarse(seconds: float, text: str) -> None:
    assert format_estimate(seconds) == text


#: Where numbers have a form of their own: rates, ticks of axes, coordinates in SVG, and the sliders of the scenarios.
OTHER_FORMS = {"core/formats.py", "core/learning_rate.py", "core/curve/summary.py", "plot/svg.py", "plot/ticks.py"}
OTHER_FORMS |= {"gui/tabs/scenarios.py"}
FORM = re.compile(r"[-+,0-9.]*[0-9gfe][gfe%]$|[gfe%]$")
#: What every such form has in it, and few files do.
FORM_IN_CODE = re.compile(r"[-+,.:}0-9gfe][gfe%]\}")


def test_no_other_module_writes_numbers_by_hand() -> None:
    root = Path(__file__).parents[2] / "lrgui"
    by_hand = []
    for file in root.rglob("*.py"):
        text = file.read_text(encoding="utf-8")
        if file.relative_to(root).as_posix() in OTHER_FORMS or not FORM_IN_CODE.search(text):
            continue
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FormattedValue) and isinstance(node.format_spec, ast.JoinedStr):
                form = "".join(part.value for part in node.format_spec.values if isinstance(part, ast.Constant))
                if FORM.match(form):
                    by_hand.append(f"{file.relative_to(root)}:{node.lineno} {form}")
    assert not by_hand
