"""Choosing what to train, and asking before code runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from pytestqt.qtbot import QtBot
from scripted import Scripted, sweep

from lrgui.core.events import CheckEvent, EndEvent, OutputEvent, StateEvent
from lrgui.gui.app import create_window
from lrgui.gui.notice import Notice
from lrgui.gui.session import Session
from lrgui.gui.settings import Settings
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter
from lrgui.runs.trust import Question, Trust, trust_file
from lrgui.tasks.user.rows import OWN
from lrgui.tasks.user.templates import TEMPLATES

CODE = """
import torch

raise RuntimeError("the window has run it")

defaults = {"batch_size": 16}

def model(width: int = 8):
    return torch.nn.Linear(4, width)

def train_loader(batch_size):
    return []

def loss(output, target):
    return output.mean()
"""


class Seen:
    """What a session said."""

    def __init__(self, session: Session) -> None:
        self.notices: list[Notice] = []
        self.questions: list[Question] = []
        session.noticed.connect(lambda notice: self.notices.append(notice) if notice is not None else None)
        session.tasks.trust_wanted.connect(self.questions.append)


@pytest.fixture
def seen(bench: Bench) -> Seen:
    return Seen(bench.session)


@pytest.fixture
def task(tmp_path: Path) -> Path:
    path = tmp_path / "work" / "my_task.py"
    path.parent.mkdir()
    path.write_text(CODE)
    return path


def again(bench: Bench, qtbot: QtBot) -> Bench:
    """The next session, with the last one's job and trust."""
    bench.session.close()
    later = Bench(qtbot)
    later.session.set_job(bench.session.job)
    return later


STARTS: dict[str, Callable[[Session], None]] = {
    "sweep": lambda w: w.find(),
    "train": lambda w: w.train(),
    "race": lambda w: w.verify(),
    "compare": lambda w: w.compare_optimizers(["sgd", "adam"]),
    "check": lambda w: w.check(),
}


@pytest.mark.parametrize("kind", STARTS)
def test_no_code_runs_before_the_person_trusts_it(bench: Bench, seen: Seen, task: Path, kind: str) -> None:
    session = bench.session
    assert session.use(str(task))
    STARTS[kind](session)
    assert bench.jobs == []
    assert session.state == "idle"
    assert [(q.path, q.reason) for q in seen.questions] == [(str(task), "new")]
    bench.source = Scripted(sweep())
    with bench.qtbot.waitSignal(session.run_ended):
        session.tasks.grant(seen.questions[0], folder=False)
    assert bench.jobs[0].kind == ("sweep" if kind == "compare" else kind)
    assert bench.jobs[0].task.path == str(task)
    assert len(seen.questions) == 1


