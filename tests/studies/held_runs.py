"""A task whose runs can be held, for tests in which a study, its nodes or its program are killed in the middle."""

from __future__ import annotations

from pathlib import Path

#: Its runs, one for each batch size, wait before their first batch for as long as a file says so.
TASK = """
import os, pathlib, time
import torch

HERE = pathlib.Path("{folder}")

def model():
    return torch.nn.Linear(4, 2)

def train_loader(batch_size):
    held = HERE / f"held {batch_size}"
    while (HERE / f"hold {batch_size}").exists():
        if not held.exists():
            held.with_suffix(".new").write_text(str(os.getpid()))
            held.with_suffix(".new").rename(held)
        time.sleep(0.05)
    return [(torch.randn(batch_size, 4), torch.randint(0, 2, (batch_size,))) for _ in range(8)]

def loss(output, target):
    return torch.nn.functional.cross_entropy(output, target)
"""


class Held:
    """A task whose runs can be held: how long one takes differs by machine, and a test must know who has one."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.task = str(folder / "task.py")
        (folder / "task.py").write_text(TASK.replace("{folder}", str(folder)))

    def hold(self, *batch_sizes: int) -> None:
        """Let these wait."""
        for each in batch_sizes:
            (self.folder / f"hold {each}").touch()

    def release(self, *batch_sizes: int) -> None:
        """Let these go on, or all."""
        for each in map("hold {}".format, batch_sizes or ("*",)):
            for path in self.folder.glob(each):
                path.unlink()

    @property
    def waited(self) -> dict[int, int]:
        """Those that have waited: their batch sizes, and the processes that they had first."""
        return {int(path.name.split()[1]): int(path.read_text()) for path in self.folder.glob("held *[0-9]")}
