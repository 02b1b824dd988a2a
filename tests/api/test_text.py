"""A result as plain text."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape

import numpy as np

from lrgui.api.result import Result
from lrgui.core.learning_rate import format_lr
from lrgui.core.run_settings import SweepSettings
from lrgui.runs.record import Record

Make = Callable[..., Result]
Arrays = tuple[np.ndarray, np.ndarray]


def test_one_line(make: Make, scenario: Callable[..., Arrays]) -> None:
    result = make(title="two\nlines")
    assert "\n" not in repr(result)
    assert repr(result).startswith(f"<Result of two lines: {format_lr(result.lr)} (confidence {result.confidence}")
    assert repr(result).endswith("200 points, completed>")
    lr, loss = scenario()
    assert repr(make((lr[:1], loss[:1]), reason="cancelled")) == (
        "<Result of digits · small CNN: no reliable pick, 1 point, cancelled>"
    )


def test_a_block(make: Make) -> None:
    result = make(notes=["A note. " * 30], groups={"head": make()}, reason="failed", traceback="File x.py\nboom")
    text = str(result)
    lines = text.splitlines()
    assert lines[0] == "LR Finder: digits · small CNN"
    assert lines[1].startswith(f"Learning rate: {format_lr(result.lr)} (confidence {result.confidence} · within ×")
    assert max(map(len, lines)) <= 100
    for suggestion in result.reading.suggestions.values():
        assert any(line.split("  ")[1] == suggestion.label for line in lines if line.startswith("  "))
    flat = " ".join(text.split())
    assert result.reason.split()[0] in flat and " ".join(result.interpretation.split()) in flat
    assert "Note: A note." in flat and "Group head: " in flat and text.endswith("File x.py\nboom")


def test_both_rates_are_named_unless_the_schedule_is_known(make: Make) -> None:
    open_, cycle, steady = (make(config=SweepSettings(planned_schedule=key)) for key in (None, "onecycle", "constant"))
    assert open_.lr == cycle.lr == open_.by_schedule["onecycle"] and steady.lr == open_.by_schedule["constant"]
    one, other = format_lr(cycle.lr or 0), format_lr(steady.lr or 0)
    sentence = f"As OneCycle's maximum {one}; as a constant rate {other}."
    assert str(open_).splitlines()[2] == sentence and sentence in unescape(open_._repr_html_())
    for result in (cycle, steady):
        assert "as a constant rate" not in str(result) + result._repr_html_()
    assert "for a training at a constant rate." in steady.reason and steady.planned_schedule == "constant"
    assert "Constant, highest rate" in str(steady) and "OneCycle with max LR" in str(cycle)


def test_the_table_stands_in_columns(
    make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]
) -> None:
    lr, _ = scenario()
    result = make([record(lr, scenario("noisy", seed)[1], number=seed) for seed in range(3)])
    lines = str(result).splitlines()
    head = next(line for line in lines if line.startswith("  rule"))
    assert "over the repeats" in head
    at = head.index("why")
    table = lines[lines.index(head) + 1 : lines.index("", lines.index(head))]
    assert len(table) >= 6 and all(line[at - 2 : at] == "  " and line[at] != " " for line in table)


def test_a_failed_rule_of_a_repeat_is_counted(
    make: Make, scenario: Callable[..., Arrays], record: Callable[..., Record]
) -> None:
    lr, loss = scenario()
    flat = 2.3 + 0.01 * np.random.default_rng(0).standard_normal(200)
    result = make([record(lr, loss), record(lr, loss, number=1), record(lr, flat, number=2)])
    assert "(2 of 3)" in str(result)


def test_no_pick(doubtful: Result) -> None:
    assert "no reliable pick (2e-3 is a guess)" in repr(doubtful)
    assert "☆ guess (no confidence)  2e-3" in str(doubtful)
