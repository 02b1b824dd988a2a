"""The packages of a Python that are worth knowing of: what rows need, and what tasks are written with."""

from __future__ import annotations

#: Modules, and the distributions that bring them, which are called otherwise here and there.
PACKAGES = {
    "torch": "torch",
    "numpy": "numpy",
    "torchvision": "torchvision",
    "timm": "timm",
    "pytorch_optimizer": "pytorch_optimizer",
    "lightning": "lightning",
    "pytorch_lightning": "pytorch-lightning",
    "transformers": "transformers",
    "datasets": "datasets",
    "safetensors": "safetensors",
    "pandas": "pandas",
    "pyarrow": "pyarrow",
    "scipy": "scipy",
    "sklearn": "scikit-learn",
    "PIL": "Pillow",
}
