"""A LightningModule and its DataModule, as they are.

Arguments of both become fields of the form. The Trainer, its callbacks and loggers take no part.

Try it:    lrgui check lightning_module.py
Sweep it:  lrgui find lightning_module.py
"""

import lightning.pytorch as pl
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

name = "my module"
defaults = {"start_lr": 1e-5, "end_lr": 1.0, "steps": 100}


# YOUR MODULE.
class Classifier(pl.LightningModule):
    def __init__(self, width: int = 32, lr: float = 1e-2):  # the rate is set by each run
        super().__init__()
        self.save_hyperparameters()
        self.net = nn.Sequential(nn.Linear(8, width), nn.ReLU(), nn.Linear(width, 3))

    def forward(self, x):
        return self.net(x)

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = nn.functional.cross_entropy(self(x), y)
        self.log("train_loss", loss)
        return loss

    # What is logged here is shown beside the validation loss: an accuracy first.
    def validation_step(self, batch, batch_idx):
        x, y = batch
        output = self(x)
        self.log("val_loss", nn.functional.cross_entropy(output, y))
        self.log("val_acc", (output.argmax(1) == y).float().mean())

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.lr, momentum=0.9)


# YOUR DATA.
class Points(pl.LightningDataModule):
    def __init__(self, batch_size: int = 32):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        # MADE UP, replace: points of three kinds.
        generator = torch.Generator().manual_seed(0)
        x = torch.randn(800, 8, generator=generator)
        y = x[:, :3].argmax(1)
        self.train, self.val = random_split(TensorDataset(x, y), [0.8, 0.2], generator=generator)

    def train_dataloader(self):
        return DataLoader(self.train, batch_size=self.batch_size, shuffle=True, drop_last=True)

    def val_dataloader(self):
        return DataLoader(self.val, batch_size=self.batch_size)
