"""Tiny real trainings, by which suggested learning rates are judged: data, model, loss, optimizer, batch size, steps.

The data is what the package and Python ship (digits, the standard library's source text) or is made by a formula.
The split into `DEVELOPMENT` and `HELD_OUT` was fixed before any result was known: the recommendation was worked
out on the first part alone.
"""

from __future__ import annotations

import sysconfig
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lrgui.resources import resource

Part = tuple[Tensor, Tensor]
Data = tuple[Part, Part]
"""Inputs and targets for training, the same for validation."""
Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Task:
    """One training."""

    name: str
    data: Callable[[], Data]
    model: Callable[[], nn.Module]
    loss: Loss
    optimizer: str
    batch: int
    steps: int
    """Optimizer steps of the OneCycle training that is the truth."""
    arguments: dict[str, Any] = field(default_factory=dict)

    def make_optimizer(self, model: nn.Module, lr: float) -> torch.optim.Optimizer:
        """The optimizer over all of the model's parameters."""
        made: torch.optim.Optimizer = getattr(torch.optim, self.optimizer)(model.parameters(), lr=lr, **self.arguments)
        return made


def batches(part: Part, size: int, seed: int) -> Iterator[Part]:
    """Shuffled full batches without end."""
    order = torch.Generator().manual_seed(seed)
    x, y = part
    while True:
        index = torch.randperm(len(x), generator=order)
        for i in range(0, len(x) - size + 1, size):
            yield x[index[i : i + size]], y[index[i : i + size]]


def split(x: np.ndarray, y: np.ndarray, share: float = 0.75) -> Data:
    """Shuffled once, the same for ever; floats become float32."""
    order = np.random.RandomState(0).permutation(len(x))
    tensors = [torch.from_numpy(a[order].astype(np.float32) if a.dtype.kind == "f" else a[order]) for a in (x, y)]
    cut = int(share * len(x))
    return (tensors[0][:cut], tensors[1][:cut]), (tensors[0][cut:], tensors[1][cut:])


# Data ---------------------------------------------------------------------------------------------------------


@cache
def digits() -> Data:
    """1797 images, shape (1, 8, 8), 0 to 1; ten classes."""
    with np.load(resource("digits.npz"), allow_pickle=False) as stored:
        images = stored["images"].astype(np.float64)[:, None] / stored["images"].max()
        return split(images, stored["labels"].astype(np.int64))


@cache
def digits_again() -> Data:
    """Digits to be reproduced: the flat image, twice."""
    (x, _), (v, _) = digits()
    return (x.flatten(1), x.flatten(1)), (v.flatten(1), v.flatten(1))


@cache
def noisy_digits() -> Data:
    """Digits with noise, shape (1, 8, 8), and the clean ones."""
    (x, _), (v, _) = digits()
    noise = torch.Generator().manual_seed(1)
    return tuple((a + 0.3 * torch.randn(a.shape, generator=noise), a) for a in (x, v))  # type: ignore[return-value]


@cache
def friedman() -> Data:
    """Friedman's first regression: ten inputs of which five matter. Standardised."""
    draw = np.random.RandomState(2)
    x = draw.uniform(size=(1600, 10))
    y = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    y = y + draw.normal(size=len(y))
    return split((x - 0.5) * 3.4, ((y - y.mean()) / y.std())[:, None])


@cache
def mixture() -> Data:
    """Six overlapping clouds in 16 dimensions, a tenth of the labels wrong."""
    draw = np.random.RandomState(3)
    y = draw.randint(6, size=4000)
    x = draw.normal(size=(6, 16))[y] * 0.8 + draw.normal(size=(4000, 16))
    wrong = draw.uniform(size=len(y)) < 0.1
    return split(x, np.where(wrong, draw.randint(6, size=len(y)), y).astype(np.int64))


