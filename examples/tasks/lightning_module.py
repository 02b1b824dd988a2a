"""A LightningModule and its DataModule as they are: nothing is added for LR Finder.

    pip install lightning
    lrgui find examples/tasks/lightning_module.py

The arguments of `__init__` become fields of the form; `training_step` gives the loss, `configure_optimizers` the
optimizer. Data: two spirals.
"""

from __future__ import annotations

import lightning
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Spirals(lightning.LightningDataModule):
    """Points on two arms that wind around each other, with some noise."""

    def __init__(self, batch_size: int = 64, noise: float = 0.1) -> None:
        super().__init__()
        self.batch_size, self.noise = batch_size, noise

    def setup(self, stage: str) -> None:
        draw = torch.Generator().manual_seed(0)
        arm = torch.randint(0, 2, (2400,), generator=draw)
        turn = torch.rand(2400, generator=draw) * 3 + 0.3
        angle = 2.2 * turn + torch.pi * arm
        points = torch.stack([turn * angle.cos(), turn * angle.sin()], dim=1)
        points += self.noise * torch.randn(points.shape, generator=draw)
        self.training = TensorDataset(points[:2000], arm[:2000])
        self.held_out = TensorDataset(points[2000:], arm[2000:])

    def train_dataloader(self) -> DataLoader:
        return DataLoader(self.training, self.batch_size, shuffle=True, drop_last=True)

    def val_dataloader(self) -> DataLoader:
        return DataLoader(self.held_out, 400)


class Classifier(lightning.LightningModule):
    """An MLP."""

    def __init__(self, width: int = 64, lr: float = 1e-3) -> None:
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(
            nn.Linear(2, width), nn.GELU(), nn.Linear(width, width), nn.GELU(), nn.Linear(width, 2)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)

    def training_step(self, batch, batch_idx):
        points, arm = batch
        loss = nn.functional.cross_entropy(self(points), arm)
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch, batch_idx):
        points, arm = batch
        return nn.functional.cross_entropy(self(points), arm)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
