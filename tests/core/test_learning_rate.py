"""How rates are written and read."""

from __future__ import annotations

import pytest

from lrgui.core.learning_rate import format_lr, parse_lr, short_lr


@pytest.mark.parametrize(
    ("lr", "text"), [(0.032, "3.2e-02"), (1e-6, "1.0e-06"), (1.0, "1.0e+00"), (9.99e-3, "1.0e-02"), (25, "2.5e+01")]
)
def test_format_has_two_digits_and_one_width(lr: float, text: str) -> None:
    assert format_lr(lr) == text


@pytest.mark.parametrize(
    ("lr", "one", "two"),
    [
        (2e-3, "2e-3", "2e-3"),
        (0.032, "3e-2", "3.2e-2"),
        (1e-5, "1e-5", "1e-5"),
        (9.7e-4, "1e-3", "9.7e-4"),
        (0.1, "1e-1", "1e-1"),
        (1.0, "1", "1"),
        (0.96, "1", "9.6e-1"),
    ],
)
def test_short_is_the_way_people_say_it(lr: float, one: str, two: str) -> None:
    assert short_lr(lr) == one
    assert short_lr(lr, 2) == two


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
    assert parse_lr(short_lr(lr, 2)) == pytest.approx(lr)
    assert parse_lr(format_lr(lr)) == pytest.approx(lr)