@cache
def characters(modules: tuple[str, ...], length: int) -> Data:
    """Source text of Python's own modules in pieces; the target is the next character. Codes 0 to 127."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    text = "".join((folder / name).read_text(encoding="utf-8") for name in modules)[:60_000]
    codes = np.array([min(ord(c), 127) for c in text], dtype=np.int64)
    count = (len(codes) - 1) // length
    return split(codes[: count * length].reshape(count, length), codes[1 : count * length + 1].reshape(count, length))


@cache
def contexts() -> Data:
    """Eight characters of source text, and the one that follows."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    text = (folder / "textwrap.py").read_text(encoding="utf-8")
    codes = np.array([min(ord(c), 127) for c in text], dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(codes, 9)
    return split(windows[:, :8].copy(), windows[:, 8].copy())


@cache
def lines() -> Data:
    """Lines of source text as counts of their characters; the target is the module that they come from."""
    folder = Path(sysconfig.get_paths()["stdlib"])
    rows, labels = [], []
    for label, name in enumerate(("argparse.py", "ast.py", "decimal.py", "_pydecimal.py", "tarfile.py", "turtle.py")):
        for line in (folder / name).read_text(encoding="utf-8").splitlines()[:1200]:
            if len(line.strip()) > 10:
                rows.append(np.bincount([min(ord(c), 127) for c in line], minlength=128))
                labels.append(label)
    return split(np.log1p(np.array(rows, dtype=np.float64)), np.array(labels, dtype=np.int64))


@cache
def sines() -> Data:
    """A sum of two sines with noise, shape (24, 1), and the same one step later."""
    draw = np.random.RandomState(4)
    t = np.arange(25)[None, :]
    a, b, p, q = (draw.uniform(low, high, size=(1200, 1)) for low, high in ((0.2, 0.6), (0.6, 1.2), (0, 6), (0, 6)))
    series = np.sin(a * t + p) + 0.5 * np.sin(b * t + q) + 0.05 * draw.normal(size=(1200, 25))
    return split(series[:, :-1, None].copy(), series[:, 1:, None].copy())


@cache
def teacher() -> Data:
    """What a fixed random network answers, with noise; 20 inputs, 3 outputs."""
    draw = np.random.RandomState(5)
    x = draw.normal(size=(5000, 20))
    y = np.tanh(x @ draw.normal(size=(20, 12)) / 4) @ draw.normal(size=(12, 3)) / 2
    return split(x, y + 0.1 * draw.normal(size=y.shape))


@cache
def ratings() -> Data:
    """Who (of 200) rates what (of 120) how: factors of rank three, biases, noise. Inputs are two indices."""
    draw = np.random.RandomState(6)
    who, what = draw.randint(200, size=8000), draw.randint(120, size=8000)
    score = (draw.normal(size=(200, 3))[who] * draw.normal(size=(120, 3))[what]).sum(1) * 0.5
    score = score + draw.normal(size=200)[who] * 0.5 + draw.normal(size=120)[what] * 0.5
    score = score + 0.3 * draw.normal(size=8000)
    return split(np.stack([who, what + 200], 1).astype(np.int64), score[:, None])


@cache
def waves() -> Data:
    """Noisy sines, squares, saws and pulses, shape (1, 48); which is it?"""
    draw = np.random.RandomState(7)
    y = draw.randint(4, size=2400)
    phase = draw.uniform(0, 1, (2400, 1)) + draw.uniform(0.02, 0.08, (2400, 1)) * np.arange(48)
    turn = phase % 1.0
    shapes = np.stack([np.sin(2 * np.pi * turn), np.sign(turn - 0.5), 2 * turn - 1, (turn < 0.15) * 2.0 - 0.3])
    x = shapes[y, np.arange(2400)] + 0.5 * draw.normal(size=(2400, 48))
    return split(x[:, None], y.astype(np.int64))


@cache
def spirals() -> Data:
    """Three intertwined spirals in the plane."""
    draw = np.random.RandomState(8)
    y = draw.randint(3, size=1800)
    radius = draw.uniform(0.1, 1, 1800)
    angle = 7 * radius + y * 2 * np.pi / 3 + 0.1 * draw.normal(size=1800)
    return split(np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1) * 1.7, y.astype(np.int64))


@cache
def prices() -> Data:
    """Prices with outliers: products and thresholds of twelve skewed columns, heavy-tailed noise."""
    draw = np.random.RandomState(9)
    x = draw.gamma(2.0, size=(2500, 12))
    y = np.log1p(x[:, 0] * x[:, 1]) + (x[:, 2] > 2) * x[:, 3] + 0.3 * x[:, 4] - 0.2 * x[:, 5]
    y = y + 0.3 * draw.standard_t(2, size=len(y))
    return split((x - x.mean(0)) / x.std(0), ((y - np.median(y)) / 2)[:, None])


