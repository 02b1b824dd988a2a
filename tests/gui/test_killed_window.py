"""The window is killed at random moments while it keeps settings, the queue, notes and stars; and the next one says
what was damaged."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot
from scripted import sweep

from lrgui.gui.app import create_window
from lrgui.gui.run_shelf import RunShelf
from lrgui.gui.settings import Settings, load_settings, settings_file
from lrgui.json_file import DAMAGED, damaged
from lrgui.places import runs_folder
from lrgui.runs.job import Job
from lrgui.runs.library import start_log
from lrgui.runs.notes import Notes, notes_path, stored_notes
from lrgui.runs.queue import Entry, RunQueue, load_queue, queue_file, training_jobs
from lrgui.runs.trust import Trust, trust_file

#: Changes everything that the window keeps, over and over, and says how far it is; settings are saved at once.
BUSY = """
import sys
from dataclasses import replace
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from lrgui.gui import app
from lrgui.gui.window import MainWindow
from lrgui.runs.queue import MOST, training_jobs

app.KEEP_MS = 1
number = 0

def change():
    global number
    window = next(one for one in QApplication.topLevelWidgets() if isinstance(one, MainWindow))
    session = window.session
    if window._drawer is None:
        window.toggle_runs()
    shelf = window._drawer.shelf
    if not shelf.runs:
        return
    number += 1
    window.tabs.curve.log.click()
    session.edit(task=replace(session.job.task, seed=number))
    if len(session.queue.waiting) == MOST:
        session.queue.remove(session.queue.entries)
    session.queue.add(training_jobs(session.job))
    (path,) = shelf.runs
    shelf.annotate(path, name=str(number), note="x" * 5000, star=number % 2 == 0)
    print(number, flush=True)

def begin():
    timer = QTimer(QApplication.instance(), interval=1)
    timer.timeout.connect(change)
    timer.start()

app.main(["--new-window"], before=lambda: QTimer.singleShot(300, begin))
"""


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_a_window_that_is_killed_loses_nothing(seed: int) -> None:
    with start_log(Job()) as log:
        log.write([event for chunk in sweep() for event in chunk])
    words = [sys.executable, "-c", BUSY]
    process = subprocess.Popen(words, cwd=Path(__file__).parents[2], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process, process.stdout as told:
        first = told.readline()
        time.sleep(random.Random(seed).random())
        process.send_signal(signal.SIGKILL)
        done = int((told.read() or first).split()[-1])
    assert process.returncode == -signal.SIGKILL
    notes = stored_notes(log.path)
    assert int(notes.name) in (done, done + 1) and notes == Notes(notes.name, "x" * 5000, int(notes.name) % 2 == 0)
    queue, problem = load_queue(queue_file())
    assert problem == "" and [entry.job.task.seed for entry in queue.entries][-1] in (done, done + 1)
    settings, warnings = load_settings(settings_file())
    assert warnings == [] and settings.job["task"]["seed"] <= done + 1
    assert Trust(trust_file())._stored()[1] == ""
    left = [name for folder in (settings_file().parent, runs_folder()) for name in os.listdir(folder)]
    assert not [name for name in left if name.endswith(DAMAGED)]


def test_the_window_says_what_could_not_be_read(bench: Bench, qtbot: QtBot) -> None:
    queue_file().parent.mkdir(parents=True, exist_ok=True)
    queue_file().write_text('{"jobs": [{"kind"')
    bench.session.queue.close()  # as the window that wrote it
    window = create_window(Settings(theme="light"), lambda _job: bench.source)
    qtbot.addWidget(window)
    said = window.banner.text
    assert said.startswith(f"The queue in {queue_file()} could not be read (") and "queue.json.damaged" in said
    assert window.banner._action.isHidden(), "nothing is in it"
    window.session.close()


def test_what_is_left_of_a_damaged_queue_is_one_click_away(bench: Bench, qtbot: QtBot) -> None:
    queue_file().parent.mkdir(parents=True, exist_ok=True)
    kept = RunQueue(Entry(job) for job in training_jobs(Job())).to_plain()
    kept["jobs"].append({"kind": 3})
    queue_file().write_text(json.dumps(kept))
    bench.session.queue.close()  # as the window that wrote it
    window = create_window(Settings(theme="light"), lambda _job: bench.source)
    qtbot.addWidget(window)
    said = window.banner.text
    assert said.startswith(f"1 training of the queue in {queue_file()} could not be read")
    assert said.endswith(" 1 training from last time is waiting in the queue.")
    window.banner._action.click()
    assert window.tabs.key == "queue"
    window.session.close()


def test_damaged_notes_are_said_and_stay_beside_new_ones(qtbot: QtBot) -> None:
    with start_log(Job()) as log:
        log.write([event for chunk in sweep() for event in chunk])
    notes_path(log.path).write_text('{"name": "Base')
    shelf, said = RunShelf(), list[str]()
    shelf.failed.connect(said.append)
    shelf.refresh()
    qtbot.waitUntil(lambda: bool(shelf.runs))
    assert said == [f"The notes on {log.path.name} could not be read."]
    with qtbot.waitSignal(shelf.changed):
        shelf.refresh()
    qtbot.waitUntil(lambda: not shelf._background.running)
    assert len(said) == 1, "each look would hide what the list says of something else"
    shelf.annotate(log.path, star=True)
    assert stored_notes(log.path) == Notes(star=True)
    assert damaged(notes_path(log.path)).read_text() == '{"name": "Base'
    shelf.refresh()
    qtbot.waitUntil(lambda: not shelf._background.running)
    assert len(said) == 1
    shelf.close()
