"""What the program keeps, written by a process that is killed at random moments: nothing is lost or half there."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from lrgui.gui.settings import Settings, load_settings, save_settings
from lrgui.json_file import damaged, read_json
from lrgui.runs.job import Job
from lrgui.runs.lines import MOST_TEXT
from lrgui.runs.notes import Notes, notes_path, stored_notes, write_notes
from lrgui.runs.queue import RunQueue, load_queue, save_queue, training_jobs
from lrgui.runs.targets import Target, TargetsError, load_targets, save_targets
from lrgui.runs.trust import Trust
from lrgui.studies import known

#: A writer is killed so often, after at most so many seconds.
KILLS, LONGEST = 12, 0.03
#: What makes a file so large that it is not written at one stroke.
FILLING = "x" * 200_000


class Kept(NamedTuple):
    """A file that is kept: how its state number so and so is written, and read again."""

    name: str
    write: Callable[[Path, int], object]
    read: Callable[[Path], int]


def _write_queue(path: Path, number: int) -> None:
    queue = RunQueue()
    queue.add(training_jobs(Job(), [number * 1e-6], seeds=40))
    assert save_queue(queue, path) == ""


def _read_queue(path: Path) -> int:
    queue, problem = load_queue(path)
    assert problem == "" and len(queue.entries) == 40
    (rate,) = {entry.job.train.max_lr for entry in queue.entries}
    return round(rate * 1e6)


def _read_settings(path: Path) -> int:
    settings, warnings = load_settings(path)
    assert warnings == [] and settings.folder == FILLING
    return int(settings.looked)


def _log_of(path: Path) -> Path:
    return path.with_name(path.name.removesuffix(".json"))


def _write_note(path: Path, number: int) -> None:
    write_notes(_log_of(path), Notes(str(number), FILLING[:MOST_TEXT], star=number % 2 == 0))


def _read_note(path: Path) -> int:
    notes = stored_notes(_log_of(path))
    assert notes.note == FILLING[:MOST_TEXT] and notes.star == (int(notes.name) % 2 == 0)
    return int(notes.name)


def _chose_python(path: Path, number: int) -> None:
    assert Trust(path).chose_pythons([_python(number)]) == ""


def _chosen_pythons(path: Path) -> int:
    number = 0
    while Trust(path).may_start(_python(number + 1)):
        number += 1
    return number


def _python(number: int) -> str:
    """One of many paths of this Python."""
    return "/" + "./" * number + sys.executable.lstrip("/")


KEPT = {
    kept.name: kept
    for kept in (
        Kept(
            "settings.json",
            lambda path, number: save_settings(Settings(folder=FILLING, looked=float(number)), path),
            _read_settings,
        ),
        Kept("queue.json", _write_queue, _read_queue),
        Kept(notes_path(Path("a.lrrun")).name, _write_note, _read_note),
        Kept(
            "targets.json",
            lambda path, number: save_targets([Target(f"box{number}", host=FILLING)], path),
            lambda path: int(load_targets(path)[0].name.removeprefix("box")),
        ),
        Kept("trusted.json", _chose_python, _chosen_pythons),
        Kept(
            "study-running.json",
            lambda _path, number: known.note_running(Path(f"/studies/{number}")),
            lambda path: int(known._kept(path)[0].name),
        ),
    )
}


def killed_writers(name: str, folder: str) -> None:
    """Kill one writer after the other; what is there afterwards is what was written last, or the next one whole."""
    kept, path = KEPT[name], Path(folder, name)
    chance, number = random.Random(name), 0
    for _ in range(KILLS):
        ours, theirs = os.pipe()
        child = os.fork()
        if child == 0:
            while True:
                number += 1
                kept.write(path, number)
                os.write(theirs, b"%d\n" % number)
        os.close(theirs)
        with open(ours, "rb") as told:
            first = told.readline()
            time.sleep(chance.random() * LONGEST)
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            written = int((told.read() or first).split()[-1])
        number = kept.read(path)
        assert written <= number <= written + 1, (written, number)
        for left in set(os.listdir(folder)) - {name}:  # cut off between its name and its place, which is hardly ever
            assert left.endswith(".part")
            read_json(path.with_name(left))
    print(number)


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files have no names before they are complete on Linux alone")
@pytest.mark.parametrize("name", KEPT)
def test_a_writer_that_is_killed_loses_nothing(name: str, tmp_path: Path) -> None:
    """In a process of its own, which forks them: threads of this one could be in the middle of anything."""
    program = f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r}); import test_killed as here; "
    words = [sys.executable, "-c", f"{program}here.killed_writers({name!r}, {str(tmp_path)!r})"]
    environment = {**os.environ, "LRGUI_CONFIG": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= KILLS


CUT = b'{"version": 1, "queue": 1, "jobs": [{"kind": "tr'


@pytest.mark.parametrize("name", KEPT)
def test_what_cannot_be_read_stays_beside_what_is_kept_next(name: str, tmp_path: Path, own: None) -> None:
    path = tmp_path / name
    path.write_bytes(CUT)
    KEPT[name].write(path, 1)
    assert KEPT[name].read(path) == 1
    assert damaged(path).read_bytes() == CUT
    KEPT[name].write(path, 2)
    assert KEPT[name].read(path) == 2
    assert damaged(path).read_bytes() == CUT, "what could be read is overwritten"
    assert sorted(os.listdir(tmp_path)) == sorted([name, damaged(path).name])


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings' folder is the test's."""
    monkeypatch.setenv("LRGUI_CONFIG", str(tmp_path))


def test_one_sentence_says_what_could_not_be_read(tmp_path: Path) -> None:
    for name in ("settings.json", "queue.json", "targets.json", "trusted.json"):
        (tmp_path / name).write_bytes(CUT)
    said = [*load_settings(tmp_path / "settings.json")[1], load_queue(tmp_path / "queue.json")[1]]
    with pytest.raises(TargetsError) as caught:
        load_targets(tmp_path / "targets.json")
    said.append(str(caught.value))
    said.append(Trust(tmp_path / "trusted.json")._stored()[1])
    for name, sentence in zip(("settings.json", "queue.json", "targets.json", "trusted.json"), said, strict=True):
        assert str(tmp_path / name) in sentence and "read" in sentence and "\n" not in sentence
    assert damaged(tmp_path / "settings.json").name in said[0] and damaged(tmp_path / "queue.json").name in said[1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[]", "(it is no queue). It is empty now, and"),
        ('{"jobs": 3}', "(it is no queue). It is empty now, and"),
        ('{"jobs": [{}]}', "1 training of the queue in "),
        ('{"jobs": [3, {"kind": "sweep"}]}', "2 trainings of the queue in "),
        ('{"queue": 1, "jobs": []}', ""),
    ],
)
def test_what_is_left_out_of_a_queue_is_counted(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "queue.json"
    path.write_text(text)
    queue, problem = load_queue(path)
    assert queue.entries == []
    assert said in problem and bool(said) == bool(problem)
