"""`lrgui.find_lr` against a bare loop and the known packages: `python benchmarks/find_speed.py [--quick] [--peers]`.

First table: steps per second of find_lr and of the guide's loop written by hand, which restores nothing, on a tiny
MLP, SimpleNet and a small ResNet; set-up, restore and the reading of the curve are in find_lr's time. Target: 0.97
or better. Second table, with `--peers`: wall time of one 100-step sweep, set-up and restore included, of find_lr and of
those packages that are installed (torch-lr-finder, fastai, Lightning, Ignite). Target: below each of them.

The same data (digits), batches of 64 and rates up to 1e-2 (1e-7 to 1e-2 in the second), so that no loss explodes. Torch
computes on one thread. Everything is run once before it is measured.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import importlib.util
import io
import logging
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from harness import cores, interleaved, ratios, spread, table

START, END = 1e-6, 1e-2


@dataclass(frozen=True)
class Case:
    """A model, and how many steps of it make a measurement long enough."""

    label: str
    model: Callable[[], Any]
    steps: int


def mlp() -> Any:
    """64 → 32 → 10."""
    from torch import nn

    return nn.Sequential(nn.Flatten(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))


def simple_net() -> Any:
    """The guide's SimpleNet."""
    from lrgui.tasks.data.digits import load
    from lrgui.tasks.models.small import simple_net
    from lrgui.tasks.spec import TaskSpec

    return simple_net(load(TaskSpec()), {})


def resnet() -> Any:
    """Six residual blocks with BatchNorm, 175,000 parameters."""
    import torch
    from torch import nn

    class Block(nn.Module):
        def __init__(self, inside: int, outside: int) -> None:
            super().__init__()
            self.path = nn.Sequential(
                nn.Conv2d(inside, outside, 3, padding=1, bias=False),
                nn.BatchNorm2d(outside),
                nn.ReLU(),
                nn.Conv2d(outside, outside, 3, padding=1, bias=False),
                nn.BatchNorm2d(outside),
            )
            self.short = nn.Identity() if inside == outside else nn.Conv2d(inside, outside, 1, bias=False)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return nn.functional.relu(self.path(x) + self.short(x))

    widths = (16, 16, 32, 32, 64, 64)
    blocks = [Block(inside, outside) for inside, outside in zip((16, *widths), widths, strict=False)]
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)
    )


CASES = {
    "mlp": Case("tiny MLP", mlp, 1000),
    "simplenet": Case("SimpleNet", simple_net, 400),
    "resnet": Case("small ResNet", resnet, 60),
}


def made(case: Case) -> tuple[Any, Any, Any, Any]:
    """Model, loader, loss and optimizer, always the same."""
    import torch
    from torch.utils.data import DataLoader

    from lrgui.tasks.data.digits import load
    from lrgui.tasks.spec import TaskSpec

    torch.manual_seed(0)
    loader = DataLoader(load(TaskSpec()).train, 64, shuffle=True, drop_last=True)
    model = case.model()
    return model, loader, torch.nn.CrossEntropyLoss(), torch.optim.SGD(model.parameters(), START, momentum=0.9)


def bare(case: Case) -> float:
    """Seconds of the guide's loop, as people write it by hand."""
    model, loader, criterion, optimizer = made(case)
    began = time.perf_counter()
    lr, factor = START, (END / START) ** (1 / (case.steps - 1))
    average, best, rates, losses, done = 0.0, float("inf"), [], [], 0
    model.train()
    while done < case.steps:
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            average = 0.98 * average + 0.02 * loss.item()
            smooth = average / (1 - 0.98 ** (done + 1))
            rates.append(lr)
            losses.append(smooth)
            if done > 1 and smooth > 4 * best:
                raise SystemExit("the loss exploded: these rates are too high for a comparison")
            best = min(best, smooth)
            loss.backward()
            optimizer.step()
            lr *= factor
            for group in optimizer.param_groups:
                group["lr"] = lr
            done += 1
            if done == case.steps:
                break
    return time.perf_counter() - began


def ours(case: Case, start: float = START, steps: int = 0) -> float:
    """Seconds of `find_lr`."""
    import lrgui

    model, loader, criterion, optimizer = made(case)
    wanted = steps or case.steps
    began = time.perf_counter()
    result = lrgui.find_lr(
        model, loader, criterion, optimizer, start_lr=start, end_lr=END, steps=wanted, progress=False
    )
    seconds = time.perf_counter() - began
    if len(result.curve) != wanted:
        raise SystemExit(f"the sweep ended early: {result.end.detail}")
    return seconds


def torch_lr_finder(case: Case) -> float:
    """torch-lr-finder's range test, and its reset."""
    from torch_lr_finder import LRFinder

    model, loader, criterion, optimizer = made(case)
    began = time.perf_counter()
    finder = LRFinder(model, optimizer, criterion, device="cpu")
    finder.range_test(loader, start_lr=1e-7, end_lr=END, num_iter=100)
    finder.reset()
    return time.perf_counter() - began


