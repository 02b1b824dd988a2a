"""Modules that cannot be imported: what `pip install` calls them, and the sentence with the way out. No torch."""

from __future__ import annotations

import os
import sys

#: Environment variable: how the person calls the machine, where a run was sent to another one.
HOST = "LRGUI_HOST"

#: By module, which is called otherwise here and there.
DISTRIBUTIONS = {
    "torch": "torch",
    "numpy": "numpy",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "timm": "timm",
    "pytorch_optimizer": "pytorch_optimizer",
    "lightning": "lightning",
    "pytorch_lightning": "pytorch-lightning",
    "accelerate": "accelerate",
    "transformers": "transformers",
    "datasets": "datasets",
    "safetensors": "safetensors",
    "einops": "einops",
    "pandas": "pandas",
    "polars": "polars",
    "pyarrow": "pyarrow",
    "scipy": "scipy",
    "matplotlib": "matplotlib",
    "tqdm": "tqdm",
    "sklearn": "scikit-learn",
    "skimage": "scikit-image",
    "PIL": "Pillow",
    "cv2": "opencv-python",
    "yaml": "PyYAML",
}

_SHOWN = (
    "torch",
    "numpy",
    "torchvision",
    "timm",
    "pytorch_optimizer",
    "lightning",
    "pytorch_lightning",
    "transformers",
    "datasets",
    "safetensors",
    "pandas",
    "pyarrow",
    "scipy",
    "sklearn",
    "PIL",
)
#: Those of a Python that are worth knowing of: what rows need, and what tasks are written with.
PACKAGES = {name: DISTRIBUTIONS[name] for name in _SHOWN}

#: By name, files next to the person's code that were not given to the packages that asked for a module of that name.
WITHHELD: dict[str, str] = {}


def missing_module(name: str, python: str = sys.executable) -> str:
    """What to do where the module `name` cannot be imported in `python`."""
    module = name.split(".")[0]
    if module != name and module in sys.modules:
        return f"{module} has no module {name}: a different version is installed, or the name is misspelled."
    beside = WITHHELD.get(module)
    if beside:
        return (
            f"{os.path.basename(beside)} is next to the task, but the module {module} is imported by a package, not by "
            f"the task itself: write “import {module}” in the task if you mean that file."
        )
    host = os.environ.get(HOST, "")
    where = f"{python} on {host}" if host else python
    known = DISTRIBUTIONS.get(module)
    if known is None:  # no command: a stranger's package may have the name of a file that was forgotten
        return (
            f"The module {module} is not installed in {where} and is not a file next to the task. Install it, "
            "or choose another Python."
        )
    label = {"torch": "PyTorch"}.get(module, module if module in (known, known.lower()) else f"{known} ({module})")
    install = "torch torchvision" if module in ("torch", "torchvision") else known
    return (
        f"{label} is not installed in {where}. "
        f"Install it {'there ' if host else ''}with “{python} -m pip install {install}”, or choose another Python."
    )
