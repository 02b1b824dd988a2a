"""Starting a second time: the first window is asked, whatever state it left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from lrgui.core.events import BatchEvent, EndEvent
from lrgui.gui import app, single_instance
from lrgui.gui.single_instance import SingleInstance, wants_new_window
from lrgui.gui.window import MainWindow
from lrgui.runs.job import Job
from lrgui.runs.log import LogWriter

posix = pytest.mark.skipif(sys.platform == "win32", reason="looks at sockets in the file system")


@pytest.fixture(autouse=True)
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A short folder: the path of a socket may not be long."""
    folder = Path(tempfile.mkdtemp(prefix="lrgui-test-"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def first(qtbot: QtBot) -> Iterator[SingleInstance]:
    instance = SingleInstance()
    assert not instance.hand_over([])
    instance.listen()
    yield instance
    instance.close()


class Start(threading.Thread):
    """A second start; in a thread, so that the first one's event loop goes on."""

    def __init__(self, *arguments: str, patience: float = 60) -> None:
        super().__init__()
        self.arguments, self.patience, self.handed = arguments, patience, False
        self.waits = threading.Event()
        """Set once it has found nobody who listens."""
        self.start()

    def run(self) -> None:
        # A thread of Python's has no event dispatcher of Qt's, which the socket's notifiers need.
        code = "import sys; from PySide6.QtCore import QCoreApplication; app = QCoreApplication([]);"
        code += "from lrgui.gui import single_instance as here; send = here._send;"
        code += "here._send = lambda *words: send(*words) or bool(print(flush=True));"
        code += f"sys.exit(here.SingleInstance().hand_over(sys.argv[1:], {self.patience}))"
        words = [sys.executable, "-c", code, *self.arguments]
        with subprocess.Popen(words, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in process.stdout:
                self.waits.set()
        self.handed = process.returncode == 1


def test_the_first_window_is_told_with_an_absolute_path(
    first: SingleInstance, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with qtbot.waitSignal(first.asked) as asked:
        start = Start("ein Lauf ü.lrrun")
    assert asked.args == [[str(tmp_path / "ein Lauf ü.lrrun")]]
    start.join()
    assert start.handed
    with qtbot.waitSignal(first.asked) as asked:
        start = Start("--scenarios", "5")
    assert asked.args == [["--scenarios", "5"]]
    start.join()


def test_many_starts_at_once_are_all_heard(first: SingleInstance, qtbot: QtBot) -> None:
    heard: list[list[str]] = []
    first.asked.connect(heard.append)
    starts = [Start(f"/run{number}.lrrun") for number in range(5)]
    qtbot.waitUntil(lambda: len(heard) == 5)
    for start in starts:
        start.join()
    assert all(start.handed for start in starts)
    assert sorted(words[0] for words in heard) == [f"/run{number}.lrrun" for number in range(5)]


def test_a_start_waits_for_the_first_window_to_come_up(qtbot: QtBot) -> None:
    instance = SingleInstance()
    assert not instance.hand_over([])
    start = Start()
    assert start.waits.wait(60)
    with qtbot.waitSignal(instance.asked):
        instance.listen()
    start.join()
    assert start.handed
    instance.close()


def test_a_first_window_that_goes_meanwhile_makes_room(qtbot: QtBot) -> None:
    instance = SingleInstance()
    assert not instance.hand_over([])
    start = Start(patience=600)
    assert start.waits.wait(60)
    instance.close()
    start.join(60)
    assert not start.is_alive() and not start.handed


def test_a_first_window_that_hangs_is_left_alone_after_a_while(first: SingleInstance) -> None:
    start = Start(patience=0.5)  # nobody runs the event loop here
    start.join(60)
    assert not start.is_alive() and not start.handed


@posix
def test_what_a_killed_process_left_is_no_obstacle(runtime: Path, qtbot: QtBot) -> None:
    code = "import os; from PySide6.QtCore import QCoreApplication; app = QCoreApplication([]);"
    code += "from lrgui.gui.single_instance import SingleInstance; one = SingleInstance();"
    code += "one.hand_over([]); one.listen(); os._exit(9)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 9
    assert sorted(path.suffix for path in runtime.iterdir()) == [".lock", ".socket"]
    instance = SingleInstance()
    assert not instance.hand_over([], patience=600) and instance.first  # nobody is waited for
    instance.listen()
    with qtbot.waitSignal(instance.asked):
        start = Start()
    start.join()
    instance.close()
    assert list(runtime.iterdir()) == []


@posix
def test_rubbish_is_not_obeyed(first: SingleInstance, runtime: Path, qtbot: QtBot) -> None:
    (address,) = runtime.glob("*.socket")
    heard: list[object] = []
    first.asked.connect(heard.append)
    for rubbish in (b"\n", b"{}\n", b'{"arguments": 5}\n', b"[]\n", b"\xff\n", b"x" * 300_000, b""):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(0.2)  # the first window reads in this thread, and not while it is sent
            client.connect(str(address))
            try:
                client.sendall(rubbish)
            except OSError:
                pass  # refused in the middle of it
            qtbot.wait(50)
    assert heard == []
    with qtbot.waitSignal(first.asked):
        start = Start()
    start.join()


def test_other_settings_and_other_displays_are_other_windows(
    first: SingleInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("LRGUI_CONFIG", str(tmp_path)), ("DISPLAY", ":77"), ("WAYLAND_DISPLAY", "wayland-7")):
        with monkeypatch.context() as patch:
            patch.setenv(name, value)
            other = SingleInstance()
            assert not other.hand_over([]) and other.first, name
            other.close()
    with monkeypatch.context() as patch:
        patch.setenv("DISPLAY", ":5")
        key = single_instance._key()
        patch.setenv("DISPLAY", ":5.0")
        assert single_instance._key() == key


@posix
def test_a_folder_that_others_can_write_to_is_not_trusted(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime.chmod(0o777)
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(runtime))
    own = single_instance._folder()
    assert own is not None and own.parent == runtime and own.stat().st_mode & 0o777 == 0o700
    own.chmod(0o777)
    assert single_instance._folder() is None
    lonely = SingleInstance()
    assert not lonely.hand_over([]) and not lonely.first
    lonely.listen()
    lonely.close()
    runtime.chmod(0o700)


def test_another_window_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wants_new_window(["a.lrrun"])
    assert wants_new_window(["--new-window", "a.lrrun"])
    monkeypatch.setenv("LRGUI_NEW_WINDOW", "0")
    assert not wants_new_window([])
    monkeypatch.setenv("LRGUI_NEW_WINDOW", "1")
    assert wants_new_window([])


def test_without_qts_network_every_start_opens_a_window(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PySide6.QtNetwork", None)
    instance = SingleInstance()
    assert not instance.hand_over([])
    instance.listen()
    assert not instance.first, "the next start need not wait for an answer that cannot come"


def test_the_window_is_not_slowed_by_it() -> None:
    code = "import sys, lrgui.gui.single_instance; sys.exit('PySide6.QtNetwork' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], env=dict(os.environ), check=False).returncode == 0


@posix
def test_a_folder_of_our_own_goes_with_the_last_window(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(tempfile, "gettempdir", lambda: str(runtime))
    instance = SingleInstance()
    assert not instance.hand_over([]) and instance.first
    assert list(runtime.iterdir()) != []
    instance.close()
    assert list(runtime.iterdir()) == []


@pytest.mark.qt_log_ignore("does not support raise")
def test_the_window_opens_what_it_is_asked_for(window: MainWindow, tmp_path: Path) -> None:
    log = LogWriter(tmp_path / "run.lrrun", Job())
    log.write([BatchEvent(0, i, 10.0 ** (-6 + i / 50), 2.0, i / 100) for i in range(50)])
    log.write([EndEvent("completed", "Done.")])
    log.close()
    window.showMinimized()
    app._come_forward(window, [str(tmp_path / "run.lrrun")])
    assert not window.isMinimized() and window.isVisible()
    assert window.runs.sweep is not None and len(window.runs.sweep) == 50
    app._come_forward(window, [])
    app._come_forward(window, ["--scenarios", "3"])
    assert window.tabs.currentWidget() is window.tabs.scenarios


@posix
def test_clients_that_keep_silent_do_not_keep_others_out(
    first: SingleInstance, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(single_instance, "SILENCE", 0.3)
    held = []
    try:
        for number in range(120):
            client = socket.socket(socket.AF_UNIX)
            held.append(client)
            client.connect(first._address)
            client.send(b'{"argum'[: number % 8])
            QApplication.processEvents()
        with qtbot.waitSignal(first.asked) as asked:
            start = Start("--scenarios", "5")
        assert asked.args == [["--scenarios", "5"]]
        start.join()
        assert start.handed
        qtbot.waitUntil(lambda: not first._read)
    finally:
        for client in held:
            client.close()
