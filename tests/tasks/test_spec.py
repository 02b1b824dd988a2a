"""Specs say what is wrong with them, and what they are called."""

from __future__ import annotations

import math
from typing import Any

import pytest

from lrgui.tasks.spec import TaskSpec

BAD = [
    ("source", "mars"),
    ("model", "gpt"),
    ("optimizer", "lion"),
    *(("momentum", value) for value in (-0.1, 1.0, math.nan)),
    *(("weight_decay", value) for value in (-1e-4, 1.0, math.inf)),
    *(("subset", value) for value in (0, 1, -5, 1348)),
    *(("batch_size", value) for value in (0, -1, 1348)),
    *(("loader_workers", value) for value in (-1, 65)),
    *(("device", value) for value in ("", "gpu", "cuda:x", "cpu; rm")),
    *(("seed", value) for value in (-1, 2**63)),
]


def test_the_default_is_valid() -> None:
    assert TaskSpec().validate() == []


@pytest.mark.parametrize(("field", "value"), BAD)
def test_every_bad_setting_is_named_with_what_and_fix(field: str, value: Any) -> None:
    (problem,) = TaskSpec(**{field: value}).validate()
    assert problem.field == field
    assert problem.what.endswith(".") and problem.fix.endswith(".")
    assert "None" not in str(problem)


def test_a_batch_larger_than_the_subset_is_the_batch_sizes_problem() -> None:
    (problem,) = TaskSpec(subset=32).validate()
    assert problem.field == "batch_size"
    assert str(problem) == "A batch of 64 cannot be made from 32 training examples. Use 1 to 32; 64 is usual."


def test_large_numbers_have_their_commas() -> None:
    (batch,) = TaskSpec(batch_size=5000).validate()
    assert str(batch) == "A batch of 5,000 cannot be made from 1,347 training examples. Use 1 to 1,347; 64 is usual."
    (subset,) = TaskSpec(subset=5000).validate()
    assert str(subset) == "A subset of 5,000 examples is not possible. Use 2 to 1,347, or all."


def test_an_unknown_source_has_an_unknown_number_of_examples() -> None:
    problems = TaskSpec(source="mars", batch_size=0, subset=0).validate()
    assert not any("None" in str(problem) for problem in problems)
    (batch,) = TaskSpec(source="mars", batch_size=0).validate()[1:]
    assert str(batch) == "A batch of 0 cannot be made from the training examples. Use 1 or more; 64 is usual."


@pytest.mark.parametrize("device", ["auto", "cpu", "cuda", "cuda:1", "mps", "xpu", "xpu:0"])
def test_devices_are_only_read_not_looked_for(device: str) -> None:
    assert TaskSpec(device=device).validate() == []


@pytest.mark.parametrize(
    ("settings", "title"),
    [
        ({}, "digits · small CNN · SGD, momentum 0.9"),
        ({"momentum": 0.0}, "digits · small CNN · SGD"),
        ({"optimizer": "adam"}, "digits · small CNN · Adam"),
        ({"model": "simplenet", "optimizer": "adamw"}, "digits · SimpleNet · AdamW"),
        ({"source": "mars", "model": "rover", "optimizer": "lion"}, "mars · rover · lion"),
    ],
)
def test_titles(settings: dict[str, Any], title: str) -> None:
    assert TaskSpec(**settings).title == title
