"""Readings that arrive late, in order, and that nobody waits for too early."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from lrgui.core.engine.readback import LAG, Readings, at_once, readings_for


class SlowDevice:
    """A stand-in for an accelerator: a copy that is waited for too early makes the host wait."""

    def __init__(self) -> None:
        self.started = 0
        self.waits = 0

    def start(self, values: torch.Tensor) -> Callable[[], list[float]]:
        number, self.started = self.started, self.started + 1

        def wait() -> list[float]:
            if self.started - number <= LAG:
                self.waits += 1
            return values.tolist()

        return wait


def test_at_once_gives_each_number_as_it_comes() -> None:
    readings: Readings[int] = Readings(at_once, 0)
    assert list(readings.push(1, torch.tensor([2.0]))) == [(1, [2.0])]
    assert list(readings.rest()) == []


def test_late_readings_come_in_order_and_never_wait() -> None:
    device = SlowDevice()
    readings: Readings[int] = Readings(device.start, LAG)
    known = [key for step in range(10) for key, _ in readings.push(step, torch.tensor([float(step)]))]
    assert known == list(range(10 - LAG))
    assert device.waits == 0
    assert list(readings.rest()) == [(8, [8.0]), (9, [9.0])]
    assert device.waits == LAG  # the last ones, at the end


def test_a_number_is_read_when_it_was_sent_not_when_it_is_asked_for() -> None:
    value = torch.tensor([1.0])
    wait = at_once(value)
    value.fill_(5.0)
    assert wait() == [1.0]


@pytest.mark.parametrize("kind", ["cpu", "mps"])
def test_devices_without_late_copies_read_at_once(kind: str) -> None:
    assert len(list(readings_for(torch.device(kind)).push(0, torch.tensor([1.0])))) == 1


def test_where_the_device_waits_anyway_it_is_read_at_once() -> None:
    assert not readings_for(torch.device("cuda:0"), waits=True).late
    assert readings_for(torch.device("cuda:0")).late


def test_copies_reuse_pinned_memory_only_when_it_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The CUDA path with a fake device: pinned memory is ordinary here, and events do nothing but count."""
    events: list[Event] = []

    class Event:
        def __init__(self) -> None:
            self.recorded = self.synchronised = 0
            events.append(self)

        def record(self, stream: object) -> None:
            assert stream == "stream of cuda:0"
            self.recorded += 1

        def synchronize(self) -> None:
            self.synchronised += 1

    real = torch.empty
    monkeypatch.setattr(torch, "empty", lambda *size, pin_memory=False, **rest: real(*size, **rest))
    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"stream of {device}")
    readings = readings_for(torch.device("cuda:0"))
    found = [pair for step in range(9) for pair in readings.push(step, torch.tensor([float(step), -1.0]))]
    found += list(readings.rest())
    assert found == [(step, [float(step), -1.0]) for step in range(9)]
    assert [(event.recorded, event.synchronised) for event in events] == [(1, 1)] * 9
