"""Images with plain functions: the smallest form of a task, with everything optional that is worth having.

    lrgui check examples/tasks/images.py
    lrgui find examples/tasks/images.py --set width=32

Data: the UCI handwritten digits that lie beside the program (1,797 images of 8×8 pixels).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

DIGITS = Path(__file__).resolve().parents[2] / "resources" / "digits.npz"

name = "digits by hand"
# What the form starts with; everything can still be changed there.
defaults = {"batch_size": 32, "start_lr": 1e-5, "end_lr": 10.0, "epochs": 6}


def model(width: int = 16, dropout: float = 0.1) -> nn.Module:
    """Arguments with defaults become fields of the form, and `--set width=32` on the command line."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(16 * width, 10),
    )


def train_loader(batch_size: int) -> DataLoader:
    """Whole batches only, in a new order each epoch."""
    return DataLoader(examples(training=True), batch_size=batch_size, shuffle=True, drop_last=True)


def val_loader(batch_size: int) -> DataLoader:
    """Optional: a training then shows validation loss and metric, and a race is judged by them."""
    return DataLoader(examples(training=False), batch_size=batch_size)


def loss(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The scalar that is minimised."""
    return nn.functional.cross_entropy(output, target)


def metrics(output: torch.Tensor, target: torch.Tensor) -> dict[str, float]:
    """Optional: numbers for people; the first one is drawn."""
    return {"accuracy": (output.argmax(dim=1) == target).float().mean().item()}


def optimizer(params, lr: float) -> torch.optim.Optimizer:
    """Optional: your own optimizer is used unless you choose another one."""
    return torch.optim.SGD(params, lr=lr, momentum=0.9, nesterov=True, weight_decay=5e-4)


def examples(training: bool) -> TensorDataset:
    """Helpers are called by nobody but you."""
    with np.load(DIGITS) as stored:
        images, labels = stored["images"], stored["labels"]
    order = np.random.RandomState(0).permutation(len(images))
    part = order[:1400] if training else order[1400:]
    x = (torch.from_numpy(images[part]).float().unsqueeze(1) - 4.9) / 6.0  # mean and deviation of the pixels
    return TensorDataset(x, torch.from_numpy(labels[part]).long())
