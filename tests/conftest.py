"""What every test gets: folders of its own, and no thread, process or Qt warning left behind."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

if sys.platform.startswith("linux") and not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Small models are faster with one thread, and sums are the same on every machine. Before torch is imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Where the tests run in the background (`nohup`, `command &`) Ctrl+C is ignored, and so it would be in every child.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
# `nohup` has the end of the terminal ignored likewise.
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


WITH_DISPLAY = Path(__file__).parents[1] / "packaging" / "with-display.sh"


def pytest_configure(config: pytest.Config) -> None:
    """Each of several processes that share the tests (`-n`) gets a display and a folder for what is temporary.

    On one display their windows would take the focus from each other.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return
    folder = tempfile.mkdtemp(prefix=f"{worker}-")
    config.add_cleanup(lambda: _remove_temporary(folder))
    os.environ["TMPDIR"] = folder
    tempfile.tempdir = None  # it is looked up anew
    if os.environ.get("DISPLAY") and shutil.which("Xvfb"):
        command = ["bash", str(WITH_DISPLAY), "sh", "-c", "echo $DISPLAY; exec cat"]
        # It ends when its input does, also where this process dies.
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdin is not None and server.stdout is not None
        os.environ["DISPLAY"] = server.stdout.readline().strip()
        config.add_cleanup(lambda: server.communicate(timeout=60))


def _remove_temporary(folder: str) -> None:
    """Remove what is temporary, after multiprocessing has: it would miss its files when this process ends."""
    if "multiprocessing.util" in sys.modules:
        from multiprocessing.util import _run_finalizers

        _run_finalizers()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What pytest makes of the tests' code is kept for the next run, also where PYTHONDONTWRITEBYTECODE is set: half
    of the time of collecting. Only meanwhile: what tests write and import is none of it. Nor is garbage looked for
    among a million objects that all stay, which takes a sixth of that time."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, False
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        sys.dont_write_bytecode = before


def pytest_collection_finish() -> None:
    """What all tests are made of stays to the end, and Python's collector need not look through its million objects
    whenever a test or the program has it look.

    A loader whose worker raised is found among the garbage of some test that has nothing to do with it, and torch
    waits so many seconds for such a worker: five of them usually, in each process of a suite several times.
    """
    gc.freeze()
    if "torch" in sys.modules:
        import torch.utils.data._utils as of_loaders

        of_loaders.MP_STATUS_CHECK_INTERVAL = 1.0


