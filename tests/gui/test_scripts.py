"""A training script in the window: offered where a file is no task, set in the form, swept as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from bench import Bench
from scripted import Scripted, points, task

from lrgui.core.events import BatchEvent, EndEvent, ScriptEvent, StandingEvent, StateEvent, TaskEvent, UntrainedEvent
from lrgui.core.learning_rate import format_lr
from lrgui.gui.notice import Notice
from lrgui.gui.tabs.training import ROOM
from lrgui.gui.tool_row import NOT_OF_SCRIPTS
from lrgui.gui.window import MainWindow
from lrgui.runs.trust import Question
from lrgui.tasks.recognise import is_program

LOOP = "import torch\nfor step in range(3):\n    print(step)\n"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    file = tmp_path / "train.py"
    file.write_text(LOOP)
    return file


def _notices(bench: Bench) -> list[Notice]:
    found: list[Notice] = []
    bench.session.noticed.connect(lambda notice: found.append(notice) if notice is not None else None)
    return found


@pytest.mark.parametrize("name", ["train.py", "lesson.ipynb"])
def test_a_file_that_is_no_task_can_be_run_as_a_script(bench: Bench, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_text(LOOP)
    notices, session = _notices(bench), bench.session
    session.use(str(file))
    assert notices[-1].action == "Run this script"
    if name == "train.py":  # what it lacks as a task stands in the form alone
        assert notices[-1].text.startswith("train.py is a program, not a task.") and notices[-1].kind == "info"
        session.find()  # the button that is in sight everywhere: the way out stays
        assert notices[-1].text == notices[-2].text and notices[-1].action == "Run this script"
    assert notices[-1].act is not None
    notices[-1].act()
    task = session.job.task
    assert (task.source, task.path, task.options) == ("script", str(file), {"folder": str(tmp_path)})
    assert "will run as it is" in notices[-1].text
    assert session.tasks.code.problem == ""
    assert bench.jobs == [], "nothing has run"


def test_what_cannot_be_a_program_is_not_offered_as_one(bench: Bench, tmp_path: Path) -> None:
    broken, weights = tmp_path / "broken.py", tmp_path / "net.pt"
    broken.write_text("def (:\n")
    weights.touch()
    notices = _notices(bench)
    for file in (broken, weights):
        assert not is_program(file)
        bench.session.use(str(file))
        assert notices[-1].action == ""
    assert not is_program(tmp_path / "missing.py")


def test_it_is_asked_about_and_swept_as_it_is(bench: Bench, window: MainWindow, script: Path) -> None:
    session, notices, questions = bench.session, _notices(bench), list[Question]()
    session.tasks.trust_wanted.disconnect()
    session.tasks.trust_wanted.connect(questions.append)
    session.use_script(str(script))
    session.find()
    (question,) = questions
    assert question.path == str(script)
    assert LOOP.splitlines()[1] in question.shows.text
    assert bench.jobs == []
    seen = ScriptEvent("SGD", 0, 1, 1, 200, 1, 1e-2, 1e-2, 1e-2, "", str(script), 7, "--lr")
    end = EndEvent("diverged", "Done.")
    bench.source = Scripted([[StateEvent("running"), task(), *points(), seen, end]])
    with bench.qtbot.waitSignal(session.run_ended):
        session.tasks.grant(question, False)
    job = bench.jobs[-1]
    assert (job.kind, job.task.path, job.sweep.repeats) == ("sweep", str(script), 1)
    assert bench.runs.reading is not None
    assert "SGD is made in train.py, line 7." in notices[-1].text.splitlines(), "apart from the command"
    assert "To use it: python train.py --lr" in notices[-1].text


def test_the_form_has_its_arguments_and_not_what_is_its_own(bench: Bench, window: MainWindow, script: Path) -> None:
    bench.session.use_script(str(script))
    form = next(one for one in window.findChildren(_panel()) if hasattr(one, "_main"))
    main, more = form._main, form._more
    assert [main.is_row_visible(name) for name in ("path", "arguments", "options.folder", "options.optimizer")] == [
        True
    ] * 4
    assert not any(main.is_row_visible(name) for name in ("optimizer", "batch_size", "device", "model"))
    assert not any(more.is_row_visible(name) for name in ("seed", "threads", "subset", "arguments"))
    assert not any(form.problem_texts().values())
    form._on_edited("arguments", "--epochs 3")
    form._on_edited("path", str(script.with_name("other.py")))
    assert bench.session.job.task.arguments == "--epochs 3"
    other = script.with_name("again.py")
    other.write_text(LOOP)
    form._on_edited("path", str(other))
    assert (bench.session.job.task.source, bench.session.job.task.path) == ("script", str(other))
    bench.session.choose_source("digits")
    assert main.is_row_visible("batch_size")
    assert not main.is_row_visible("arguments")


def _panel() -> type:
    from lrgui.gui.panels.task import TaskPanel

    return TaskPanel


def test_it_is_raced_under_one_cycle(bench: Bench, script: Path) -> None:
    session = bench.session
    session.use_script(str(script))
    session.tasks.grant(session.tasks._trust.question(str(script)), False)  # type: ignore[arg-type]
    bench.runs.select(0.05)
    bench.play(Scripted([[StateEvent("running"), task(), EndEvent("completed", "Over.")]]), session.verify)
    race = bench.jobs[-1].race
    assert (bench.jobs[-1].kind, race.around, race.one_cycle) == ("race", session.job.train.max_lr, True)
    session.choose_source("digits")
    assert not session.job.verification().race.one_cycle


def test_its_race_gives_no_maximum_of_one_cycle_to_another_schedule(bench: Bench, script: Path) -> None:
    session = bench.session
    session.use_script(str(script))
    session.tasks.grant(session.tasks._trust.question(str(script)), False)  # type: ignore[arg-type]
    notices = _notices(bench)
    bench.runs.select(0.14)
    config = session.job.verification().race
    told = replace(task(), schedule="decay", optimizer_family="momentum")
    trained = [
        StandingEvent(0, place, config.lrs()[place], 0.5 + abs(place - config.middle), True, config.steps)
        for place in (config.middle, config.middle - 1, config.middle + 1)
    ]
    seen = ScriptEvent("SGD", 0, 1, 1, 60, 1, 0.05, 0.05, 0.05, "StepLR", str(script), 7, "--lr")
    end = EndEvent("completed", "Over.")
    bench.play(Scripted([[StateEvent("running"), told, UntrainedEvent(2.3), *trained, seen, end]]), session.verify)
    assert bench.runs.race is not None
    maximum = bench.runs.race.standings.ranking().lr
    assert maximum is not None
    rate = format_lr(0.7 * maximum)
    lines = notices[-1].text.splitlines()
    assert lines[0].endswith(
        f"{format_lr(maximum)} is OneCycle's maximum, which comes to a highest rate of about {rate} there."
    )
    assert lines[1] == f"To use it: python train.py --lr {rate}"


def test_what_cannot_be_done_with_a_script_is_off_with_the_reason(
    bench: Bench, window: MainWindow, script: Path
) -> None:
    bench.session.use_script(str(script))
    for key, reason in NOT_OF_SCRIPTS.items():
        assert not window.actions_by_key[key].isEnabled()
        if key in window.row.buttons:
            assert window.row.buttons[key].toolTip() == reason
    assert window.row.buttons["train"].text() == "Watch training ▸"
    assert not window.tabs.compare.button.isEnabled()
    bench.session.choose_source("digits")
    assert all(window.actions_by_key[key].isEnabled() for key in NOT_OF_SCRIPTS if key != "candidate")
    assert not window.actions_by_key["candidate"].isEnabled(), "nothing is selected yet"
    assert window.row.buttons["compare"].toolTip() == window.actions_by_key["compare"].toolTip()
    assert window.row.buttons["train"].text() == "Train ▸", "nothing is selected yet"
    assert window.tabs.compare.button.isEnabled()


def test_its_training_is_drawn_however_long_it_goes_on(bench: Bench, window: MainWindow, script: Path) -> None:
    session = bench.session
    session.use_script(str(script))
    session.tasks.grant(session.tasks._trust.question(str(script)), False)  # type: ignore[arg-type]
    steps = 3 * ROOM
    watched = TaskEvent("train.py · SGD", "", 0, 0, 5, None, "cpu", 0, 0, metric_name="gradient norm")
    losses = [BatchEvent(0, step, 1e-2, 2.0 - step / steps, 0.1 * step, None, 1.0) for step in range(steps)]
    end = EndEvent("completed", f"train.py ended after {steps} steps.")
    bench.play(Scripted([[StateEvent("running"), watched, *losses[:10]], losses[10:], [end]]), session.train)
    assert bench.jobs[-1].kind == "train"
    tab = window.tabs.training
    assert len(tab.plot.loss.losses) == steps
    assert tab._room >= steps
    assert tab.plot.rate.top == pytest.approx(1e-2)
    assert tab.heading.text() == end.detail
