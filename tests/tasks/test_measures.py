"""Shares and other numbers that tell how good answers are."""

from __future__ import annotations

import pytest
import torch

from lrgui.tasks.measures import accuracy


def test_accuracy_is_the_share_of_highest_scores() -> None:
    scores = torch.tensor([[0.1, 0.9], [2.0, 1.0], [0.0, 3.0]])
    assert accuracy(scores, torch.tensor([1, 1, 1])).item() == pytest.approx(2 / 3)


def test_accuracy_over_positions() -> None:
    scores = torch.tensor([[[0.1, 2.0, 3.0], [0.9, 1.0, 0.0]]])  # (1, 2 classes, 3 positions)
    assert accuracy(scores, torch.tensor([[1, 0, 1]])).item() == pytest.approx(2 / 3)
