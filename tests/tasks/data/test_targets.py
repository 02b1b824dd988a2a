"""Classes and numbers as goals."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lrgui.tasks.data.targets import accuracy, classes_goal, numbers_goal


def test_classes() -> None:
    goal = classes_goal(np.array([0, 2, 1]), 3)
    assert (goal.classes, goal.outputs, goal.metric_name, goal.words) == (3, 3, "accuracy", "3 classes")
    assert float(goal.criterion(torch.zeros(3, 3), goal.targets)) == pytest.approx(np.log(3))
    assert float(goal.metric(torch.eye(3), goal.targets)) == pytest.approx(1 / 3)


def test_numbers_have_errors_in_their_own_unit() -> None:
    values = np.array([[10.0, 1], [30, 3], [20, 2], [1000, 7]])
    goal = numbers_goal(values, np.array([0, 1, 2]))
    assert (goal.classes, goal.outputs, goal.words) == (None, 2, "regression of 2 numbers")
    assert goal.targets[:3].mean(dim=0).tolist() == pytest.approx([0, 0])
    assert goal.targets[:3].std(dim=0, correction=0).tolist() == pytest.approx([1, 1])
    zeros = torch.zeros(3, 2)  # answers with the mean
    assert float(goal.criterion(zeros, goal.targets[:3])) == pytest.approx(1)
    assert float(goal.metric(zeros, goal.targets[:3])) == pytest.approx((20 / 3 + 2 / 3) / 2)


def test_numbers_that_are_all_the_same_in_the_training_part() -> None:
    goal = numbers_goal(np.array([[5.0], [5], [7]]), np.array([0, 1]))
    assert goal.targets.tolist() == [[0], [0], [2]]


def test_accuracy_is_the_share_of_highest_scores() -> None:
    scores = torch.tensor([[0.1, 0.9], [2.0, 1.0], [0.0, 3.0]])
    assert accuracy(scores, torch.tensor([1, 1, 1])) == pytest.approx(2 / 3)


def test_accuracy_over_positions() -> None:
    scores = torch.tensor([[[0.1, 2.0, 3.0], [0.9, 1.0, 0.0]]])  # (1, 2 classes, 3 positions)
    assert accuracy(scores, torch.tensor([[1, 0, 1]])) == pytest.approx(2 / 3)
