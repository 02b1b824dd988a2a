"""A table, and a task as one object: `task = lrgui.Task(...)` instead of functions with fixed names.

    lrgui find examples/tasks/table.py
    lrgui find examples/tasks/table.py:wide     # another object of the same file

Data: bike_hire.csv beside this file, two years of days (made up): season, weekday, weather, temperature, wind → hires.
"""

from __future__ import annotations

import csv
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

import lrgui

FILE = Path(__file__).with_name("bike_hire.csv")
SEASONS = ("winter", "spring", "summer", "autumn")
WEATHER = ("clear", "cloudy", "rain")


def days() -> TensorDataset:
    """Ten numbers for each day, and its hires in thousands. Days without a temperature are left out."""
    inputs, targets = [], []
    with FILE.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not row["temperature"]:
                continue
            numbers = [
                (float(row["temperature"]) - 12) / 9,
                (float(row["wind"]) - 14) / 6,
                float(row["weekday"] in "67"),
            ]
            seasons = [float(row["season"] == each) for each in SEASONS]
            inputs.append(numbers + seasons + [float(row["weather"] == each) for each in WEATHER])
            targets.append([float(row["hires"]) / 1000])
    return TensorDataset(torch.tensor(inputs), torch.tensor(targets))


def parts() -> list:
    """The same split each time: a fixed generator."""
    return random_split(days(), [0.8, 0.2], generator=torch.Generator().manual_seed(0))


def network(width: int) -> nn.Module:
    """A small MLP."""
    return nn.Sequential(nn.Linear(10, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))


def mean_absolute_error(output: torch.Tensor, target: torch.Tensor) -> dict[str, torch.Tensor]:
    """In thousands of hires."""
    return {"mean error": (output - target).abs().mean()}


def make(width: int) -> lrgui.Task:
    """A task; everything that is a function is called anew for each run."""
    return lrgui.Task(
        name=f"bike hire, width {width}",
        model=lambda: network(width),
        train_loader=lambda batch_size: DataLoader(parts()[0], batch_size, shuffle=True, drop_last=True),
        val_loader=lambda batch_size: DataLoader(parts()[1], batch_size),
        loss=nn.MSELoss(),
        metrics=mean_absolute_error,
        optimizer=lambda params, lr: torch.optim.AdamW(params, lr=lr, weight_decay=1e-3),
        defaults={"batch_size": 16, "end_lr": 3.0},
    )


task = make(32)
wide = make(256)
