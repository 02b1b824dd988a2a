"""An exception of the caller's own first batch tells its probable cause and the way out."""

from __future__ import annotations

import functools
import sys
from typing import Any

import pytest
import torch
from torch import nn

import lrgui
from lrgui.errors.diagnosis import explain_in

X, Y = torch.randn(12, 3), torch.randint(0, 2, (12,))
FIND = functools.partial(lrgui.find_lr, steps=10, progress=False)
VERIFY = functools.partial(lrgui.verify, lr=0.1, progress=False)


def notes(error: BaseException, capsys: pytest.CaptureFixture[str]) -> list[str]:
    if sys.version_info >= (3, 11):
        return list(getattr(error, "__notes__", ()))
    return [line for line in capsys.readouterr().err.splitlines() if line.startswith("LR Finder: ")]


@pytest.mark.parametrize("function", [FIND, VERIFY])
@pytest.mark.parametrize(
    ("model", "batch", "words"),
    [
        (nn.Linear(7, 2), (X, Y), "A linear layer expects 7 features per example but gets 3: set its in_features to 3"),
        (nn.Linear(3, 2), (X, Y.float()), "use target.long() in the loss or the data set"),
        (nn.Linear(3, 2), (X.double().numpy(), Y.numpy()), "convert the inputs with .float() (numpy makes float64)"),
        (nn.Linear(3, 2), (X, Y, torch.rand(12)), "as for (input, target, weight)."),
    ],
)
def test_the_first_batchs_error_carries_its_cause(
    function: Any, model: nn.Module, batch: Any, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises((RuntimeError, TypeError)) as caught:
        function(model, [batch], nn.CrossEntropyLoss(), torch.optim.SGD)
    (note,) = notes(caught.value, capsys)
    assert note.startswith("LR Finder: ") and words in note


def test_a_sentence_of_our_own_and_an_unknown_error_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    def breaks(model: nn.Module, batch: Any) -> Any:
        raise KeyError("a bug")

    for call in (
        lambda: FIND(nn.Linear(3, 2), [], nn.CrossEntropyLoss()),
        lambda: FIND(nn.Linear(3, 2), [(X, Y)], training_step=breaks),
    ):
        with pytest.raises((ValueError, KeyError)) as caught:
            call()
        assert notes(caught.value, capsys) == []


def test_a_cause_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    error = RuntimeError("mat1 and mat2 shapes cannot be multiplied (12x3 and 7x2)")
    for _ in range(2):
        explain_in(error)
    if sys.version_info >= (3, 11):
        assert len(notes(error, capsys)) == 1
