"""Around the task: its names and imports, and what it asks of the place where it runs."""

from __future__ import annotations

import re

from lrgui.errors.causes.cause import Cause

_IMPORTS = {
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "plt": "import matplotlib.pyplot as plt",
    "DataLoader": "from torch.utils.data import DataLoader",
    "Dataset": "from torch.utils.data import Dataset",
    "transforms": "from torchvision import transforms",
    "datasets": "from torchvision import datasets",
}


def _no_name(match: re.Match[str]) -> str:
    name = match["name"]
    usual = _IMPORTS.get(name)
    how = f"write “{usual}” at the top of the file" if usual else "import or define it, or correct its spelling"
    return f"There is no {name} here: {how}."


def _partly(match: re.Match[str]) -> str:
    return (
        f"The module {match['module']} is imported while importing this file: a circular import, or one of your files "
        "has the name of a package. Rename it, or import inside the function."
    )


CODE: tuple[Cause, ...] = (
    Cause(
        "question",
        r"EOF when reading a line",
        "The code calls input(), which cannot be answered during a run: make it an argument with a default.",
        ("EOFError",),
    ),
    Cause(
        "no GPU",
        r"Found no NVIDIA driver|not compiled with CUDA enabled|No CUDA GPUs are available",
        'PyTorch can use no CUDA GPU here: choose the device cpu or auto, and leave .cuda() and .to("cuda") out of the '
        "code, since model and batches go to the run's device by themselves.",
    ),
    Cause(
        "relative import",
        r"attempted relative import with no known parent package",
        "A single file belongs to no package: import neighbouring files by name (from neighbour import …), "
        "or name it as package.module (a script: lrgui run -m package.module), from the folder that contains the "
        "package.",
        ("ImportError",),
    ),
    Cause("no name", r"name '(?P<name>\w+)' is not defined", _no_name, ("NameError",)),
    Cause(
        "circular",
        r"partially initialized module '(?P<module>[\w.]+)'",
        _partly,
        ("ImportError", "AttributeError"),
    ),
    Cause(
        "no such name",
        r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
        "{module} has no {name}: a different version is installed, or the name is misspelled.",
        ("ImportError",),
    ),
)
