"""A table: columns of numbers and of categories, one column to predict.

Try it:    lrgui check tabular.py
Sweep it:  lrgui find tabular.py
"""

import csv
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

name = "my table"
defaults = {"batch_size": 64, "optimizer": "adamw", "start_lr": 1e-5, "end_lr": 1.0, "steps": 100}

# YOUR DATA: a CSV file with a heading, which of its columns are what, and what is to be predicted.
# While it is not there, made-up rows stand in for it, so that the file runs as it is.
FILE = Path(__file__).parent / "table.csv"
NUMBERS = ["age", "height"]
CATEGORIES = ["colour"]
TARGET = "price"  # a number; for classes see the notes at `loss`


def rows() -> list[dict[str, str]]:
    if FILE.is_file():
        with FILE.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    # MADE UP, replace: a price that follows from age, height and colour, with noise.
    generator = torch.Generator().manual_seed(0)
    made = []
    for age, height, noise in torch.randn(800, 3, generator=generator).tolist():
        colour = ("red", "green", "blue")[len(made) % 3]
        price = 2 * age - height + 3 * (colour == "red") + 0.3 * noise
        made.append({"age": str(age), "height": str(height), "colour": colour, "price": str(price)})
    return made


def parts():
    """Training rows and validation rows as tensors: numbers standardised, a column of 0 and 1 for each category."""
    table = rows()
    numbers = torch.tensor([[float(row[column] or "nan") for column in NUMBERS] for row in table])
    numbers = (numbers - numbers.nanmean(0)) / (numbers - numbers.nanmean(0)).square().nanmean(0).sqrt()
    numbers = numbers.nan_to_num()  # a missing number is an average one
    columns = [numbers]
    for column in CATEGORIES:
        known = sorted({row[column] for row in table})
        index = torch.tensor([known.index(row[column]) for row in table])
        columns.append(nn.functional.one_hot(index, len(known)).float())
    target = torch.tensor([float(row[TARGET]) for row in table])
    target = (target - target.mean()) / target.std()
    everything = TensorDataset(torch.cat(columns, 1), target)
    return random_split(everything, [0.8, 0.2], generator=torch.Generator().manual_seed(1))


# YOUR MODEL. Arguments with defaults become fields of the form; the annotation says which kind of field.
def model(width: int = 64, activation: Literal["relu", "gelu", "tanh"] = "relu"):
    columns = parts()[0][0][0].numel()
    curve = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}[activation]
    return nn.Sequential(
        nn.Linear(columns, width), curve(), nn.Linear(width, width), curve(), nn.Linear(width, 1), nn.Flatten(0)
    )


def train_loader(batch_size):
    return DataLoader(parts()[0], batch_size=batch_size, shuffle=True, drop_last=True)


def val_loader(batch_size):
    return DataLoader(parts()[1], batch_size=batch_size)


# For classes: nn.functional.cross_entropy, a target of whole numbers from 0, and as many outputs as classes.
def loss(output, target):
    return nn.functional.mse_loss(output, target)


# May be left out. The first one is drawn.
def metrics(output, target):
    return {"mean error": (output - target).abs().mean()}
