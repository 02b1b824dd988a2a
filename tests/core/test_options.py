"""Options: what they accept, what they say, and how text becomes a value."""

from __future__ import annotations

from typing import Any

import pytest

from lrgui.core.options import Option, Scalar, filled, option_problems, read_number, read_option

WIDTH = Option("width", "Width", "whole", 16, "How wide", minimum=1, maximum=64)
DECAY = Option("decay", "Decay", "number", 0.5, "How much", minimum=0)
FLAG = Option("flip", "Flip", "flag", True, "Mirror images")
KIND = Option("kind", "Kind", "choice", "a", "Which", (("a", "First"), ("b", "Second")))
SIZES = Option("sizes", "Sizes", "text", "8, 4", "How wide each", items="whole")
RATES = Option("rates", "Rates", "text", "", "How fast", optional=True, items="number")
TARGET = Option("target", "Target", "text", "", "Which column", optional=True)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *((WIDTH, 1), (WIDTH, 64), (DECAY, 3), (DECAY, 0.0), (FLAG, False), (KIND, "b"), (TARGET, None), (TARGET, "")),
        *((SIZES, "8"), (SIZES, "[8, 4]"), (SIZES, "(8,)"), (SIZES, "[]"), (RATES, "0.5,1e-3"), (RATES, "")),
    ],
)
def test_what_can_be_used(option: Option, value: Scalar) -> None:
    assert option.problem(value) is None


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        (WIDTH, 0, "Width cannot be “0”. Use 1 to 64."),
        (WIDTH, 2.5, "Width cannot be “2.5”. Use an integer."),
        (WIDTH, True, "Width cannot be “True”. Use an integer."),
        (DECAY, -1.0, "Decay cannot be “-1”. Use 0 or more."),
        (DECAY, float("nan"), "Decay cannot be “NaN”. Use 0 or more."),
        (FLAG, 1, "Flip cannot be “1”. Use true or false."),
        (KIND, "c", "Kind cannot be “c”. Choose one of: a, b."),
        (WIDTH, None, "Width is empty. 16 is usual."),
        (TARGET, 3, "Target cannot be “3”. Use text."),
        (SIZES, "8, wide", "Sizes cannot be “8, wide”. Use a comma-separated list of integers."),
        (SIZES, "8, 0.5", "Sizes cannot be “8, 0.5”. Use a comma-separated list of integers."),
        (SIZES, "", "Sizes is empty. 8, 4 is usual."),
        (RATES, "1;2", "Rates cannot be “1;2”. Use a comma-separated list of numbers."),
    ],
)
def test_what_cannot(option: Option, value: Scalar, sentence: str) -> None:
    problem = option.problem(value)
    assert problem is not None
    assert (problem.field, str(problem)) == (option.name, sentence)


def test_problems_name_their_part_and_unknown_names() -> None:
    problems = option_problems((WIDTH, FLAG), {"width": 0, "hight": 3}, "options")
    assert [problem.field for problem in problems] == ["options.hight", "options.width"]
    assert str(problems[0]) == "Unknown setting “hight”. Available: width, flip."


def test_filling_takes_what_is_known() -> None:
    assert filled((WIDTH, FLAG), {"width": 3, "other": 1}) == {"width": 3, "flip": True}


@pytest.mark.parametrize(
    ("option", "text", "value"),
    [
        (WIDTH, " 1,024 ", 1024),
        (WIDTH, "1e5", 100_000),
        (DECAY, "0,25", 0.25),
        (FLAG, "No", False),
        (FLAG, "on", True),
        (KIND, "b", "b"),
        (TARGET, "auto", None),
        (SIZES, " [16, 8] ", "[16, 8]"),
        (RATES, "", None),
    ],
)
def test_reading(option: Option, text: str, value: Any) -> None:
    found = read_option(option, text)
    assert found == value and type(found) is type(value)


@pytest.mark.parametrize(
    ("option", "text", "sentence"),
    [
        (WIDTH, "many", "Width: “many” is not an integer."),
        (DECAY, "x", "Decay: “x” is not a number."),
        (FLAG, "perhaps", "Flip: “perhaps” is neither true nor false."),
        (SIZES, "64, wide", "Sizes: “64, wide” is not a comma-separated list of integers."),
    ],
)
def test_reading_what_cannot_be_read(option: Option, text: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_option(option, text)


@pytest.mark.parametrize("text", ["inf", "-Infinity", "nan", "1e400", "1,5e999"])
def test_numbers_that_are_not_finite_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a finite number"):
        read_number(text)


def test_whole_numbers_beyond_every_float_are_a_problem_and_no_error() -> None:
    option = Option("width", "Width", "whole", 32, "Units", (), 1, 4096)
    problem = option.problem(10**400)
    assert problem is not None and problem.fix == "Use 1 to 4,096."
