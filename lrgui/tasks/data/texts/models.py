"""Language models over characters: token numbers (N, T) in, scores of the next character (N, vocabulary, T) out."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  its usual name

from lrgui.core.options import Scalar
from lrgui.tasks.task import Data


def gru(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """An embedding, Number of stacked GRU layers, one linear layer."""
    width, layers, dropout = _sizes(options, layers=1)
    return CharGRU(data.outputs, width, layers, dropout)


def transformer(data: Data, options: Mapping[str, Scalar]) -> nn.Module:
    """A small decoder. Raises ValueError, with a sentence, where the width is no multiple of the heads."""
    width, layers, dropout = _sizes(options, layers=2)
    heads = int(options.get("heads") or 4)
    if width % heads:
        raise ValueError(
            f"A width of {width} cannot be divided among {heads} heads: use a width of {heads * (width // heads + 1)}."
        )
    return CharTransformer(data.outputs, data.inputs[0], width, layers, heads, dropout)


def _sizes(options: Mapping[str, Scalar], layers: int) -> tuple[int, int, float]:
    return int(options.get("width") or 128), int(options.get("layers") or layers), float(options.get("dropout") or 0)


class CharGRU(nn.Module):
    """Reads one character after the other."""

    def __init__(self, vocabulary: int, width: int, layers: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        # torch's own dropout lies between layers, and warns where there is one only.
        self.gru = nn.GRU(width, width, layers, batch_first=True, dropout=dropout if layers > 1 else 0.0)
        self.dropout = nn.Dropout(dropout)
        self.scores = nn.Linear(width, vocabulary)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, vocabulary, T)"""
        states, _ = self.gru(self.embedding(tokens))
        scores: torch.Tensor = self.scores(self.dropout(states))
        return scores.transpose(1, 2)


class CharTransformer(nn.Module):
    """Each character looks at itself and those before it."""

    def __init__(self, vocabulary: int, length: int, width: int, layers: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.positions = nn.Parameter(torch.randn(length, width) * 0.02)
        nn.init.normal_(self.embedding.weight, std=0.02)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.Sequential(*(Block(width, heads, dropout) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)
        self.scores = nn.Linear(width, vocabulary)
        nn.init.normal_(self.scores.weight, std=0.02)  # starts near guessing: a loss of ln(vocabulary)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """(N, vocabulary, T), for T up to the length that it was made for."""
        states = self.dropout(self.embedding(tokens) + self.positions[: tokens.shape[1]])
        scores: torch.Tensor = self.scores(self.norm(self.blocks(states)))
        return scores.transpose(1, 2)


class Block(nn.Module):
    """Causal attention and an MLP, each behind a norm and beside a shortcut."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.rate = dropout
        self.before_attention = nn.LayerNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width)
        self.joined = nn.Linear(width, width)
        self.before_mlp = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
        self.dropout = nn.Dropout(dropout)

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(N, T, width), as it came in."""
        states = states + self.dropout(self._attention(self.before_attention(states)))
        out: torch.Tensor = states + self.dropout(self.mlp(self.before_mlp(states)))
        return out

    def _attention(self, states: torch.Tensor) -> torch.Tensor:
        n, length, width = states.shape
        parts = self.queries_keys_values(states).view(n, length, 3, self.heads, width // self.heads)
        queries, keys, values = parts.permute(2, 0, 3, 1, 4)
        rate = self.rate if self.training else 0.0
        mixed = F.scaled_dot_product_attention(queries, keys, values, is_causal=True, dropout_p=rate)
        joined: torch.Tensor = self.joined(mixed.transpose(1, 2).reshape(n, length, width))
        return joined
