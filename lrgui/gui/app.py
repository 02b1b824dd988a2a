"""Starting the desktop program."""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from lrgui import frozen, places
from lrgui.core.events import RunState
from lrgui.gui import startup_checks as missing

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lrgui.gui.environments import Environments
    from lrgui.gui.settings import Settings
    from lrgui.gui.window import MainWindow
    from lrgui.runs.event_source import EventSource
    from lrgui.runs.job import Job
    from lrgui.runs.spare_pool import SparePool

#: Milliseconds from the shown window to what costs time and nobody waits for: by then it is painted.
AFTER_PAINT = 60
#: Milliseconds between two looks whether the warm worker is up, and from the start on when nobody waits for it longer.
LOOK, LONGEST_WAIT = 500, 20_000
#: Milliseconds after which at most a change of the settings is on disk: a crash loses no more.
KEEP_MS = 1000


def main(arguments: Sequence[str] | None = None, before: Callable[[], None] | None = None) -> int:
    """Open the window, on the run or the task named in `arguments` if there is one. Returns the exit status.

    `--scenarios [SEED]` opens it on the scenarios. Where a window is open already, that one does what was asked,
    unless `--new-window` is among the arguments. `before` is called once a Qt application exists, before the
    window does: a process can have one application only.
    """
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["--worker"]:
        from lrgui.runs import worker

        return worker.main()
    if arguments[:1] == ["--describe"]:
        from lrgui.runs import describe

        return describe.main()
    wrong = misuse(arguments)
    if wrong:
        print(f"lrgui: {wrong}", file=sys.stderr)
        return 2
    try:
        os.getcwd()
    except OSError:
        os.chdir(os.path.expanduser("~") if os.path.isdir(os.path.expanduser("~")) else os.sep)  # ours was deleted
    # Much is made until the window is there, and hardly anything of it is garbage: to look for some took a tenth
    # of the start. From then on the Collector looks.
    collects = gc.isenabled()
    gc.disable()
    try:
        trouble = _trouble(arguments)
        if trouble is not None:
            missing.tell(trouble)
            return 1
        return _run(arguments, before)
    finally:
        if collects:
            gc.enable()


def misuse(arguments: list[str]) -> str:
    """What is wrong with the window's arguments, in a sentence; empty where nothing is."""
    words = [word for word in arguments if word != "--new-window"]
    if words[:1] == ["--scenarios"]:
        seed = words[1] if len(words) > 1 else "0"
        if not (seed.isascii() and seed.isdigit() and len(seed) < 10):
            return f"“{seed}” is not a seed for --scenarios. Use 0 or a positive integer."
        words = words[1:]
    if len(words) > 1 and not words[1].startswith("-"):  # words of Qt's may follow
        return f"The window opens one item at a time: omit “{words[1]}”."
    return ""


def _trouble(arguments: Sequence[str]) -> str | None:
    """Why no window can be opened here, None where one can. Qt itself would abort the process."""
    trouble = missing.display_trouble(arguments)
    if trouble is None:
        from lrgui.gui.qt_features import look_for_no_features

        packages = missing.package_trouble()
        try:
            from PySide6 import QtWidgets  # noqa: F401 (only to see whether Qt's libraries are there)
        except ImportError as error:
            return missing.import_trouble(error)
        look_for_no_features()
        trouble = packages or missing.library_trouble() or missing.connection_trouble(arguments)
    return trouble


