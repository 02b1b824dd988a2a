"""What the log of a run says about where it is."""

from __future__ import annotations

import os
from pathlib import Path

from lrgui import places
from lrgui.core.events import BatchEvent, EndEvent, EndReason, Event, OutputEvent, StateEvent, Stream
from lrgui.runs.job import Job
from lrgui.runs.log_writer import LogWriter
from lrgui.runs.remote.address import Address
from lrgui.runs.remote.whereabouts import (
    HOME_WORDS,
    SUBMITTED,
    Whereabouts,
    address_there,
    is_of_run,
    last_sent_to,
    ray_words,
    where_words,
    whereabouts,
)
from lrgui.runs.targets import Target, save_targets

BOX, CLUSTER = Address.parse("ssh://gpu-box/home/me/run.lrrun"), Address.parse("ssh://login/~/a%20b/run.lrrun")
DONE = EndEvent(EndReason.COMPLETED, "Done.")


def note(text: str) -> OutputEvent:
    return OutputEvent(text, Stream.NOTE)


def log_of(path: Path, *events: Event) -> Path:
    with LogWriter(path, Job("train")) as log:
        log.write(events)
    return path


def test_the_last_place_is_the_one_where_it_is(tmp_path: Path) -> None:
    on_box, on_cluster = note(where_words("box", BOX)), note(where_words("cluster", CLUSTER))
    assert whereabouts(log_of(tmp_path / "a", on_box, DONE)) == Whereabouts("box", BOX)
    assert address_there(log_of(tmp_path / "b", on_box, DONE, on_cluster)) == CLUSTER
    assert address_there(log_of(tmp_path / "c", on_box, DONE, note(HOME_WORDS), DONE)) is None
    assert address_there(log_of(tmp_path / "d", on_box, note(HOME_WORDS), on_cluster, note("lrgui watch"))) == CLUSTER


def test_whoever_prints_the_same_is_not_followed(tmp_path: Path) -> None:
    printed = OutputEvent(where_words("box", BOX), Stream.OUT)
    assert address_there(log_of(tmp_path / "a", printed, DONE)) is None
    assert address_there(log_of(tmp_path / "b", note(where_words("cluster", CLUSTER)), printed)) == CLUSTER
    assert whereabouts(tmp_path / "missing") is None
    (tmp_path / "empty").touch()
    assert whereabouts(tmp_path / "empty") is None


def test_the_last_run_of_a_target_is_found_also_of_one_on_ray_whose_log_is_here(own_folders: Path) -> None:
    folder = places.runs_folder()
    folder.mkdir(parents=True, exist_ok=True)
    events = {
        "a": [note(where_words("box", BOX)), note(ray_words("cluster", "10.0.0.7"))],
        "b": [note(ray_words("lab", "10.0.0.8")), DONE],
        "c": [note(ray_words("lab", "10.0.0.9"))],
        "d": [OutputEvent(ray_words("lab", "10.0.0.9"), Stream.OUT), note(f"{ray_words('lab', '1')} So it was.")],
    }
    for number, (name, each) in enumerate(events.items()):
        os.utime(log_of(folder / f"{name}.lrrun", *each), (number, number))
    assert last_sent_to("box") == folder / "a.lrrun" and last_sent_to("lab") == folder / "c.lrrun"
    assert last_sent_to("cluster") is None and address_there(folder / "c.lrrun") is None


def test_what_is_said_here_alone_is_not_of_the_run() -> None:
    here = [note(where_words("box", BOX)), note(HOME_WORDS), OutputEvent(f"{SUBMITTED} 41:\n#!/bin/sh", Stream.OUT)]
    assert not any(map(is_of_run, [*here, StateEvent("running"), DONE]))
    assert (
        is_of_run(BatchEvent(0, 1, 0.1, 1.0, 0.1))
        and is_of_run(note("The loss rises."))
        and is_of_run(OutputEvent("epoch 1", Stream.OUT))
    )


def test_its_python_is_that_of_the_saved_target(own_folders: Path) -> None:
    assert Whereabouts("box", BOX).python == ""
    save_targets([Target("box", host="gpu-box", python="~/venv/bin/python")])
    assert Whereabouts("box", BOX).python == "~/venv/bin/python" and Whereabouts("box", BOX).machine == "gpu-box"
