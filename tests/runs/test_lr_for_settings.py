"""The pick of a sweep, for the settings of the next run."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lrgui.runs.job import Job
from lrgui.runs.lr_for_settings import carry_over

JOB = Job()


def _with(**task: Any) -> Job:
    return replace(JOB, task=replace(JOB.task, **task))


def test_what_the_rate_does_not_depend_on_changes_nothing() -> None:
    for job in (JOB, _with(seed=7), _with(device="cpu"), _with(subset=200), _with(loader_workers=2)):
        assert carry_over(0.1, JOB, job) is None


def test_batch_size_and_accumulation_are_one_batch() -> None:
    doubled = carry_over(0.1, JOB, _with(batch_size=128))
    accumulated = carry_over(0.1, JOB, replace(JOB, sweep=replace(JOB.sweep, accumulation=2)))
    assert doubled is not None and doubled == accumulated and doubled.lr == pytest.approx(0.2)
    same = replace(_with(batch_size=32), sweep=replace(JOB.sweep, accumulation=2))
    assert carry_over(0.1, JOB, same) is None


def test_adam_follows_the_square_root() -> None:
    found = carry_over(1e-3, _with(optimizer="adam"), _with(optimizer="adam", batch_size=256))
    assert found is not None and found.lr == pytest.approx(2e-3)


@pytest.mark.parametrize("changes", [{"optimizer": "adam"}, {"model": "simplenet"}, {"momentum": 0.0}])
def test_other_changes_have_no_number(changes: dict[str, Any]) -> None:
    found = carry_over(0.1, JOB, _with(**changes))
    assert found is not None and found.lr is None and "sweep again" in found.reason


def test_momentum_matters_to_those_that_have_it_only() -> None:
    assert carry_over(1e-3, _with(optimizer="adam"), _with(optimizer="adam", momentum=0.0)) is None


def test_settings_that_cannot_be_used_say_nothing() -> None:
    assert carry_over(0.1, JOB, _with(batch_size=0)) is None
    assert carry_over(0.1, JOB, _with(batch_size=99_999)) is None  # more than there are examples
    assert carry_over(0.1, JOB, _with(optimizer="nonsense")) is None


def test_a_batch_beyond_the_rule_has_no_number() -> None:
    found = carry_over(0.1, JOB, _with(batch_size=1024))
    assert found is not None and found.lr is None and not found.source
    assert found.reason.endswith("the batch changes 16-fold, beyond what the rule covers: sweep again.")
