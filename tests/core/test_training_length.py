"""A training's length is read as people write it."""

from __future__ import annotations

import pytest

from lrgui.core.run_settings import TrainSettings
from lrgui.core.training_length import EPOCHS, STEPS, Length


@pytest.mark.parametrize(
    ("text", "unit", "length", "words"),
    [
        ("12 epochs", EPOCHS, Length(12), "12 epochs"),
        ("1 epoch", STEPS, Length(1), "1 epoch"),
        ("5,000 steps", EPOCHS, Length(5000, STEPS), "5,000 steps"),
        (" 1e3Steps ", EPOCHS, Length(1000, STEPS), "1,000 steps"),
        ("1 step", EPOCHS, Length(1, STEPS), "1 step"),
        ("30", EPOCHS, Length(30), "30 epochs"),
        ("30", STEPS, Length(30, STEPS), "30 steps"),
    ],
)
def test_it_is_read_with_its_unit_or_in_that_of_before(text: str, unit: str, length: Length, words: str) -> None:
    assert Length.read(text, unit) == length
    assert length.words == words


@pytest.mark.parametrize("text", ["", "epochs", "twelve", "1.5 epochs", "12 hours"])
def test_what_is_no_length_is_said(text: str) -> None:
    with pytest.raises(ValueError, match=r"^“.*” is not a length\. Write it as 12 epochs or 5,000 steps\.$"):
        Length.read(text)


def test_its_limits_are_those_of_a_training() -> None:
    with pytest.raises(ValueError, match=r"^A length of 2,000,000 steps is not possible\. Use 1 to 1,000,000 steps\.$"):
        Length.read("2000000 steps")
    with pytest.raises(ValueError, match=r"^A length of 0 epochs is not possible\. Use 1 to 100,000 epochs\.$"):
        Length.read("0")


def test_that_of_a_training() -> None:
    assert Length.of(TrainSettings()) == Length(12)
    assert Length.of(TrainSettings(steps=500)) == Length(500, STEPS)
