"""Sweep your own model from Python: `python examples/sweep_in_python.py [FOLDER]`.

Two optimizers on the digits that come with the program, each swept three times; what each curve says; picture, points
and the whole result in FOLDER (default: the current one); then a short OneCycle training with SGD's pick.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

import lrgui
from lrgui.tasks.data.digits import load
from lrgui.tasks.spec import TaskSpec


def network() -> nn.Module:
    """Any module will do: this is a small one for images of 8×8 pixels."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(16 * 64, 10)
    )


def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """Share of right answers: drawn as a second curve."""
    return (output.argmax(dim=1) == target).float().mean()


def train(model: nn.Module, loader: DataLoader[tuple[torch.Tensor, torch.Tensor]], max_lr: float, epochs: int) -> None:
    """A OneCycle training, as people write it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=max_lr, momentum=0.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr, total_steps=epochs * len(loader))
    for epoch in range(epochs):
        total = 0.0
        for inputs, targets in loader:
            loss = nn.functional.cross_entropy(model(inputs), targets)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item()
        print(f"  epoch {epoch + 1}  loss {total / len(loader):.3f}")


def main() -> None:
    """Two optimizers, two results, one training."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(".")
    torch.manual_seed(0)
    loader = DataLoader(load(TaskSpec()).train, batch_size=64, shuffle=True, drop_last=True)
    optimizers = {"adamw": torch.optim.AdamW, "sgd": lambda params, lr: torch.optim.SGD(params, lr, momentum=0.9)}
    for name, optimizer in optimizers.items():
        result = lrgui.find_lr(
            network,  # a function: each call makes a model of its own
            loader,
            nn.CrossEntropyLoss(),
            optimizer,
            repeats=3,
            seed=0,
            metric=accuracy,
            planned_steps=6 * len(loader),
            title=f"digits · {name}",
        )
        print(result)
        for save, ending in ((result.save_png, "png"), (result.save_csv, "csv"), (result.save_json, "json")):
            print(f"  wrote {save(folder / f'digits-{name}.{ending}')}")
    if result.lr is None:
        print(result.reason)  # and what helps: a guess is nothing to train with
    else:
        print(f"training with SGD, max LR {result.lr:.1e}")
        train(network(), loader, result.lr, epochs=6)


if __name__ == "__main__":
    main()
