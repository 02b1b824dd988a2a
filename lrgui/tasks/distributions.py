"""What `pip install` calls the packages that tasks are written with. No torch."""

from __future__ import annotations

#: By module.
DISTRIBUTIONS = {
    "torch": "torch",
    "numpy": "numpy",
    "torchvision": "torchvision",
    "torchaudio": "torchaudio",
    "timm": "timm",
    "pytorch_optimizer": "pytorch_optimizer",
    "lightning": "lightning",
    "pytorch_lightning": "pytorch-lightning",
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
