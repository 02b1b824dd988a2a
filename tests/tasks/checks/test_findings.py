from __future__ import annotations

import math
from collections import namedtuple
from dataclasses import dataclass
from typing import Any

import pytest
import torch

from lrgui.core.engine.loss_graph import LossKind
from lrgui.tasks.checks.findings import (
    MOST_PARTS,
    BatchPart,
    expected_start,
    input_findings,
    label_problem,
    loss_findings,
    parts_of,
    target_findings,
    tensor_words,
    varies,
    words_of,
)

X, Y = torch.randn(32, 3, 8, 8, generator=torch.Generator().manual_seed(0)), torch.arange(32) % 10
Pair = namedtuple("Pair", "picture label")


@dataclass
class Graph:
    nodes: torch.Tensor
    edges: torch.Tensor
    y: torch.Tensor


@pytest.mark.parametrize(
    ("batch", "names"),
    [
        (X, ["inputs"]),
        ([X], ["inputs"]),
        ((X, Y), ["inputs", "target*"]),
        ((X, X, Y), ["inputs 1", "inputs 2", "target*"]),
        (((X, X), Y), ["inputs[0]", "inputs[1]", "target*"]),
        ({"x": X, "labels": Y}, ["x", "labels*"]),
        ({"x": {"a": X}, "y": Y, "n": 3}, ["x.a", "y*"]),
        (Pair(X, Y), ["picture", "label*"]),
        (Graph(X, Y, Y), ["nodes", "edges", "y*"]),
        ("a text", []),
    ],
)
def test_the_tensors_of_a_batch_have_names(batch: Any, names: list[str]) -> None:
    assert [part.name + "*" * part.target for part in parts_of(batch)] == names


def inputs(values: torch.Tensor) -> str:
    return " ".join(input_findings(BatchPart("inputs", values, False)))


def test_an_input_that_is_always_the_same_may_stand_beside_one_that_is_not() -> None:
    mask = BatchPart("mask", torch.ones(32, 5), False)
    assert input_findings(mask, alone=False) == [] and input_findings(mask) != []
    grey = BatchPart("inputs[0]", torch.rand(1, 8, 8).repeat(3, 1, 1), False)  # an image of a list, with three channels
    assert input_findings(grey, alone=False) == []
    assert (varies(mask), varies(grey), varies(BatchPart("one", torch.ones(1), False))) == (False, True, False)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors:UserWarning")
def test_sparse_and_nested_inputs_are_described_by_what_they_store() -> None:
    rows = [torch.full((length, 4), 2.0) for length in (2, 3)]
    sparse = torch.eye(3).to_sparse()
    for tensor, words in (
        (sparse, "x 3×3 float32, mean 1, standard deviation 0"),
        (torch.nested.nested_tensor(rows, layout=torch.jagged), "x 2×ragged×4 float32, mean 2, standard deviation 0"),
        (torch.nested.as_nested_tensor(rows), "x 2×ragged float32, mean 2, standard deviation 0"),
    ):
        part = BatchPart("x", tensor, False)
        assert (part.words, input_findings(part), varies(part)) == (words, [], False)
    broken = BatchPart("x", sparse * math.nan, False)
    assert "NaN (3 of 3 numbers)" in input_findings(broken)[0]


def test_a_list_of_many_tensors_is_cut_short() -> None:
    parts = parts_of(([X[0]] * 40, Y))
    told = words_of(parts)
    assert len(told) == MOST_PARTS + 1 and told[0].startswith("inputs[0] 3×8×8") and told[-1] == "33 more tensors"
    assert words_of(parts[:MOST_PARTS]) == [part.words for part in parts[:MOST_PARTS]]


def test_good_inputs_of_every_kind_raise_no_doubt() -> None:
    for values in (X, X.sigmoid(), Y, X > 0, torch.randn(32, 5), torch.randn(32), X.half(), X[:1]):
        assert not inputs(values), values.dtype