def fastai(case: Case) -> float:
    """fastai's lr_find."""
    import fastai.callback.schedule  # noqa: F401 (adds lr_find to the Learner)
    import torch
    from fastai.basics import DataLoaders, Learner
    from fastai.optimizer import OptimWrapper

    model, loader, criterion, _ = made(case)
    with tempfile.TemporaryDirectory() as folder:
        learner = Learner(
            DataLoaders(loader, loader),
            model,
            loss_func=criterion,
            path=Path(folder),
            opt_func=partial(OptimWrapper, opt=torch.optim.SGD, momentum=0.9),
        )
        began = time.perf_counter()
        learner.lr_find(end_lr=END, show_plot=False)
        return time.perf_counter() - began


def lightning(case: Case) -> float:
    """Lightning's Tuner.lr_find."""
    import lightning.pytorch as pl
    import torch
    from lightning.pytorch.tuner import Tuner

    model, loader, criterion, _ = made(case)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.net, self.lr = model, 1e-3

        def training_step(self, batch: Any, number: int) -> Any:
            return criterion(self.net(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.SGD(self.parameters(), self.lr, momentum=0.9)

    with tempfile.TemporaryDirectory() as folder:
        trainer = pl.Trainer(
            max_epochs=1000,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            default_root_dir=folder,
        )
        module = Module()
        began = time.perf_counter()
        Tuner(trainer).lr_find(module, train_dataloaders=loader, min_lr=1e-7, max_lr=END, num_training=100)
        return time.perf_counter() - began


def ignite(case: Case) -> float:
    """Ignite's FastaiLRFinder."""
    from ignite.engine import create_supervised_trainer
    from ignite.handlers import FastaiLRFinder

    model, loader, criterion, optimizer = made(case)
    trainer = create_supervised_trainer(model, optimizer, criterion)
    finder = FastaiLRFinder()
    began = time.perf_counter()
    saved = {"model": model, "optimizer": optimizer}
    with finder.attach(trainer, to_save=saved, num_iter=100, start_lr=1e-7, end_lr=END) as engine:
        engine.run(loader)
    return time.perf_counter() - began


PEERS: dict[str, tuple[str, str, Callable[[Case], float]]] = {
    "torch-lr-finder": ("torch_lr_finder", "torch-lr-finder", torch_lr_finder),
    "fastai": ("fastai", "fastai", fastai),
    "lightning": ("lightning", "Lightning", lightning),
    "ignite": ("ignite", "Ignite", ignite),
}


def quietly(measure: Callable[[], float]) -> float:
    """The measurement, without what the package prints, and with the garbage of the one before it gone."""
    gc.collect()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        return measure()


def main() -> int:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="fewer repeats")
    options.add_argument("--peers", action="store_true", help="compare with the known packages, too")
    options.add_argument("--only", choices=CASES, help="one model alone")
    chosen = options.parse_args()
    import torch

    warnings.filterwarnings("ignore")
    for name in ("lightning", "lightning.pytorch", "pytorch_lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    torch.set_num_threads(1)
    rounds = 5 if chosen.quick else 15
    cases = [case for key, case in CASES.items() if chosen.only in (None, key)]
    rows = []
    for case in cases:
        variants = {"bare": partial(quietly, partial(bare, case)), "ours": partial(quietly, partial(ours, case))}
        for measure in variants.values():
            measure()
        found = interleaved(variants, rounds)
        speeds = {name: [case.steps / seconds for seconds in values] for name, values in found.items()}
        rows.append(
            (
                case.label,
                f"{1000 / median(speeds['bare']):.2f}",
                f"{median(speeds['bare']):.0f}",
                f"{median(speeds['ours']):.0f}",
                *ratios(speeds["ours"], speeds["bare"]),
            )
        )
    print(f"Steps per second; {cores()} cores, torch on 1; medians of {rounds} rounds")
    table(("model", "ms a step", "bare loop", "find_lr", "ratio", "paired"), rows)
    if chosen.peers:
        print()
        against_peers(cases, rounds)
    return 0


def against_peers(cases: list[Case], rounds: int) -> None:
    """Print the second table."""
    peers = {key: row for key, row in PEERS.items() if importlib.util.find_spec(row[0]) is not None}
    missing = [row[1] for key, row in PEERS.items() if key not in peers]
    if missing:
        print(f"Not installed, so not compared: {', '.join(missing)}.")
    rows = []
    for case in cases:
        variants = {"ours": partial(quietly, partial(ours, case, 1e-7, 100))}
        variants |= {key: partial(quietly, partial(run, case)) for key, (_, _, run) in peers.items()}
        for measure in variants.values():
            measure()
        found = interleaved(variants, rounds)
        rows.append((case.label, "find_lr", f"{median(found['ours']):.3f}", spread(found["ours"]), "1.00", "1.00"))
        for key, (_, label, _) in peers.items():
            shown = (f"{median(found[key]):.3f}", spread(found[key]), *ratios(found[key], found["ours"]))
            rows.append((case.label, label, *shown))
    print(f"Seconds of a 100-step sweep; medians of {rounds} rounds; ratio: how many times find_lr's")
    table(("model", "package", "seconds", "lowest … highest", "ratio", "paired"), rows)


if __name__ == "__main__":
    raise SystemExit(main())
