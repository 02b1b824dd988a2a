"""What people have on their disks: tasks of their own, good and bad ones, images, a table. Made anew by each test."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from lrgui.runs.defaults import apply_defaults
from lrgui.runs.job import Job, switched
from lrgui.tasks.recognise import recognise
from lrgui.tasks.user.outline import outline

#: Batches as Hugging Face's collators give them, a model that computes its own loss, an optimizer of its own.
DICT_BATCHES = '''\
"""Which of four words stands most often in a sentence."""
from dataclasses import dataclass

import torch
from torch import nn
from torch.utils.data import DataLoader

name = "word counts"
defaults = {"batch_size": 32, "start_lr": 1e-5, "end_lr": 10.0}


def sentences(count, seed):
    draw = torch.Generator().manual_seed(seed)
    for _ in range(count):
        words = torch.randint(1, 5, (int(torch.randint(5, 12, (1,), generator=draw)),), generator=draw)
        yield {"input_ids": words, "labels": int(torch.bincount(words, minlength=5)[1:].argmax())}


def padded(examples):
    length = max(len(example["input_ids"]) for example in examples)
    ids = torch.zeros(len(examples), length, dtype=torch.long)
    for row, example in zip(ids, examples):
        row[: len(example["input_ids"])] = example["input_ids"]
    return {
        "input_ids": ids,
        "attention_mask": (ids > 0).long(),
        "labels": torch.tensor([example["labels"] for example in examples]),
    }


@dataclass
class Output:
    loss: torch.Tensor
    logits: torch.Tensor


class Classifier(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.embedding = nn.Embedding(5, width)
        self.head = nn.Linear(width, 4)

    def forward(self, input_ids, attention_mask=None, labels=None):
        words = self.embedding(input_ids) * attention_mask.unsqueeze(-1)
        logits = self.head(words.sum(1))
        return Output(nn.functional.cross_entropy(logits, labels), logits)


def model(width: int = 16):
    return Classifier(width)


def train_loader(batch_size):
    return DataLoader(list(sentences(640, 0)), batch_size, shuffle=True, drop_last=True, collate_fn=padded)


def val_loader(batch_size):
    return DataLoader(list(sentences(128, 1)), batch_size, collate_fn=padded)


def optimizer(params, lr):
    return torch.optim.AdamW(params, lr=lr)
'''

#: A module and its data, as they are used with a Trainer.
LIGHTNING = """\
import lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Data(lightning.LightningDataModule):
    def __init__(self, batch_size: int = 32):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        x = torch.randn(640, 4, generator=torch.Generator().manual_seed(0))
        self.examples = TensorDataset(x, (x[:, 0] > x[:, 1]).long())

    def train_dataloader(self):
        return DataLoader(self.examples, self.batch_size, shuffle=True)


class Net(lightning.LightningModule):
    def __init__(self, width: int = 16, lr: float = 1e-3):
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(4, width), nn.ReLU(), nn.Linear(width, 2))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self.net(x), y)
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
"""

#: Plain functions. Each import leaves a line in the file MARKER: the version of the code and the Python that runs it.
#: After AFTER batches it does what it is told to do.
PLAIN = """\
import itertools
import os
import resource
import sys
import time
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

VERSION = 1
AFTER = 12
with open(Path(__file__).with_name("MARKER"), "a") as marker:
    print(VERSION, sys.prefix, file=marker)

defaults = {"batch_size": 32, "end_lr": 10.0}
batches = 0


def model():
    return nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))


def train_loader(batch_size):
    x = torch.randn(640, 8, generator=torch.Generator().manual_seed(0))
    return DataLoader(TensorDataset(x, x[:, :3].argmax(1)), batch_size, shuffle=True)


def loss(output, target):
    global batches
    batches += 1
    if batches > AFTER:
        pass  # what happens
    return nn.functional.cross_entropy(output, target)
"""
MARKER = "MARKER"
AFTER = 12

#: What can happen in the middle of a run. The last one sets the limit that it then meets.
MISHAPS: dict[str, str] = {
    "raises": 'raise KeyError("no such column")',
    "sleeps": "time.sleep(1_000_000)",
    "computes for ever": "any(itertools.repeat(False))",  # in C: neither other threads nor signals are heard
    "exits": "os._exit(7)",
    "prints": "batches > AFTER + 1 or print(*(f'line {number}' for number in range(100_000)), sep='\\n')",
    "fills the memory": "fill_the_memory()",
}
_FILL = """

def fill_the_memory():
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * os.sysconf("SC_PAGE_SIZE") + 256 * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    kept = []
    while True:
        kept.append(torch.ones(2**22))
"""


def plain(version: int = 1, mishap: str = "") -> str:
    """The text of a task of plain functions to which a mishap happens."""
    text = PLAIN.replace("VERSION = 1", f"VERSION = {version}")
    if mishap:
        text = text.replace("pass  # what happens", MISHAPS[mishap])
    return text + _FILL if mishap == "fills the memory" else text


def line_of(text: str, part: str) -> int:
    """The line that a part of a text stands in, from 1."""
    return 1 + text[: text.index(part)].count("\n")


def write(folder: Path, name: str, text: str) -> Path:
    """A text file in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def image_folder(folder: Path) -> Path:
    """Two classes of images that differ in brightness; one file is cut off, one is no image."""
    draw = np.random.default_rng(0)
    for name, level in (("dark", 40), ("bright", 180)):
        (folder / name).mkdir(parents=True)
        for number in range(40):
            pixels = draw.integers(level, level + 60, (24, 24, 3), np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number:02}.png")
    whole = (folder / "dark" / "00.png").read_bytes()
    (folder / "dark" / "cut off.png").write_bytes(whole[: len(whole) // 2])
    (folder / "bright" / "no image.jpg").write_text("Not found", encoding="utf-8")
    return folder


def table(folder: Path) -> Path:
    """Numbers, words, dates and gaps; whether a loan was paid back follows from some of them."""
    draw = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "loans.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["id", "income", "town", "remarks", "since", "paid back"])
        for number in range(300):
            income, town = draw.normal(3000, 800), draw.choice(["Ulm", "Köln", "Bonn, old town"])
            paid = income + (500 if town == "Ulm" else 0) > 3100
            remark = f"customer {number} said “yes”" if number % 3 else ""
            gap = number % 11 == 0
            since = f"20{number % 20:02}-0{1 + number % 9}-01"
            rows.writerow([number, "" if gap else f"{income:.2f}", town, remark, since, "yes" if paid else "no"])
    return path


def job_for(path: Path, steps: int = 60) -> Job:
    """A sweep of what lies at `path`, with the settings that the window and the command line give it."""
    found = recognise(str(path))
    assert not found.problem, found.problem
    job = switched(Job(), found.source, found.path, found.model)
    if job.task.is_code:
        job, unused = apply_defaults(job, outline(found.path))
        assert unused == []
    job = replace(job, task=replace(job.task, device="cpu"), sweep=replace(job.sweep, steps=steps))
    assert job.validate() == []
    return job
