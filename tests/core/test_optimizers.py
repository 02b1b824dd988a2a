"""The rows of optimizers name real classes with real settings."""

from __future__ import annotations

import inspect

import pytest
import torch

from lrgui.core.optimizers import EXCLUDED, OPTIMIZERS, OptimizerRow
from lrgui.core.options import filled, option_problems

#: Where our default is on purpose not torch's.
OURS = {("muon", "adjust_lr_fn"): "match_rms_adamw"}
TORCHS = [row for row in OPTIMIZERS.values() if not row.needs and hasattr(torch.optim, row.label)]


def signature(row: OptimizerRow) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(getattr(torch.optim, row.label)).parameters)


def test_the_three_of_the_first_version_are_first_and_compared() -> None:
    assert list(OPTIMIZERS)[:3] == ["sgd", "adam", "adamw"]
    assert [row.key for row in OPTIMIZERS.values() if row.compared] == ["sgd", "adam", "adamw"]


def test_all_that_were_asked_for_are_there_or_left_out_with_a_reason() -> None:
    of_torch = {"sgd", "adam", "adamw", "radam", "nadam", "adamax", "rmsprop", "adagrad", "adafactor", "muon", "asgd"}
    wanted = of_torch | {"timm", "pytorch_optimizer"}
    assert wanted == set(OPTIMIZERS)
    assert {"rprop", "lbfgs", "sam"} <= set(EXCLUDED) and not set(EXCLUDED) & set(OPTIMIZERS)
    assert all(reason.endswith(".") for reason in EXCLUDED.values())


@pytest.mark.parametrize("row", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_row_can_be_shown_and_its_defaults_are_right_values(row: OptimizerRow) -> None:
    assert row.label and row.typical_lr
    assert all(option.label and option.tip and option.name not in row.fields for option in row.options)
    assert option_problems(row.options, filled(row.options, {}), "optimizer_options") == []


@pytest.mark.parametrize("row", TORCHS, ids=lambda row: row.key)
def test_defaults_are_torchs_own(row: OptimizerRow) -> None:
    taken = signature(row)
    arguments = row.arguments({"momentum": 0.8, "weight_decay": 0.01, "unknown": 1})
    for name, value in arguments.items():
        if name in row.fields:
            assert name in taken
        elif (row.key, name) in OURS:
            assert value == OURS[row.key, name] != taken[name].default
        elif row.key == "muon" and name == "betas":
            assert value == inspect.signature(torch.optim.AdamW).parameters["betas"].default
        else:
            assert taken[name].default == value, name


@pytest.mark.parametrize("row", [row for row in TORCHS if not row.takes_model], ids=lambda row: row.key)
def test_a_row_builds_its_optimizer_from_the_settings_it_takes(row: OptimizerRow) -> None:
    arguments = row.arguments({"momentum": 0.8, "weight_decay": 0.01})
    optimizer = getattr(torch.optim, row.label)([torch.nn.Parameter(torch.zeros(1))], lr=0.1, **arguments)
    group = optimizer.param_groups[0]
    assert row.dotted == f"torch.optim.{row.label}"
    assert {name: group[name] for name in arguments} == arguments


def test_options_that_are_one_argument() -> None:
    arguments = OPTIMIZERS["adam"].arguments({"weight_decay": 0.0}, {"beta2": 0.95, "amsgrad": True})
    assert arguments == {"weight_decay": 0.0, "betas": (0.9, 0.95), "eps": 1e-8, "amsgrad": True}
    assert OPTIMIZERS["adafactor"].arguments({"weight_decay": 0.0})["eps"] == (None, 1e-3)


def test_nesterov_needs_momentum_and_no_dampening() -> None:
    sgd, adam = OPTIMIZERS["sgd"], OPTIMIZERS["adam"]
    assert sgd.problems({"momentum": 0.9}, {"nesterov": True}) == []
    assert sgd.problems({"momentum": 0.0}, {"dampening": 0.5}) == []
    assert adam.problems({"momentum": 0.0}, {"nesterov": True}) == []
    (problem,) = sgd.problems({"momentum": 0.0}, {"nesterov": True})
    assert problem.field == "momentum" and "Nesterov" in str(problem)
    (problem,) = sgd.problems({"momentum": 0.9}, {"nesterov": True, "dampening": 0.1})
    assert problem.field == "optimizer_options.dampening"