@cache
def parity() -> Data:
    """The product of three of twenty signs: nothing is learned for a while, then all at once."""
    draw = np.random.RandomState(10)
    x = np.sign(draw.normal(size=(4000, 20)))
    return split(x, (x[:, :3].prod(1) > 0).astype(np.int64))


@cache
def counts() -> Data:
    """Counts whose rate depends on eight inputs."""
    draw = np.random.RandomState(11)
    x = draw.normal(size=(2000, 8))
    y = draw.poisson(np.exp(0.8 + 0.5 * np.sin(2 * x[:, 0]) + 0.4 * x[:, 1] * x[:, 2] - 0.3 * np.abs(x[:, 3])))
    return split(x, y.astype(np.float64)[:, None])


@cache
def copying() -> Data:
    """Eight symbols, then eight blanks, in which the symbols are to be said again. Codes 0 to 9."""
    draw = np.random.RandomState(12)
    said = draw.randint(1, 9, size=(2400, 6))
    blank, go = np.zeros((2400, 6), dtype=np.int64), np.full((2400, 1), 9)
    return split(np.hstack([said, go, blank[:, 1:]]).astype(np.int64), np.hstack([blank, said]).astype(np.int64))


@cache
def widths() -> Data:
    """One output whose noise depends on the input: mean and deviation are both to be learned."""
    draw = np.random.RandomState(13)
    x = draw.uniform(-2, 2, size=(2000, 4))
    y = np.sin(2 * x[:, 0]) + 0.5 * x[:, 1] + np.exp(0.7 * x[:, 2] - 2) * draw.normal(size=2000)
    return split(x, y[:, None])


@cache
def mixed_columns() -> Data:
    """Tabular data as it comes: columns of very different scale, one half of them useless; two classes."""
    draw = np.random.RandomState(14)
    x = draw.normal(size=(2000, 20)) * np.exp(draw.uniform(-1.5, 1.5, size=20))
    score = x[:, 0] / x[:, 0].std() + np.abs(x[:, 1]) / x[:, 1].std() - 0.8 + 0.7 * draw.normal(size=2000)
    return split(x, (score > 0).astype(np.int64))


@cache
def large_digits() -> Data:
    """Digits drawn twice as large: shape (1, 16, 16)."""
    (x, y), (v, w) = digits()
    return (functional.interpolate(x, scale_factor=2.0), y), (functional.interpolate(v, scale_factor=2.0), w)


@cache
def rings() -> Data:
    """Four rings around each other in five dimensions, of which three are noise."""
    draw = np.random.RandomState(15)
    y = draw.randint(4, size=2000)
    angle, radius = draw.uniform(0, 2 * np.pi, 2000), 0.5 + 0.5 * y + 0.12 * draw.normal(size=2000)
    plane = np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1)
    return split(np.hstack([plane, draw.normal(size=(2000, 3))]), y.astype(np.int64))


@cache
def spectra() -> Data:
    """Sums of three peaks of random place, width and height over 64 channels, to be reproduced."""
    draw = np.random.RandomState(16)
    place, width, height = (draw.uniform(low, high, (1600, 3, 1)) for low, high in ((5, 59), (1.5, 6), (0.3, 1.5)))
    x = (height * np.exp(-0.5 * ((np.arange(64) - place) / width) ** 2)).sum(1) + 0.03 * draw.normal(size=(1600, 64))
    return split(x, x)


# Models -------------------------------------------------------------------------------------------------------


def mlp(
    inputs: int, outputs: int, width: int = 64, depth: int = 2, act: type[nn.Module] = nn.ReLU, norm: str = ""
) -> nn.Module:
    """A perceptron with `depth` hidden layers; `norm` is "", "batch" or "layer"."""
    layers: list[nn.Module] = [nn.Flatten()]
    for k in range(depth):
        layers.append(nn.Linear(width if k else inputs, width))
        layers += {"": [], "batch": [nn.BatchNorm1d(width)], "layer": [nn.LayerNorm(width)]}[norm]
        layers.append(act())
    return nn.Sequential(*layers, nn.Linear(width, outputs))


