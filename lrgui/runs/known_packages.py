"""The packages of a Python that are worth knowing of: what rows need, and what tasks are written with."""

from __future__ import annotations

from lrgui.errors.missing_modules import DISTRIBUTIONS

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
#: Modules, and the distributions that bring them, which are called otherwise here and there.
PACKAGES = {name: DISTRIBUTIONS[name] for name in _SHOWN}