def _run(arguments: list[str], before: Callable[[], None] | None) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from lrgui.core.learning_rate import RATES, write_rates
    from lrgui.gui.environments import Environments
    from lrgui.gui.fitting import fit
    from lrgui.gui.gc_timer import Collector
    from lrgui.gui.idle_imports import IdleImports
    from lrgui.gui.notice import Notice
    from lrgui.gui.old_layout import forget_old_layout, take_over
    from lrgui.gui.plain_text import use_plain_text
    from lrgui.gui.python_choice import PythonChoice, warm_aside
    from lrgui.gui.settings import leave_out_foreign_pythons, load_settings, save_settings, settings_file
    from lrgui.gui.single_instance import SingleInstance, wants_new_window
    from lrgui.runs.spare_pool import SparePool
    from lrgui.runs.trust import Trust, trust_file

    alone = wants_new_window(arguments)
    arguments = _absolute([word for word in arguments if word != "--new-window"])
    app = QApplication(["lrgui", *arguments])
    app.setApplicationName("LR Finder")
    app.setDesktopFileName("lrgui")
    instance = SingleInstance()
    if before is None and not alone and instance.hand_over(arguments):
        return 0
    use_plain_text(app)
    if before is not None:
        before()
    settings, warnings = load_settings(settings_file())
    # Settings that know no such moment are older than that; they were saved when the window closed in good order.
    since = settings.looked or _saved(settings_file())
    take_over(settings)
    if RATES not in os.environ:
        write_rates(settings.rates)  # the processes that compute write sentences, too
    warnings += filter(None, [places.trouble()])
    trust = Trust(trust_file())
    foreign = leave_out_foreign_pythons(settings, trust)
    python = frozen.chosen_python(settings.python)
    kept = asdict(settings)
    pool = SparePool(python)
    environments = Environments(python or "", quiet=True, server=pool.server)

    def warm() -> None:
        if frozen.computes_itself(environments.python or None):
            pool.warm()
        else:
            warm_aside(pool)  # a Python with torch is looked for, which takes a moment

    def save() -> None:
        nonlocal kept
        kept = asdict(settings)
        # What is in them now was chosen in this program, or is no longer there.
        chosen = trust.chose_pythons((settings.python, *settings.pythons.values()))
        trouble = save_settings(settings, settings_file())
        if trouble is None and settings.geometry:
            forget_old_layout()
        for problem in filter(None, (trouble, chosen)):
            print(f"lrgui: {problem}", file=sys.stderr)

    try:
        window = create_window(settings, pool_source(pool), environments)
        PythonChoice(window.session, environments, pool, settings, save, parent=window)
        for warning in (*warnings, *foreign):
            print(f"lrgui: {warning}", file=sys.stderr)
        trouble = " ".join((*warnings, *foreign))
        if trouble:  # who starts it from an icon sees no terminal
            words = " ".join(filter(None, (trouble, window.session.queue.kept_words)))
            window.session.noticed.emit(Notice("warning", words))
        if all(word.startswith("-") for word in arguments):  # what is to be opened shows its own
            window.tabs.show_again(settings.tab)
        fit(window)
        window.show()
        collector = Collector()  # first looks half a second from now: the window is painted then
        window.session.run_ended.connect(lambda _end: pool.warm())
        window.session.ready = pool.warm
        window.status.watch_spare(lambda: pool.memory() if pool.ready else None)
        # A process that starts competes with the window for the processor.
        QTimer.singleShot(AFTER_PAINT, warm)
        _describe_later(window, pool, environments)
        instance.asked.connect(lambda words: _come_forward(window, words))
        QTimer.singleShot(AFTER_PAINT, instance.listen)
        imports = IdleImports(lambda: window.session.busy, window)
        imports.done.connect(collector.leave_out)
        if not alone:  # beside another window a run without an end may be that one's
            settings.looked = time.time()
            imports.done.connect(lambda: _tell_cut_off(window, since, trouble))
        QTimer.singleShot(AFTER_PAINT, imports.start)
        _obey(window, arguments)
        _quit_on_signals(app, window)
        keeper = QTimer(window, interval=KEEP_MS)
        keeper.timeout.connect(lambda: save() if asdict(window.settings_now()) != kept else None)
        keeper.start()
        status = app.exec()
        collector.close()
        instance.close()
        window.session.close()
    finally:
        instance.close()
        environments.close()
        pool.close()
    save()
    return status


def _describe_later(window: MainWindow, pool: SparePool, environments: Environments) -> None:
    """Find out what the chosen Python has once the warm worker is up, which forks the process that tells it. One that
    must import torch itself waits for the end of a run: that must not wait for what is only shown.
    """
    from PySide6.QtCore import QTimer

    looks = LONGEST_WAIT // LOOK
    timer = QTimer(window, interval=LOOK)

    def look() -> None:
        nonlocal looks
        looks -= 1
        if environments.current is not None:
            timer.stop()  # the person was quicker
            return
        if pool.ready:
            environments.note_ready()
        idle = window.session.state == RunState.IDLE
        if (pool.ready and (idle or pool.forks)) or (idle and looks <= 0):
            timer.stop()
            environments.refresh()

    timer.timeout.connect(look)
    timer.start()


def _saved(file: Path) -> float:
    """When the settings were saved last, in seconds since 1970: whoever ends in good order does that last."""
    try:
        return file.stat().st_mtime
    except OSError:
        return 0.0


