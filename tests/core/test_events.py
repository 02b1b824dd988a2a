"""Events are plain frozen data, equal where they say the same."""

from __future__ import annotations

import dataclasses
import json
import pickle

import pytest

from lrgui.core.events import END_REASONS, ERRORS, STATES, BatchEvent, EndEvent, EndReason, RunKind, RunState
from lrgui.runs.job import JOB_KINDS


def test_the_ways_to_end() -> None:
    assert set(ERRORS) == {"out_of_memory", "loader_died", "bad_batch", "failed", "killed"}
    assert set(END_REASONS) == {"completed", "diverged", "not_finite", "data_ended", "cancelled", "left", *ERRORS}


def test_events_are_values() -> None:
    assert BatchEvent(0, 1, 1e-3, 2.0, 0.1) == BatchEvent(0, 1, 1e-3, 2.0, 0.1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        EndEvent("completed", "").reason = "failed"  # type: ignore[misc]


def test_a_word_of_an_enumeration_is_its_value_wherever_it_is_written() -> None:
    reason = EndReason.NOT_FINITE
    event = EndEvent(reason, "The loss became NaN.")
    assert (f"{reason}", str(reason), repr(reason)) == ("not_finite", "not_finite", "'not_finite'")
    assert json.dumps({reason: reason}) == '{"not_finite": "not_finite"}'
    assert event == EndEvent("not_finite", "The loss became NaN.") and {reason: 1}["not_finite"] == 1
    assert pickle.loads(pickle.dumps(event)).reason is reason


def test_what_a_run_can_say_of_itself_is_some_of_what_there_is() -> None:
    assert {*JOB_KINDS} < {*RunKind}
    assert {*STATES} < {*RunState}
