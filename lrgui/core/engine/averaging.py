"""An exponential moving average (EMA) of the weights, beside the training: torch's, on the model's own tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


class AveragedWeights:
    """The average of a model's parameters and buffers, as `AveragedModel(use_buffers=True)` with torch's EMA has it.

    Those that are integers, such as the count of batches of a BatchNorm, are the model's own. The average lies beside
    the model and is put into it where it is looked at: an objective may know no other model than that one.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        from torch.optim.swa_utils import get_ema_multi_avg_fn  # an older torch has none

        self._model, self._average = model, get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        self._kept: dict[str, torch.Tensor] = {}
        self._count = 0

    @torch.no_grad()
    def update(self) -> None:
        """A step was made: its weights go into the average. The first ones are the average."""
        now = self._tensors()
        if not self._count:
            self._kept = {name: value.detach().clone() for name, value in now.items()}
        else:
            kinds: dict[tuple[torch.device, torch.dtype], list[str]] = {}
            for name, value in now.items():
                kinds.setdefault((value.device, value.dtype), []).append(name)
            for names in kinds.values():
                self._average([self._kept[name] for name in names], [now[name] for name in names], self._count)
        self._count += 1

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Inside the model has the average; then its own weights again."""
        if not self._count:
            yield
            return
        own = {name: value.detach().clone() for name, value in self._tensors().items()}
        self.put_in()
        try:
            yield
        finally:
            self._put(own)

    def put_in(self) -> None:
        """Give the model the average for good."""
        if self._count:
            self._put(self._kept)

    def state_dict(self) -> dict[str, Any]:
        """The average and of how many steps it is."""
        return {"count": self._count, "kept": {name: value.clone() for name, value in self._kept.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from another one's state."""
        self._count = int(state["count"])
        self._kept = {name: value.clone() for name, value in state["kept"].items()}

    @torch.no_grad()
    def _put(self, values: dict[str, torch.Tensor]) -> None:
        for name, value in self._tensors().items():
            value.copy_(values[name])

    def _tensors(self) -> dict[str, torch.Tensor]:
        both = {**dict(self._model.named_parameters()), **dict(self._model.named_buffers())}
        return {name: value for name, value in both.items() if value.is_floating_point() or value.is_complex()}
