"""A training step of your own: whatever happens between a batch and its loss.

Here: an autoencoder with two losses, whose batches have no target.

Try it:    lrgui check custom_loop.py
Sweep it:  lrgui find custom_loop.py
"""

import torch
from torch import nn
from torch.utils.data import DataLoader

name = "my loop"
defaults = {"batch_size": 32, "start_lr": 1e-5, "end_lr": 1.0, "steps": 100}


# YOUR DATA: anything that gives batches when it is looped over; here each batch is one tensor.
def signals(count: int, seed: int) -> torch.Tensor:
    # MADE UP, replace: waves of different lengths, with noise.
    generator = torch.Generator().manual_seed(seed)
    length = 2 + 8 * torch.rand(count, 1, generator=generator)
    time = torch.linspace(0, 6.28, 32)
    return torch.sin(length * time) + 0.1 * torch.randn(count, 32, generator=generator)


def train_loader(batch_size):
    return DataLoader(signals(800, seed=0), batch_size=batch_size, shuffle=True, drop_last=True)


def val_loader(batch_size):
    return DataLoader(signals(200, seed=1), batch_size=batch_size)


# YOUR MODEL. Arguments with defaults become fields of the form.
def model(width: int = 64, code: int = 8):
    return nn.ModuleDict(
        {
            "encode": nn.Sequential(nn.Linear(32, width), nn.ReLU(), nn.Linear(width, code)),
            "decode": nn.Sequential(nn.Linear(code, width), nn.ReLU(), nn.Linear(width, 32)),
        }
    )


# YOUR STEP: from the model and a batch, which is on the device already, to the loss, a tensor with one number.
# Without .item() and .backward(): these follow by themselves.
def training_step(model, batch, sparsity: float = 0.01):
    code = model["encode"](batch)
    rebuilt = model["decode"](code)
    return nn.functional.mse_loss(rebuilt, batch) + sparsity * code.abs().mean()


# May be left out: then the training step serves. What stands beside “loss” are metrics; the first is drawn.
def validation_step(model, batch):
    rebuilt = model["decode"](model["encode"](batch))
    error = nn.functional.mse_loss(rebuilt, batch)
    return {"loss": error, "error": error.sqrt()}


# May be left out: then the form has the choice. A run sets the rate; groups that differ keep their ratio.
def optimizer(params, lr):
    return torch.optim.AdamW(params, lr=lr, weight_decay=1e-4)
