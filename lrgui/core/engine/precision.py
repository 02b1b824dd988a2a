"""Mixed precision: the autocast that surrounds the forward pass, and the scaler that fp16 gradients need."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from lrgui.core.learning_rate import format_lr

#: So many steps in a row that fp16's scaler skipped are a divergence: from then on it would skip them all.
MOST_SKIPS = 8

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def autocast(amp: str | None, device: torch.device) -> AbstractContextManager[Any]:
    """A context in which the forward pass runs; may be entered again and again."""
    return nullcontext() if amp is None else torch.autocast(device.type, dtype=_TYPES[amp])


def scaler_for(amp: str | None, device: torch.device) -> torch.amp.GradScaler | None:
    """The scaler that keeps fp16 gradients from vanishing, None where none is needed."""
    return torch.amp.GradScaler(device.type) if amp == "fp16" else None


def overflowed(lr: float) -> str:
    """What happened where `MOST_SKIPS` steps in a row were skipped at the rate `lr`."""
    return f"fp16's gradients overflowed {MOST_SKIPS} times in a row at {format_lr(lr)}"
