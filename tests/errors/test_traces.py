from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from lrgui.core.engine import batches
from lrgui.errors import traces
from lrgui.errors.origins import chain_of
from lrgui.errors.traces import defined_at, is_persons, place_of, raised_by_us, says_it_all
from lrgui.tasks.user.target import TaskError


class Model(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    def step(self) -> None: ...


def written(x: int) -> int:
    return x


@functools.wraps(written)
def wrapped(x: int) -> int:
    return x


def test_whose_file_it_is() -> None:
    assert is_persons(__file__) and is_persons("/home/me/task.py")
    for module in (batches, json, subprocess, np, torch, nn):
        assert module.__file__ is not None and not is_persons(module.__file__), module
    assert not is_persons("<string>") and not is_persons("<frozen importlib._bootstrap>")


@pytest.mark.parametrize("where", ["editable", "beside the task", "pip --target", "egg"])
def test_a_package_outside_of_site_packages_is_no_line_of_the_persons(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    (tmp_path / "work" / "parts").mkdir(parents=True)
    checkout = {"beside the task": tmp_path / "work" / "lib", "egg": tmp_path / "lib-1.0.egg"}.get(
        where, tmp_path / "lib"
    )
    package = checkout / "src" / "layers" if where != "pip --target" else checkout / "layers"
    package.mkdir(parents=True)
    if where == "pip --target":
        (checkout / "layers-1.0.dist-info").mkdir()
    elif where != "egg":
        (checkout / ("setup.py" if where == "editable" else "pyproject.toml")).touch()
    theirs = package / "net.py"
    theirs.write_text("def build():\n    return {}['width']\n")
    mine = tmp_path / "work" / "task.py"
    mine.write_text("def model():\n    return build()\n")
    names: dict[str, Any] = {}
    for file in (theirs, mine):
        exec(compile(file.read_text(), str(file), "exec"), names)
    monkeypatch.chdir(mine.parent)
    assert place_of(caught(names["model"])) == (str(mine), 2)
    assert not is_persons(str(theirs)) and is_persons(str(mine.parent / "parts" / "head.py"))


def test_the_persons_project_is_theirs_wherever_they_work_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "src" / "mine").mkdir(parents=True)
    (tmp_path / "scripts").mkdir()
    file = tmp_path / "src" / "mine" / "net.py"
    monkeypatch.setattr(traces, "_tasks", set())
    assert not is_persons(str(file))
    traces.add_own(tmp_path / "scripts" / "task.py")
    assert is_persons(str(file))
    monkeypatch.setattr(traces, "_tasks", set())
    monkeypatch.chdir(tmp_path / "scripts")
    assert is_persons(str(file))


def test_where_a_function_is_written() -> None:
    def line(text: str) -> int:
        return next(n for n, each in enumerate(Path(__file__).read_text().splitlines(), 1) if text in each)

    assert defined_at(written) == defined_at(functools.partial(written, 1)) == (__file__, line("def written"))
    assert defined_at(wrapped) == defined_at(written)
    assert defined_at(Model()) == (__file__, line("def forward"))
    assert defined_at(Model().step) == (__file__, line("def step"))
    for thing in (nn.CrossEntropyLoss(), nn.functional.cross_entropy, len, None, 3):
        assert defined_at(thing) == ("", 0)


def test_the_persons_function_inside_one_of_ours() -> None:
    from lrgui.tasks.user.calling import Part
    from lrgui.tasks.user.objective import checked_loss

    def mine(output: Any, target: Any) -> Any: ...

    assert defined_at(checked_loss(mine, Part("loss", mine, __file__)))[0] == __file__


def caught(function: Callable[[], Any]) -> BaseException:
    with pytest.raises(Exception) as raised:
        function()
    return raised.value


def test_the_place_is_the_last_line_of_the_persons_own() -> None:
    file, line = place_of(caught(lambda: nn.Linear(2, 2)(torch.zeros(3))))
    assert file == __file__ and "nn.Linear(2, 2)(torch.zeros(3))" in Path(file).read_text().splitlines()[line - 1]
    assert place_of(ValueError("never raised")) == ("", 0)
    assert place_of(TaskError("A sentence.", "/home/me/task.py", 4)) == ("/home/me/task.py", 4)


def test_our_own_checks_are_known() -> None:
    assert raised_by_us(caught(lambda: next(batches.endless([]))))
    assert raised_by_us(ValueError("A sentence."))
    assert not raised_by_us(caught(lambda: int("x"))) and not raised_by_us(KeyError("x"))


def test_a_chain_of_causes_ends() -> None:
    first, second = ValueError("1"), KeyError("2")
    first.__cause__, second.__cause__ = second, first
    assert list(chain_of(first)) == [first, second]
    third = RuntimeError("3")
    third.__context__, third.__suppress_context__ = first, True
    assert list(chain_of(third)) == [third]


@pytest.mark.parametrize(
    ("file", "name", "all_said"),
    [
        ("task.py", "torch", True),  # wherever it is wanted
        ("task.py", "numpy", True),
        ("task.py", "torch._C", False),  # it is there, and broken
        ("task.py", "einops", False),  # which of the person's files wants it is worth knowing
        (batches.__file__, "pandas", True),
        (batches.__file__, "lrgui.core.gone", False),  # a fault of ours
    ],
)
def test_a_package_that_is_missing_says_it_all(file: str, name: str, all_said: bool) -> None:
    with pytest.raises(ModuleNotFoundError) as caught:
        exec(compile(f"raise ModuleNotFoundError('No module named {name}', name={name!r})", file, "exec"))
    error = caught.value
    assert error.__traceback__ is not None
    error.__traceback__ = error.__traceback__.tb_next  # without the line of this test
    assert says_it_all(error) == all_said
