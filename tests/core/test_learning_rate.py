"""How rates are written and read."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lrgui.core.learning_rate import (
    PLAIN,
    RATES,
    exact_lr,
    format_lr,
    parse_lr,
    scientific_lr,
    shown_lr,
    shown_ratio,
    write_rates,
)


@pytest.mark.parametrize(
    ("lr", "text"),
    [
        (0.032, "3.2e-2"),
        (0.03251, "3.3e-2"),
        (2e-3, "2e-3"),
        (1e-6, "1e-6"),
        (9.99e-3, "1e-2"),
        (0.1, "1e-1"),
        (0.96, "9.6e-1"),
        (0.996, "1"),
        (1.0, "1"),
        (25.4, "25"),
        (1234, "1200"),
        (2.3e5, "2.3e5"),
    ],
)
def test_people_read_two_digits(lr: float, text: str) -> None:
    assert format_lr(lr) == text


@pytest.mark.parametrize(
    ("lr", "text"),
    [(0.0325, "3.25e-2"), (1e-6, "1e-6"), (1.25e-4, "1.25e-4"), (2.5, "2.5"), (0, "0"), (float("inf"), "inf")],
)
def test_fields_hold_all_digits(lr: float, text: str) -> None:
    assert exact_lr(lr) == text


@pytest.mark.parametrize(
    ("text", "lr"), [("1e-3", 1e-3), ("0.001", 1e-3), (" 3,2e-2 ", 3.2e-2), ("1", 1.0), ("1E-4", 1e-4), (".5", 0.5)]
)
def test_parse_reads_what_people_type(text: str, lr: float) -> None:
    assert parse_lr(text) == pytest.approx(lr)


@pytest.mark.parametrize("text", ["", "fast", "1e", "1e-3 or so", "1.2.3", "1,2,3"])
def test_parse_says_that_it_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not a number; write a learning rate like 1e-3 or 0\.001\."):
        parse_lr(text)


@pytest.mark.parametrize("text", ["0", "-1e-3", "nan", "inf", "-inf", "1e999"])
def test_parse_says_that_it_is_no_rate(text: str) -> None:
    with pytest.raises(ValueError, match=f"must be above 0 and finite, not {text}"):
        parse_lr(text)


@pytest.mark.parametrize("lr", [1e-7, 2.5e-6, 3.2e-2, 0.5, 1.0, 7.5, 1200.0, 1e5])
def test_what_is_written_can_be_read(lr: float) -> None:
    assert parse_lr(exact_lr(lr)) == lr
    assert parse_lr(format_lr(lr)) == pytest.approx(lr)


@pytest.mark.parametrize(
    ("lr", "shown", "exact"),
    [
        (0.0325, "0.033", "0.0325"),
        (1e-6, "0.000001", "0.000001"),
        (1.25e-4, "0.00013", "0.000125"),
        (9.99e-3, "0.01", "0.00999"),
        (0.996, "1", "0.996"),
        (25.4, "25", "25.4"),
        (2.3e5, "2.3e5", "2.3e5"),
        (1e-9, "1e-9", "1e-9"),
        (0.0, "0", "0"),
        (float("inf"), "inf", "inf"),
    ],
)
def test_some_people_like_to_read_plain_numbers(
    lr: float, shown: str, exact: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(RATES, PLAIN)
    assert (format_lr(lr), exact_lr(lr)) == (shown, exact)
    if 0 < lr < float("inf"):
        assert parse_lr(exact) == lr


def test_code_is_the_same_for_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RATES, PLAIN)
    assert scientific_lr(0.00125) == "1.25e-3" and shown_lr(0.0325) == pytest.approx(0.033)
    from lrgui.export.snippets.code import rate

    assert [rate(lr) for lr in (0.00125, 0.0312345, 1.0)] == ["1.25e-3", "3.1e-2", "1.0"]


def test_what_is_nonsense_means_the_usual_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RATES, "roman")
    assert format_lr(0.032) == "3.2e-2"


def test_the_processes_that_are_started_write_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RATES, "")  # put back afterwards
    write_rates(PLAIN)
    code = "from lrgui.core.learning_rate import format_lr; print(format_lr(0.032))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "0.032\n"


def test_a_ratio_is_that_of_the_rates_that_people_see() -> None:
    assert shown_ratio(0.0736, 0.01024) == pytest.approx(7.4)
