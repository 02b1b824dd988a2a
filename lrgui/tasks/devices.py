"""Where the arithmetic runs: picking a device, and what there is to pick from."""

from __future__ import annotations

import torch


def pick_device(name: str) -> torch.device:
    """The device called `name`; `auto` takes the best there is. Raises ValueError where it is missing."""
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    device = torch.device(name)
    missing = {
        "cuda": not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count(),
        "mps": not torch.backends.mps.is_available(),
        "xpu": not hasattr(torch, "xpu") or not torch.xpu.is_available(),
    }
    if missing.get(device.type, False):
        raise ValueError(f"The device {name} is not there for this PyTorch ({torch.__version__}). Use cpu or auto.")
    return device