def test_a_refused_run_does_not_start_later(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    session.find()
    session.tasks.refuse(seen.questions[0])
    assert "my_task.py was not run" in seen.notices[-1].text
    session.tasks.grant(seen.questions[0], folder=False)  # as nobody can, once it was refused
    assert bench.jobs == []


def test_the_digits_never_ask(bench: Bench, seen: Seen) -> None:
    bench.play()
    assert seen.questions == []


def test_trust_in_a_file_is_not_trust_in_the_next(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    session.find()
    other = task.with_name("other.py")
    other.write_text(CODE)
    session.use(str(other))  # while the question is open
    session.tasks.grant(seen.questions[0], folder=False)
    assert bench.jobs == []
    assert seen.questions[-1].path == str(other)


def test_edits_do_not_ask_and_a_new_module_does_in_the_next_session(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    session.find()
    bench.play(start=lambda: session.tasks.grant(seen.questions[0], folder=False))
    (task.parent / "mine.py").write_text("")
    task.write_text(CODE + "\nimport mine\n")
    bench.play()
    later = again(bench, bench.qtbot)
    later.play()
    assert len(seen.questions) == 1, "it ran in the session in which it was written"
    later.session.close()
    task.write_text(CODE.replace("width: int = 8", "width: int = 11"))
    third = again(later, bench.qtbot)
    third.play()
    third.session.close()
    (task.parent / "torch.py").write_text("")
    last = again(third, bench.qtbot)
    asked = Seen(last.session)
    last.session.find()
    assert [q.reason for q in asked.questions] == ["added"]
    last.session.close()


def test_a_file_that_changes_while_it_is_asked_about_is_asked_about_again(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    session.find()
    task.write_text(CODE + "\nimport os\n")
    session.tasks.grant(seen.questions[0], folder=True)
    assert bench.jobs == []
    assert [q.reason for q in seen.questions] == ["new", "changed"]
    bench.play(start=lambda: session.tasks.grant(seen.questions[1], folder=False))
    assert len(bench.jobs) == 1


def test_opening_a_run_that_names_code_runs_and_trusts_nothing(bench: Bench, seen: Seen, task: Path) -> None:
    job = Job(task=replace(Job().task, source="task", path=str(task), optimizer=OWN))
    log = task.with_name("run.lrrun")
    with LogWriter(log, job) as writer:
        for chunk in sweep():
            writer.write(chunk)
    assert bench.session.use(str(log))
    bench.session.use_visited()
    assert bench.session.job.task.path == str(task)
    assert bench.runs.reading is not None
    assert bench.jobs == []
    assert not trust_file().exists()
    bench.session.find()
    assert bench.jobs == []
    assert seen.questions[-1].reason == "new"


def test_settings_that_name_code_run_and_trust_nothing(qtbot: QtBot, task: Path) -> None:
    jobs: list[Job] = []

    def open_source(job: Job) -> Scripted:
        jobs.append(job)
        return Scripted(sweep())

    job = replace(Job(), task=replace(Job().task, source="task", model="", path=str(task)))
    window = create_window(Settings(job=job.to_dict()), open_source)
    qtbot.addWidget(window, before_close_func=lambda _window: window.session.close())
    assert window.session.job.task.path == str(task)
    assert window.session.tasks.code.outline is not None
    seen = Seen(window.session)
    window.session.find()
    assert jobs == []
    assert [question.reason for question in seen.questions] == ["new"]


def test_a_syntax_error_is_shown_with_its_line_before_anything_starts(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    task.write_text(CODE + "\ndef broken(:\n")  # the watcher has not told yet
    session.find()
    assert bench.jobs == []
    assert seen.questions == []
    assert seen.notices[-1].kind == "error"
    assert f"my_task.py, line {CODE.count(chr(10)) + 2}" in seen.notices[-1].text


def test_a_task_brings_its_defaults(bench: Bench, seen: Seen, task: Path) -> None:
    task.write_text(CODE.replace('{"batch_size": 16}', '{"batch_size": 16, "start_lr": 1e-5, "speed": 3}'))
    session = bench.session
    session.use(str(task))
    job = session.job
    assert (job.task.source, job.task.batch_size, job.sweep.start_lr) == ("task", 16, 1e-5)
    assert "speed" in seen.notices[-1].text
    assert session.tasks.code.outline is not None
    assert [option.name for option in session.tasks.code.outline.options] == ["width"]


def test_saving_is_told_and_new_arguments_are_there(bench: Bench, seen: Seen, task: Path) -> None:
    session = bench.session
    session.use(str(task))
    session.edit(task=replace(session.job.task, options={"width": 12}))
    assert not session.tasks.code.changed
    with bench.qtbot.waitSignal(session.code_changed_on_disk):
        task.write_text("def broken(:\n")
    assert session.tasks.code.changed
    assert session.job.task.options == {"width": 12}, "a half-written file takes nothing away"
    with bench.qtbot.waitSignals([session.code_changed_on_disk, session.outline_changed]):
        task.write_text(CODE.replace("width: int = 8", "depth: int = 2"))
    assert session.job.task.options == {}
    assert session.tasks.code.outline is not None
    assert [option.name for option in session.tasks.code.outline.options] == ["depth"]
    session.find()
    bench.play(start=lambda: session.tasks.grant(seen.questions[0], folder=True))
    assert not session.tasks.code.changed


def test_another_source_takes_nothing_of_the_old_one(bench: Bench, task: Path) -> None:
    session = bench.session
    task.write_text(CODE + "\ndef optimizer(params, lr):\n    return torch.optim.SGD(params, lr)\n")
    session.use(str(task))
    assert session.job.task.optimizer == OWN
    session.edit(task=replace(session.job.task, options={"width": 12}, batch_size=100_000))
    session.choose_source("digits")
    job = session.job.task
    assert (job.source, job.model, job.optimizer, job.path, job.options) == ("digits", "cnn", "sgd", "", {})
    assert session.job.validate() == []
    assert session.tasks.code.outline is None


def test_what_cannot_be_used_is_said_and_changes_nothing(bench: Bench, seen: Seen, tmp_path: Path) -> None:
    before = bench.session.job
    notebook = tmp_path / "train.ipynb"
    notebook.write_text("{}")
    assert not bench.session.use(str(notebook))
    assert "nbconvert" in seen.notices[-1].text
    assert not bench.session.use(str(tmp_path / "none.lrrun"))
    assert bench.session.job == before
    assert bench.session.tasks.recent == []


def test_recent_tasks(bench: Bench, tmp_path: Path) -> None:
    paths = []
    for number in range(12):
        path = tmp_path / f"task{number}.py"
        path.write_text(CODE)
        bench.session.use(str(path))
        paths.insert(0, str(path))
    assert bench.session.tasks.recent == paths[:10]
    with bench.qtbot.waitSignal(bench.session.tasks.recent_changed):
        bench.session.use(paths[3])
    assert bench.session.tasks.recent[:2] == [paths[3], paths[0]]
    assert len(bench.session.tasks.recent) == 10


def test_a_check_is_told_and_not_kept(bench: Bench, seen: Seen, own_folders: Path) -> None:
    session, runs = bench.session, bench.runs
    events: list[CheckEvent] = []
    session.checked.connect(events.append)
    steps = [CheckEvent("Model", "running"), CheckEvent("Model", "bad", "No such layer.", 0.1, "task.py", 3)]
    source = Scripted([[StateEvent("starting"), *steps], [EndEvent("failed", "No such layer.")]])
    bench.source = source
    with bench.qtbot.waitSignals([session.check_started, session.check_ended, session.run_ended]):
        session.check()
    assert bench.jobs[-1].kind == "check"
    assert events == steps
    assert seen.notices == [], "its dialog says it"
    assert not (own_folders / "runs").exists()
    bench.play()
    assert runs.reading is not None


def test_a_sweep_is_still_on_screen_after_a_check(bench: Bench) -> None:
    bench.play()
    reading = bench.runs.reading
    bench.play(Scripted([[EndEvent("completed", "Good.")]]), bench.session.check)
    assert bench.runs.reading is reading
    assert bench.runs.report() is not None


def test_notes_are_read_once_and_stay(bench: Bench, seen: Seen) -> None:
    first, *rest = sweep()
    notes = [OutputEvent("3 files were skipped.", "note"), OutputEvent("2 columns were dropped.", "note")]
    bench.play(Scripted([[*first[:1], *notes, *first[1:]], *rest]))
    assert {notice.text for notice in seen.notices} == {"3 files were skipped. 2 columns were dropped."}
    assert seen.notices[-1].kind == "info"
    bench.play(Scripted([[*notes, OutputEvent("line 3\n", "traceback"), EndEvent("failed", "It broke.")]]))
    assert seen.notices[-1].text == "It broke."
    assert seen.notices[-1].details.startswith("3 files were skipped.")
    assert seen.notices[-1].details.endswith("line 3")


@pytest.mark.parametrize("key", TEMPLATES)
def test_a_new_task_is_written_and_may_run(bench: Bench, seen: Seen, tmp_path: Path, key: str) -> None:
    path = tmp_path / "new" / "task.py"
    session = bench.session
    assert session.tasks.new_task(key, str(path)) == ""
    assert "already" in session.tasks.new_task(key, str(path)), "nothing is overwritten"
    assert session.use(str(path))
    bench.play()
    assert seen.questions == []
    assert Trust(trust_file()).question(str(path)) is None


def test_a_new_task_that_cannot_be_written_is_said(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in bench.session.tasks.new_task(
        next(iter(TEMPLATES)), str(tmp_path / "file" / "task.py")
    )


def test_while_a_run_goes_on_nothing_is_opened(bench: Bench, seen: Seen, task: Path) -> None:
    bench.begin(Scripted([[StateEvent("running")]], hold=True))
    assert not bench.session.use(str(task))
    assert "A run is in progress" in seen.notices[-1].text
    with bench.qtbot.waitSignal(bench.session.run_ended):
        bench.session.stop()
