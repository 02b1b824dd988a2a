"""How rates are written and read."""

from __future__ import annotations

import pytest

from lrgui.core.learning_rate import exact_lr, format_lr, parse_lr


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
