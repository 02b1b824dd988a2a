"""What a function is called with: read as text and asked for at run time, it is the same."""

from __future__ import annotations

import ast
import math
from pathlib import Path

import pytest
import torch

from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.user.calling import Calls, Part
from lrgui.tasks.user.outline import outline
from lrgui.tasks.user.signature import Signature, signature_in, signature_of
from lrgui.tasks.user.target import TaskError

FORMS = ["", "a", "a=1", "a, b=2", "a, /, b, c=3", "a=1, /", "*, a", "a, *, b=1, seed", "*a, b", "a, *b, **c", "**c"]


def both(arguments: str) -> tuple[Signature, Signature]:
    """Of a function with these arguments: from its text, and from itself."""
    text, names = f"def f({arguments}): ...", dict[str, object]()
    exec(text, names)
    (node,) = ast.parse(text).body
    assert isinstance(node, ast.FunctionDef)
    found = signature_of(names["f"])
    assert found is not None
    return signature_in(node, method=False), found


def plain(signature: Signature) -> list[tuple[str, bool, bool, object]]:
    """The arguments with their defaults' values."""

    def value(default: object) -> object:
        return ast.literal_eval(default) if isinstance(default, ast.expr) else default

    return [(one.name, one.by_place, one.by_name, value(one.default)) for one in signature.arguments]


@pytest.mark.parametrize("arguments", FORMS)
def test_text_and_function_say_the_same(arguments: str) -> None:
    read, asked = both(arguments)
    assert plain(read) == plain(asked)
    assert (read.any_places, read.any_names) == (asked.any_places, asked.any_names)
    assert read.takes(False) == asked.takes(False)
    assert read.batch_size() == asked.batch_size()
    assert read.parameters() == asked.parameters()
    assert read.split(1, ["b"]).lacking == asked.split(1, ["b"]).lacking


def test_who_fills_an_argument() -> None:
    signature, _ = both("output, target, width, seed, depth=2, *, batch_size=3, rate, lr=1")
    split = signature.split(2, ["lr"])
    assert [one.name for one in split.context] == ["seed", "batch_size"]
    assert [one.name for one in split.settings] == ["depth"]
    assert split.lacking == ("width", "rate")
    takes = signature.takes(is_class=True)
    assert (takes.required, takes.places, takes.is_class) == (4, 5, True)
    assert both("*a")[0].takes(False).places == math.inf


def test_a_method_is_called_without_its_self() -> None:
    (node,) = ast.parse("def f(self, a, b=1): ...").body
    assert isinstance(node, ast.FunctionDef)
    assert signature_in(node, method=True).names == ("a", "b")
    assert signature_of(torch.add) is None, "it cannot be known of what is written in C"


@pytest.mark.parametrize(
    ("arguments", "size", "parameters"),
    [
        ("size", "size", "size"),
        ("size, n=1, *, seed", "size", "size"),
        ("batch_size", "", "batch_size"),
        ("a, b", "", "a"),
        ("*, size", "", ""),
        ("n=1", "", "n"),
        ("things, model", "", ""),
        ("lr, params", "", ""),
    ],
)
def test_what_is_known_by_its_place(arguments: str, size: str, parameters: str) -> None:
    for signature in both(arguments):
        assert (signature.batch_size(), signature.parameters()) == (size, parameters)


TASK = """import torch
def model(): return torch.nn.Linear(3, 2)
def train_loader(batch_size): return []
def loss(output, target): return output.mean()
"""


@pytest.mark.parametrize(
    ("role", "arguments", "lacking"),
    [
        ("train_loader", "size", ""),
        ("train_loader", "size, *, seed", ""),
        ("train_loader", "*, size", "size"),
        ("train_loader", "size, *, other", "other"),
        ("optimizer", "weights, lr", ""),
        ("optimizer", "params, lr, amount", "amount"),
        ("optimizer", "model, amount", "amount"),
        ("optimizer", "lr, weights", "weights"),
        ("optimizer", "weights", ""),
    ],
)
def test_the_form_and_the_run_ask_for_the_same(tmp_path: Path, role: str, arguments: str, lacking: str) -> None:
    made = "[]" if role == "train_loader" else "torch.optim.SGD(torch.nn.Linear(3, 2).parameters(), 1)"
    file = tmp_path / "task.py"
    file.write_text(f"{TASK}\ndef {role}({arguments}): return {made}\n")
    problem = outline(str(file)).problem
    names = dict[str, object]()
    exec(file.read_text(), names)
    part, calls = Part(role, names[role], str(file)), Calls(TaskSpec(), "cpu")
    said = ""
    try:
        if role == "optimizer":
            calls.optimizer(part, torch.nn.Linear(3, 2), 0.1)
        else:
            calls.made(part)
    except TaskError as error:
        said = str(error)
    for sentence in (said, "" if problem is None else problem.sentence):
        assert (f"needs “{lacking}”" in sentence) if lacking else sentence == ""