def cnn(norm: bool = False, width: int = 12) -> nn.Module:
    """Two convolutions and a line over 8×8 images."""
    first = [nn.Conv2d(1, width, 3, padding=1), *([nn.BatchNorm2d(width)] if norm else []), nn.ReLU(), nn.MaxPool2d(2)]
    second = [nn.Conv2d(width, 2 * width, 3, padding=1), *([nn.BatchNorm2d(2 * width)] if norm else []), nn.ReLU()]
    return nn.Sequential(*first, *second, nn.MaxPool2d(2), nn.Flatten(), nn.Linear(8 * width, 10))


class Residual(nn.Module):
    """`relu(x + f(x))`."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        """Add and cut."""
        return torch.relu(x + self.inner(x))


def resnet(width: int = 10) -> nn.Module:
    """Two residual blocks with BatchNorm over 8×8 images."""

    def block() -> nn.Module:
        return Residual(
            nn.Sequential(
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=1, bias=False),
                nn.BatchNorm2d(width),
            )
        )

    head = [nn.Conv2d(1, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    return nn.Sequential(
        *head, block(), nn.MaxPool2d(2), block(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, 10)
    )


class Recurrent(nn.Module):
    """Embedding (or plain numbers), a recurrent layer, a line at every step or at the last."""

    def __init__(
        self, kind: str, inputs: int, width: int, outputs: int, codes: bool = True, last: bool = False
    ) -> None:
        super().__init__()
        self.embed = nn.Embedding(inputs, width) if codes else None
        self.cell = getattr(nn, kind)(width if codes else inputs, width, batch_first=True)
        self.out = nn.Linear(width, outputs)
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        """(N, T) codes or (N, T, inputs) numbers to (N, T, outputs), or (N, outputs) of the last step."""
        hidden = self.cell(self.embed(x) if self.embed is not None else x)[0]
        out: Tensor = self.out(hidden[:, -1] if self.last else hidden)
        return out


class Transformer(nn.Module):
    """One causal attention block over characters."""

    def __init__(self, width: int, length: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(128, width)
        self.place = nn.Parameter(torch.randn(length, width) * 0.02)
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = nn.MultiheadAttention(width, 4, batch_first=True)
        self.inner = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))
        self.out = nn.Linear(width, 128)
        self.register_buffer("mask", torch.triu(torch.ones(length, length, dtype=torch.bool), 1))

    def forward(self, x: Tensor) -> Tensor:
        """(N, T) codes to (N, T, 128)."""
        h = self.embed(x) + self.place
        g = self.first(h)
        h = h + self.attention(g, g, g, attn_mask=self.mask, need_weights=False)[0]
        out: Tensor = self.out(h + self.inner(self.second(h)))
        return out


class Factors(nn.Module):
    """Ratings as products of learned factors, plus biases."""

    def __init__(self, rank: int = 8) -> None:
        super().__init__()
        self.factors, self.bias = nn.Embedding(320, rank), nn.Embedding(320, 1)
        nn.init.normal_(self.factors.weight, std=0.1)
        nn.init.zeros_(self.bias.weight)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 2) indices to (N, 1) ratings."""
        f = self.factors(x)
        out: Tensor = (f[:, 0] * f[:, 1]).sum(1, keepdim=True) + self.bias(x).sum(1)
        return out


def context_mlp() -> nn.Module:
    """Eight embedded characters into a perceptron."""
    return nn.Sequential(nn.Embedding(128, 16), nn.Flatten(), nn.Linear(128, 96), nn.Tanh(), nn.Linear(96, 128))


