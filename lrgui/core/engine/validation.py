"""What is measured beside the training loss: a validation loss, a metric, or both, at the same weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import torch
from torch import nn

from lrgui.core.engine.batches import batch_size, is_one_shot, one_pass, to_device
from lrgui.core.engine.cleanup import all_of
from lrgui.core.engine.loader_state import loader_back, own_workers
from lrgui.core.engine.modes import evaluating
from lrgui.core.engine.precision import autocast

Measure = Callable[[nn.Module, Any], tuple[Any, Any]]
"""Takes the model and one batch on the device, returns its loss and its metric: tensors of one element or floats,
the metric None where there is none."""


class Probe:
    """Measures a loss, and a metric where there is one, on validation batches with the model in eval mode.

    With `count` only the first so many batches are used, always the same ones, kept on the device; without it
    the whole of `batches` is gone through each time. The random generator of torch is left as it was, so that a
    sweep with a probe takes the same steps as one without.
    """

    def __init__(
        self,
        measure: Measure,
        batches: Iterable[Any],
        *,
        count: int | None = None,
        device: torch.device | str = "cpu",
        amp: str | None = None,
    ) -> None:
        self._measure = measure
        self._device = torch.device(device)
        self._autocast = autocast(amp, self._device)
        if count is not None or is_one_shot(batches):
            back = loader_back(batches)
            with torch.random.fork_rng(devices=[]), own_workers(batches):
                taken = [to_device(batch, device) for batch in islice(batches, count)]
            all_of(back)
            batches = taken
        self.loader = batches

    @torch.no_grad()
    def __call__(self, model: nn.Module, optimizer: Any = None) -> tuple[torch.Tensor, torch.Tensor | None]:
        """Loss and metric, means over the examples, on the device. Raises ValueError for no batch, and for no end.

        A schedule-free `optimizer` gives the model its averaged weights for it. Batches without a loss are left out.
        """
        loss: Any = 0.0
        metric: Any = None
        seen = 0
        with evaluating(model, optimizer), self._autocast, torch.random.fork_rng(devices=[]):
            for batch in one_pass(self.loader, "validation"):
                batch = to_device(batch, self._device)
                size = batch_size(batch)
                one, other = self._measure(model, batch)
                if one is None:
                    continue
                loss = loss + one * size
                if other is not None:
                    metric = other * size if metric is None else metric + other * size
                seen += size
        if seen == 0:
            raise ValueError("The validation data yields no batches: use more examples, or sweep without it.")
        return self._number(loss / seen), None if metric is None else self._number(metric / seen)

    def _number(self, value: Any) -> torch.Tensor:
        return torch.as_tensor(value, device=self._device).detach().reshape(())