@pytest.fixture(scope="session")
def all_own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for each test: its number is not looked for among thousands, as pytest does for those of its own."""
    parent = tmp_path_factory.mktemp("lrgui")
    return (parent / str(number) for number in count())


@pytest.fixture(autouse=True)
def own_folders(all_own_folders: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """Runs and settings go to a folder of the test, never to the person's."""
    folder = next(all_own_folders)
    folder.mkdir()
    monkeypatch.setenv("LRGUI_RUNS", str(folder / "runs"))
    monkeypatch.setenv("LRGUI_CONFIG", str(folder / "config"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
    return folder


@pytest.fixture(scope="session")
def warm_popen() -> Iterator[type[subprocess.Popen[bytes]]]:
    """`subprocess.Popen`, or what stands for it in the fixture `warm_processes`."""
    if not sys.platform.startswith("linux"):
        yield subprocess.Popen
        return
    import warm_processes

    yield warm_processes.WarmPopen if warm_processes.AVAILABLE else subprocess.Popen
    warm_processes.close()


@pytest.fixture(scope="module")
def few_objects() -> None:
    """What is there before a file's tests is hidden from Python's collector, and stays so: the program looks for
    schedulers among all objects, and the other tests of this process have made many."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def warm_processes(
    request: pytest.FixtureRequest, warm_popen: type[subprocess.Popen[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command line and the workers that a test starts have torch imported at their start: see `warm_processes.py`.

    For whole files: `pytestmark = pytest.mark.usefixtures("warm_processes")`, and the mark `cold` for tests of theirs
    that are about a start.
    """
    if request.node.get_closest_marker("cold") is None:
        monkeypatch.setattr(subprocess, "Popen", warm_popen)


@pytest.fixture
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """`command("find", "digits", …)`: what the command line prints and returns, without the seconds that a process of
    its own needs to import torch. Not for pictures: they would need a display in here."""
    from typer.testing import CliRunner

    from lrgui.cli import app

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        done = CliRunner().invoke(app, [*map(str, words)])
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            raise done.exception
        return subprocess.CompletedProcess(words, done.exit_code, done.stdout, done.stderr)

    return run


#: Milliseconds that a test waits for a state of the window: a limit costs nothing where the state comes, and a busy
#: machine needs ten times as long for it as another one.
PATIENCE = 60_000


@pytest.fixture
def qtbot(qtbot: QtBot) -> QtBot:
    """pytest-qt's own, which gives up after five seconds, with the patience of `PATIENCE`: no test names a limit."""
    for name in ("waitUntil", "waitSignal", "waitSignals", "waitExposed", "waitActive", "waitCallback"):
        setattr(qtbot, name, partial(getattr(qtbot, name), timeout=PATIENCE))
    return qtbot


@pytest.fixture(autouse=True)
def no_qthread_left_behind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A QThread still running when it is destroyed aborts the process, tests away from where it was started.

    Nor does Python collect garbage by itself in such a test: what is found in that thread is destroyed there, and
    windows of earlier tests that are destroyed in another thread than their own crash the process too; what is found
    in the middle of Qt's disconnecting waits for ever for the lock that Qt has. It is collected between two tests.
    """
    if "qtbot" not in request.fixturenames:
        yield
        return
    import shiboken6
    from PySide6.QtCore import QCoreApplication, QEvent, QThread
    from PySide6.QtWidgets import QApplication

    gc.disable()
    # The windows of the test before: with them a new one takes twice as long, for all are styled anew.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    # And its style sheet: where it is set before the window is built, as it never is in the program, each widget is
    # styled again and again on its way to its place.
    if isinstance(app := QCoreApplication.instance(), QApplication) and app.styleSheet():
        app.setStyleSheet("")
    started: list[QThread] = []  # Python's own list of threads knows nothing of these
    start = QThread.start

    def noted(thread: QThread, *arguments: object) -> None:
        started.append(thread)
        gc.disable()  # a collector of the program's may have switched it on
        start(thread, *arguments)

    monkeypatch.setattr(QThread, "start", noted)
    yield
    try:
        for thread in started:
            if shiboken6.isValid(thread):
                assert thread.wait(PATIENCE), f"{thread} was left running"
    finally:
        started.clear()
        gc.collect(0)  # all that has been made meanwhile
        gc.enable()


@pytest.fixture(autouse=True)
def no_thread_left_behind() -> Iterator[None]:
    """A test must end what it started."""
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        if not thread.daemon:
            thread.join(PATIENCE / 1000)
            assert not thread.is_alive(), f"{thread.name} was left running"


@pytest.fixture(autouse=True)
def gradients_are_computed_afterwards() -> Iterator[None]:
    """A test that ends inside `no_grad`, after an interrupt for example, would make others fail far away from it."""
    yield
    torch = sys.modules.get("torch")
    if torch is not None and not torch.is_grad_enabled():
        torch.set_grad_enabled(True)
        pytest.fail("gradients are switched off after this test")


@pytest.fixture
def every_move_counts() -> Iterator[None]:
    """pyqtgraph drops mouse moves that follow each other quickly; tests are quick."""
    import pyqtgraph as pg  # only those that move the mouse need it

    before = pg.getConfigOption("mouseRateLimit")
    pg.setConfigOption("mouseRateLimit", -1)
    yield
    pg.setConfigOption("mouseRateLimit", before)