def denoiser() -> nn.Module:
    """A convolutional network from image to image."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, padding=1), nn.ReLU(), nn.Conv2d(12, 12, 3, stride=2, padding=1), nn.ReLU(),
        nn.ConvTranspose2d(12, 12, 2, stride=2), nn.ReLU(), nn.Conv2d(12, 1, 3, padding=1),
    )  # fmt: skip


def conv1d() -> nn.Module:
    """Two convolutions over a series of 48 numbers."""
    return nn.Sequential(
        nn.Conv1d(1, 12, 5, stride=2),
        nn.ReLU(),
        nn.Conv1d(12, 24, 5, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(216, 4),
    )


def autoencoder(act: type[nn.Module] = nn.ReLU) -> nn.Module:
    """64 numbers through a bottleneck of ten."""
    return nn.Sequential(nn.Linear(64, 48), act(), nn.Linear(48, 10), nn.Linear(10, 48), act(), nn.Linear(48, 64))


class Patches(nn.Module):
    """A small vision transformer over 8×8 images: patches of 2×2, one block."""

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, width, 2, stride=2)
        self.place = nn.Parameter(torch.randn(16, width) * 0.02)
        self.block = nn.TransformerEncoderLayer(width, 4, 2 * width, dropout=0.1, batch_first=True, norm_first=True)
        self.out = nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 1, 8, 8) to (N, 10)."""
        out: Tensor = self.out(self.block(self.embed(x).flatten(2).transpose(1, 2) + self.place).mean(1))
        return out


def gaussian(out: Tensor, y: Tensor) -> Tensor:
    """Negative log likelihood of a normal distribution; `out` is mean and log deviation. May be below zero."""
    return (out[:, 1:] + 0.5 * ((y - out[:, :1]) * torch.exp(-out[:, 1:])) ** 2).mean()


def each_step(out: Tensor, y: Tensor) -> Tensor:
    """Cross entropy of every step of a sequence."""
    return functional.cross_entropy(out.flatten(0, 1), y.flatten())


def poisson(out: Tensor, y: Tensor) -> Tensor:
    """Negative log likelihood of counts, up to a constant: may be below zero."""
    return functional.poisson_nll_loss(out, y)


CE, MSE, HUBER = functional.cross_entropy, functional.mse_loss, functional.smooth_l1_loss
MOMENTUM = {"momentum": 0.9}
DECAYED = {"momentum": 0.9, "weight_decay": 5e-4}
NESTEROV = {"momentum": 0.9, "nesterov": True}
SOURCE = ("heapq.py", "bisect.py", "queue.py", "shlex.py")
OTHER_SOURCE = ("random.py", "copy.py")

