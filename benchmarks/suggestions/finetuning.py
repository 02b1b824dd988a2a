"""Tiny real trainings that do not begin with fresh weights: pretrained here on one thing, trained on another.

A new head on a frozen body, all layers, low-rank adapters, rates that differ by layer, other labels for the same
inputs (which start far above the loss of guessing), other text, trainings that are resumed with their optimizer's
state. Pretraining takes seconds, is the same in every process and moves no random generator.

The split into `DEVELOPMENT` and `HELD_OUT` was fixed before any result was known.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from tasks import (
    CE,
    MOMENTUM,
    NESTEROV,
    SOURCE,
    Data,
    Part,
    Task,
    batches,
    characters,
    cnn,
    digits,
    each_step,
    mlp,
    resnet,
    waves,
)
from torch import Tensor, nn
from torch.nn import functional

#: English with markup, where the pretraining saw source text.
PROSE = ("pydoc_data/topics.py",)


@dataclass(frozen=True)
class FineTuning(Task):
    """A training that begins with weights that have learned something."""

    share: float = 1.0
    """The rate of everything but the head, as a share of the head's."""
    resumed: str = ""
    """The pretraining whose optimizer's state is taken over; empty for a fresh optimizer."""

    def make_optimizer(self, model: nn.Module, lr: float) -> torch.optim.Optimizer:
        """The optimizer over what is not frozen; a group's "share" is its rate's share of `lr`."""
        head = list(head_of(model).parameters())
        rest = [p for p in model.parameters() if p.requires_grad and all(p is not other for other in head)]
        groups: list[dict[str, Any]] = [{"params": head}]
        if rest and self.share == 1:
            groups[0]["params"] = [p for p in model.parameters() if p.requires_grad]
        elif rest:
            groups.append({"params": rest, "lr": lr * self.share, "share": self.share})
        made: torch.optim.Optimizer = getattr(torch.optim, self.optimizer)(groups, lr=lr, **self.arguments)
        if self.resumed:
            made.load_state_dict({**made.state_dict(), "state": copy.deepcopy(halfway(self.resumed)[1])})
        return made


def head_of(model: nn.Module) -> nn.Module:
    """What gives the answers."""
    head = model[-1] if isinstance(model, nn.Sequential) else model.out
    assert isinstance(head, nn.Module)
    return head


