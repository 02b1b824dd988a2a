"""Reading losses off a device: at once on the CPU, some steps late where reading would make the device wait."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

import torch

Key = TypeVar("Key")
Wait = Callable[[], list[float]]
"""Waits until a copy has arrived and gives its numbers."""

#: Readings that may be under way. A loss is known this many steps after it was computed, by when its copy has
#: long arrived: nobody waits. More would only notice a divergence later.
LAG = 2


class Readings(Generic[Key]):
    """Numbers on their way from the device, first in, first out.

    `start` begins the copy of a small tensor and returns what waits for it.
    """

    def __init__(self, start: Callable[[torch.Tensor], Wait], lag: int) -> None:
        self._start = start
        self._lag = lag
        self._under_way: deque[tuple[Key, Wait]] = deque()

    @property
    def late(self) -> bool:
        """True where numbers arrive some steps after they were sent."""
        return self._lag > 0

    def push(self, key: Key, values: torch.Tensor) -> list[tuple[Key, list[float]]]:
        """Send `values` (shape (n,) or ()) off, give what is known by now."""
        wait = self._start(values)
        if not self._lag:
            return [(key, wait())]
        self._under_way.append((key, wait))
        return [self._next()] if len(self._under_way) > self._lag else []

    def rest(self) -> Iterator[tuple[Key, list[float]]]:
        """Everything that is still under way; waits for it."""
        while self._under_way:
            yield self._next()

    def _next(self) -> tuple[Key, list[float]]:
        key, wait = self._under_way.popleft()
        return key, wait()


def readings_for(device: torch.device, waits: bool = False) -> Readings[Any]:
    """Late readings on CUDA and XPU devices, immediate ones on all others.

    Immediate also where the device `waits` at each step anyway, as it does for fp16's scaler.
    """
    if device.type in ("cuda", "xpu") and not waits:
        return Readings(LateCopies(device).start, LAG)
    return Readings(at_once, 0)


def at_once(values: torch.Tensor) -> Wait:
    """Read now (which waits for the device)."""
    numbers = values.tolist() if values.dim() else [values.item()]
    return lambda: numbers


class LateCopies:
    """Copies into pinned memory that the device makes in its own time, each followed by an event to wait for."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._module: Any = getattr(torch, device.type)  # torch.cuda and torch.xpu have the same Event
        self._room: list[torch.Tensor] = []
        self._count = 0

    def start(self, values: torch.Tensor) -> Wait:
        """Begin the copy of `values`; its memory is used again `LAG + 1` copies later."""
        if not self._room:
            self._room = [torch.empty(values.shape, dtype=values.dtype, pin_memory=True) for _ in range(LAG + 1)]
        place = self._room[self._count % len(self._room)]
        self._count += 1
        place.copy_(values, non_blocking=True)
        arrived = self._module.Event()
        arrived.record(self._module.current_stream(self._device))

        def wait() -> list[float]:
            arrived.synchronize()
            numbers: list[float] = place.reshape(-1).tolist()
            return numbers

        return wait
