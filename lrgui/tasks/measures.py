"""How good the answers to a batch are, as one number."""

from __future__ import annotations

import torch


def accuracy(output: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The share (0…1) of rows of class scores (N, C, …) that have their highest at the target (N, …)."""
    return (output.argmax(dim=1) == target).float().mean()
