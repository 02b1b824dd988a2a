"""The UCI handwritten digits: 1,797 real images of 8×8 pixels, embedded in the program."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset, Subset, TensorDataset

from lrgui.resources import resource
from lrgui.tasks.data.targets import accuracy
from lrgui.tasks.spec import TaskSpec
from lrgui.tasks.task import Data

#: The split is part of the task: results of different runs and machines are comparable.
SPLIT_SEED = 20261122
TRAIN_SIZE = 1347


def load(spec: TaskSpec) -> Data:
    """Digits, standardised with the training part's mean and deviation; `spec.subset` cuts the training part."""
    with np.load(resource("digits.npz"), allow_pickle=False) as stored:
        images = stored["images"].astype(np.float32)
        labels = stored["labels"].astype(np.int64)
    # RandomState's permutation is frozen by numpy's compatibility promise; newer generators' streams are not.
    order = np.random.RandomState(SPLIT_SEED).permutation(len(images))
    images, labels = images[order], labels[order]
    train_part = images[:TRAIN_SIZE]
    images = (images - train_part.mean()) / train_part.std()
    x = torch.from_numpy(images).unsqueeze(1)
    y = torch.from_numpy(labels)
    train: Dataset[tuple[torch.Tensor, ...]] = TensorDataset(x[:TRAIN_SIZE], y[:TRAIN_SIZE])
    size = TRAIN_SIZE
    if spec.subset is not None:
        size = min(spec.subset, TRAIN_SIZE)
        train = Subset(train, range(size))
    return Data(
        train=train,
        validation=TensorDataset(x[TRAIN_SIZE:], y[TRAIN_SIZE:]),
        detail=f"{size:,} training and {len(x) - TRAIN_SIZE} validation images 8×8 · 10 classes",
        classes=10,
        criterion=nn.CrossEntropyLoss(),
        metric=accuracy,
        inputs=(1, 8, 8),
        outputs=10,
    )
