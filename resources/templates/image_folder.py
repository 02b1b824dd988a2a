"""Images in a folder, one sub-folder for each class.

Try it:    lrgui check image_folder.py
Sweep it:  lrgui find image_folder.py
"""

from pathlib import Path

import torch
from PIL import Image
from torch import nn
from torch.utils.data import DataLoader, Dataset, TensorDataset, random_split
from torchvision import transforms
from torchvision.datasets import ImageFolder

# What titles say, and what the form begins with. Both may be left out.
name = "my images"
defaults = {"batch_size": 32, "start_lr": 1e-5, "end_lr": 1.0, "steps": 100}

# YOUR DATA: the folder that holds one folder for each class, as in images/cats/1.jpg, images/dogs/7.png.
# While it is not there, coloured noise stands in for it, so that the file runs as it is.
FOLDER = Path(__file__).parent / "images"
SIZE = 32  # pixels; pictures are scaled to squares of this size


def load(path: str) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def examples() -> tuple[Dataset, list[str]]:
    """All pictures with the number of their class, and the names of the classes."""
    if FOLDER.is_dir():
        prepare = transforms.Compose(
            [
                transforms.Resize((SIZE, SIZE)),
                transforms.ToTensor(),
                transforms.Normalize((0.5, 0.5, 0.5), (0.25, 0.25, 0.25)),  # YOUR mean and deviation
            ]
        )
        pictures = ImageFolder(str(FOLDER), transform=prepare, loader=load)
        return pictures, pictures.classes
    # MADE UP, replace: three classes of noise, each brighter in one colour.
    generator = torch.Generator().manual_seed(0)
    label = torch.randint(3, (600,), generator=generator)
    noise = torch.randn(600, 3, SIZE, SIZE, generator=generator)
    noise[torch.arange(600), label] += 0.5
    return TensorDataset(noise, label), ["red", "green", "blue"]


def parts() -> tuple[Dataset, Dataset]:
    """Four fifths to learn from, one fifth to look at; the same split every time."""
    everything, _ = examples()
    return random_split(everything, [0.8, 0.2], generator=torch.Generator().manual_seed(1))


# YOUR MODEL. Arguments with defaults become fields of the form, and “--set width=32” on the command line.
def model(width: int = 16, dropout: float = 0.0):
    _, classes = examples()
    return nn.Sequential(
        nn.Conv2d(3, width, 3, stride=2, padding=1),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(dropout),
        nn.Linear(2 * width, len(classes)),
    )


# The batch size and the loader workers are those of the form.
def train_loader(batch_size, num_workers=0):
    return DataLoader(
        parts()[0],
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=num_workers,
        multiprocessing_context="spawn" if num_workers else None,
    )


# May be left out: then trainings show no validation loss.
def val_loader(batch_size):
    return DataLoader(parts()[1], batch_size=batch_size)


def loss(output, target):
    return nn.functional.cross_entropy(output, target)


# May be left out. A number, or several by name: the first is drawn, “accuracy” in percent.
def metrics(output, target):
    return {"accuracy": (output.argmax(1) == target).float().mean()}
