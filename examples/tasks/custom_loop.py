"""A training step of one's own: a variational autoencoder with two losses.

    lrgui find examples/tasks/custom_loop.py --set beta=0.5

`training_step(model, batch)` takes the place of `loss`: whatever your loop does between a batch and its loss,
write it here. Data: the digits that lie beside the program.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader

DIGITS = Path(__file__).resolve().parents[2] / "resources" / "digits.npz"

name = "digits VAE"
defaults = {"optimizer": "adam", "weight_decay": 0.0, "batch_size": 64, "start_lr": 1e-6, "end_lr": 1.0}


class Autoencoder(nn.Module):
    """64 pixels to a few numbers and back."""

    def __init__(self, latent: int) -> None:
        super().__init__()
        self.encode = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2 * latent))
        self.decode = nn.Sequential(nn.Linear(latent, 64), nn.ReLU(), nn.Linear(64, 64))

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """The pixels' logits, and mean and log variance of the code."""
        mean, log_variance = self.encode(x).chunk(2, dim=1)
        code = mean + torch.randn_like(mean) * torch.exp(0.5 * log_variance)
        return self.decode(code), mean, log_variance


def model(latent: int = 4) -> nn.Module:
    """`latent` becomes a field of the form."""
    return Autoencoder(latent)


def train_loader(batch_size: int) -> DataLoader:
    """Batches are plain tensors: there is no target."""
    with np.load(DIGITS) as stored:
        pixels = torch.from_numpy(stored["images"]).float().flatten(1) / 16
    return DataLoader(pixels, batch_size=batch_size, shuffle=True, drop_last=True)


def training_step(model: nn.Module, batch: torch.Tensor, beta: float = 1.0) -> torch.Tensor:
    """How well the pixels come back, and how far the codes are from a standard normal distribution.

    `beta` weighs the second loss; a field of the form, too.
    """
    logits, mean, log_variance = model(batch)
    pixels = nn.functional.binary_cross_entropy_with_logits(logits, batch, reduction="sum")
    distance = -0.5 * torch.sum(1 + log_variance - mean**2 - log_variance.exp())
    return (pixels + beta * distance) / len(batch)