def test_bad_inputs_are_told_apart() -> None:
    assert "not normalised" in inputs(X.sigmoid() * 255) and "divide pixels by 255" in inputs(X.sigmoid() * 255)
    assert "hardly vary" in inputs(X / 1e4) and "twice" in inputs(X / 1e4)
    assert "uint8" in inputs(X.abs().to(torch.uint8))
    assert not inputs(torch.zeros(4, 9, dtype=torch.uint8))  # bytes of a text
    assert "All numbers of inputs are 1" in inputs(torch.ones(4, 3))
    assert "same inputs" in inputs(X[:1].expand(4, -1, -1, -1))
    assert input_findings(BatchPart("age", X * 99, False))[0].startswith("The numbers of age are not normalised (mean ")
    assert "NaN (1 of 3 numbers)" in inputs(torch.tensor([1, math.nan, 2]))
    assert "infinite" in inputs(torch.tensor([1, math.inf, 2]))
    assert "is empty: its shape is" in inputs(torch.zeros(0, 3))
    table = torch.randn(64, 5)
    table[:, 3] = table[:, 3] * 500 + 2000
    assert "1 of 5 columns of inputs are not normalised (column 3: mean" in inputs(table)


def test_targets() -> None:
    def target(values: torch.Tensor) -> str:
        return " ".join(target_findings(BatchPart("target", values, True)))

    assert not target(Y) and not target(Y[:1]) and not target(torch.randn(32, 1)) and not target(torch.zeros(2, 8, 8))
    assert "Every target of the batch is 3" in target(torch.full((32,), 3))
    assert "NaN" in target(torch.full((4,), math.nan))
    assert "empty" in target(torch.zeros(0))


def test_words_for_a_tensor() -> None:
    assert tensor_words(X) == "32×3×8×8 float32"
    assert tensor_words(torch.tensor(1)) == "one number int64"
    assert BatchPart("y", Y, True).words == "y 32 int64, 0 to 9"
    assert BatchPart("m", Y > 4, False).words == "m 32 bool, 47 % true"
    assert "mean 0, standard deviation 0" in BatchPart("x", torch.zeros(3), False).words
    assert "mean 0, standard deviation 1" in BatchPart("x", torch.tensor([-1.0, 1.0]) + 1e-6, False).words
    assert "mean 4e-5, standard deviation 2e-5" in BatchPart("x", torch.tensor([2e-5, 6e-5]), False).words


def test_a_label_without_a_place() -> None:
    assert label_problem(torch.zeros(2, 3), torch.tensor([0, 3])) == "A target is class 3, and the model has 3 outputs"
    assert not label_problem(torch.zeros(2, 3), torch.tensor([0, 2]))
    assert not label_problem(torch.zeros(2, 3), torch.tensor([0.0, 3.0]))
    assert not label_problem((torch.zeros(2, 3),), torch.tensor([0, 3]))


def test_the_expected_start() -> None:
    assert expected_start(LossKind("classes", 4), None) == (math.log(4), "ln 4")
    assert expected_start(LossKind("binary"), None) == (math.log(2), "ln 2")
    assert expected_start(LossKind("classes", 4, weighted=True), None) == (None, "")
    assert expected_start(LossKind("", entropy=True), 10) == (math.log(10), "ln 10 for a cross-entropy")
    assert expected_start(LossKind(""), 10) == (None, ""), "the images of ten classes, in an autoencoder"
    assert expected_start(LossKind("squared"), 10) == (None, "")
    assert expected_start(LossKind(""), None) == (None, "")
    value, source = expected_start(LossKind("squared", target=torch.tensor([0.0, 2.0])), None)
    assert value == pytest.approx(2) and "variance" in source


def told(value: float, kind: LossKind, expected: float | None = None, doubtful: bool = False) -> str:
    return " ".join(loss_findings(value, kind, expected, doubtful))


def test_what_a_first_loss_says() -> None:
    classes = LossKind("classes", 10)
    start = math.log(10)
    for value in (start, 1.2 * start, 0.6 * start):
        assert not told(value, classes, start)
    assert "Far above" in told(30, classes, start) and "last layer" in told(30, classes, start)
    assert "as the inputs are not normalised" in told(30, classes, start, doubtful=True)
    assert "already trained" in told(0.1, classes, start)
    assert "BCEWithLogitsLoss already applies" in told(0.7, LossKind("binary", squashed="sigmoid"), 0.69)
    assert "from 0 to 9" in told(-3, LossKind("binary", target=Y.float()), 0.69)
    assert "batch size" in told(64 * start, LossKind("classes", 10, 64, summed=True), start)
    assert not told(1e9, LossKind(""), 2.3) and not told(1e9, classes, None)
    squared = LossKind("squared", target=torch.randn(64, generator=torch.Generator().manual_seed(0)))
    assert not told(1.5, squared, 1.0) and "Far above" in told(90, squared, 1.0)
    far = LossKind("squared", target=torch.tensor([100.0, 101, 102]))
    assert "mean 101, standard deviation 1" in told(10_000, far, 1.0)
