"""A script that trains when it is imported is told so before its epochs are over."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from torch.optim import optimizer as torch_optimizer

from lrgui.tasks.user import code as user_code
from lrgui.tasks.user import trains_at_import
from lrgui.tasks.user.code import load_code
from lrgui.tasks.user.target import Target, TaskError

SCRIPT = """\
import torch

weight = torch.nn.Parameter(torch.zeros(2))
optimizer = torch.optim.SGD([weight], lr=0.1)


def train(steps):
    for step in range(steps):
        weight.grad = torch.ones(2)
        optimizer.step()
        made = step


train({steps})
made = True
"""


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    path = list(sys.path)
    yield
    user_code._forget()
    sys.path[:] = path
    assert not torch_optimizer._global_optimizer_post_hooks, "nothing looks on after the import"


def test_a_training_at_import_is_said_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trains_at_import, "SECONDS", 0.0)
    file = tmp_path / "main_script.py"
    file.write_text(SCRIPT.format(steps=10**9))
    with pytest.raises(
        TaskError, match=r"main_script.py trains when it is imported: put the training under if"
    ) as told:
        load_code(Target.parse(str(file)))
    assert (told.value.file, told.value.line) == (str(file), 14)


def test_a_few_steps_and_a_few_seconds_are_nobodys_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "short_script.py"
    file.write_text(SCRIPT.format(steps=trains_at_import.STEPS * 3))
    assert load_code(Target.parse(str(file))).made
    monkeypatch.setattr(trains_at_import, "SECONDS", 0.0)
    file.write_text(SCRIPT.format(steps=trains_at_import.STEPS - 1))
    assert load_code(Target.parse(str(file))).made
    assert sys.modules["short_script"].weight.tolist() == pytest.approx([-0.1 * (trains_at_import.STEPS - 1)] * 2)
