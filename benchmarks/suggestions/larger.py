"""Larger trainings, of 150,000 to two million parameters: do the tiny tasks mislead?

MNIST's images come from the folder in the environment variable `MNIST` (the four IDX files' `t10k-*` pair, gzipped);
the text is the source of Python's own library. All are held out: no rule was worked out on them.
"""

from __future__ import annotations

import gzip
import os
from functools import cache
from pathlib import Path

import numpy as np
import torch
from tasks import CE, DECAYED, MOMENTUM, NESTEROV, Data, Recurrent, Residual, Task, characters, each_step, mlp, split
from torch import Tensor, nn

#: Modules whose source is the text: some 60,000 characters.
TEXT = ("argparse.py", "typing.py")


def _idx(path: Path) -> np.ndarray:
    raw = gzip.decompress(path.read_bytes())
    shape = np.frombuffer(raw, ">u4", raw[3], 4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3]).reshape(shape)


@cache
def mnist() -> Data:
    """10,000 images, shape (1, 28, 28), standardised; ten classes."""
    folder = Path(os.environ["MNIST"])
    images = _idx(folder / "t10k-images-idx3-ubyte.gz").astype(np.float64)[:, None] / 255
    (x, y), (v, w) = split((images - 0.1307) / 0.3081, _idx(folder / "t10k-labels-idx1-ubyte.gz").astype(np.int64))
    # A thousand are enough to judge by, and take less time than the training.
    return (x, y), (v[:1000], w[:1000])


@cache
def text() -> Data:
    """Pieces of 32 characters of source text, and the same one character later."""
    (x, y), (v, w) = characters(TEXT, 32)
    return (x, y), (v[:300], w[:300])


def residual(width: int = 32) -> nn.Module:
    """A residual network with BatchNorm over 28×28 images: three stages, 175,000 parameters."""

    def convolution(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)]

    def block(size: int) -> nn.Module:
        return Residual(nn.Sequential(*convolution(size, size), nn.ReLU(), *convolution(size, size)))

    stem = [*convolution(1, width // 2, 2), nn.ReLU()]
    middle = [block(width // 2), *convolution(width // 2, width, 2), nn.ReLU(), block(width)]
    last = [*convolution(width, 2 * width, 2), nn.ReLU(), block(2 * width)]
    return nn.Sequential(*stem, *middle, *last, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2 * width, 10))


class VisionTransformer(nn.Module):
    """16 patches of 7×7, two blocks of width 96."""

    def __init__(self, width: int = 96) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, width, 7, stride=7)
        self.place = nn.Parameter(torch.randn(16, width) * 0.02)
        block = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.out = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 28, 28) to (N, 10)."""
        out: Tensor = self.out(self.blocks(self.embed(x).flatten(2).transpose(1, 2) + self.place).mean(1))
        return out


class TextTransformer(nn.Module):
    """Causal, two blocks of width 128, over 128 characters."""

    def __init__(self, width: int = 128, length: int = 32) -> None:
        super().__init__()
        self.embed = nn.Embedding(128, width)
        self.place = nn.Parameter(torch.randn(length, width) * 0.02)
        block = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(block, 2, enable_nested_tensor=False)
        self.out = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 128))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, x: Tensor) -> Tensor:
        """(N, T) codes to (N, T, 128)."""
        out: Tensor = self.out(self.blocks(self.embed(x) + self.place, mask=self.mask, is_causal=True))
        return out


_ALL = (
    Task("mnist-resnet-nesterov", mnist, residual, CE, "SGD", 64, 150, {**NESTEROV, "weight_decay": 5e-4}),
    Task("mnist-resnet-adamw", mnist, residual, CE, "AdamW", 64, 150),
    Task("mnist-transformer-adamw", mnist, VisionTransformer, CE, "AdamW", 64, 150),
    Task("mnist-mlp-sgdm", mnist, lambda: mlp(784, 10, 768, 3), CE, "SGD", 64, 200, DECAYED),
    Task("mnist-mlp-sgd", mnist, lambda: mlp(784, 10, 512, 5), CE, "SGD", 64, 200),
    Task("text-transformer-adamw", text, TextTransformer, each_step, "AdamW", 16, 200),
    Task("text-gru-adam", text, lambda: Recurrent("GRU", 128, 256, 128), each_step, "Adam", 16, 150),
    Task("text-lstm-sgdm", text, lambda: Recurrent("LSTM", 128, 192, 128), each_step, "SGD", 16, 200, MOMENTUM),
)
LARGER: dict[str, Task] = {task.name: task for task in _ALL}