DEVELOPMENT: tuple[Task, ...] = (
    Task("digits-mlp-sgdm", digits, lambda: mlp(64, 10), CE, "SGD", 64, 250, DECAYED),
    Task("digits-cnn-adam", digits, cnn, CE, "Adam", 32, 250),
    Task("digits-cnn-bn-sgd", digits, lambda: cnn(norm=True), CE, "SGD", 128, 200),
    Task("digits-tanh-nesterov", digits, lambda: mlp(64, 10, 48, 4, nn.Tanh), CE, "SGD", 16, 300, NESTEROV),
    Task("digits-autoencoder-adam", digits_again, autoencoder, MSE, "Adam", 64, 300),
    Task("friedman-mlp-sgd", friedman, lambda: mlp(10, 1), MSE, "SGD", 32, 300),
    Task("friedman-bn-rmsprop", friedman, lambda: mlp(10, 1, norm="batch"), MSE, "RMSprop", 64, 250),
    Task("mixture-mlp-adamw", mixture, lambda: mlp(16, 6), CE, "AdamW", 256, 200),
    Task(
        "chars-gru-rmsprop",
        lambda: characters(SOURCE, 24),
        lambda: Recurrent("GRU", 128, 32, 128),
        each_step,
        "RMSprop",
        32,
        250,
    ),
    Task("contexts-mlp-nesterov", contexts, context_mlp, CE, "SGD", 128, 300, NESTEROV),
    Task("sines-rnn-adam", sines, lambda: Recurrent("RNN", 1, 24, 1, codes=False), MSE, "Adam", 16, 250),
    Task("teacher-tanh-sgdm", teacher, lambda: mlp(20, 3, act=nn.Tanh), MSE, "SGD", 512, 250, MOMENTUM),
    Task("ratings-factors-adam", ratings, Factors, MSE, "Adam", 256, 300),
    Task("lines-layernorm-adamw", lines, lambda: mlp(128, 6, norm="layer"), CE, "AdamW", 64, 250),
    Task("digits-linear-sgd", digits, lambda: nn.Sequential(nn.Flatten(), nn.Linear(64, 10)), CE, "SGD", 32, 250),
    Task("digits-patches-adamw", digits, Patches, CE, "AdamW", 64, 250),
    Task("large-digits-resnet-adam", large_digits, lambda: resnet(8), CE, "Adam", 32, 150),
    Task("copying-gru-adam", copying, lambda: Recurrent("GRU", 10, 32, 10), each_step, "Adam", 64, 300),
    Task("widths-mlp-rmsprop", widths, lambda: mlp(4, 2), gaussian, "RMSprop", 16, 300),
    Task("columns-bn-nesterov", mixed_columns, lambda: mlp(20, 2, norm="batch"), CE, "SGD", 16, 250, NESTEROV),
    Task("columns-mlp-sgdm", mixed_columns, lambda: mlp(20, 2), CE, "SGD", 64, 250, DECAYED),
    Task("contexts-embedding-sgd", contexts, context_mlp, CE, "SGD", 512, 250),
)
HELD_OUT: tuple[Task, ...] = (
    Task("digits-resnet-bn-nesterov", digits, resnet, CE, "SGD", 64, 200, NESTEROV),
    Task("digits-wide-rmsprop", digits, lambda: mlp(64, 10, 256, 1), CE, "RMSprop", 512, 200),
    Task("digits-cnn-sgd", digits, cnn, CE, "SGD", 16, 300),
    Task("digits-denoiser-adamw", noisy_digits, denoiser, MSE, "AdamW", 32, 250),
    Task("digits-autoencoder-sgdm", digits_again, lambda: autoencoder(nn.Tanh), MSE, "SGD", 128, 300, MOMENTUM),
    Task("waves-conv-adam", waves, conv1d, CE, "Adam", 64, 250),
    Task(
        "waves-lstm-sgdm",
        lambda: columns(waves()),
        lambda: Recurrent("LSTM", 1, 24, 4, codes=False, last=True),
        CE,
        "SGD",
        64,
        250,
        MOMENTUM,
    ),
    Task("spirals-mlp-adam", spirals, lambda: mlp(2, 3), CE, "Adam", 32, 300),
    Task("prices-huber-sgdm", prices, lambda: mlp(12, 1), HUBER, "SGD", 128, 250, DECAYED),
    Task(
        "chars-transformer-adamw",
        lambda: characters(OTHER_SOURCE, 24),
        lambda: Transformer(32, 24),
        each_step,
        "AdamW",
        32,
        250,
    ),
    Task("lines-mlp-sgd", lines, lambda: mlp(128, 6), CE, "SGD", 64, 300),
    Task("mixture-bn-sgdm", mixture, lambda: mlp(16, 6, norm="batch"), CE, "SGD", 512, 200, MOMENTUM),
    Task("parity-mlp-rmsprop", parity, lambda: mlp(20, 2), CE, "RMSprop", 128, 300),
    Task("counts-poisson-adam", counts, lambda: mlp(8, 1), poisson, "Adam", 32, 250),
)

#: Made and trained after the recommendation had been finished: no pick was changed because of them.
CONFIRMATION: tuple[Task, ...] = (
    Task("rings-mlp-adamw", rings, lambda: mlp(5, 4), CE, "AdamW", 16, 300),
    Task("spectra-autoencoder-rmsprop", spectra, autoencoder, MSE, "RMSprop", 32, 250),
    Task("ratings-factors-nesterov", ratings, Factors, MSE, "SGD", 64, 300, NESTEROV),
    Task("counts-bn-sgd", counts, lambda: mlp(8, 1, norm="batch"), poisson, "SGD", 64, 250),
    Task("spirals-bn-nesterov", spirals, lambda: mlp(2, 3, norm="batch"), CE, "SGD", 64, 300, NESTEROV),
    Task("prices-mlp-adamw", prices, lambda: mlp(12, 1), MSE, "AdamW", 256, 200),
    Task("waves-mlp-rmsprop", waves, lambda: mlp(48, 4), CE, "RMSprop", 32, 250),
    Task("contexts-mlp-adam", contexts, context_mlp, CE, "Adam", 64, 250),
)


def columns(data: Data) -> Data:
    """A series (N, 1, T) as T steps of one number: (N, T, 1)."""
    (x, y), (v, w) = data
    return (x.transpose(1, 2).contiguous(), y), (v.transpose(1, 2).contiguous(), w)


TASKS: dict[str, Task] = {task.name: task for task in DEVELOPMENT + HELD_OUT + CONFIRMATION}
