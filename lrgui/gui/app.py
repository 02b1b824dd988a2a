"""Starting the desktop program."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication

    from lrgui.gui.settings import Settings
    from lrgui.gui.window import MainWindow
    from lrgui.runs.job import Job
    from lrgui.runs.source import Source

#: Debian's packages that Qt needs.
SYSTEM_PACKAGES = "libegl1 libgl1 libxkbcommon-x11-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libdbus-1-3"


def main(arguments: Sequence[str] | None = None) -> int:
    """Open the window, with the run log named in `arguments` if there is one. Returns the exit status."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    if arguments[:1] == ["--worker"]:
        from lrgui.runs import worker

        return worker.main()
    trouble = _display_trouble()
    if trouble is None:
        try:
            from PySide6 import QtWidgets  # noqa: F401 (only to see whether Qt's libraries are there)
        except ImportError as error:
            trouble = f"Qt could not be loaded ({error}). On Debian or Ubuntu: sudo apt-get install {SYSTEM_PACKAGES}"
    if trouble is not None:
        print(f"lrgui: {trouble}", file=sys.stderr)
        return 1
    return _run(arguments)


def _display_trouble() -> str | None:
    """Why no window can be opened here, None where one can. Qt itself would abort the process."""
    if not sys.platform.startswith("linux") or os.environ.get("QT_QPA_PLATFORM"):
        return None
    if os.environ.get("WAYLAND_DISPLAY"):
        return None
    display = os.environ.get("DISPLAY", "")
    if not display:
        return "there is no display to open a window on; use “lrgui find digits”, or start it from a desktop."
    host, _, number = display.partition(":")
    if host in ("", "unix") and number.split(".")[0].isdigit() and not _answers(number.split(".")[0]):
        return f"the display {display} does not answer; use “lrgui find digits”, or start it from a desktop."
    return None


def _answers(number: str) -> bool:
    """True where an X server listens, on its socket in the file system or in the abstract name space."""
    name = f"/tmp/.X11-unix/X{number}"
    for address in (name, f"\0{name}"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(address)
            except OSError:
                continue
            return True
    return False


def _run(arguments: list[str]) -> int:
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from lrgui.gui.settings import load_settings, save_settings, settings_file
    from lrgui.runs.launch import SparePool

    app = QApplication(["lrgui", *arguments])
    app.setApplicationName("LR Finder")
    app.setDesktopFileName("lrgui")
    app.setStyle("Fusion")
    settings, warnings = load_settings(settings_file())
    pool = SparePool()
    try:
        window = create_window(settings, pool_source(pool))
        for warning in warnings:
            print(f"lrgui: {warning}", file=sys.stderr)
        window.show()
        window.workspace.run_ended.connect(lambda _end: pool.warm())
        # After the first paint: a process that starts competes with the window for the processor.
        QTimer.singleShot(0, pool.warm)
        if arguments[:1] == ["--scenarios"]:
            window.tabs.setCurrentWidget(window.scenarios_tab)
        elif arguments and not arguments[0].startswith("-"):
            window.open_run(Path(arguments[0]))
        _quit_on_signals(app, window)
        status = app.exec()
        window.workspace.close()
    finally:
        pool.close()
    problem = save_settings(settings, settings_file())
    if problem:
        print(f"lrgui: {problem}", file=sys.stderr)
    return status


def create_window(settings: Settings, open_source: Callable[[Job], Source]) -> MainWindow:
    """Put workspace and window together; needs a QApplication, starts nothing."""
    from lrgui.gui.window import MainWindow
    from lrgui.gui.workspace import Workspace
    from lrgui.runs.job import Job

    try:
        job = Job.from_dict(settings.job)
        if job.validate():
            job = Job()
    except ValueError:
        job = Job()
    workspace = Workspace(job, open_source)
    window = MainWindow(workspace, settings)
    workspace.setParent(window)
    return window


def pool_source(pool: object) -> Callable[[Job], Source]:
    """Runs jobs in child processes, the warm one first."""
    from lrgui.runs.launch import SparePool

    assert isinstance(pool, SparePool)

    def open_source(job: Job) -> Source:
        child = pool.take()
        child.submit(job)
        return child

    return open_source


def _quit_on_signals(app: QApplication, window: MainWindow) -> None:
    """Ctrl+C and SIGTERM close the window in good order, without a question."""
    from PySide6.QtCore import QTimer

    def leave(_number: int, _frame: object) -> None:
        window.workspace.close()
        app.quit()

    signal.signal(signal.SIGINT, leave)
    signal.signal(signal.SIGTERM, leave)
    # Python runs its signal handlers only when it gets a turn.
    ticker = QTimer(window, interval=200)
    ticker.timeout.connect(lambda: None)
    ticker.start()


if __name__ == "__main__":
    sys.exit(main())