def trained(task: Task, steps: int, lr: float) -> tuple[nn.Module, dict[str, Any]]:
    """The model of `task` and its optimizer's state after `steps` steps at one rate. Moves no random generator."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = task.model()
        optimizer = task.make_optimizer(model, lr)
        for (x, y), _ in zip(batches(task.data()[0], task.batch, 0), range(steps), strict=False):
            optimizer.zero_grad()
            task.loss(model(x), y).backward()
            optimizer.step()
    return model, optimizer.state_dict()["state"]


# Data ---------------------------------------------------------------------------------------------------------


def chosen(data: Data, first: int, last: int) -> Data:
    """The examples of the classes from `first` to `last`, counted from 0."""

    def of(part: Part) -> Part:
        x, y = part
        some = (y >= first) & (y <= last)
        return x[some], y[some] - first

    return of(data[0]), of(data[1])


def relabelled(data: Data, classes: int) -> Data:
    """Each class called like the next one."""
    (x, y), (v, w) = data
    return (x, (y + 1) % classes), (v, (w + 1) % classes)


@cache
def low_digits() -> Data:
    """0 to 4."""
    return chosen(digits(), 0, 4)


@cache
def high_digits() -> Data:
    """5 to 9, as the classes 0 to 4."""
    return chosen(digits(), 5, 9)


def other_digits() -> Data:
    """Digits, each called like the next one."""
    return relabelled(digits(), 10)


def other_waves() -> Data:
    """Shapes of waves, each called like the next one."""
    return relabelled(waves(), 4)


def source() -> Data:
    """Source text, in pieces of 16 characters."""
    return characters(SOURCE, 16)


def prose() -> Data:
    """English with markup, in pieces of 16 characters."""
    return characters(PROSE, 16)


@cache
def sequences(examples: int, seed: int) -> tuple[Tensor, Tensor]:
    """Sequences of 16 symbols from 0 to 31, shape (examples, 16), and the odd ones in each half, (examples, 2)."""
    x = torch.randint(32, (examples, 16), generator=torch.Generator().manual_seed(seed))
    return x, torch.stack([(x[:, :8] % 2).sum(1), (x[:, 8:] % 2).sum(1)], 1)


def odd_ones(half: int, examples: int, seed: int) -> Data:
    """Has this half of a sequence more than four odd symbols?"""

    def part(count: int, number: int) -> Part:
        x, odd = sequences(count, number)
        return x, (odd[:, half] > 4).long()

    return part(examples, seed), part(512, 99)


@cache
def richer_half(examples: int, seed: int) -> Data:
    """Which half has more odd symbols: the first, none, the second?"""

    def part(count: int, number: int) -> Part:
        x, odd = sequences(count, number)
        return x, (odd[:, 1] - odd[:, 0]).sign() + 1

    return part(examples, seed), part(512, 99)


# Models -------------------------------------------------------------------------------------------------------


class Block(nn.Module):
    """Attention and a perceptron, with LayerNorm before them as in GPT, or after them as in BERT."""

    def __init__(self, width: int, kind: str) -> None:
        super().__init__()
        self.causal, self.after = kind == "text", kind == "encoder"
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.inner = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def attend(self, x: Tensor) -> Tensor:
        """(N, T, width) to the same, with two heads."""
        q, k, v = (part.unflatten(-1, (2, -1)).transpose(1, 2) for part in self.attention(x).chunk(3, -1))
        seen = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        out: Tensor = self.mix(seen.transpose(1, 2).flatten(2))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """(N, T, width) to the same."""
        if self.after:
            x = self.first(x + self.attend(x))
            out: Tensor = self.second(x + self.inner(x))
            return out
        x = x + self.attend(self.first(x))
        out = x + self.inner(self.second(x))
        return out


class Attention(nn.Module):
    """One block over 16 places: symbols of a "text" (an answer at every step) or for an "encoder", or the "patches" of
    an 8×8 image (an answer for all)."""

    def __init__(self, kind: str, inputs: int, outputs: int, width: int = 32) -> None:
        super().__init__()
        self.each = kind == "text"
        self.embed = nn.Conv2d(1, width, 2, stride=2) if kind == "patches" else nn.Embedding(inputs, width)
        self.place = nn.Parameter(torch.randn(16, width) * 0.02)
        self.block = Block(width, kind)
        self.out = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        """(N, 16) symbols or (N, 1, 8, 8) images to (N, 16, outputs) or (N, outputs)."""
        seen = self.embed(x)
        h = self.block((seen.flatten(2).transpose(1, 2) if seen.dim() == 4 else seen) + self.place)
        h = h if self.each else h.mean(1)
        out: Tensor = self.out(h)
        return out


class LowRank(nn.Module):
    """A frozen line and a product of two thin ones beside it, at first zero (LoRA)."""

    def __init__(self, line: nn.Linear, rank: int = 4) -> None:
        super().__init__()
        self.line = line.requires_grad_(False)
        self.down = nn.Linear(line.in_features, rank, bias=False)
        self.up = nn.Linear(rank, line.out_features, bias=False)
        nn.init.zeros_(self.up.weight)

    def forward(self, x: Tensor) -> Tensor:
        """The frozen line's answer and the adapters'."""
        out: Tensor = self.line(x) + self.up(self.down(x))
        return out


# Pretraining --------------------------------------------------------------------------------------------------

#: What is pretrained: the training, its steps and its rate.
PRETRAINED: dict[str, tuple[Task, int, float]] = {
    "cnn": (Task("cnn", low_digits, cnn, CE, "Adam", 32, 0), 150, 3e-3),
    "cnn-all": (Task("cnn-all", digits, cnn, CE, "Adam", 32, 0), 200, 3e-3),
    "resnet": (Task("resnet", low_digits, lambda: resnet(6), CE, "Adam", 32, 0), 150, 3e-3),
    "resnet-all": (Task("resnet-all", digits, lambda: resnet(6), CE, "Adam", 32, 0), 200, 3e-3),
    "patches": (Task("patches", low_digits, lambda: Attention("patches", 0, 5), CE, "AdamW", 32, 0), 300, 3e-3),
    "mlp": (Task("mlp", digits, lambda: mlp(64, 10), CE, "SGD", 32, 0, MOMENTUM), 120, 2e-2),
    "waves": (Task("waves", waves, lambda: mlp(48, 4), CE, "Adam", 32, 0), 250, 3e-3),
    "text": (Task("text", source, lambda: Attention("text", 128, 128), each_step, "AdamW", 32, 0), 500, 3e-3),
    "text-halfway": (Task("text", source, lambda: Attention("text", 128, 128), each_step, "Adam", 32, 0), 200, 3e-3),
    "encoder": (
        Task("encoder", lambda: odd_ones(0, 16_000, 1), lambda: Attention("encoder", 32, 2), CE, "AdamW", 64, 0),
        600,
        4e-3,
    ),
}


@cache
def halfway(name: str) -> tuple[nn.Module, dict[str, Any]]:
    """A pretraining's model and its optimizer's state: not to be changed."""
    return trained(*PRETRAINED[name])


def pretrained(name: str, classes: int = 0, *, frozen: bool = False) -> nn.Module:
    """A copy of a pretrained model; with `classes` it has a fresh head for so many, `frozen` leaves only that free."""
    model = copy.deepcopy(halfway(name)[0])
    if frozen:
        model.requires_grad_(False)
    if classes:
        head = nn.Linear(head_of(model).in_features, classes)  # type: ignore[arg-type]
        if isinstance(model, nn.Sequential):
            model[-1] = head
        else:
            model.out = head
    return model


def adapted() -> nn.Module:
    """The network for text, frozen, with adapters on the lines of its attention and of its answers."""
    model = pretrained("text", frozen=True)
    assert isinstance(model, Attention)
    model.block.attention, model.block.mix = LowRank(model.block.attention), LowRank(model.block.mix)
    model.out = LowRank(model.out)  # type: ignore[assignment]
    return model


# Tasks --------------------------------------------------------------------------------------------------------

DEVELOPMENT: tuple[FineTuning, ...] = (
    FineTuning("head-cnn-adam", high_digits, lambda: pretrained("cnn", 5, frozen=True), CE, "Adam", 32, 150),
    FineTuning("all-patches-adamw", high_digits, lambda: pretrained("patches", 5), CE, "AdamW", 32, 150),
    FineTuning("prose-transformer-adamw", prose, lambda: pretrained("text"), each_step, "AdamW", 16, 150),
    FineTuning("resumed-mlp-sgdm", digits, lambda: pretrained("mlp"), CE, "SGD", 32, 200, MOMENTUM, resumed="mlp"),
    FineTuning("relabelled-cnn-adam", other_digits, lambda: pretrained("cnn-all"), CE, "Adam", 32, 150),
    FineTuning("half-encoder-adamw", lambda: odd_ones(1, 2048, 2), lambda: pretrained("encoder"), CE, "AdamW", 32, 150),
    FineTuning(
        "groups-resnet-sgdm", high_digits, lambda: pretrained("resnet", 5), CE, "SGD", 32, 120, MOMENTUM, share=0.1
    ),
)
HELD_OUT: tuple[FineTuning, ...] = (
    FineTuning(
        "head-patches-sgdm", high_digits, lambda: pretrained("patches", 5, frozen=True), CE, "SGD", 32, 150, MOMENTUM
    ),
    FineTuning("all-resnet-adam", high_digits, lambda: pretrained("resnet", 5), CE, "Adam", 32, 120),
    FineTuning("lora-transformer-adamw", prose, adapted, each_step, "AdamW", 16, 150),
    FineTuning(
        "resumed-transformer-adam",
        source,
        lambda: pretrained("text-halfway"),
        each_step,
        "Adam",
        16,
        150,
        resumed="text-halfway",
    ),
    FineTuning("relabelled-mlp-rmsprop", other_waves, lambda: pretrained("waves"), CE, "RMSprop", 32, 200),
    FineTuning(
        "groups-encoder-adamw",
        lambda: richer_half(2048, 3),
        lambda: pretrained("encoder", 3),
        CE,
        "AdamW",
        32,
        120,
        share=0.2,
    ),
    FineTuning(
        "relabelled-resnet-nesterov", other_digits, lambda: pretrained("resnet-all"), CE, "SGD", 32, 120, NESTEROV
    ),
)

FINE_TUNING: dict[str, FineTuning] = {task.name: task for task in DEVELOPMENT + HELD_OUT}
