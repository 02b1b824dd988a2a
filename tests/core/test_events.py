"""Events are plain frozen data, equal where they say the same."""

from __future__ import annotations

import dataclasses

import pytest

from lrgui.core.events import END_REASONS, ERRORS, BatchEvent, EndEvent


def test_the_ways_to_end() -> None:
    assert set(ERRORS) == {"out_of_memory", "loader_died", "failed", "killed"}
    assert set(END_REASONS) == {"completed", "diverged", "not_finite", "data_ended", "cancelled", *ERRORS}


def test_events_are_values() -> None:
    assert BatchEvent(0, 1, 1e-3, 2.0, 0.1) == BatchEvent(0, 1, 1e-3, 2.0, 0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        EndEvent("completed", "").reason = "failed"  # type: ignore[misc]