def _tell_cut_off(window: MainWindow, since: float, trouble: str) -> None:
    from lrgui.gui.cut_off_notice import tell_cut_off

    tell_cut_off(window, since, trouble)


def _absolute(arguments: list[str]) -> list[str]:
    """The arguments with the whole path of a file or folder: the window that is asked may have another folder."""
    if not arguments or arguments[0].startswith("-"):
        return arguments
    first, *others = arguments
    place = first if os.path.exists(first) else first.rpartition(":")[0]  # `file.py:name`
    if place and os.path.exists(place):
        first = os.path.abspath(place) + first.removeprefix(place)
    return [first, *others]


def _come_forward(window: MainWindow, arguments: list[str]) -> None:
    """Do in the window that is open what another start was asked for."""
    from lrgui.gui.single_instance import raise_window

    raise_window(window)
    _obey(window, arguments)


def _obey(window: MainWindow, arguments: list[str]) -> None:
    """Do what the arguments of this start, or of a later one, ask for."""
    from lrgui.runs.library import SUFFIX

    if arguments[:1] == ["--scenarios"]:
        window.tabs.setCurrentWidget(window.tabs.scenarios)
        if len(arguments) > 1 and not misuse(arguments):  # another start may have sent anything
            window.tabs.scenarios.show_seed(int(arguments[1]))
    elif arguments and arguments[0].endswith(SUFFIX):
        window.session.open_run(Path(arguments[0]))
    elif arguments and not arguments[0].startswith("-"):
        window.session.use(arguments[0])


def create_window(
    settings: Settings, open_source: Callable[[Job], EventSource], environments: Environments | None = None
) -> MainWindow:
    """Put session and window together; needs a QApplication, starts nothing."""
    from lrgui.gui.default_sweep import back_to_default, can_be_kept
    from lrgui.gui.session import Session
    from lrgui.gui.tracking import RunTracking
    from lrgui.gui.window import MainWindow
    from lrgui.runs.job import Job

    if not can_be_kept(settings.sweep):
        settings.sweep = {}
    begin = back_to_default(Job(), settings)
    try:
        job = Job.from_dict(settings.job).mended()[0] if settings.job else begin
        # A file that is gone, or whose disk is away, is no reason to forget everything else.
        if any(problem.field != "path" for problem in job.validate()):
            job = begin
    except ValueError:
        job = begin
    session = Session(job, open_source)
    session.environments = environments
    session.tasks.recent[:] = settings.recent
    session.tasks.recent_changed.connect(lambda: setattr(settings, "recent", list(session.tasks.recent)))
    RunTracking(session, settings)
    window = MainWindow(session, settings)
    if environments is not None:
        environments.chosen.connect(window.banner.on_python)
    session.setParent(window)
    return window


def pool_source(pool: object) -> Callable[[Job], EventSource]:
    """Runs jobs in child processes, the warm one first, or on the target that was chosen."""
    from lrgui.runs.event_source import NoSource
    from lrgui.runs.launch import ChildProcess
    from lrgui.runs.spare_pool import SparePool
    from lrgui.runs.targets import TargetsError, chosen_target

    assert isinstance(pool, SparePool)

    def open_source(job: Job) -> EventSource:
        try:
            target = chosen_target(pool.python)
        except TargetsError as error:
            return NoSource(str(error))
        if target is not None and job.keeping is not None and job.keeping.resume:
            return ChildProcess(job)  # what goes on on a target is not opened here: this one goes on on this machine
        if target is not None:
            from lrgui.runs.remote.running import source_on

            return source_on(target, job)
        if job.task.is_script:  # imports torch itself
            from lrgui.runs.script_source import script_source

            return script_source(job, pool.python)
        child = pool.take()
        child.submit(job)
        return child

    return open_source


def _quit_on_signals(app: QApplication, window: MainWindow) -> None:
    """Ctrl+C and SIGTERM close the window in good order, without a question."""
    from PySide6.QtCore import QTimer

    def leave() -> None:
        window.session.close()
        app.quit()

    def on_signal(_number: int, _frame: object) -> None:
        # Not at once: Python may be in the middle of painting the window that would go.
        QTimer.singleShot(0, window, leave)

    signal.signal(signal.SIGINT, on_signal)
    signal.signal(signal.SIGTERM, on_signal)
    # Python runs its signal handlers only when it gets a turn.
    ticker = QTimer(window, interval=200)
    ticker.timeout.connect(lambda: None)
    ticker.start()


if __name__ == "__main__":
    sys.exit(main())
