"""The pick of a sweep, for the settings of the next run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
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


@pytest.mark.parametrize(
    ("before", "after", "made_with"),
    [
        ({"width": 64}, {"width": 32}, "width 64"),
        ({}, {"width": 32}, "the default width"),
        ({"width": 64, "activation": "relu"}, {"depth": 3}, "width 64, activation relu, the default depth"),
        ({"a": 1, "b": 1, "c": 1, "d": 1}, {}, "other settings of the task"),
    ],
)
def test_settings_of_ones_own_code_are_named(
    tmp_path: Path, before: dict[str, Any], after: dict[str, Any], made_with: str
) -> None:
    path = tmp_path / "task.py"
    path.write_text("def model(width=64, activation='relu', depth=2, a=1, b=1, c=1, d=1): ...")
    own = {"source": "task", "path": str(path), "model": ""}
    found = carry_over(0.1, _with(**own, options=before), _with(**own, options=after))
    assert found is not None and (found.lr, found.reason) == (
        None,
        f"The sweep was made with {made_with}: sweep again.",
    )


def test_settings_of_data_and_model_are_named_as_the_form_names_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("age,price\n1,2\n")
    table = {"source": "table", "path": str(path), "model": "mlp"}
    found = carry_over(0.1, _with(**table), _with(**table, model_options={"width": 32}, options={"target": "price"}))
    assert found is not None
    assert found.reason == "The sweep was made with the default target column, width auto: sweep again."
    usual = _with(**table, options={"validation": 0.2})
    assert carry_over(0.1, _with(**table), usual) is None, "the default is no other value"
