"""What a user starts with torchrun, for test_distributed: `torchrun_script.py FOLDER WANTED`.

All but "fine" is trouble in the second process, at its batch 20: "before the forward pass", "forward", "backward".
Each process writes its result into FOLDER.
"""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, DistributedSampler, TensorDataset

import lrgui
from lrgui.core.engine import team as distributed

folder, wanted = Path(sys.argv[1]), sys.argv[2]
torch.set_num_threads(1)
dist.init_process_group("gloo")
rank = dist.get_rank()
distributed.NOTICE = timedelta(seconds=3)
calls = 0


class Trouble(torch.autograd.Function):
    """Goes wrong in the backward pass."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor) -> torch.Tensor:
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> torch.Tensor:
        raise ValueError("trouble")


def step(model: nn.Module, batch: Any) -> torch.Tensor:
    global calls
    trouble = wanted if rank == 1 and calls == 20 else ""
    calls += 1
    if trouble == "before the forward pass":
        raise ValueError("trouble")
    value = nn.functional.cross_entropy(model(batch[0]), batch[1])
    if trouble == "forward":
        raise ValueError("trouble")
    return Trouble.apply(value) if trouble == "backward" else value


generator = torch.Generator().manual_seed(0)
inputs = torch.randn(512, 8, generator=generator)
data = TensorDataset(inputs, (inputs @ torch.randn(8, 3, generator=generator)).argmax(1))
loader = DataLoader(data, batch_size=16, sampler=DistributedSampler(data))
torch.manual_seed(rank)
# Its buffers make each forward pass begin with a broadcast from the first process.
net = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 3))
model = DistributedDataParallel(net)
before = {key: value.clone() for key, value in model.state_dict().items()}

result = lrgui.find_lr(
    model,
    loader,
    optimizer=torch.optim.SGD,
    training_step=step,
    start_lr=1e-4,
    end_lr=3.0,
    steps=60,
    stop_factor=0,
)

assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())
facts = {"lr": result.lr, "loss": [float(value) for value in result.curve.loss], "end": result.end.reason}
(folder / f"result-{rank}.json").write_text(json.dumps(facts))
if rank == 0:
    print("lr", result.lr)
dist.destroy_process_group()
