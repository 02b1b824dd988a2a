"""Models for rows of numbers, sized to the data they are for."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import nn

from lrgui.core.options import Scalar
from lrgui.tasks.task import Data

#: The automatic width lies between these.
NARROWEST, WIDEST = 32, 512
#: From so many rows on there is enough to learn for a third hidden layer.
ROWS_FOR_THREE = 20_000


def mlp(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """Linear layers with ReLU and dropout between them, for examples of any shape.

    Where `data.facts["categories"]` tells of codes at the end of a row, each gets an embedding first.
    """
    first, features = _first(data)
    rows = int(data.facts.get("rows", 0))
    width, depth = options.get("width"), options.get("depth")
    width = automatic_width(rows, features, data.outputs) if width is None else int(width)
    depth = (3 if rows >= ROWS_FOR_THREE else 2) if depth is None else int(depth)
    dropout = float(options.get("dropout") or 0)
    layers: list[nn.Module] = [first]
    for _ in range(depth):
        layers += [nn.Linear(features, width), nn.ReLU()]
        layers += [nn.Dropout(dropout)] if dropout else []
        features = width
    return nn.Sequential(*layers, nn.Linear(features, data.outputs))


def linear(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """One linear layer over an example of any shape, behind the embeddings of its categories."""
    first, features = _first(data)
    return nn.Sequential(first, nn.Linear(features, data.outputs))


def automatic_width(rows: int, columns: int, outputs: int) -> int:
    """The power of two from 32 to 512 that holds the columns, twice the outputs and 2·√rows."""
    wanted = max(columns, 2 * outputs, 2 * math.sqrt(rows), NARROWEST)
    return min(1 << math.ceil(math.log2(wanted)), WIDEST)


def _first(data: Data) -> tuple[nn.Module, int]:
    """What makes one row of numbers of an example, and how many those are."""
    features = math.prod(data.inputs)
    sizes: tuple[int, ...] = data.facts.get("categories", ())
    if not sizes:
        return nn.Flatten(), features
    embedded = Embedded(features - len(sizes), sizes)
    return embedded, embedded.features


class Embedded(nn.Module):
    """Rows (N, numbers + categories) whose last columns are codes: each code becomes numbers that are learned."""

    def __init__(self, numbers: int, sizes: tuple[int, ...]) -> None:
        """`sizes` tells how many codes each category has; its numbers follow the usual 1.6 · size^0.56, up to 50."""
        super().__init__()
        self.numbers = numbers
        self.tables = nn.ModuleList(nn.Embedding(size, min(50, round(1.6 * size**0.56))) for size in sizes)
        self.features = numbers + sum(table.embedding_dim for table in self.tables)  # type: ignore[misc]

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """(N, features)"""
        codes = rows[:, self.numbers :].long()
        parts = [table(codes[:, place]) for place, table in enumerate(self.tables)]
        return torch.cat([rows[:, : self.numbers], *parts], dim=1)
